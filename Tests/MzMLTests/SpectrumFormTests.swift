import CReadingKernels
import Foundation
import ReaderChecks
import SpectrumModel
import Statistics
import Testing

@testable import MzML

// MARK: The kernel

/// What `form_match` should find, looked for byte by byte.
private func slowMatch(
    _ text: [UInt8], _ constant: [UInt8], _ pieces: [form_piece]
) -> (end: Int, values: [Range<Int>])? {
    var (p, c) = (0, 0)
    var values: [Range<Int>] = []
    for piece in pieces {
        for _ in 0..<piece.length {
            guard p < text.count, text[p] == constant[c] else { return nil }
            p += 1
            c += 1
        }
        guard piece.quote != 0 else { continue }
        let start = p
        while p < text.count, text[p] != UInt8(piece.quote) {
            if text[p] == UInt8(ascii: "<") { return nil }
            p += 1
        }
        guard p < text.count else { return nil }
        values.append(start..<p)
    }
    return (p, values)
}

/// The same by the kernel, on memory that ends where the text does.
private func match(
    _ instructions: base64_instructions, _ text: [UInt8], _ constant: [UInt8], _ pieces: [form_piece]
) -> (end: Int, values: [Range<Int>])? {
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(text.count, 1))
    defer { memory.deallocate() }
    for (i, byte) in text.enumerated() { memory[i] = byte }
    let base = UnsafePointer(memory)
    var found = [UnsafePointer<UInt8>?](repeating: nil, count: 2 * pieces.count)
    guard
        let end = form_match_with(instructions, constant, pieces, pieces.count, base, base + text.count, &found)
    else { return nil }
    let values = pieces.indices.filter { pieces[$0].quote != 0 }.map { i in
        (found[2 * i]! - base)..<(found[2 * i + 1]! - base)
    }
    return (end - base, values)
}

@Test(arguments: 0..<4) func formsMatchLikeALoopOverBytes(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    for round in 0..<3_000 {
        var text: [UInt8] = []
        var constant: [UInt8] = []
        var pieces: [form_piece] = []
        for _ in 0...random.integer(below: 6) {
            let length = random.integer(below: [3, 20, 70, 200][random.integer(below: 4)])
            let bytes = (0..<length).map { _ in UInt8(ascii: "a") + UInt8(random.integer(below: 26)) }
            let quote = [0, UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "<")][random.integer(below: 4)]
            text += bytes
            constant += bytes
            pieces.append(form_piece(length: UInt32(length), quote: UInt32(quote)))
            guard quote != 0 else { continue }
            text += (0..<random.integer(below: random.integer(below: 10) == 0 ? 150 : 20)).map { _ in
                UInt8(ascii: "0") + UInt8(random.integer(below: 10))
            }
            // The quote begins the next piece, which may also say something else.
            text.append(quote)
            constant.append(quote)
            pieces.append(form_piece(length: 1, quote: 0))
        }
        switch random.integer(below: 4) {
        case 0 where !text.isEmpty: text[random.integer(below: text.count)] = UInt8(ascii: "<")
        case 1 where !text.isEmpty: text[random.integer(below: text.count)] ^= UInt8(1 + random.integer(below: 255))
        case 2: text.removeLast(random.integer(below: text.count + 1))
        default: text += [UInt8](repeating: 7, count: random.integer(below: 80))
        }
        let expected = slowMatch(text, constant, pieces)
        for level in [base64_portable, base64_avx2, base64_avx512]
        where level.rawValue <= base64_best_instructions().rawValue {
            let found = match(level, text, constant, pieces)
            #expect(
                found?.end == expected?.end && found?.values == expected?.values,
                "seed \(seed), round \(round), instructions \(level.rawValue)")
        }
    }
}

// MARK: The reader

/// Spectra as a converter writes them, alike but for their numbers.
private struct AlikeSpectra {
    var random: SeededGenerator

    mutating func number(_ most: Double) -> String {
        String(format: "%.\(random.integer(below: 9))f", most * random.uniform())
    }

    mutating func array(_ accession: String, _ number: String, _ bytes: Data) -> [String] {
        let text = bytes.base64EncodedString()
        return [
            "<binaryDataArray encodedLength=\"\(text.utf8.count)\">",
            "<cvParam cvRef=\"MS\" accession=\"\(number)\" name=\"number type\" value=\"\"/>",
            "<cvParam cvRef=\"MS\" accession=\"MS:1000576\" name=\"no compression\" value=\"\"/>",
            "<cvParam cvRef=\"MS\" accession=\"\(accession)\" name=\"content\" value=\"\"/>",
            "<binary>\(text)</binary>", "</binaryDataArray>",
        ]
    }

