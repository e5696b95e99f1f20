import Foundation
import MzML
import SpectrumModel
import Statistics
import Testing

private func smallDocument() -> String {
    var document = MzMLDocument(spectra: [])
    for i in 0..<3 {
        var spectrum = MzMLDocument.Spectrum(mz: [100, 200 + Double(i)], intensity: [1, 2])
        spectrum.id = "scan=\(i + 1)"
        document.spectra.append(spectrum)
    }
    return document.text()
}

/// Cut anywhere, a file gives the spectra that are complete, and then an error or, where it is asked for, a warning.
@Test func everyTruncationIsNoticedOrRecovered() throws {
    let text = smallDocument()
    let bytes = Array(text.utf8)
    let ends = bytes.indices.filter { bytes[..<$0].suffix(11).elementsEqual("</spectrum>".utf8) }
    #expect(ends.count == 3)
    let listEnd = bytes.count - Array(text.components(separatedBy: "</spectrumList>")[1].utf8).count
    let folder = TemporaryFolder()
    let path = folder.write(bytes)
    let handle = try #require(FileHandle(forUpdatingAtPath: path))
    for length in bytes.indices.reversed() {
        try handle.truncate(atOffset: UInt64(length))
        let reading = ReferenceReading(path)
        let recovered = ReferenceReading(path) { $0.recoversTruncation = true }
        let complete = ends.count { $0 <= length }
        if length >= listEnd {
            // Everything is there; what is missing is said.
            #expect(reading.error == nil && reading.block.count == 3, "length \(length)")
            #expect(reading.warnings.isEmpty == (length >= bytes.count - 1), "length \(length)")
            #expect(recovered.block.count == 3)
        } else if length == 0 {
            #expect(reading.error?.code == .emptyFile && recovered.error?.code == .emptyFile)
        } else {
            #expect(reading.error?.code == .truncated, "length \(length): \(reading.error?.description ?? "")")
            #expect(reading.error?.byteOffset == length)
            #expect(reading.block.count == complete && recovered.block.count == complete, "length \(length)")
            // Before the first spectrum there is nothing to keep.
            if recovered.error == nil {
                let warning = "\(complete) complete spectra of 3 declared were kept, and all from byte \(length) on"
                #expect(recovered.warnings.count == 1 && recovered.warnings[0].contains(warning), "length \(length)")
            } else {
                #expect(recovered.error?.code == .truncated && complete == 0 && recovered.header == nil)
            }
        }
    }
}

@Test func theReferenceReaderRefusesWhatIsNotMzML() {
    let folder = TemporaryFolder()
    func code(_ bytes: some Sequence<UInt8>) -> MzMLError.Code? { ReferenceReading(folder.write(bytes)).error?.code }
    #expect(code([]) == .emptyFile)
    #expect(code("   \n".utf8) == .notMzML)
    #expect(code("Scan,Time\n1,2\n".utf8) == .notMzML)
    #expect(code("<html><body/></html>".utf8) == .notMzML)
    #expect(code("<?xml version=\"1.0\"?><mzXML><msRun/></mzXML>".utf8) == .notMzML)
    let spectra = "<run><spectrumList><spectrum/></spectrumList></run>"
    #expect(code("<mzML version=\"0.99.1\">\(spectra)</mzML>".utf8) == .unsupportedVersion)
    #expect(code("<mzML><a></b>\(spectra)</mzML>".utf8) == .malformedXML)
    #expect(code("<mzML><run><spectrumList></spectrum></spectrumList></run></mzML>".utf8) == .malformedXML)
    #expect(code("<mzML><run><spectrumList><spectrum><spectrum></spectrumList></run></mzML>".utf8) == .malformedXML)
    #expect(code("<mzML><run>&undefined;<spectrumList><spectrum/></spectrumList></run></mzML>".utf8) == .malformedXML)
    var random = SeededGenerator(seed: 3)
    #expect(code((0..<100_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }) == .notMzML)
    #expect(ReferenceReading(folder.path + "/absent.mzML").error?.code == .cannotRead)
    #expect(ReferenceReading(folder.path).error?.code == .cannotRead)
}

