import Foundation
import MzML
import SpectrumModel
import Testing

/// What is legal XML and means the same is read the same, however it is written.

private let mz = [100.25, 200.5, 300.125]
private let intensity: [Double] = [1, 20, 3.5]

private func document() -> MzMLDocument {
    var document = MzMLDocument(spectra: [
        .init(mz: mz, intensity: intensity), .init(mz: [150.5, 151], intensity: [7, 8]),
    ])
    document.header = """
        <fileDescription><sourceFileList count="1"><sourceFile id="f" name="\u{E9}t\u{E9} &amp; &lt;1&gt;.raw" location=""/>
        </sourceFileList></fileDescription>

        """
    document.spectra[0].id = "controllerType=0 scan=7"
    document.spectra[1].id = "controllerType=0 scan=8"
    return document
}

private func expectSame(
    _ bytes: some Sequence<UInt8>, _ label: String, as text: String = document().text(),
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let folder = TemporaryFolder()
    let plain = ReferenceReading(folder.write(text.utf8, as: "plain.mzML"))
    let other = ReferenceReading(folder.write(bytes, as: "other.mzML"))
    #expect(plain.error == nil && plain.block.count == 2, "\(label)", sourceLocation: sourceLocation)
    #expect(other.error == nil, "\(label): \(other.error.map(\.description) ?? "")", sourceLocation: sourceLocation)
    #expect(other.block.headers == plain.block.headers, "\(label)", sourceLocation: sourceLocation)
    #expect(
        other.block.mz == plain.block.mz && other.block.intensity == plain.block.intensity, "\(label)",
        sourceLocation: sourceLocation)
    #expect(other.header?.sourceFiles == plain.header?.sourceFiles, "\(label)", sourceLocation: sourceLocation)
    #expect(other.header?.sourceFiles == ["\u{E9}t\u{E9} & <1>.raw"], "\(label)", sourceLocation: sourceLocation)
    #expect(
        other.chromatograms.map(\.id) == plain.chromatograms.map(\.id), "\(label)", sourceLocation: sourceLocation)
}

@Test(arguments: [
    (String.Encoding.utf16LittleEndian, [UInt8]([0xFF, 0xFE])), (.utf16BigEndian, [0xFE, 0xFF]),
    (.utf16LittleEndian, []), (.utf16BigEndian, []),
])
func wideEncodingsAreRead(encoding: String.Encoding, mark: [UInt8]) {
    for label in ["UTF-16", "utf-8"] {
        let text = document().text().replacingOccurrences(of: "encoding=\"utf-8\"", with: "encoding=\"\(label)\"")
        expectSame(mark + (text.data(using: encoding) ?? Data()), "\(encoding), labelled \(label)")
    }
}

