import SpectrumModel

/// What an mzML file says about the run before its first spectrum.
public struct RunHeader: Sendable {
    /// The file that the header was read from.
    public var path: String
    /// The version that the file states, for example `1.1.0`; `nil` where it states none.
    public var mzMLVersion: String?
    /// Whether the root element is `indexedmzML`, which promises an index and a checksum.
    public var isIndexed: Bool
    /// The `id` of the run.
    public var runID: String?
    /// From the model of the run's default instrument configuration (all configurations where the run names none), or
    /// from its highest-resolving analyser where the model tells nothing.
    public var instrumentClass: InstrumentClass
    /// The instrument model as the file names it.
    public var instrument: CVTerm?
    /// MS:1000529 of the default instrument configuration.
    public var instrumentSerialNumber: String?
    /// The ion sources of the default instrument configuration, in order: their ionisation and inlet types.
    public var ionSources: [CVTerm]
    /// The mass analysers of the default instrument configuration, in order.
    public var analyzers: [CVTerm]
    /// The detectors of the default instrument configuration, in order.
    public var detectors: [CVTerm]
    /// Software that touched the data, in file order.
    public var softwareList: [Software]
    /// Start of the acquisition as written (ISO 8601).
    public var startTimestamp: String?
    /// The files that this one was made from, in file order.
    public var sourceFileList: [SourceFile]
    /// The samples that the file names.
    public var samples: [Sample]
    /// What was done to the data, in file order.
    public var dataProcessing: [DataProcessing]
    /// The vocabularies that the file declares.
    public var controlledVocabularies: [ControlledVocabulary]
    /// What the file says that it holds (`fileContent`), parameter groups resolved.
    public var contentTerms: [CVTerm]
    /// The encoding that the XML declares; `nil` where it declares none.
    public var encoding: String?
    /// The `count` of the spectrum list; `nil` when there is no list or no readable count.
    public var declaredSpectrumCount: Int?
    /// The polarity of spectra that state none: `fileContent` may state one, else unknown.
    public var defaultPolarity: Polarity
    /// Groups of terms that spectra refer to, by their id.
    var parameterGroups: [String: [CVTerm]]

    public init(path: String) {
        self.path = path
        mzMLVersion = nil
        isIndexed = false
        runID = nil
        instrumentClass = .unknown
        instrument = nil
        instrumentSerialNumber = nil
        ionSources = []
        analyzers = []
        detectors = []
        softwareList = []
        startTimestamp = nil
        sourceFileList = []
        samples = []
        dataProcessing = []
        controlledVocabularies = []
        contentTerms = []
        encoding = nil
        declaredSpectrumCount = nil
        defaultPolarity = .unknown
        parameterGroups = [:]
    }

    /// The model's name, or the free text that stands in its place.
    public var instrumentName: String? {
        guard let instrument else { return nil }
        return instrument.value.isEmpty ? instrument.name : instrument.value
    }

    /// Software by name and version: `Xcalibur 2.8`. Setting it replaces the list by entries with a name alone.
    public var software: [String] {
        get { softwareList.map(\.description) }
        set {
            softwareList = newValue.map { name in
                Software(terms: [CVTerm(accession: 1_000_799, name: "custom unreleased software tool", value: name)])
            }
        }
    }

    /// Names of the files that this one was made from. Setting it replaces the list by entries with a name alone.
    public var sourceFiles: [String] {
        get { sourceFileList.map(\.name).filter { !$0.isEmpty } }
        set { sourceFileList = newValue.map { SourceFile(name: $0) } }
    }
}
