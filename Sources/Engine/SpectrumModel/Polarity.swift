/// Sign of the ions that the instrument recorded.
public enum Polarity: UInt8, Sendable, Hashable, Codable, CaseIterable {
    case unknown = 0
    case positive = 1
    case negative = 2

    /// `+`, `-` or `?`, as written into result tables.
    public var symbol: String {
        switch self {
        case .positive: "+"
        case .negative: "-"
        case .unknown: "?"
        }
    }

    /// Reads `+`, `-`, `positive`, `negative` in any case; anything else is `.unknown`.
    public init(text: some StringProtocol) {
        switch text.lowercased() {
        case "+", "positive", "pos", "p": self = .positive
        case "-", "negative", "neg", "n": self = .negative
        default: self = .unknown
        }
    }
}

/// Whether the points of a spectrum are samples of a continuous curve or one point per ion signal.
public enum SpectrumRepresentation: UInt8, Sendable, Hashable, Codable {
    case unknown = 0
    case centroid = 1
    case profile = 2
}