@Test func narrowEncodingsAreRead() {
    let text = document().text()
    let latin = text.replacingOccurrences(of: "utf-8", with: "ISO-8859-1")
    expectSame(latin.unicodeScalars.map { UInt8($0.value) }, "ISO-8859-1")
    expectSame(("\u{FEFF}" + text).utf8, "byte order mark")
    expectSame(
        text.replacingOccurrences(of: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n", with: "").utf8, "undeclared")
    let folder = TemporaryFolder()
    let unknown = text.replacingOccurrences(of: "utf-8", with: "klingon")
    #expect(ReferenceReading(folder.write(unknown.utf8)).error?.code == .unsupportedEncoding)
    #expect(
        ReferenceReading(
            folder.write(
                latin.replacing("ISO-8859-1", with: "utf-8").unicodeScalars.map {
                    UInt8($0.value)
                })
        ).error?.code == .malformedXML)
}

@Test func lineEndsDoNotMatter() {
    let text = document().text()
    expectSame(text.replacingOccurrences(of: "\n", with: "\r\n").utf8, "CRLF")
    expectSame(text.replacingOccurrences(of: "\n", with: "\r").utf8, "CR")
}

@Test func namespacePrefixesDoNotMatter() {
    var prefixed = document().text()
        .replacingOccurrences(of: "</", with: "</psi:").replacingOccurrences(of: "xmlns=", with: "xmlns:psi=")
    prefixed = prefixed.replacing(#/<([a-zA-Z])/#) { "<psi:\($0.1)" }
    #expect(prefixed.contains("<psi:spectrum ") && prefixed.contains("</psi:binary>"))
    expectSame(prefixed.utf8, "declared")
    expectSame(prefixed.replacingOccurrences(of: "xmlns:psi=", with: "other=").utf8, "undeclared")
    // An attribute of another namespace is another attribute.
    let foreign = document().text().replacingOccurrences(
        of: "<cvParam ", with: "<cvParam xmlns:o=\"urn:o\" o:accession=\"MS:1000129\" o:value=\"9\" ")
    expectSame(foreign.utf8, "foreign attributes")
}

@Test func markupInsidePayloadsIsSkippedOrRead() {
    let payload = document().spectra[0].arrays[0].encoded()
    let half = payload.index(payload.startIndex, offsetBy: 13)
    let (head, tail) = (payload[..<half], payload[half...])
    for (label, broken) in [
        ("comment", "\(head)<!-- AAAA </binary> -->\(tail)"), ("processing instruction", "<?note AAAA?>\(payload)"),
        ("CDATA", "<![CDATA[\(payload)]]>"), ("CDATA in part", "\(head)<![CDATA[\(tail)]]>"),
        ("empty CDATA", "\(head)<![CDATA[]]>\(tail)"),
        ("references", payload.unicodeScalars.map { "&#\($0.value);" }.joined()),
        ("hexadecimal references", payload.unicodeScalars.map { "&#x\(String($0.value, radix: 16));\n" }.joined()),
    ] {
        var changed = document()
        changed.spectra[0].arrays[0].payload = broken
        expectSame(changed.text().utf8, label)
    }
}

@Test func markupThatHoldsTagsIsSkippedByTheReferenceReader() {
    let decoy = "<spectrum index=\"9\"><binary>x</binary></spectrum></spectrumList>"
    var changed = document()
    changed.prologue = "<?xml version='1.0'?><!-- <mzXML> \(decoy) -->\n"
    changed.header += "<!-- \(decoy) --><?note \(decoy)?><![CDATA[\(decoy)]]>"
    changed.spectra[0].terms += "<!-- \(decoy) <cvParam accession=\"MS:1000511\" value=\"9\"/> -->"
    changed.spectra[0].scan += "<?note > \(decoy)?><![CDATA[ \(decoy) ]] > ]]>"
    changed.spectra[1].scan += "<userParam name='a > b' value=\"/spectrum>\"/>"
    var text = changed.text()
    text = text.replacingOccurrences(of: "</spectrum>\n<spectrum ", with: "</spectrum ><!--\(decoy)-->\n<spectrum\n")
    expectSame(text.utf8, "decoys")
}

@Test func referencesInValuesAreResolved() {
    let text = document().text()
    expectSame(text.replacingOccurrences(of: "MS:1000511", with: "MS&#58;1000&#x35;11").utf8, "accession")
    expectSame(text.replacingOccurrences(of: "value=\"2.5\"", with: "value='&#50;.&#53;'").utf8, "number")
    expectSame(text.replacingOccurrences(of: "scan=7", with: "&#115;can&#61;7").utf8, "id")
    expectSame(
        text.replacingOccurrences(of: "defaultArrayLength=\"3\"", with: "defaultArrayLength=\"&#51;\"").utf8, "length")
    var odd = document()
    odd.spectra[0].id = "a &amp; &lt;b&gt; &quot;&#38;lt; scan=7"
    odd.spectra[0].arrays[0].payload = "!"
    let folder = TemporaryFolder()
    #expect(ReferenceReading(folder.write(odd.text().utf8)).error?.spectrumID == "a & <b> \"&lt; scan=7")
}

@Test func attributesMayStandInAnyOrder() {
    let turned = document().text().replacing(#/<cvParam ([^>]*?) */>/#) { match in
        let attributes = match.1.split(separator: "\" ").map { $0.hasSuffix("\"") ? String($0) : $0 + "\"" }
        return "<cvParam\n" + attributes.reversed().joined(separator: "\t") + " />"
    }
    #expect(turned.contains("value=\"1\"\tname=\"ms level\"\taccession=\"MS:1000511\"\tcvRef=\"MS\""))
    expectSame(turned.utf8, "turned")
}

@Test func gzipIsReadByTheReferenceReader() throws {
    let bytes = Data(document().text().utf8)
    let folder = TemporaryFolder()
    let plain = ReferenceReading(folder.write(bytes))
    let path = folder.gzip([bytes.prefix(900), bytes.dropFirst(900)])
    let packed = ReferenceReading(path)
    #expect(packed.error == nil && packed.block.headers == plain.block.headers && packed.block.mz == plain.block.mz)
    let whole = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    var damaged = whole
    damaged[damaged.count - 6] ^= 1
    let wrong = ReferenceReading(folder.write(damaged, as: "checksum.gz"))
    #expect(wrong.error?.code == .corruptGzip && wrong.block.count == 2)
    let cut = ReferenceReading(folder.write(whole.dropLast(4), as: "cut.gz"))
    #expect(cut.error == nil && cut.warnings.contains { $0.contains("gzip") })
    let half = ReferenceReading(folder.write(whole[..<(whole.count / 2)], as: "half.gz"))
    #expect(half.error?.code == .truncated && half.error?.reason.contains("gzip") == true)
}

/// 21 MB of text in one element: libxml2 limits what it collects to 10 MB, and nothing is collected there.
@Test func oneVeryLargeArrayIsRead() {
    let count = 2 << 20
    let text = MzMLDocument(spectra: [
        .init(mz: (0..<count).map { Double($0) }, intensity: (0..<count).map { Double($0 & 1023) })
    ]).text()
    let folder = TemporaryFolder()
    let path = folder.write(text.utf8)
    let reading = ReferenceReading(path)
    #expect(reading.error == nil && reading.block.mz.count == count && reading.block.mz.last == Double(count - 1))
    let limited = ReferenceReading(path) { $0.maximumSpectrumBytes = 1 << 20 }
    #expect(limited.error?.code == .spectrumTooLarge && limited.error?.spectrumIndex == 0)
}

@Test func theSpectrumLimitHoldsToTheByte() {
    let path = fixture("dda-excerpt.mzML")
    let limited = ReferenceReading(path) { $0.maximumSpectrumBytes = 8192 }
    #expect(limited.error?.code == .spectrumTooLarge && limited.error?.spectrumIndex == 3 && limited.block.count == 3)
}

@Test func theBufferSizeChangesNothing() {
    let path = fixture("dda-excerpt.mzML")
    let whole = ReferenceReading(path)
    for size in [1, 4096, 5000, 40_000, 16 << 20] {
        let reading = ReferenceReading(path) { $0.bufferSize = size }
        #expect(
            reading.error == nil && reading.block.headers == whole.block.headers && reading.block.mz == whole.block.mz)
    }
}
