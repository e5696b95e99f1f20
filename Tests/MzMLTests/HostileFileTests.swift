import Foundation
import MzML
import SpectrumModel
import Statistics
import Testing

private let folder = TemporaryFolder()

private func twoSpectra(_ change: (inout MzMLDocument.Spectrum) -> Void) -> MzMLDocument {
    var document = MzMLDocument(spectra: [
        .init(mz: [100, 200], intensity: [1, 2]), .init(mz: [1, 2, 3], intensity: [3, 4, 5]),
    ])
    document.spectra[1].id = "scan=2"
    change(&document.spectra[1])
    return document
}

private func reading(_ change: (inout MzMLDocument.Spectrum) -> Void) -> Reading {
    Reading(folder.write(twoSpectra(change).text().utf8, as: UUID().uuidString))
}

/// With its index behind it, as msconvert and we write it.
private func indexed(_ document: MzMLDocument) -> [UInt8] {
    var text = document.text()
    text = text.replacingOccurrences(of: "<mzML ", with: "<indexedmzML><mzML ")
    var offsets = ""
    var position = text.startIndex
    var index = 0
    while index < document.spectra.count, let found = text.range(of: "<spectrum index", range: position..<text.endIndex)
    {
        let offset = text.utf8.distance(from: text.startIndex, to: found.lowerBound)
        offsets += "<offset idRef=\"\(document.spectra[index].id)\">\(offset)</offset>\n"
        position = found.upperBound
        index += 1
    }
    let listOffset = text.utf8.count
    text += "<indexList count=\"1\"><index name=\"spectrum\">\n\(offsets)</index></indexList>\n"
    text += "<indexListOffset>\(listOffset)</indexListOffset>\n<fileChecksum>0</fileChecksum>\n</indexedmzML>\n"
    return Array(text.utf8)
}

/// Cut anywhere before the end of its list, a file with an index says where it ends; cut behind, it is whole.
@Test func anIndexedFileThatIsCutSaysWhere() throws {
    let bytes = indexed(twoSpectra { $0.precursors = "<precursorList count=\"0\"/>" })
    let whole = Reading(folder.write(bytes, as: "indexed.mzML"))
    #expect(whole.error == nil && whole.block.count == 2)
    let text = String(decoding: bytes, as: UTF8.self)
    let list = try #require(text.range(of: "</spectrumList"))
    let listEnd = text.utf8.distance(from: text.startIndex, to: list.upperBound)
    for length in 200..<bytes.count {
        let cut = Reading(folder.write(bytes[..<length], as: "cut.mzML"), bufferSize: 4096)
        if length >= listEnd {
            #expect(cut.error == nil && cut.block.mz == whole.block.mz, "length \(length)")
        } else {
            #expect(cut.error?.code == .truncated && cut.error?.byteOffset == length, "length \(length)")
            #expect(cut.error?.description.contains("copy or convert it again") == true)
        }
    }
}

/// A flipped bit gives other numbers or an error; either way nothing that the model forbids.
@Test func anyFlippedBitIsSurvived() {
    let document = twoSpectra { spectrum in
        spectrum.arrays[0].zlib = true
        spectrum.precursors =
            "<precursorList count=\"1\"><precursor><selectedIonList count=\"1\"><selectedIon><cvParam "
            + "cvRef=\"MS\" accession=\"MS:1000744\" value=\"445.1\"/></selectedIon></selectedIonList></precursor></precursorList>"
    }
    let original = indexed(document)
    var random = SeededGenerator(seed: 20)
    var errors = 0
    for _ in 0..<1500 {
        var bytes = original
        let position = random.integer(below: bytes.count)
        let bit = random.integer(below: 8)
        bytes[position] ^= 1 << UInt8(bit)
        let reading = Reading(folder.write(bytes, as: "flipped.mzML"), spectraPerChunk: 1 + bit)
        if let error = reading.error {
            errors += 1
            #expect(!error.reason.isEmpty && error.path.hasSuffix("flipped.mzML"))
        }
        let block = reading.block
        let label = "byte \(position), bit \(bit)"
        #expect(block.offsets.count == block.count + 1 && block.offsets.last == block.mz.count, "\(label)")
        for i in 0..<block.count {
            let mz = block.mz[block.points(of: i)]
            #expect(zip(mz, mz.dropFirst()).allSatisfy { $0 <= $1 }, "\(label)")
            #expect(mz.allSatisfy { $0.isFinite && $0 >= 0 }, "\(label)")
            #expect(block.intensity[block.points(of: i)].allSatisfy { $0.isFinite && $0 >= 0 }, "\(label)")
        }
    }
    #expect(errors > 100, "flipped bits go unnoticed")
}