    /// The lines of one spectrum.
    mutating func lines(_ index: Int, level: Int) -> [String] {
        let count = random.integer(below: 12)
        let mz = (0..<count).map { _ in 1000 * random.uniform() }.sorted()
        let intensity = (0..<count).map { _ in Float(1e5 * random.uniform()) }
        func term(_ accession: String, _ value: String, _ unit: String = "") -> String {
            "<cvParam cvRef=\"MS\" accession=\"MS:\(accession)\" name=\"a term\" value=\"\(value)\"\(unit)/>"
        }
        let minute = " unitCvRef=\"UO\" unitAccession=\"UO:0000031\" unitName=\"minute\""
        var lines = [
            "<spectrum index=\"\(index)\" id=\"controllerType=0 controllerNumber=1 scan=\(index + 7)\" "
                + "defaultArrayLength=\"\(count)\">",
            term("1000511", "\(level)"), term("1000130", ""), term("1000127", ""), term("1000504", number(900)),
            "<userParam name=\"filter\" value=\"FTMS + p \(index)\"/>", "<scanList count=\"1\">", "<scan>",
            term("1000016", number(60), minute), "</scan>", "</scanList>",
        ]
        if level > 1 {
            lines += [
                "<precursorList count=\"1\">", "<precursor spectrumRef=\"scan=\(index)\">", "<isolationWindow>",
                term("1000827", number(900)), term("1000828", "0.5"), term("1000829", number(1)),
                "</isolationWindow>", "<selectedIonList count=\"1\">", "<selectedIon>", term("1000744", number(900)),
                term("1000041", "\(1 + random.integer(below: 3))"), term("1000042", number(1e7)), "</selectedIon>",
                "</selectedIonList>", "<activation>", term("1000045", "30.0"), "</activation>", "</precursor>",
                "</precursorList>",
            ]
        }
        lines.append("<binaryDataArrayList count=\"2\">")
        lines += array("MS:1000514", "MS:1000523", mz.withUnsafeBytes { Data($0) })
        lines += array("MS:1000515", "MS:1000521", intensity.withUnsafeBytes { Data($0) })
        return lines + ["</binaryDataArrayList>", "</spectrum>"]
    }

    /// Does to a spectrum what other writers, damage and chance do.
    mutating func edit(_ lines: inout [String]) {
        let values = [
            "", "1", "2", " 2 ", "3.5e-2", "nan", "a&amp;b", "a>b", "-7", "+4", "00012", "scan=5", "it's", "\u{E9}",
            "16",
            "123456789012345678901234567890", "0.1000000000000000055511151231257827", "scan=1 scan=2", "0",
        ]
        let value = values[random.integer(below: values.count)]
        let i = random.integer(below: lines.count)
        let terms = lines.indices.filter { lines[$0].hasPrefix("<cvParam") || lines[$0].hasPrefix("<userParam") }
        let term = terms[random.integer(below: terms.count)]
        func replaceAttribute(_ name: String, in line: Int, with text: String) {
            guard let start = lines[line].range(of: " \(name)=\""),
                let end = lines[line].range(of: "\"", range: start.upperBound..<lines[line].endIndex)
            else { return }
            lines[line].replaceSubrange(start.upperBound..<end.lowerBound, with: text)
        }
        switch random.integer(below: 16) {
        case 0...3: replaceAttribute("value", in: term, with: value)
        case 4: replaceAttribute(["id", "index", "defaultArrayLength"][random.integer(below: 3)], in: 0, with: value)
        case 5:
            for line in lines.indices { replaceAttribute("encodedLength", in: line, with: value) }
        case 6: lines[term] = lines[term].replacingOccurrences(of: "\"", with: "'")
        case 7: lines.remove(at: term)
        case 8: lines.insert(lines[term], at: term)
        case 9: lines.insert("<!-- a comment -->", at: i)
        case 10: lines[term] = lines[term].replacingOccurrences(of: " value", with: "\n value")
        case 11: lines = lines.map { $0.replacingOccurrences(of: "</binary>", with: "\n</binary>") }
        case 12: replaceAttribute("accession", in: term, with: "MS:1000\(500 + random.integer(below: 30))")
        case 13:
            guard let ion = lines.firstIndex(of: "<selectedIon>"), let end = lines.firstIndex(of: "</selectedIon>")
            else {
                return
            }
            lines.insert(contentsOf: lines[ion...end], at: ion)
        case 14: lines.insert("<cvParam cvRef=\"MS\" accession=\"MS:1000595\" name=\"time array\"/>", at: term)
        default:
            lines = lines.map { $0.replacingOccurrences(of: "<binary>", with: "<binary >") }
        }
    }

