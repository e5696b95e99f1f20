import Foundation
import SpectrumModel
import Testing

@testable import MzML

private func cv(_ accession: String, _ value: String = "", unit: String = "") -> String {
    "<cvParam cvRef=\"MS\" accession=\"\(accession)\" name=\"x\" value=\"\(value)\" unitAccession=\"\(unit)\"/>"
}

private func array(_ content: String, unit: String = "", _ values: [Double], zlib: Bool = false) -> String {
    var text = MzMLDocument.Array(accession: content, number: .float64, zlib: zlib, values: values).text()
    text = text.replacingOccurrences(
        of: "accession=\"\(content)\"", with: "accession=\"\(content)\" unitAccession=\"\(unit)\"")
    return text
}

private func chromatogram(_ id: String, _ inner: String, count: Int = 3) -> String {
    "<chromatogram index=\"0\" id=\"\(id)\" defaultArrayLength=\"\(count)\">\(inner)</chromatogram>"
}

private let second = "UO:0000010"
private let points = array("MS:1000595", unit: second, [1, 2, 3]) + array("MS:1000515", [4, 5, 6])

private func list(_ chromatograms: [String]) -> String {
    "<chromatogramList count=\"\(chromatograms.count)\" defaultDataProcessingRef=\"dp\">\(chromatograms.joined())"
        + "</chromatogramList>"
}

private func document(_ chromatograms: [String]) -> String {
    var document = MzMLDocument(spectra: [.init(mz: [1], intensity: [1])])
    document.header = """
        <referenceableParamGroupList count="1"><referenceableParamGroup id="negative">\(cv("MS:1000129"))
        </referenceableParamGroup></referenceableParamGroupList>
        """
    document.afterList = list(chromatograms)
    return document.text()
}

private func read(_ chromatograms: [String]) -> ReferenceReading {
    let folder = TemporaryFolder()
    return ReferenceReading(folder.write(document(chromatograms).utf8))
}

@Test(arguments: [
    ("MS:1000235", Chromatogram.Kind.totalIonCurrent), ("MS:1000628", .basePeak), ("MS:1000627", .selectedIonCurrent),
    ("MS:1001472", .selectedIonMonitoring), ("MS:1001473", .selectedReactionMonitoring), ("MS:1000812", .other),
])
func kindsAreKnownByTheirTerms(accession: String, kind: Chromatogram.Kind) {
    let reading = read([chromatogram("c", cv(accession) + points)])
    #expect(
        reading.chromatograms == [
            Chromatogram(index: 0, id: "c", kind: kind, timesSeconds: [1, 2, 3], intensities: [4, 5, 6])
        ])
    #expect(reading.error == nil && reading.warnings.isEmpty && reading.counts.spectra == 1)
}

@Test(arguments: [
    ("UO:0000010", 1.0), ("MS:1000039", 1), ("UO:0000031", 60), ("MS:1000038", 60), ("UO:0000028", 0.001),
    ("UO:0000032", 3600), ("", 1),
])
func unitsOfChromatogramTimesAreRespected(unit: String, factor: Double) {
    let reading = read([
        chromatogram("c", array("MS:1000595", unit: unit, [1, 2, 4]) + array("MS:1000515", [4, 5, 6]))
    ])
    #expect(reading.chromatograms.first?.timesSeconds == [1 * factor, 2 * factor, 4 * factor])
    #expect(reading.warnings.count == (unit.isEmpty ? 1 : 0))
}

@Test func transitionsAreRead() {
    let isolation = { (mz: String) in "<isolationWindow>\(cv("MS:1000827", mz))</isolationWindow>" }
    let ion = "<selectedIonList><selectedIon>\(cv("MS:1000744", "7.5"))</selectedIon></selectedIonList>"
    let reading = read([
        chromatogram(
            "SRM a &amp; b",
            cv("MS:1001473") + "<referenceableParamGroupRef ref=\"negative\"/>"
                + "<precursor>\(isolation("456.7"))\(ion)</precursor><product>\(isolation("678.9"))</product>" + points),
        chromatogram("SIM", cv("MS:1001472") + cv("MS:1000130") + "<precursor>\(ion)</precursor>" + points),
    ])
    #expect(reading.chromatograms.map(\.id) == ["SRM a & b", "SIM"] && reading.chromatograms.map(\.index) == [0, 1])
    #expect(reading.chromatograms.map(\.precursorMZ) == [456.7, 7.5])
    #expect(reading.chromatograms.map(\.productMZ) == [678.9, nil])
    #expect(reading.chromatograms.map(\.polarity) == [.negative, .positive])
}

