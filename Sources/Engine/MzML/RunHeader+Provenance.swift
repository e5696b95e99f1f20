extension RunHeader {
    /// A program that touched the data.
    public struct Software: Sendable, Hashable, CustomStringConvertible {
        /// What `processingMethod` refers to it by.
        public var id: String
        public var version: String
        public var terms: [CVTerm]

        public init(id: String = "", version: String = "", terms: [CVTerm] = []) {
            self.id = id
            self.version = version
            self.terms = terms
        }

        /// The name of its last term, or the free text that "custom unreleased software tool" carries; else the id.
        public var name: String {
            for term in terms.reversed() {
                if !term.value.isEmpty { return term.value }
                if !term.name.isEmpty { return term.name }
            }
            return id
        }

        /// Name and version.
        public var description: String { version.isEmpty ? name : "\(name) \(version)" }
    }

    /// A file that this one was made from.
    public struct SourceFile: Sendable, Hashable {
        public var id: String
        public var name: String
        /// The folder, as a URI.
        public var location: String
        public var terms: [CVTerm]

        public init(id: String = "", name: String, location: String = "", terms: [CVTerm] = []) {
            self.id = id
            self.name = name
            self.location = location
            self.terms = terms
        }

        /// How spectra are named (children of MS:1000767), for example `Thermo nativeID format`.
        public var nativeIDFormat: CVTerm? { terms.first { Self.isNativeIDFormat($0.accession) } }

        /// The format of the file (children of MS:1000560): the first term that is neither a native id format nor a
        /// checksum (children of MS:1000561).
        public var fileFormat: CVTerm? {
            terms.first { !Self.isNativeIDFormat($0.accession) && !Self.isChecksum($0.accession) }
        }

        private static func isChecksum(_ accession: Int) -> Bool {
            accession == 1_000_568 || accession == 1_000_569 || accession == 1_003_151
        }

        private static func isNativeIDFormat(_ accession: Int) -> Bool {
            switch accession {
            case 1_000_768...1_000_777, 1_000_823, 1_000_824, 1_000_929, 1_001_480, 1_001_508, 1_001_526, 1_001_528,
                1_001_531, 1_001_532, 1_001_559, 1_001_562, 1_002_303, 1_002_532, 1_002_818, 1_002_898, 1_003_282:
                true
            default:
                false
            }
        }
    }

    /// What was measured.
    public struct Sample: Sendable, Hashable {
        public var id: String
        public var name: String
        public var terms: [CVTerm]

        public init(id: String, name: String = "", terms: [CVTerm] = []) {
            self.id = id
            self.name = name
            self.terms = terms
        }
    }

    /// A sequence of steps that data went through.
    public struct DataProcessing: Sendable, Hashable {
        /// One step by one program.
        public struct Step: Sendable, Hashable {
            /// The `order` attribute; `nil` where it is no number.
            public var order: Int?
            /// The `id` of the program in `softwareList`.
            public var softwareID: String
            public var terms: [CVTerm]

            public init(order: Int? = nil, softwareID: String = "", terms: [CVTerm] = []) {
                self.order = order
                self.softwareID = softwareID
                self.terms = terms
            }
        }

        public var id: String
        public var steps: [Step]

        public init(id: String, steps: [Step] = []) {
            self.id = id
            self.steps = steps
        }
    }

    /// A vocabulary that terms come from.
    public struct ControlledVocabulary: Sendable, Hashable {
        public var id: String
        public var fullName: String
        public var version: String
        public var uri: String

        public init(id: String, fullName: String = "", version: String = "", uri: String = "") {
            self.id = id
            self.fullName = fullName
            self.version = version
            self.uri = uri
        }
    }
}