@Test(arguments: [
    "-1", "2", "4", "2147483648", "4294967299", "9223372036854775807", "9223372036854775808", "99999999999999999999999",
    "", "three", "3.5", "0x3", "NaN",
])
func wrongLengthsAreErrors(_ length: String) {
    for attribute in ["defaultArrayLength", "arrayLength", "both"] {
        var text = twoSpectra { spectrum in
            if attribute != "defaultArrayLength" { spectrum.arrays[0].attributes = "arrayLength=\"\(length)\"" }
            if attribute == "both" { spectrum.arrays[1].attributes = "arrayLength=\"\(length)\"" }
        }.text()
        if attribute == "defaultArrayLength" {
            text = text.replacingOccurrences(of: "defaultArrayLength=\"3\"", with: "defaultArrayLength=\"\(length)\"")
        }
        let reading = Reading(folder.write(text.utf8, as: UUID().uuidString))
        // An `arrayLength` that is no usable number counts as absent: the spectrum's length holds.
        if reading.error == nil {
            #expect(
                attribute != "defaultArrayLength" && Int(length).map { $0 < 0 || $0 == .max } ?? true,
                "\(attribute) \(length)")
            #expect(reading.block.mz == [100, 200, 1, 2, 3])
        } else {
            #expect([.wrongLength, .malformedSpectrum].contains(reading.error?.code), "\(attribute) \(length)")
            #expect(reading.error?.spectrumIndex == 1 && reading.error?.spectrumID == "scan=2")
            #expect(reading.block.count == 1)
        }
    }
}

