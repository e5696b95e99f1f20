/// Why a run could not be simulated: what, in which file, and what to do.
public struct SimulationError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// A parameter that no run can be made with.
        case badParameter
        /// More peaks, or wider ones, than the background has room for.
        case peaksDoNotFit
        /// A file that peaks cannot be put into.
        case unsuitableBackground
        case cannotWrite
    }

    public let code: Code
    /// The file that it is about; `nil` for parameters.
    public let path: String?
    /// Position of the spectrum in its file, from 0.
    public let spectrumIndex: Int?
    public let reason: String

    public init(_ code: Code, path: String? = nil, spectrumIndex: Int? = nil, reason: String) {
        self.code = code
        self.path = path
        self.spectrumIndex = spectrumIndex
        self.reason = reason
    }

    public var description: String {
        let place = spectrumIndex.map { "spectrum \($0): " } ?? ""
        return (path.map { "\($0): " } ?? "") + place + reason
    }
}
