import Foundation
import MzML
import SpectrumModel
import Statistics
import Testing

@Test func whatIsNotMzMLIsRefused() {
    let folder = TemporaryFolder()
    func code(_ bytes: some Sequence<UInt8>) -> MzMLError.Code? { Reading(folder.write(bytes)).error?.code }
    #expect(code([]) == .emptyFile)
    #expect(code("   \n".utf8) == .notMzML)
    #expect(code("Scan,Time\n1,2\n".utf8) == .notMzML)
    #expect(code("<html><body/></html>".utf8) == .notMzML)
    #expect(code("<?xml version=\"1.0\"?><mzXML><msRun/></mzXML>".utf8) == .notMzML)
    #expect(
        code("<mzML version=\"0.99.1\"><run><spectrumList><spectrum/></spectrumList></run></mzML>".utf8)
            == .unsupportedVersion)
    #expect(code("<mzML><a></b><run><spectrumList><spectrum/></spectrumList></run></mzML>".utf8) == .malformedXML)
    #expect(code("<mzML><run><spectrumList></spectrum></spectrumList></run></mzML>".utf8) == .malformedXML)
    #expect(code("<mzML><run><spectrumList><spectrum><spectrum></spectrumList></run></mzML>".utf8) == .malformedXML)
    #expect(code("<mzML><run><spectrumList><spectrum></spectrumList></run></mzML>".utf8) == .malformedXML)
    #expect(code("<mzML><run>&undefined;<spectrumList><spectrum/></spectrumList></run></mzML>".utf8) == .malformedXML)
    for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian, .utf16] {
        #expect(code("<?xml version=\"1.0\"?><html/>".data(using: encoding) ?? Data()) == .notMzML)
    }
    var random = SeededGenerator(seed: 3)
    #expect(code((0..<100_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }) == .notMzML)
    #expect(Reading(folder.path + "/absent.mzML").error?.code == .cannotRead)
    #expect(Reading(folder.path).error?.code == .cannotRead)
}

@Test func entityBombsAreRefusedBeforeTheyAreParsed() {
    let folder = TemporaryFolder()
    var bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE mzML [\n<!ENTITY a \"aaaaaaaaaa\">\n"
    for (name, inner) in zip("bcdefghij", "abcdefghi") {
        bomb += "<!ENTITY \(name) \"\(String(repeating: "&\(inner);", count: 10))\">\n"
    }
    bomb += "]>\n<mzML><run>&j;<spectrumList><spectrum/></spectrumList></run></mzML>"
    let error = Reading(folder.write(bomb.utf8)).error
    #expect(error?.code == .documentType && error?.byteOffset == 22)
    let external = "<!DOCTYPE mzML SYSTEM \"file:///etc/passwd\"><mzML><run/></mzML>"
    #expect(Reading(folder.write(external.utf8)).error?.code == .documentType)
}

@Test func aHeaderBeyondTheLimitIsRefused() {
    let folder = TemporaryFolder()
    // Compressed, because 64 MiB of comments take 64 KiB.
    let filler = Data("<!--\(String(repeating: "x", count: 1 << 20))-->".utf8)
    let path = folder.gzip([Data("<mzML>".utf8)] + Array(repeating: filler, count: 65))
    #expect(Reading(path, bufferSize: 1 << 20).error?.code == .headerTooLarge)
}

/// A few compressed bytes can declare very many points: the limit holds before memory is taken, edge included.
@Test func pointsBeyondTheLimitAreRefused() throws {
    let folder = TemporaryFolder()
    let path = folder.write(fixtureBytes("dda-excerpt.mzML"))
    let whole = Reading(path)
    #expect(whole.error == nil)
    let counts = (0..<whole.block.count).map { whole.block.points(of: $0).count }
    let largest = try #require(counts.max())
    #expect(Reading(path, maximumPoints: largest).error == nil)
    let refused = Reading(path, maximumPoints: largest - 1).error
    #expect(refused?.code == .spectrumTooLarge)
    #expect(refused?.spectrumIndex == counts.firstIndex(of: largest))
}

/// Any damage gives a result or an error, and never a crash, a hang or a point that breaks the model's promises.
@Test(arguments: 0..<4)
func randomDamageNeverBreaksTheReader(seed: Int) {
    let original = fixtureBytes("dda-excerpt.mzML")
    let folder = TemporaryFolder()
    var random = SeededGenerator(seed: UInt64(seed))
    let bait: [[UInt8]] = [
        "<", ">", "\"", "'", "<!--", "-->", "</spectrum>", "<spectrum ", "</spectrumList>", "<![CDATA[", "<?", "&",
        "/>",
        "<binary>", "</binary>", "=", "\0", "99999999999999999999", "-1", "<cvParam ", "<!DOCTYPE",
    ].map { [UInt8]($0.utf8) }
    var failures = 0
    for round in 0..<750 {
        var bytes = original
        for _ in 0...random.integer(below: 4) {
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
        let reading = Reading(
            folder.write(bytes), bufferSize: 4096 << random.integer(below: 5),
            spectraPerChunk: 1 + random.integer(below: 7))
        if reading.error != nil { failures += 1 }
        let block = reading.block
        let label = "seed \(seed), round \(round)"
        #expect(block.offsets.count == block.count + 1 && block.offsets.last == block.mz.count, "\(label)")
        #expect(block.intensity.count == block.mz.count, "\(label)")
        for i in 0..<block.count {
            let points = block.points(of: i)
            #expect(zip(block.mz[points], block.mz[points].dropFirst()).allSatisfy { $0 <= $1 }, "\(label)")
            #expect(block.mz[points].allSatisfy { $0.isFinite && $0 >= 0 }, "\(label)")
            #expect(block.intensity[points].allSatisfy { $0.isFinite && $0 >= 0 }, "\(label)")
        }
    }
    #expect(failures > 100, "damage goes unnoticed")
}