@Test func aWrongEncodedLengthIsCountedAndTheTextHolds() {
    for length in ["0", "31", "33", "2147483648", "99999999999999999999", "-1"] {
        let text = twoSpectra { _ in }.text().replacingOccurrences(
            of: "encodedLength=\"32\"", with: "encodedLength=\"\(length)\"")
        let reading = Reading(folder.write(text.utf8, as: UUID().uuidString))
        #expect(reading.error == nil && reading.block.mz == [100, 200, 1, 2, 3], "encodedLength \(length)")
        if let value = Int(length), value >= 0 { #expect(reading.counts.encodedLengthMismatches == 1) }
    }
}

@Test func whatIsNotBase64IsAnErrorWhereverItIs() {
    let good = MzMLDocument.Array(accession: "MS:1000514", number: .float64, values: [1, 2, 3]).encoded()
    for position in 0..<good.utf8.count {
        for character in ["*", "=", "\u{E9}", "-", "_"] {
            var payload = good
            let index = payload.index(payload.startIndex, offsetBy: position)
            payload.replaceSubrange(index...index, with: character)
            let error = reading { $0.arrays[0].payload = payload }.error
            #expect([.invalidBase64, .wrongLength].contains(error?.code), "\(character) at \(position)")
        }
    }
    for payload in ["", "A", "AA", "AAA", "====", String(good.dropLast(4)), good + "AAAA", good + "A"] {
        let error = reading { $0.arrays[0].payload = payload }.error
        #expect([.invalidBase64, .wrongLength].contains(error?.code), "\(payload)")
    }
}

@Test func damagedZlibIsAnError() {
    var bytes = Data()
    for value in [1.0, 2, 3] { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
    let good = deflated(bytes)
    func code(_ stream: Data) -> MzMLError.Code? {
        reading { spectrum in
            spectrum.arrays[0].zlib = true
            spectrum.arrays[0].payload = stream.base64EncodedString()
        }.error?.code
    }
    #expect(code(good) == nil)
    for length in 0..<good.count {
        #expect([.invalidCompression, .wrongLength].contains(code(good.prefix(length))), "length \(length)")
    }
    for position in [0, 1, good.count - 4, good.count - 1] {
        var bad = good
        bad[position] ^= 0x20
        #expect(code(bad) == .invalidCompression, "byte \(position)")
    }
    #expect(code(deflated(bytes + bytes)) == .wrongLength)
    #expect(code(deflated(Data())) == .wrongLength)
}

/// What a bomb declares truly is refused by the limit on points, before it is unpacked.
@Test func aBombThatDeclaresItsSizeIsRefused() {
    let count = 4 << 20
    let payload = deflated(Data(count: count * 8)).base64EncodedString()
    var document = twoSpectra { spectrum in
        spectrum.length = count
        for i in 0..<2 {
            spectrum.arrays[i].zlib = true
            spectrum.arrays[i].payload = payload
        }
    }
    document.spectra[1].arrays[1].number = .float64
    let reading = Reading(folder.write(document.text().utf8, as: "bomb.mzML"), maximumPoints: 1 << 20)
    #expect(reading.error?.code == .spectrumTooLarge && reading.block.count == 1)
}

@Test func deepNestingIsSurvived() {
    let depth = 100_000
    let open = String(repeating: "<a>", count: depth)
    let close = String(repeating: "</a>", count: depth)
    var document = twoSpectra { _ in }
    for header in [open + close, open] {
        document.header = header
        let before = Reading(folder.write(document.text().utf8, as: "deep.mzML"))
        #expect(before.error == nil || before.error?.code == .malformedXML)
        if before.error == nil { #expect(before.block.mz == [100, 200, 1, 2, 3]) }
    }
    // Inside a spectrum nothing is nested that the scanner looks into.
    let inside = reading { $0.scan += open + close }
    #expect(inside.error == nil && inside.block.mz == [100, 200, 1, 2, 3])
}

@Test func metadataThatIsNoNumberIsAbsent() {
    for value in ["NaN", "INF", "-INF", "1e400", "", " ", "two", "1,5", "0x10", "--1", "1e", "9999999999999999999999"] {
        let found = reading { spectrum in
            spectrum.scan =
                "<cvParam cvRef=\"MS\" accession=\"MS:1000016\" value=\"\(value)\" unitAccession=\"UO:0000010\"/>"
            spectrum.terms += "<cvParam cvRef=\"MS\" accession=\"MS:1000511\" value=\"\(value)\"/>"
            spectrum.precursors =
                "<precursorList count=\"1\"><precursor><selectedIonList count=\"1\"><selectedIon><cvParam "
                + "cvRef=\"MS\" accession=\"MS:1000744\" value=\"\(value)\"/><cvParam cvRef=\"MS\" accession=\"MS:1000041\" "
                + "value=\"\(value)\"/></selectedIon></selectedIonList></precursor></precursorList>"
        }
        #expect(found.error == nil && found.block.count == 2, "\(value)")
        guard found.block.count == 2 else { continue }
        let header = found.block.headers[1]
        #expect(header.retentionTimeSeconds.isNaN || header.retentionTimeSeconds.isFinite, "\(value)")
        #expect(header.msLevel >= 1, "\(value)")
        #expect(header.precursor?.selectedIonMZ?.isFinite != false, "\(value)")
    }
}

@Test func bytesThatAreNotUTF8AreShownAndDoNoHarm() {
    var bytes = Array(twoSpectra { $0.length = 7 }.text().utf8)
    let id = Array("scan=2".utf8)
    for i in 0..<(bytes.count - id.count) where Array(bytes[i..<(i + id.count)]) == id {
        bytes.replaceSubrange(i..<(i + 4), with: [0xFF, 0xFE, 0xC0, 0x80])
    }
    let reading = Reading(folder.write(bytes, as: "latin.mzML"))
    #expect(reading.error?.code == .wrongLength && reading.error?.spectrumIndex == 1 && reading.block.count == 1)
    #expect(
        reading.error?.spectrumID?.contains("\u{FFFD}") == true && reading.error?.spectrumID?.hasSuffix("=2") == true)
}

@Test func equalIdentifiersAndIndicesAreReadInOrder() {
    var text = twoSpectra { $0.id = "scan=1" }.text()
    text = text.replacingOccurrences(of: "index=\"1\"", with: "index=\"0\"")
    let reading = Reading(folder.write(text.utf8, as: "equal.mzML"))
    #expect(reading.error == nil && reading.block.mz == [100, 200, 1, 2, 3])
    #expect(reading.block.headers.map(\.index) == [0, 1])
}

@Test func declarationsBetweenSpectraAreRefused() {
    for declaration in ["<!DOCTYPE a [<!ENTITY b \"c\">]>", "<!ENTITY b \"c\">", "<!x>"] {
        let text = twoSpectra { _ in }.text().replacingOccurrences(
            of: "</spectrum>\n<spectrum", with: "</spectrum>\(declaration)<spectrum")
        let reading = Reading(folder.write(text.utf8, as: "declaration.mzML"))
        #expect([.malformedXML, .documentType].contains(reading.error?.code), "\(declaration)")
    }
}

@Test func severalLineEndsAndATabAreBlanks() {
    let text = twoSpectra { _ in }.text().replacingOccurrences(of: "\n", with: "\r\n\t\r\n")
        .replacingOccurrences(of: "<cvParam ", with: "<cvParam\r\n\t")
    let reading = Reading(folder.write(text.utf8, as: "lines.mzML"))
    #expect(reading.error == nil && reading.block.mz == [100, 200, 1, 2, 3] && reading.block.headers[0].msLevel == 1)
}

/// In UTF-7 a `+` starts what ASCII does not hold: only libxml2 may read it.
@Test func encodingsThatASCIIIsNoPartOfAreReadAsTheyAre() {
    let document = twoSpectra { _ in }.text()
    for (name, text) in [
        ("UTF-7", document.replacingOccurrences(of: "id=\"scan=1\"", with: "id=\"+AHM-can=1\"")),
        ("iso-8859-15", document), ("Windows-1252", document), ("US-ASCII", document),
    ] {
        let encoded = text.replacingOccurrences(of: "encoding=\"utf-8\"", with: "encoding='\(name)'")
        let reading = Reading(folder.write(encoded.utf8, as: "\(name).mzML"))
        #expect(reading.error == nil && reading.block.mz == [100, 200, 1, 2, 3], "\(name)")
        #expect(reading.block.headers.map(\.scanNumber) == [1, 2], "\(name)")
    }
}

/// Cut off by someone else while it is read: with `buffered` access that is an error like any truncation.
@Test(arguments: ReadingOptions.Cutting.allCases)
func aFileThatShrinksWhileItIsReadIsTruncated(_ cutting: ReadingOptions.Cutting) throws {
    let path = folder.write(fixtureBytes("dda-excerpt.mzML"), as: "shrinks-\(cutting).mzML")
    var options = ReadingOptions()
    options.access = .buffered
    options.cutting = cutting
    options.bufferSize = 4096
    options.spectraPerChunk = 1
    var reader = try SpectrumReader(path: path, options: options)
    var block = SpectrumBlock()
    _ = try reader.next(into: &block)
    #expect(truncate(path, 20_000) == 0)
    var found: MzMLError?
    do throws(MzMLError) {
        while try reader.next(into: &block) {}
    } catch {
        found = error
    }
    #expect(found?.code == .truncated && found?.byteOffset == 20_000 && block.count < 6)
}