@Test func runsWithoutSpectraAreEmptyForTheReferenceReader() {
    let folder = TemporaryFolder()
    let root = "<mzML version=\"1.1.0\"><run id=\"r\">"
    func read(_ rest: String) -> ReferenceReading { ReferenceReading(folder.write((root + rest).utf8)) }
    let listed = read("<spectrumList count=\"0\"/></run></mzML>")
    #expect(listed.error == nil && listed.block.count == 0 && listed.warnings.isEmpty)
    let open = read("<spectrumList count=\"2\"></spectrumList></run></mzML>")
    #expect(open.error == nil && open.warnings == ["the spectrum list declares 2 spectra and holds 0"])
    for rest in ["</run></mzML>", "<chromatogramList><spectrum/></chromatogramList></run></mzML>"] {
        let reading = read(rest)
        #expect(reading.error == nil && reading.warnings == ["the run has no spectrum list"], "\(rest)")
    }
    let bare = read("<spectrumList count='1'><spectrum index='0' id='a'/></spectrumList></run></mzML>")
    #expect(bare.error == nil && bare.block.count == 1 && bare.counts.nonMassSpectra == 1)
}

@Test func entityBombsAreRefusedByTheReferenceReader() {
    let folder = TemporaryFolder()
    var bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE mzML [\n<!ENTITY a \"aaaaaaaaaa\">\n"
    for (name, inner) in zip("bcdefghij", "abcdefghi") {
        bomb += "<!ENTITY \(name) \"\(String(repeating: "&\(inner);", count: 10))\">\n"
    }
    bomb += "]>\n<mzML><run>&j;<spectrumList><spectrum/></spectrumList></run></mzML>"
    #expect(ReferenceReading(folder.write(bomb.utf8)).error?.code == .documentType)
    #expect(ReferenceReading(folder.write(bomb.data(using: .utf16) ?? Data())).error?.code == .documentType)
    let external = "<!DOCTYPE mzML SYSTEM \"file:///etc/passwd\"><mzML><run/></mzML>"
    #expect(ReferenceReading(folder.write(external.utf8)).error?.code == .documentType)
}

@Test func deepNestingIsRefused() {
    let folder = TemporaryFolder()
    func nested(_ depth: Int) -> ReferenceReading {
        let inner = String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        return ReferenceReading(folder.write("<mzML><run>\(inner)<spectrumList count='0'/></run></mzML>".utf8))
    }
    #expect(nested(254).error == nil)
    #expect(nested(255).error?.code == .malformedXML && nested(255).error?.reason.contains("deep") == true)
    #expect(nested(100_000).error?.code == .malformedXML)
    let inSpectrum = "<mzML><run><spectrumList><spectrum>" + String(repeating: "<a>", count: 100_000)
    #expect(ReferenceReading(folder.write(inSpectrum.utf8)).error?.spectrumIndex == nil)
}

/// What libxml2 compares each with each, and what references could multiply.
@Test func whatGrowsWithTheSquareIsRefused() {
    let folder = TemporaryFolder()
    func error(_ text: String) -> MzMLError? { ReferenceReading(folder.write(text.utf8)).error }
    let end = "<spectrumList count='0'/></run></mzML>"
    let attributes = (0..<200_000).map { " a\($0)=''" }.joined()
    #expect(error("<mzML><run><b\(attributes)/>\(end)")?.reason.contains("attributes") == true)
    let namespaces = (0..<1100).map { " xmlns:a\($0)='u'" }.joined()
    #expect(error("<mzML><run><b\(namespaces)/>\(end)")?.reason.contains("namespaces") == true)
    // One tag's namespaces are given back at its end; a large value is no attack.
    let few = "<b\((0..<600).map { " xmlns:a\($0)='u'" }.joined())/>"
    #expect(error("<mzML><run>\(few)\(few)\(few)<b a='\(String(repeating: "x", count: 1 << 20))'/>\(end)") == nil)
    let term = "<cvParam cvRef='MS' accession='MS:1000130' name='' value=''/>"
    let group = { (id: String, content: String) in
        "<referenceableParamGroup id='\(id)'>\(content)</referenceableParamGroup>"
    }
    let reference = { (id: String, count: Int) in
        String(repeating: "<referenceableParamGroupRef ref='\(id)'/>", count: count)
    }
    // A group that refers to itself or to others would double with each reference.
    #expect(
        error("<mzML>\(group("a", term + reference("a", 100)))\(group("b", reference("a", 100)))<run>\(end)") == nil)
    let large = group("a", String(repeating: term, count: 2000))
    let content = "<fileDescription><fileContent>\(reference("a", 1000))</fileContent></fileDescription>"
    #expect(error("<mzML>\(large)\(content)<run>\(end)")?.code == .malformedXML)
    for part in [reference("a", 100), String(repeating: "<precursor/>", count: 70_000)] {
        let spectrum = "<spectrumList><spectrum>\(part)</spectrum></spectrumList></run></mzML>"
        #expect(error("<mzML>\(large)<run>\(spectrum)")?.code == .malformedSpectrum)
    }
}

