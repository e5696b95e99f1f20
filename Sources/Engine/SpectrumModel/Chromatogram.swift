/// A signal over time that the instrument or its software recorded: total ion current, a selected reaction, and so on.
public struct Chromatogram: Sendable, Hashable {
    /// The kinds that have a term of their own in the vocabulary (children of MS:1000626).
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case totalIonCurrent = "total-ion-current"
        case basePeak = "base-peak"
        case selectedIonCurrent = "selected-ion-current"
        case selectedIonMonitoring = "selected-ion-monitoring"
        case selectedReactionMonitoring = "selected-reaction-monitoring"
        case other
    }

    /// Position in the file's chromatogram list, from 0.
    public var index: Int
    /// The native id.
    public var id: String
    public var kind: Kind
    public var polarity: Polarity
    /// What the first quadrupole let through, m/z; `nil` where the file names none.
    public var precursorMZ: Double?
    /// What the last quadrupole let through, m/z; `nil` where the file names none.
    public var productMZ: Double?
    /// Seconds, in file order; as many as `intensities`.
    public var timesSeconds: [Double]
    public var intensities: [Float]

    public init(
        index: Int, id: String, kind: Kind, polarity: Polarity = .unknown, precursorMZ: Double? = nil,
        productMZ: Double? = nil, timesSeconds: [Double] = [], intensities: [Float] = []
    ) {
        precondition(timesSeconds.count == intensities.count, "times and intensities differ in length")
        self.index = index
        self.id = id
        self.kind = kind
        self.polarity = polarity
        self.precursorMZ = precursorMZ
        self.productMZ = productMZ
        self.timesSeconds = timesSeconds
        self.intensities = intensities
    }
}
