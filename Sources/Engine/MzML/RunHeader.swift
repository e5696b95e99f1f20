import SpectrumModel

/// What an mzML file says about the run before its first spectrum.
public struct RunHeader: Sendable {
    /// The file that the header was read from.
    public var path: String
    /// From the model of the run's default instrument configuration (all configurations where the run names none), or from
    /// its highest-resolving analyser where the model tells nothing.
    public var instrumentClass: InstrumentClass
    /// The instrument model as the file names it.
    public var instrument: CVTerm?
    /// The mass analysers of the default instrument configuration, in order.
    public var analyzers: [CVTerm]
    /// Software that touched the data, with its version: `Xcalibur 2.8`.
    public var software: [String]
    /// Start of the acquisition as written (ISO 8601).
    public var startTimestamp: String?
    /// Names of the files that this one was made from.
    public var sourceFiles: [String]
    /// The `count` of the spectrum list; `nil` when there is no list or no readable count.
    public var declaredSpectrumCount: Int?
    /// The polarity of spectra that state none: `fileContent` may state one, else unknown.
    public var defaultPolarity: Polarity
    /// Groups of terms that spectra refer to, by their id.
    var parameterGroups: [String: [CVTerm]]

    public init(path: String) {
        self.path = path
        instrumentClass = .unknown
        instrument = nil
        analyzers = []
        software = []
        startTimestamp = nil
        sourceFiles = []
        declaredSpectrumCount = nil
        defaultPolarity = .unknown
        parameterGroups = [:]
    }

    /// The model's name, or the free text that stands in its place.
    public var instrumentName: String? {
        guard let instrument else { return nil }
        return instrument.value.isEmpty ? instrument.name : instrument.value
    }
}