    mutating func document(_ count: Int, edits: Int) -> String {
        var spectra = (0..<count).map { lines($0, level: $0.isMultiple(of: 4) ? 1 : 2) }
        for _ in 0..<edits { edit(&spectra[random.integer(below: count)]) }
        var document = MzMLDocument(spectra: [])
        document.declaredCount = count
        let text = document.text()
        let place = text.range(of: "</spectrumList>")!.lowerBound
        return text[..<place] + spectra.map { $0.joined(separator: "\n") }.joined(separator: "\n") + text[place...]
    }
}

/// Whatever one spectrum has that those around it do not: all ways of reading give the same.
@Test(arguments: 0..<8) func unlikeSpectraReadAlike(seed: UInt64) throws {
    var spectra = AlikeSpectra(random: SeededGenerator(seed: seed))
    let folder = TemporaryFolder()
    let scratch = ScratchFile(in: folder.path)
    for round in 0..<60 {
        let text = spectra.document(12, edits: round % 7)
        do {
            try Array(text.utf8).withUnsafeBufferPointer { try ReaderChecks.check($0, scratch: scratch) }
        } catch {
            Issue.record("seed \(seed), round \(round): \(error)\n\(text)")
            return
        }
    }
}

/// Decodes a document in one piece; also returns how many of its spectra were read by a form.
private func decode(_ text: String, path: String) throws -> (block: SpectrumBlock, counts: DecodeCounts, byForm: Int) {
    let source = try MzMLChunkSource(path: path, options: ReadingOptions())
    var decoder = SpectrumDecoder(header: source.header)
    var block = SpectrumBlock()
    while let chunk = try source.next() { try decoder.decode(chunk, into: &block) }
    return (block, decoder.counts, decoder.forms.matched)
}

@Test func spectraThatAreAlikeAreReadByTheirForm() throws {
    var spectra = AlikeSpectra(random: SeededGenerator(seed: 3))
    let folder = TemporaryFolder()
    let text = spectra.document(100, edits: 0)
    let path = folder.write(text.utf8)
    let found = try decode(text, path: path)
    #expect(found.block.count == 100)
    // Of MS1 and of MS2 the first one is parsed, and the last of all by the careful scan, which looks for the list's end.
    #expect(found.byForm == 97)
    let careful = Reading(path) { $0.cutting = .careful }
    #expect(found.block.headers == careful.block.headers && found.counts == careful.counts)
    #expect(found.block.mz == careful.block.mz && found.block.intensity == careful.block.intensity)
}

/// An empty array has no text to stop at; that is no reason to read the rest of the file carefully.
@Test(arguments: ["<binary></binary>", "<binary/>", "<binary />", ""])
func emptyArraysAreReadQuickly(element: String) throws {
    let empty = """
        <spectrum index="1" id="scan=2" defaultArrayLength="0"><cvParam cvRef="MS" accession="MS:1000511" value="1"/>
        <binaryDataArrayList count="2">
        <binaryDataArray encodedLength="0"><cvParam cvRef="MS" accession="MS:1000523"/>
        <cvParam cvRef="MS" accession="MS:1000576"/><cvParam cvRef="MS" accession="MS:1000514"/>\(element)</binaryDataArray>
        <binaryDataArray encodedLength="0"><cvParam cvRef="MS" accession="MS:1000521"/>
        <cvParam cvRef="MS" accession="MS:1000576"/><cvParam cvRef="MS" accession="MS:1000515"/>\(element)</binaryDataArray>
        </binaryDataArrayList></spectrum>

        """
    let spectrum = MzMLDocument.Spectrum(mz: [100, 200], intensity: [1, 2])
    var text = MzMLDocument(spectra: Array(repeating: spectrum, count: 3)).text()
    let place = try #require(text.range(of: "<spectrum index=\"1\""))
    text.insert(contentsOf: empty + empty, at: place.lowerBound)
    text.replace("spectrumList count=\"3\"", with: "spectrumList count=\"5\"")
    let folder = TemporaryFolder()
    // Throws `cutMismatch` where the quick reading gives up.
    let found = try decode(text, path: folder.write(text.utf8))
    #expect(found.block.offsets == [0, 2, 2, 2, 4, 6] && found.counts.emptySpectra == 2)
}

/// A run whose spectra all differ is not learned from for ever.
@Test func unlikeSpectraAreNotLearnedForEver() throws {
    var spectra = AlikeSpectra(random: SeededGenerator(seed: 4))
    let folder = TemporaryFolder()
    var text = spectra.document(200, edits: 0)
    for i in 0..<200 {
        text = text.replacingOccurrences(
            of: "<userParam name=\"filter\" value=\"FTMS + p \(i)\"/>", with: "<userParam name=\"n\(i)\"/>")
    }
    let found = try decode(text, path: folder.write(text.utf8))
    #expect(found.block.count == 200 && found.byForm == 0)
}
