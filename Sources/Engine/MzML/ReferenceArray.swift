import TextNumbers

/// A `<binaryDataArray>` as the reference reader holds it: what its terms say, and its text.
struct ReferenceArray {
    /// What it holds: the accession of m/z, intensity or time where one of them is named, else the first term that is
    /// neither a number type nor a compression; 0 without one.
    private(set) var content = 0
    /// The unit of the values: the number of its accession; 0 without one.
    private(set) var unit = 0
    /// The last number type that is named (children of MS:1000518); 0 without one.
    private(set) var numberTerm = 0
    /// The last compression that is named (children of MS:1000572); 0 without one. What MS-Numpress is packed in where
    /// `numpress` says that it is there: "no compression" beside it does not undo its zlib.
    private(set) var compressionTerm = 0
    private(set) var numpress: Numpress.Kind?
    /// `arrayLength`, which overrides the `defaultArrayLength` around it.
    let length: Int?
    let encodedLength: Int?
    /// The base64 text; `nil` without a `<binary>`.
    var text: [UInt8]?

    static let mz = 1_000_514
    static let intensity = 1_000_515
    static let time = 1_000_595
    static let zlib = 1_000_574
    static let uncompressed = 1_000_576

    init(_ attributes: XMLAttributes) {
        func count(_ name: StaticString) -> Int? {
            attributes.trimmedValue(name).flatMap { wholeNumber($0) }.flatMap { $0 < 0 ? nil : $0 }
        }
        length = count("arrayLength")
        encodedLength = count("encodedLength")
    }

    mutating func apply(_ accession: Int, unit: Int) {
        switch accession {
        case 1_000_519...1_000_523, 1_001_479:
            numberTerm = accession
        case Self.uncompressed:
            if numpress == nil { compressionTerm = accession }
        case 1_002_312...1_002_314:
            numpress = [.linear, .pic, .slof][accession - 1_002_312]
            if compressionTerm == 0 { compressionTerm = Self.uncompressed }
        case 1_002_746...1_002_748:
            numpress = [.linear, .pic, .slof][accession - 1_002_746]
            compressionTerm = Self.zlib
        // Truncated mantissas (MS:1003088) are numbers like others.
        case Self.zlib, 1_003_088:
            compressionTerm = Self.zlib
        case 1_003_089, 1_003_090, 1_003_780...1_003_785, 1_003_826:
            compressionTerm = accession
        case Self.mz, Self.intensity, Self.time:
            content = accession
            self.unit = unit
        default:
            if content == 0 {
                content = accession
                self.unit = unit
            }
        }
    }

    /// Called for an empty `<binary>` too.
    mutating func beginText() {
        // What is declared is only a hint of what is to come.
        text = []
        text?.reserveCapacity(min(encodedLength ?? 0, 1 << 20))
    }

    /// What errors call the array.
    var name: String {
        switch content {
        case Self.mz: "m/z array"
        case Self.intensity: "intensity array"
        case Self.time: "time array"
        default: "array \(Accession.text(content))"
        }
    }
}
