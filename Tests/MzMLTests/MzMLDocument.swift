import CZlib
import Foundation
import SpectrumModel

/// Builds small mzML documents, right or wrong, for the tests.
struct MzMLDocument {
    enum Number: String {
        case float32 = "MS:1000521", float64 = "MS:1000523", int32 = "MS:1000519", int64 = "MS:1000522"
        case float16 = "MS:1000520"
    }

    struct Array {
        var accession: String
        var number: Number
        var zlib = false
        var values: [Double]
        /// Replaces the encoded payload.
        var payload: String?
        /// Replaces the compression term.
        var compressionTerm: String?
        var attributes = ""

        func text() -> String {
            let payload = payload ?? encoded()
            let compression = compressionTerm ?? (zlib ? "MS:1000574" : "MS:1000576")
            return """
                <binaryDataArray encodedLength="\(payload.utf8.count)" \(attributes)>
                <cvParam cvRef="MS" accession="\(number.rawValue)" name="number" value=""/>
                <cvParam cvRef="MS" accession="\(compression)" name="compression" value=""/>
                <cvParam cvRef="MS" accession="\(accession)" name="content" value=""/>
                <binary>\(payload)</binary>
                </binaryDataArray>

                """
        }

        func encoded() -> String {
            var bytes = Data()
            for value in values {
                switch number {
                case .float16: withUnsafeBytes(of: Float16(value)) { bytes.append(contentsOf: $0) }
                case .float32: withUnsafeBytes(of: Float(value)) { bytes.append(contentsOf: $0) }
                case .float64: withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
                case .int32: withUnsafeBytes(of: Int32(value)) { bytes.append(contentsOf: $0) }
                case .int64: withUnsafeBytes(of: Int64(value)) { bytes.append(contentsOf: $0) }
                }
            }
            return (zlib ? deflated(bytes) : bytes).base64EncodedString()
        }
    }

    struct Spectrum {
        var id = "scan=1"
        var terms = """
            <cvParam cvRef="MS" accession="MS:1000511" name="ms level" value="1"/>
            <cvParam cvRef="MS" accession="MS:1000130" name="positive scan" value=""/>
            <cvParam cvRef="MS" accession="MS:1000127" name="centroid spectrum" value=""/>

            """
        var scan = """
            <cvParam cvRef="MS" accession="MS:1000016" name="scan start time" value="2.5" \
            unitCvRef="UO" unitAccession="UO:0000031" unitName="minute"/>
            """
        var precursors = ""
        var arrays: [Array]
        var length: Int?

        init(mz: [Double], intensity: [Double]) {
            arrays = [
                Array(accession: "MS:1000514", number: .float64, values: mz),
                Array(accession: "MS:1000515", number: .float32, values: intensity),
            ]
        }

        func text(index: Int) -> String {
            """
            <spectrum index="\(index)" id="\(id)" defaultArrayLength="\(length ?? arrays.first?.values.count ?? 0)">
            \(terms)<scanList count="1"><scan>\(scan)</scan></scanList>\(precursors)
            <binaryDataArrayList count="\(arrays.count)">
            \(arrays.map { $0.text() }.joined())</binaryDataArrayList>
            </spectrum>

            """
        }
    }

    var prologue = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
    var header = ""
    var runAttributes = "id=\"run\""
    var spectra: [Spectrum]
    var declaredCount: Int?
    var afterList =
        "<chromatogramList count=\"1\"><chromatogram id=\"TIC\"><spectrum/></chromatogram></chromatogramList>\n"

    func text() -> String {
        let elements = spectra.enumerated().map { $1.text(index: $0) }.joined()
        return """
            \(prologue)<mzML xmlns="http://psi.hupo.org/ms/mzml" version="1.1.0">
            \(header)<run \(runAttributes)>
            <spectrumList count="\(declaredCount ?? spectra.count)" defaultDataProcessingRef="dp">
            \(elements)</spectrumList>
            \(afterList)</run>
            </mzML>

            """
    }
}

/// A zlib stream of the bytes.
func deflated(_ bytes: Data) -> Data {
    var size = compressBound(UInt(bytes.count))
    var result = Data(count: Int(size))
    let status = result.withUnsafeMutableBytes { target in
        bytes.withUnsafeBytes { source in
            compress2(
                target.bindMemory(to: UInt8.self).baseAddress, &size, source.bindMemory(to: UInt8.self).baseAddress,
                UInt(bytes.count), 6)
        }
    }
    precondition(status == Z_OK, "zlib refused to compress")
    return result.prefix(Int(size))
}

/// A folder that is removed with the value that owns it.
final class TemporaryFolder: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "mzml-tests-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: some Sequence<UInt8>, as name: String = "run.mzML") -> String {
        let file = path + "/" + name
        // Plain C: thousands of files are written, and Foundation writes each twice.
        if let stream = fopen(file, "wb") {
            let content = Swift.Array(bytes)
            precondition(fwrite(content, 1, content.count, stream) == content.count, "cannot write a test file")
            fclose(stream)
        }
        return file
    }

    /// Writes each piece as its own gzip member.
    func gzip(_ pieces: [Data], as name: String = "run.mzML.gz") -> String {
        let file = path + "/" + name
        for piece in pieces {
            let stream = gzopen(file, "ab")
            piece.withUnsafeBytes { _ = gzwrite(stream, $0.baseAddress, UInt32($0.count)) }
            gzclose(stream)
        }
        return file
    }
}