@Test func otherArraysOfChromatogramsAreSkipped() {
    let levels = MzMLDocument.Array(accession: "MS:1000786", number: .int64, zlib: true, values: [1, 1, 2]).text()
    let reading = read([
        chromatogram("zlib", levels + array("MS:1000515", [4, 5, 6], zlib: true) + array("MS:1000595", [1, 2, 3])),
        chromatogram("pressure", array("MS:1000595", unit: second, [1, 2, 3]) + array("MS:1000821", [4, 5, 6])),
        chromatogram("none", "", count: 0),
    ])
    #expect(reading.chromatograms.map(\.intensities) == [[4, 5, 6], [], []])
    #expect(reading.chromatograms.map(\.timesSeconds) == [[1, 2, 3], [], []])
}

@Test func damagedChromatogramsLoseNoSpectrum() {
    let short = array("MS:1000595", unit: second, [1, 2]) + array("MS:1000515", [4, 5, 6])
    let chromatograms = [chromatogram("bad", short), chromatogram("worse", short), chromatogram("good", points)]
    let reading = read(chromatograms)
    #expect(reading.error == nil && reading.block.count == 1 && reading.chromatograms.map(\.id) == ["good"])
    #expect(reading.chromatograms.first?.index == 2)
    #expect(reading.warnings.count == 1 && reading.warnings.first?.contains("2 chromatograms") == true)
    #expect(reading.warnings.first?.contains("\"bad\"") == true)
    // The points of all together are bounded.
    let folder = TemporaryFolder()
    let path = folder.write(document([chromatogram("a", points), chromatogram("b", points)]).utf8)
    #expect(ReferenceReading(path, maximumPoints: 6).chromatograms.count == 2)
    #expect(ReferenceReading(path, maximumPoints: 5).chromatograms.map(\.id) == ["a"])
    // Damaged XML behind the spectra too.
    let broken = document([chromatogram("a", points)]).replacingOccurrences(of: "</run>", with: "</ran>")
    let rest = ReferenceReading(folder.write(broken.utf8))
    #expect(rest.error == nil && rest.block.count == 1 && rest.chromatograms.count == 1 && rest.warnings.count == 1)
}

// MARK: The tail that the scanner leaves

private func tail(of bytes: [UInt8]) throws -> (offset: Int, header: RunHeader, bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let end = try #require(text.range(of: "</spectrumList>"))
    let offset = text.utf8.distance(from: text.startIndex, to: end.upperBound)
    let folder = TemporaryFolder()
    return (offset, try ReferenceSpectrumReader(path: folder.write(bytes)).header, Array(bytes[offset...]))
}

private func chromatograms(_ bytes: [UInt8], _ header: RunHeader, _ offset: Int) throws -> [Chromatogram] {
    try bytes.withUnsafeBufferPointer {
        try ChromatogramStream.chromatograms(in: $0, header: header, baseOffset: offset)
    }
}

@Test func theTailGivesTheSameChromatograms() throws {
    let chromatograms = [
        chromatogram("\u{E9}", cv("MS:1000235") + "<referenceableParamGroupRef ref=\"negative\"/>" + points),
        chromatogram("b", cv("MS:1000628") + points),
    ]
    let text = document(chromatograms)
    for latin in [false, true] {
        let bytes =
            latin
            ? text.replacingOccurrences(of: "utf-8", with: "ISO-8859-1").unicodeScalars.map { UInt8($0.value) }
            : Array(text.utf8)
        let folder = TemporaryFolder()
        let whole = ReferenceReading(folder.write(bytes))
        #expect(whole.chromatograms.count == 2 && whole.chromatograms[0].id == "\u{E9}")
        #expect(whole.chromatograms[0].polarity == .negative)
        let start = try #require(bytes.indices.first { bytes[$0...].starts(with: "</spectrumList>".utf8) }) + 15
        let header = try #require(whole.header)
        let rest = Array(bytes[start...])
        #expect(try MzMLTests.chromatograms(rest, header, start) == whole.chromatograms)
        // The list alone, and any way of cutting.
        let listEnd = try #require(
            rest.indices.first { rest[..<$0].suffix(19).elementsEqual("</chromatogramList>".utf8) })
        #expect(try MzMLTests.chromatograms(Array(rest[..<listEnd]), header, start) == whole.chromatograms)
        for size in [1, 7, 100, 1000] {
            let stream = try ChromatogramStream(header: header, baseOffset: start)
            var position = 0
            var more = true
            while more, position < rest.count {
                let end = min(position + size, rest.count)
                more = try rest[position..<end].withUnsafeBufferPointer { try stream.feed($0) }
                position = end
            }
            #expect(try !more && stream.finish() == whole.chromatograms, "pieces of \(size)")
        }
    }
}

