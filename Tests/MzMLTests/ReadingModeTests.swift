import Foundation
import MzML
import SpectrumModel
import Statistics
import Testing

/// Every way to get at the bytes and to cut them.
let readingModes: [@Sendable (inout ReadingOptions) -> Void] =
    ReadingOptions.Access.allCases.flatMap { access in
        ReadingOptions.Cutting.allCases.flatMap { cutting in
            PrefetchStrategy.allCases.map { strategy in
                { @Sendable options in
                    options.access = access
                    options.cutting = cutting
                    if strategy != .none {
                        options.prefetcher = Prefetcher(strategy: strategy, size: 1 << 14, threads: 1)
                    }
                }
            }
        }
    }

/// What a file gives in every mode, once: the modes must agree, errors included.
private func agreed(_ path: String, _ sourceLocation: SourceLocation = #_sourceLocation) -> Reading {
    let expected = Reading(path) {
        $0.cutting = .careful; $0.access = .buffered
    }
    for (i, mode) in readingModes.enumerated() {
        for (bufferSize, spectraPerChunk) in [(4096, 1), (10_000, 3), (1 << 20, 64)] {
            let reading = Reading(path, bufferSize: bufferSize, spectraPerChunk: spectraPerChunk, configure: mode)
            #expect(
                reading.fingerprint == expected.fingerprint, "mode \(i), chunk \(spectraPerChunk)",
                sourceLocation: sourceLocation)
        }
    }
    return expected
}

private func indexed(_ count: Int = 9, _ change: (inout MzMLDocument) -> Void = { _ in }) throws -> [UInt8] {
    var document = MzMLDocument(spectra: [])
    for i in 0..<count {
        var spectrum = MzMLDocument.Spectrum(mz: [100, 200 + Double(i)], intensity: [1, 2])
        spectrum.id = "scan=\(i + 1)"
        document.spectra.append(spectrum)
    }
    change(&document)
    return withIndex(Array(document.text().utf8))
}

/// The document with an index behind it.
private func withIndex(_ document: [UInt8], change: (inout [Int]) -> Void = { _ in }) -> [UInt8] {
    var offsets = document.indices.filter { document[$0...].starts(with: "<spectrum ".utf8) }
    change(&offsets)
    let lines = offsets.map { "<offset idRef=\"a\">\($0)</offset>\n" }.joined()
    let tail =
        "<indexList count=\"1\"><index name=\"spectrum\">\n\(lines)</index></indexList>\n"
        + "<indexListOffset>\(document.count)</indexListOffset>"
    return document + tail.utf8
}

@Test func everyModeGivesTheSameSpectra() throws {
    #expect(agreed(fixture("dda-excerpt.mzML")).block.count == 6)
    let folder = TemporaryFolder()
    let path = folder.write(try indexed())
    #expect(agreed(path).block.count == 9)
    #expect(Reading(path).indexState == .usable(spectra: 9))
    #expect(Reading(path) { $0.cutting = .scan }.indexState == .unread)
    #expect(
        Reading(folder.write(MzMLDocument(spectra: [.init(mz: [1], intensity: [1])]).text().utf8)).indexState == .absent
    )
}

@Test func aWrongIndexIsNoticedAndNotUsed() throws {
    let folder = TemporaryFolder()
    let document = Array(MzMLDocument(spectra: (0..<8).map { .init(mz: [Double($0)], intensity: [1]) }).text().utf8)
    let changes: [(String, (inout [Int]) -> Void)] = [
        ("shifted", { for i in $0.indices { $0[i] += 3 } }), ("one shifted", { $0[4] += 5 }),
        ("swapped", { $0.swapAt(2, 3) }), ("repeated", { $0[3] = $0[2] }), ("short", { $0.removeLast() }),
        ("one missing", { $0.remove(at: 4) }), ("empty", { $0 = [] }), ("beyond", { $0[7] = 1 << 40 }),
        ("inside another", { $0[5] = $0[4] + 40 }),
    ]
    for (name, change) in changes {
        let path = folder.write(withIndex(document, change: change))
        let reading = agreed(path)
        #expect(reading.error == nil && reading.block.count == 8, "\(name)")
        guard case .wrong = Reading(path, spectraPerChunk: 1).indexState else {
            Issue.record("\(name): \(Reading(path, spectraPerChunk: 1).indexState)")
            continue
        }
    }
}