@Test func aHeaderBeyondTheLimitIsRefusedByTheReferenceReader() {
    let folder = TemporaryFolder()
    let filler = Data("<!--\(String(repeating: "x", count: 1 << 20))-->".utf8)
    let path = folder.gzip([Data("<mzML>".utf8)] + Array(repeating: filler, count: 65))
    #expect(ReferenceReading(path).error?.code == .headerTooLarge)
}

@Test(arguments: 0..<2)
func randomDamageNeverBreaksTheReferenceReader(seed: Int) {
    let original = fixtureBytes("dda-excerpt.mzML")
    let folder = TemporaryFolder()
    var random = SeededGenerator(seed: UInt64(100 + seed))
    let bait = [
        "<", ">", "\"", "<!--", "-->", "</spectrum>", "<spectrum ", "</spectrumList>", "<![CDATA[", "]]>", "<?", "&",
        "/>", "<binary>", "</binary>", "=", "\0", "99999999999999999999", "<cvParam ", "<!DOCTYPE", "&#65;", "&amp;",
    ].map { Array($0.utf8) }
    var failures = 0
    for round in 0..<300 {
        var bytes = original
        for _ in 0...random.integer(below: 3) {
            let position = random.integer(below: bytes.count)
            switch random.integer(below: 4) {
            case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.removeSubrange(position..<min(bytes.count, position + 1 + random.integer(below: 200)))
            case 2: bytes.insert(contentsOf: bait[random.integer(below: bait.count)], at: position)
            default:
                let other = random.integer(below: bytes.count)
                bytes.insert(contentsOf: bytes[other..<min(bytes.count, other + 300)], at: position)
            }
        }
        let reading = ReferenceReading(folder.write(bytes), limit: 1 + random.integer(below: 7))
        if reading.error != nil { failures += 1 }
        let block = reading.block
        let label = "seed \(seed), round \(round)"
        #expect(block.offsets.count == block.count + 1 && block.offsets.last == block.mz.count, "\(label)")
        #expect(block.intensity.count == block.mz.count && reading.counts.points == block.mz.count, "\(label)")
        for i in 0..<block.count {
            let points = block.points(of: i)
            #expect(zip(block.mz[points], block.mz[points].dropFirst()).allSatisfy { $0 <= $1 }, "\(label)")
            #expect(block.mz[points].allSatisfy { $0.isFinite && $0 >= 0 }, "\(label)")
            #expect(block.intensity[points].allSatisfy { $0.isFinite && $0 >= 0 }, "\(label)")
        }
    }
    #expect(failures > 100, "damage goes unnoticed")
}
