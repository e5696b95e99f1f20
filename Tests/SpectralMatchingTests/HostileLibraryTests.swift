import Foundation
import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// Sources that nobody should have written: a clear error or a count, never a crash, a hang or a large allocation.
@Suite("Bad sources of spectra")
struct HostileLibraryTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func failure(_ name: String, _ bytes: [UInt8]) throws -> LibraryFileError {
        let path = try folder.write(name, bytes)
        return try #require(throws: LibraryFileError.self) {
            try SpectralLibraryBuilder.build(sources: [path], destination: folder.file("out.lvsl"))
        }
    }

    struct Trouble: Sendable {
        let mz: String
        let peaks: String
        let reason: String

        init(_ mz: String, _ peaks: String, _ reason: String) {
            self.mz = mz
            self.peaks = peaks
            self.reason = reason
        }
    }

    /// One record of each format with a place for trouble.
    private static func record(_ format: LibrarySourceFormat, mz: String, peaks: String, extra: String = "") -> String {
        switch format {
        case .msp: "NAME: A\nPRECURSORMZ: \(mz)\n\(extra)Num Peaks: 2\n\(peaks)\n"
        case .mgf: "BEGIN IONS\nNAME=A\nPEPMASS=\(mz)\n\(peaks)\nEND IONS\n"
        case .massBank:
            "ACCESSION: A\nRECORD_TITLE: A\nMS$FOCUSED_ION: PRECURSOR_M/Z \(mz)\nPK$PEAK: m/z int. rel.int.\n  \(peaks)\n//\n"
        case .json:
            "[{\"name\":\"A\",\"precursor_mz\":\"\(mz)\",\"peaks_json\":\"\(peaks.isEmpty ? "" : "[[\(peaks.replacing(" ", with: ","))]]")\"}]"
        case .library: ""
        }
    }

    @Test(
        "no peaks, negative m/z, text for numbers, NaN: an error with file, line, record and reason",
        arguments: [LibrarySourceFormat.msp, .mgf, .massBank, .json],
        [
            Trouble("100", "", "no usable peak"), Trouble("100", "-50 5", "not a positive m/z"),
            Trouble("100", "fifty 5", "not a positive m/z"), Trouble("100", "nan 5", "not a positive m/z"),
            Trouble("100", "50 inf", "not a positive m/z"), Trouble("100", "50 1e999", "not a positive m/z"),
            Trouble("-100", "50 5", "precursor"), Trouble("NaN", "50 5", "precursor"),
            Trouble("many", "50 5", "precursor"), Trouble("0", "50 5", "no usable precursor"),
            Trouble("1e999", "50 5", "precursor"),
        ])
    func uselessRecords(format: LibrarySourceFormat, trouble: Trouble) throws {
        let text = Self.record(format, mz: trouble.mz, peaks: trouble.peaks)
        let error = try failure("bad.dat", Array(text.utf8))
        #expect(error.code == .empty && error.description.contains("bad.dat"))
        #expect(error.reason.contains("line ") && error.reason.contains("(record 1)"), "\(error)")
        #expect(error.reason.contains(trouble.reason), "\(error)")
        #expect(!FileManager.default.fileExists(atPath: folder.file("out.lvsl")))
    }

    @Test(
        "huge counts allocate nothing", arguments: ["4294967296", "18446744073709551616", "-1", "1e9", "1e300", "two"])
    func hugeCounts(count: String) throws {
        let path = try folder.write("huge.msp", "NAME: A\nPRECURSORMZ: 100\nNum Peaks: \(count)\n50 1\n")
        let report = try SpectralLibraryBuilder.build(sources: [path], destination: folder.file("out.lvsl"))
        #expect(report.spectra == 1 && report.source.skippedValues == 1)
        #expect(report.source.issues.first?.reason.contains("peak count is not a number") == true)
    }

    @Test("absurdly long lines and texts")
    func longTexts() throws {
        let long = String(repeating: "7", count: 3 << 20)
        for format in [LibrarySourceFormat.msp, .mgf, .massBank] {
            let text = Self.record(format, mz: "100", peaks: "50 5") + long + "\n"
            let path = try folder.write("long.dat", text)
            let report = try SpectralLibraryBuilder.build(sources: [path], destination: folder.file("out.lvsl"))
            #expect(report.spectra == 1 && report.source.problems[.longText] == 1, "\(format)")
        }
        let number = try failure("long.json", Array("[{\"precursor_mz\":\(long)}]".utf8))
        #expect(number.code == .corrupt && number.reason.contains("longer than 400"))
        let text = "[{\"name\":\"" + String(repeating: "x", count: JSONPullParser.maximumTextLength + 2) + "\"}]"
        #expect(try failure("text.json", Array(text.utf8)).reason.contains("longer than"))
    }

    @Test("JSON nested a hundred thousand deep")
    func deepJSON() throws {
        for open in ["[", "{\"a\":", "[{\"a\":"] {
            let error = try failure("deep.json", Array(String(repeating: open, count: 100_000).utf8))
            #expect(error.code == .corrupt && error.reason.contains("nested deeper than 64"))
            #expect(error.byteOffset != nil && error.reason.contains("line 1"))
        }
        let inside = "[{\"precursor_mz\":1,\"peaks\":" + String(repeating: "[", count: 100_000)
        #expect(try failure("inside.json", Array(inside.utf8)).reason.contains("nested deeper"))
    }

    @Test(
        "what is not JSON is an error with line and byte",
        arguments: [
            "[1,]", "[1 2]", "{\"a\" 1}", "{a:1}", "{\"a\":1,}", "[}", "{]", "[tru]", "[\"\\x\"]", "[\"\\u12g4\"]",
            "[01x]",
            "[\"a\nb\"]", "{\"a\":}", "{,}", "[1]]", "{\"a\":1}}", "[nan]",
        ])
    func notJSON(text: String) throws {
        let error = try failure("bad.json", Array(text.utf8))
        #expect(error.code == .corrupt && error.byteOffset != nil && error.reason.hasPrefix("line "), "\(error)")
    }

    @Test("JSON that ends too early, at every place")
    func cutJSON() throws {
        let whole = #"[{"name":"A\u00b5","precursor_mz":100.5,"ok":true,"no":null,"peaks":[[50.5,1e2],[60,2]]}]"#
        let bytes = Array(whole.utf8)
        for length in 1..<bytes.count {
            let error = try failure("cut.json", Array(bytes[..<length]))
            #expect([.truncated, .corrupt].contains(error.code), "length \(length): \(error)")
        }
        let path = try folder.write("whole.json", bytes)
        #expect(try SpectralLibraryBuilder.build(sources: [path], destination: folder.file("out.lvsl")).spectra == 1)
    }

    @Test("truncated gzip, empty files, binaries, folders without libraries, missing files")
    func foreignFiles() throws {
        let bundled = try #require(bundledLibrary)
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: bundled)).prefix(150_000))
        #expect(try failure("cut.msp.gz", bytes).code == .truncated)
        #expect(try failure("empty.msp", []).code == .empty)
        #expect(try failure("binary.msp", (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 37) }).code == .foreign)
        let magic = try failure("short.lvsl", Array("LVSPECTR".utf8) + [1, 2, 3])
        #expect(magic.code == .truncated || magic.code == .foreign)
        let none = try #require(throws: LibraryFileError.self) {
            try SpectralLibraryBuilder.build(sources: ["/nonexistent/x.msp"], destination: folder.file("out.lvsl"))
        }
        #expect(none.code == .unreadable && none.description.contains("No such file"))
        let nothing = try TemporaryDirectory()
        #expect(throws: LibraryFileError.self) {
            try SpectralLibraryBuilder.build(sources: [nothing.path], destination: folder.file("out.lvsl"))
        }
        #expect(!FileManager.default.fileExists(atPath: folder.file("out.lvsl")))
    }

    @Test("random damage to every format never stops a reader")
    func noise() throws {
        var random = SeededGenerator(seed: 51)
        for format in [LibrarySourceFormat.msp, .mgf, .massBank, .json] {
            let good = Array(
                (Self.record(format, mz: "100.5", peaks: "50 1") + "\n" + Self.record(format, mz: "200", peaks: "60 2"))
                    .utf8
            )
            for round in 0..<150 {
                var bytes = good
                for _ in 0..<(1 + random.integer(below: 12)) {
                    bytes[random.integer(below: bytes.count)] = UInt8(truncatingIfNeeded: random.next())
                }
                let path = try folder.write("noise.dat", bytes)
                guard var reader = try? LibrarySourceReader(path: path) else { continue }
                do {
                    while let spectrum = try reader.next() {
                        let isSound = spectrum.peaks.mz.allSatisfy { $0.isFinite && $0 > 0 }
                        #expect(isSound && spectrum.peaks.count > 0, "seed 51, \(format), round \(round)")
                        #expect(spectrum.entry.precursorMZ.isFinite, "seed 51, \(format), round \(round)")
                    }
                } catch { #expect(!error.reason.isEmpty) }
            }
        }
    }
}
