/// What an mzML file holds, and what is wrong with it, as far as it could be read. `RunInspector` makes it.
///
/// Encoded, a key is absent where the file states nothing, or where it was not looked at.
public struct RunInspection: Sendable, Encodable {
    /// What the bytes of the file are packed in; bgzip is gzip in blocks that say how long they are.
    public enum Container: String, Sendable, Codable { case plain, gzip, bgzip, pipe }

    public struct Extent: Sendable, Hashable, Codable {
        public var lowest: Double
        public var highest: Double
    }

    public struct Instrument: Sendable, Encodable {
        public var name: String?
        /// `InstrumentClass`, by its name.
        public var kind: String
        public var serialNumber: String?
        public var ionSources: [String]
        public var analyzers: [String]
        public var detectors: [String]
    }

    public struct Software: Sendable, Encodable {
        public var name: String
        public var version: String
    }

    public struct SourceFile: Sendable, Encodable {
        public var name: String
        public var format: String?
        public var nativeIDFormat: String?
    }

    /// The sum over the points of a level, as repaired.
    public struct Sums: Sendable, Hashable, Encodable {
        public var points = 0
        public var mz = 0.0
        public var intensity = 0.0
        public var mzRange: Extent?
    }

    public struct Level: Sendable, Hashable, Encodable {
        public struct Polarities: Sendable, Hashable, Encodable {
            public var positive = 0
            public var negative = 0
            public var unknown = 0
        }

        public struct Representations: Sendable, Hashable, Encodable {
            public var profile = 0
            public var centroid = 0
            public var unknown = 0
        }

        /// 0 for spectra that are not mass spectra.
        public var level: Int
        public var spectra = 0
        public var emptySpectra = 0
        /// The lengths of the m/z arrays as the file states them (of the spectra, at level 0).
        public var declaredPoints = 0
        public var polarities = Polarities()
        public var representations = Representations()
        public var retentionTimeSeconds: Extent?
        /// Observed m/z as the spectra state it, or their scan windows where they do not.
        public var statedMZ: Extent?
        /// Where values were read.
        public var sums: Sums?
    }

    /// How arrays of m/z and intensity are written.
    public struct Encoding: Sendable, Hashable, Encodable {
        public var content: String
        public var type: String
        public var compression: String
        public var arrays = 0
    }

    /// Arrays other than m/z and intensity.
    public struct ExtraArrays: Sendable, Hashable, Encodable {
        public var name: String
        /// Absent where the array names no kind.
        public var accession: String?
        public var arrays: Int
    }

    public struct Precursors: Sendable, Hashable, Encodable {
        /// Spectra that name a precursor.
        public var spectra = 0
        /// Of them, those with several precursors or selected ions.
        public var several = 0
        /// Of them, those whose first precursor has an isolation window and no selected ion.
        public var windowOnly = 0
    }

    public struct Chromatograms: Sendable, Hashable, Encodable {
        public var kind: String
        public var count: Int
        public var points: Int
    }

    /// What became of the index or of the checksum.
    public struct Check: Sendable, Hashable, Encodable {
        public enum State: String, Sendable, Codable {
            case absent, right, wrong
            case notChecked = "not-checked"
        }

        public var state: State
        /// What is wrong, or why it was not checked.
        public var reason: String?
        /// Spectra that the index names.
        public var spectra: Int?
    }

    public struct Failure: Sendable, Hashable, Encodable {
        public var code: String
        public var message: String
        public var byteOffset: Int?
        public var spectrumIndex: Int?
        public var spectrumID: String?
    }

    public var path: String
    /// Size as stored.
    public var bytes = 0
    public var container = Container.plain
    /// Whether the root element is `indexedmzML`.
    public var isIndexed = false
    public var mzMLVersion: String?
    public var runID: String?
    public var started: String?
    public var instrument: Instrument?
    public var software: [Software] = []
    public var sourceFiles: [SourceFile] = []
    public var samples: [String] = []
    /// The steps in order, each with the program that took it.
    public var dataProcessing: [String] = []
    public var declaredSpectra: Int?
    public var spectra = 0
    public var levels: [Level] = []
    public var encodings: [Encoding] = []
    public var extraArrays: [ExtraArrays] = []
    public var precursors = Precursors()
    public var chromatograms: [Chromatograms] = []
    public var index = Check(state: .notChecked)
    public var checksum = Check(state: .notChecked)
    /// The reader that the spectra came from, in the end.
    public var reader = ReadingOptions.Reader.fast
    /// Whether the values of all arrays were read, or the metadata alone.
    public var valuesRead: Bool
    /// One sentence each.
    public var problems: [String] = []
    /// What ended the reading; all else is what came before.
    public var failure: Failure?
}

/// One spectrum of a run whose values are read: what another reader can compare.
public struct SpectrumSums: Sendable, Encodable {
    public var index: Int
    public var id: String
    /// 0 for what is no mass spectrum.
    public var level: Int
    /// `+`, `-` or `?`.
    public var polarity: String
    public var retentionTimeSeconds: Double?
    public var precursorMZ: Double?
    public var points: Int
    public var sumMZ: Double
    public var sumIntensity: Double
    public var firstMZ: Double?
    public var lastMZ: Double?
}

extension RunInspection.Extent {
    /// Takes in a value; NaN changes nothing.
    static func include(_ value: Double, _ extent: inout Self?) {
        guard value.isFinite else { return }
        guard let known = extent else {
            extent = Self(lowest: value, highest: value)
            return
        }
        extent = Self(lowest: min(known.lowest, value), highest: max(known.highest, value))
    }
}