/// A list whose declared count is wrong as well hides that the index leaves one out: the decoder finds it.
@Test func anIndexThatLeavesASpectrumOutIsFoundOutByDecoding() {
    var document = MzMLDocument(spectra: (0..<8).map { .init(mz: [Double($0)], intensity: [1]) })
    document.declaredCount = 7
    let folder = TemporaryFolder()
    let path = folder.write(withIndex(Array(document.text().utf8)) { $0.remove(at: 4) })
    let reading = agreed(path)
    #expect(reading.block.count == 8 && reading.warnings == ["the spectrum list declares 7 spectra and holds 8"])
    let quick = Reading(path, spectraPerChunk: 2)
    guard case .wrong(let reason) = quick.indexState else { return #expect(Bool(false), "\(quick.indexState)") }
    #expect(reason.contains("lie elsewhere"))
}

/// Tags inside comments, CDATA and processing instructions fool a quick cut, and never the result.
@Test func decoysBetweenAndInsideSpectraChangeNothing() {
    let decoy = "<spectrum index=\"9\"><binary>x</binary></spectrum>"
    let folder = TemporaryFolder()
    for wrapped in [
        "<!-- \(decoy) -->", "<?x \(decoy)?>", "<!-- </spectrum> <spectrum -->", "<!-- </spectrumList> -->",
    ] {
        for place in 0..<3 {
            var document = MzMLDocument(spectra: (0..<6).map { .init(mz: [Double($0)], intensity: [1]) })
            if place == 0 { document.spectra[2].terms += wrapped }
            if place == 1 { document.spectra[5].terms += wrapped }
            var text = document.text()
            if place == 2 { text = text.replacingOccurrences(of: "</spectrum>\n", with: "</spectrum>\(wrapped)\n") }
            let reading = agreed(folder.write(text.utf8))
            #expect(reading.error == nil && reading.block.mz == [0, 1, 2, 3, 4, 5], "\(wrapped) at \(place)")
        }
    }
}

/// A text that is longer than stated, by blanks, is counted in every way of reading.
@Test func blanksBehindATextAreCountedInEveryMode() {
    let text = MzMLDocument(spectra: (0..<6).map { .init(mz: [Double($0), 9], intensity: [1, 2]) }).text()
        .replacingOccurrences(of: "</binary>", with: "\n  </binary>")
    let folder = TemporaryFolder()
    let path = folder.write(withIndex(Array(text.utf8)))
    let reading = agreed(path)
    #expect(reading.error == nil && reading.counts.encodedLengthMismatches == 12)
    #expect(Reading(path) { $0.reader = .reference }.counts == reading.counts)
}

/// Spectra of light are not decoded; a stated length that leads into the next array is found out all the same.
@Test func wrongLengthsInSpectraOfLightChangeNothing() {
    var document = MzMLDocument(spectra: (0..<4).map { .init(mz: [Double($0), 9], intensity: [1, 2]) })
    document.spectra[1].terms += "<cvParam cvRef=\"MS\" accession=\"MS:1000804\" name=\"\" value=\"\"/>\n"
    document.spectra[1].arrays[0].accession = "MS:1000617"
    let plain = document.text()
    // From the first text of spectrum 1 to the end of its second.
    let start = plain.range(of: "<binary>", range: plain.range(of: "MS:1000617")!.upperBound..<plain.endIndex)!
        .upperBound
    let first = plain.range(of: "</binary>", range: start..<plain.endIndex)!
    let second = plain.range(of: "</binary>", range: first.upperBound..<plain.endIndex)!
    let length = plain.utf8.distance(from: start, to: second.lowerBound)
    let stated = plain.range(of: "encodedLength=\"", options: .backwards, range: plain.startIndex..<start)!
    let end = plain.range(of: "\"", range: stated.upperBound..<plain.endIndex)!
    let text = plain.replacingCharacters(in: stated.upperBound..<end.lowerBound, with: "\(length)")
    let folder = TemporaryFolder()
    _ = agreed(folder.write(text.utf8))
}

/// What would need a second reading of a pipe is an error or a warning, and never a wait for another writer.
@Test func pipesAreReadOnce() throws {
    let folder = TemporaryFolder()
    func piped(_ bytes: [UInt8]) throws -> (path: String, writer: Thread) {
        let path = folder.path + "/\(UUID().uuidString)"
        #expect(mkfifo(path, 0o600) == 0)
        let writer = Thread {
            guard let stream = fopen(path, "wb") else { return }
            signal(SIGPIPE, SIG_IGN)
            fwrite(bytes, 1, bytes.count, stream)
            fclose(stream)
        }
        writer.start()
        return (path, writer)
    }
    var options = ReadingOptions()
    options.access = .buffered
    var reader = try SpectrumReader(path: try piped(fixtureBytes("dda-excerpt.mzML")).path, options: options)
    var block = SpectrumBlock()
    while try reader.next(into: &block) {}
    #expect(block.count == 6 && block.mz == Reading(fixture("dda-excerpt.mzML")).block.mz)
    #expect(try reader.chromatograms().isEmpty)
    #expect(reader.warnings.contains { $0.contains("a pipe is read once") })
    let wide = "<?xml version=\"1.0\"?><mzML/>".data(using: .utf16) ?? Data()
    let path = try piped([UInt8](wide)).path
    let error = #expect(throws: MzMLError.self) { _ = try SpectrumReader(path: path, options: options) }
    #expect(error?.code == .cannotRead && error?.reason.contains("a pipe is read once") == true)
}

/// Damage anywhere gives the same spectra and the same error in every mode.
@Test(arguments: 0..<3)
func modesAgreeOnDamage(seed: Int) throws {
    let original = try indexed(5)
    let folder = TemporaryFolder()
    var random = SeededGenerator(seed: UInt64(seed))
    for round in 0..<60 {
        var bytes = original
        let position = random.integer(below: bytes.count)
        switch random.integer(below: 3) {
        case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.removeSubrange(position..<min(bytes.count, position + 1 + random.integer(below: 60)))
        default: bytes.removeSubrange(position...)
        }
        let path = folder.write(bytes)
        let expected = Reading(path) {
            $0.cutting = .careful; $0.access = .buffered
        }.fingerprint
        for (i, mode) in readingModes.enumerated() {
            let reading = Reading(path, bufferSize: 4096, spectraPerChunk: 2, configure: mode)
            #expect(reading.fingerprint == expected, "seed \(seed), round \(round), mode \(i)")
        }
    }
}

@Test func aSelectionLeavesOutWhatIsNotWanted() {
    let path = fixture("dda-excerpt.mzML")
    let all = Reading(path)
    func selected(_ selection: SpectrumSelection) -> Reading {
        let readings = readingModes.map { mode in
            Reading(path, spectraPerChunk: 2) {
                mode(&$0); $0.selection = selection
            }
        }
        #expect(readings.allSatisfy { $0.fingerprint == readings[0].fingerprint })
        return readings[0]
    }
    func expect(_ reading: Reading, _ isWanted: (SpectrumHeader) -> Bool) {
        let wanted = (0..<all.block.count).filter { isWanted(all.block.headers[$0]) }
        #expect(reading.block.headers == wanted.map { all.block.headers[$0] })
        #expect(reading.block.mz == wanted.flatMap { all.block.mz[all.block.points(of: $0)] })
        #expect(reading.block.intensity == wanted.flatMap { all.block.intensity[all.block.points(of: $0)] })
        #expect(reading.counts.deselectedSpectra == all.block.count - wanted.count)
    }
    for level in [1, 2] { expect(selected(SpectrumSelection(msLevels: [level]))) { $0.msLevel == level } }
    expect(selected(SpectrumSelection(msLevels: []))) { _ in false }
    let times = all.block.headers.map(\.retentionTimeSeconds).sorted()
    expect(selected(SpectrumSelection(retentionTimeSeconds: times[1]...times[3]))) {
        (times[1]...times[3]).contains($0.retentionTimeSeconds)
    }
    // Points outside the window go, the ends of the window stay.
    let window = all.block.mz.sorted()[all.block.mz.count / 3]...all.block.mz.sorted()[all.block.mz.count / 2]
    let windowed = selected(SpectrumSelection(mz: window))
    #expect(windowed.error == nil && windowed.block.mz.sorted() == all.block.mz.sorted().filter { window.contains($0) })
}

/// A spectrum that is left out is not decoded: what is broken in its arrays does not matter.
@Test func whatIsLeftOutIsNotDecoded() {
    var document = MzMLDocument(spectra: [
        .init(mz: [1, 2], intensity: [3, 4]), .init(mz: [1, 2], intensity: [3, 4]),
    ])
    document.spectra[1].terms = document.spectra[1].terms.replacingOccurrences(of: "value=\"1\"", with: "value=\"2\"")
    let text = document.text()
    let second = text.range(of: "<binary>", range: text.range(of: "<spectrum index=\"1\"")!.upperBound..<text.endIndex)!
    let broken = text.replacingCharacters(
        in: second.upperBound..<text.index(second.upperBound, offsetBy: 4), with: "****")
    let folder = TemporaryFolder()
    let path = folder.write(broken.utf8)
    #expect(Reading(path).error?.code == .invalidBase64)
    let surveys = Reading(path) { $0.selection = SpectrumSelection(msLevels: [1]) }
    #expect(surveys.error == nil && surveys.block.count == 1)
}