@Test func defectsOfTheTailAreErrors() throws {
    let (offset, header, rest) = try tail(
        of: Array(document([chromatogram("a", points), chromatogram("b", points)]).utf8))
    for length in stride(from: 0, to: rest.count, by: 17) {
        let complete = String(decoding: rest[..<length], as: UTF8.self).contains("</chromatogramList>")
        let error = catching { _ = try chromatograms(Array(rest[..<length]), header, offset) }
        #expect(error?.code == (complete ? nil : .truncated), "length \(length)")
        if let error { #expect(error.byteOffset == offset + length) }
    }
    let text = String(decoding: rest, as: UTF8.self)
    for (old, new, code) in [
        ("<binary>", "<binary>!", MzMLError.Code.invalidBase64), ("MS:1000523", "MS:1001479", .unsupportedArray),
        ("defaultArrayLength=\"3\"", "defaultArrayLength=\"4\"", .wrongLength), ("</binary>", "</bin>", .malformedXML),
        ("<chromatogram ", "<!DOCTYPE a><chromatogram ", .malformedXML),
    ] {
        let changed = Array(text.replacingOccurrences(of: old, with: new).utf8)
        let error = catching { _ = try chromatograms(changed, header, offset) }
        #expect(error?.code == code, "\(new): \(error?.description ?? "")")
        #expect((offset...(offset + changed.count)).contains(error?.byteOffset ?? -1), "\(new)")
    }
    #expect(try chromatograms(Array("\n</run></mzML>".utf8), header, 0).isEmpty)
}

private func catching(_ work: () throws -> Void) -> MzMLError? {
    do {
        try work()
        return nil
    } catch {
        return error as? MzMLError
    }
}

// MARK: Real files

private let extraData = ProcessInfo.processInfo.environment["LAVOISIER_EXTRA_DATA"]

@Test func chromatogramsOfTheExcerpt() throws {
    let reading = ReferenceReading(fixture("dda-excerpt.mzML"))
    let (offset, header, rest) = try tail(of: fixtureBytes("dda-excerpt.mzML"))
    #expect(try chromatograms(rest, header, offset) == reading.chromatograms)
}

@Test(.enabled(if: extraData != nil)) func chromatogramsOfRealFiles() throws {
    let folder = (extraData ?? "") + "/mzml/"
    let tiny = ReferenceReading(folder + "odd/tiny.pwiz.1.1.mzML")
    #expect(tiny.chromatograms.map(\.id) == ["tic", "sic"])
    #expect(tiny.chromatograms.map(\.kind) == [.totalIonCurrent, .selectedIonCurrent])
    #expect(tiny.chromatograms[0].timesSeconds == (0..<15).map { Double($0) })
    #expect(tiny.chromatograms[0].intensities == (1...15).reversed().map { Float($0) })
    #expect(tiny.chromatograms[1].precursorMZ == 456.7 && tiny.chromatograms[1].productMZ == 678.9)
    let light = ReferenceReading(folder + "odd/TOFsulfasMS4GHzDualMode+DADSpectra+UVSignal272-NoProfile.mzML")
    #expect(light.chromatograms.map(\.timesSeconds.count) == [212, 526])
    #expect(light.chromatograms.map(\.kind) == [.totalIonCurrent, .other])
    // The total ion current that the instrument recorded is one value per scan, at the scan's time.
    let small = ReferenceReading(folder + "odd/small.mzML")
    #expect(small.chromatograms.map(\.timesSeconds.count) == [48])
    for (time, header) in zip(small.chromatograms[0].timesSeconds, small.block.headers) {
        #expect(abs(time - header.retentionTimeSeconds) < 0.001)
    }
    for name in ["odd/tiny.pwiz.1.1", "odd/small", "ms-mint/example-neg", "ms-mint/test", "openms/GNPSExport_mzml1"] {
        let path = folder + name + ".mzML"
        let reading = ReferenceReading(path)
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: path)))
        let text = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        let end = try #require(text.range(of: "</spectrumList>"))
        let offset = text.utf8.distance(from: text.startIndex, to: end.upperBound)
        let header = try #require(reading.header)
        #expect(try chromatograms(Array(bytes[offset...]), header, offset) == reading.chromatograms, "\(name)")
        #expect(reading.warnings.isEmpty || name.contains("test"), "\(name): \(reading.warnings)")
    }
}
