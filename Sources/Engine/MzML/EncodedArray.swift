/// A `<binaryDataArray>` before its payload is decoded.
struct EncodedArray {
    /// What is neither m/z nor intensity is skipped.
    enum Content { case other, mz, intensity }
    enum ElementType { case unstated, float16, float32, float64, int32, int64, unsupported }
    /// What the bytes behind the base64 text are.
    enum Compression { case unstated, none, zlib, unsupported }

    var content = Content.other
    /// What the array holds: m/z, intensity or time where one of them is named, else the first term that is neither a
    /// number type nor a compression; 0 when it has none.
    var contentAccession = 0
    var elementType = ElementType.unstated
    var compression = Compression.unstated
    /// The coding of the numbers, inside zlib where `compression` says so. It tells the type of the values as well.
    var numpress: Numpress.Kind?
    /// The accession behind `.unsupported`.
    var unsupportedAccession = 0
    /// `arrayLength`, which overrides the spectrum's `defaultArrayLength`; -1 when absent.
    var length = -1
    /// `encodedLength`; -1 when absent.
    var encodedLength = -1
    /// The base64 text; `nil` when the element has no `<binary>`.
    var payload: ByteRun?

    /// Bytes per value where no Numpress coding is stated; 0 when the type is not supported.
    var width: Int {
        switch elementType {
        case .float16: 2
        case .float32, .int32: 4
        case .float64, .int64: 8
        case .unstated, .unsupported: 0
        }
    }

    /// Whether it has no values and no text.
    func isEmpty(defaultLength: Int) -> Bool {
        (payload?.isEmpty ?? true) && (length >= 0 ? length : defaultLength) == 0
    }

    /// Takes a term of the array.
    mutating func apply(_ accession: Int) {
        switch accession {
        case 1_000_514:
            content = .mz
            contentAccession = accession
        case 1_000_515:
            content = .intensity
            contentAccession = accession
        case 1_000_595:
            // Of several contents the last one counts.
            content = .other
            contentAccession = accession
        case 1_000_521: elementType = .float32
        case 1_000_523: elementType = .float64
        case 1_000_519: elementType = .int32
        case 1_000_522: elementType = .int64
        case 1_000_520: elementType = .float16
        case 1_001_479:
            elementType = .unsupported
            unsupportedAccession = accession
        // Some writers state "no compression" beside a Numpress term; that must not undo its zlib.
        case 1_000_576: if numpress == nil { compression = .none }
        // Truncated mantissas (MS:1003088) are numbers like others.
        case 1_000_574, 1_003_088: compression = .zlib
        case 1_002_312...1_002_314:
            numpress = [.linear, .pic, .slof][accession - 1_002_312]
            if compression == .unstated { compression = .none }
        case 1_002_746...1_002_748:
            numpress = [.linear, .pic, .slof][accession - 1_002_746]
            compression = .zlib
        case 1_003_089, 1_003_090, 1_003_780...1_003_785, 1_003_826:
            compression = .unsupported
            unsupportedAccession = accession
        default:
            if contentAccession == 0 { contentAccession = accession }
        }
    }

    /// What an unsupported encoding is called.
    var unsupportedName: String {
        switch unsupportedAccession {
        case 1_003_783...1_003_785: "MS-Numpress with zstd compression"
        case 1_003_780...1_003_782: "zstd compression"
        case 1_001_479: "text"
        default: "this compression"
        }
    }
}
