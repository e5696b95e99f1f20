/// Why an mzML file could not be read or written: what, where, and what to do about it.
public struct MzMLError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The operating system refused to open or read the file.
        case cannotRead = "cannot-read"
        /// The file holds no bytes.
        case emptyFile = "empty-file"
        /// The content is not mzML.
        case notMzML = "not-mzml"
        /// The file is a pre-release of mzML, whose arrays and attributes mean other things.
        case unsupportedVersion = "unsupported-version"
        /// The text encoding is not an 8-bit superset of ASCII.
        case unsupportedEncoding = "unsupported-encoding"
        /// The XML is not well formed.
        case malformedXML = "malformed-xml"
        /// The XML declares a document type, which mzML has none of and which entity bombs need.
        case documentType = "document-type"
        /// What precedes the first spectrum is larger than the limit.
        case headerTooLarge = "header-too-large"
        /// One spectrum is larger than the limit.
        case spectrumTooLarge = "spectrum-too-large"
        /// The stream ends before the spectrum list does.
        case truncated = "truncated"
        /// The gzip stream is damaged.
        case corruptGzip = "corrupt-gzip"
        /// A spectrum lacks something that it must have, or says something that cannot be.
        case malformedSpectrum = "malformed-spectrum"
        /// A binary array is not base64.
        case invalidBase64 = "invalid-base64"
        /// A binary array does not decompress.
        case invalidCompression = "invalid-compression"
        /// A binary array holds more or fewer values than the file states.
        case wrongLength = "wrong-length"
        /// A binary array is encoded in a way that is not supported.
        case unsupportedArray = "unsupported-array"
        /// A piece that was cut quickly does not hold what it should: `MzMLChunkSource.readCarefully(from:)` tells.
        case cutMismatch = "cut-mismatch"
        /// Well-formed XML that the scanner does not follow, and the reference reader does; an error where the file cannot
        /// be read a second time.
        case beyondScanner = "beyond-scanner"
        /// The output cannot be written.
        case cannotWrite = "cannot-write"
    }

    public var code: Code
    /// The file.
    public var path: String
    /// Offset in the XML text (after decompression of a .gz), where one is known.
    public var byteOffset: Int?
    /// Position of the spectrum in the spectrum list, from 0.
    public var spectrumIndex: Int?
    /// The `id` attribute of the spectrum.
    public var spectrumID: String?
    public var reason: String
    public var hint: String?

    public init(
        _ code: Code, path: String, byteOffset: Int? = nil, spectrumIndex: Int? = nil, spectrumID: String? = nil,
        reason: String, hint: String? = nil
    ) {
        self.code = code
        self.path = path
        self.byteOffset = byteOffset
        self.spectrumIndex = spectrumIndex
        self.spectrumID = spectrumID
        self.reason = reason
        self.hint = hint
    }

    public var description: String {
        var text = path
        if let byteOffset { text += ", byte \(byteOffset)" }
        if let spectrumIndex {
            text += ", spectrum \(spectrumIndex)"
            if let spectrumID { text += " (id \"\(spectrumID)\")" }
        }
        text += ": \(reason) [\(code.rawValue)]"
        if let hint { text += "; \(hint)" }
        return text
    }
}
