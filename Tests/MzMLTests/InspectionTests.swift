import ContentHash
import Foundation
import SpectrumModel
import Statistics
import Testing

@testable import MzML

private func inspected(
    _ path: String, values: Bool = false, configure: (inout ReadingOptions) -> Void = { _ in }
) -> RunInspection {
    var options = ReadingOptions()
    configure(&options)
    return RunInspector(options: options, readsValues: values).inspect(path)
}

private func spectrum(_ count: Int = 3, id: String = "scan=1") -> MzMLDocument.Spectrum {
    var spectrum = MzMLDocument.Spectrum(
        mz: (0..<count).map { 100 + Double($0) }, intensity: (0..<count).map { Double($0) + 0.5 })
    spectrum.id = id
    return spectrum
}

private func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * max(abs(a), abs(b)) }

/// The sums are those of a reader that shares nothing with ours.
@Test(arguments: ["dda-excerpt.mzML", "small.mzML", "tiny.pwiz.1.1.mzML", "HILICNeg15_StdH1.mzML"])
func sumsAreThoseOfAnotherReader(name: String) throws {
    var path = fixture(name)
    if name != "dda-excerpt.mzML" {
        guard let extra = ProcessInfo.processInfo.environment["LAVOISIER_EXTRA_DATA"] else { return }
        path = extra + "/mzml/" + (name.hasPrefix("HILIC") ? "ms-mint/" : "odd/") + name
    }
    let expected = try #require(ReferenceReader.read(path))
    for reader in ReadingOptions.Reader.allCases {
        let run = inspected(path, values: true) { $0.reader = reader }
        #expect(run.failure == nil && run.spectra == expected.count && run.reader == reader)
        for level in run.levels {
            let ofLevel = expected.filter { $0.level == level.level }
            let mz = ofLevel.flatMap { $0.mz ?? [] }
            let sums = try #require(level.sums)
            #expect(level.spectra == ofLevel.count && sums.points == mz.count && level.declaredPoints == mz.count)
            #expect(isClose(sums.mz, mz.reduce(0, +)))
            let intensity = ofLevel.flatMap { $0.intensity ?? [] }.map { Double(max(Float($0), 0)) }
            #expect(isClose(sums.intensity, intensity.reduce(0, +)))
            #expect(sums.mzRange?.lowest == mz.min() && sums.mzRange?.highest == mz.max())
            let times = ofLevel.compactMap(\.seconds)
            #expect(
                level.retentionTimeSeconds?.lowest == times.min() && level.retentionTimeSeconds?.highest == times.max())
        }
    }
}

@Test func everySpectrumIsReportedOnceAndInOrder() {
    for reader in ReadingOptions.Reader.allCases {
        var options = ReadingOptions()
        options.reader = reader
        options.spectraPerChunk = 4
        var found: [SpectrumSums] = []
        let run = RunInspector(options: options, readsValues: true).inspect(fixture("dda-excerpt.mzML")) {
            found.append($0)
        }
        let block = Reading(fixture("dda-excerpt.mzML")).block
        #expect(found.map(\.index) == Array(0..<6) && run.spectra == 6)
        for (i, spectrum) in found.enumerated() {
            let points = block.points(of: i)
            #expect(spectrum.points == points.count && spectrum.level == block.headers[i].msLevel)
            #expect(spectrum.sumMZ == block.mz[points].reduce(0, +))
            #expect(spectrum.sumIntensity == block.intensity[points].reduce(0) { $0 + Double($1) })
            #expect(spectrum.firstMZ == block.mz[points].first && spectrum.lastMZ == block.mz[points].last)
            #expect(spectrum.id.hasPrefix("controllerType=0") && spectrum.polarity == "+")
            #expect(spectrum.precursorMZ == block.headers[i].precursor?.mz)
        }
    }
}

@Test func encodingsExtrasAndPrecursorsAreCounted() {
    let folder = TemporaryFolder()
    var first = spectrum()
    first.arrays[1].zlib = true
    first.arrays.append(MzMLDocument.Array(accession: "MS:1000516", number: .float32, values: [1, 2, 3]))
    first.arrays.append(MzMLDocument.Array(accession: "MS:1002816", number: .float64, values: [1, 2, 3]))
    first.terms += """
        <cvParam cvRef="MS" accession="MS:1000528" name="lowest observed m/z" value="100.5"/>
        <cvParam cvRef="MS" accession="MS:1000527" name="highest observed m/z" value="101.5"/>
        """
    var second = spectrum(id: "scan=2")
    second.scan += """
        <scanWindowList count="1"><scanWindow>
        <cvParam cvRef="MS" accession="MS:1000501" name="scan window lower limit" value="50"/>
        <cvParam value="900" cvRef="MS" accession="MS:1000500" name="scan window upper limit"/>
        </scanWindow></scanWindowList>
        """
    let window = """
        <isolationWindow><cvParam cvRef="MS" accession="MS:1000827" name="target" value="200"/></isolationWindow>
        """
    let ion = """
        <selectedIon><cvParam cvRef="MS" accession="MS:1000744" name="selected ion m/z" value="200.1"/></selectedIon>
        """
    var third = spectrum(id: "scan=3")
    third.terms = """
        <cvParam cvRef="MS" accession="MS:1000511" name="ms level" value="2"/>
        <cvParam cvRef="MS" accession="MS:1000129" name="negative scan" value=""/>
        <cvParam cvRef="MS" accession="MS:1000128" name="profile spectrum" value=""/>
        """
    third.precursors = "<precursorList count=\"1\"><precursor>\(window)</precursor></precursorList>"
    var fourth = third
    fourth.id = "scan=4"
    fourth.precursors = """
        <precursorList count="1"><precursor>\(window)<selectedIonList count="2">\(ion)\(ion)</selectedIonList>\
        </precursor></precursorList>
        """
    var light = spectrum(id: "scan=5")
    light.terms =
        "<cvParam cvRef=\"MS\" accession=\"MS:1000804\" name=\"electromagnetic radiation spectrum\" value=\"\"/>"
    light.arrays[0].accession = "MS:1000617"
    let path = folder.write(MzMLDocument(spectra: [first, second, third, fourth, light]).text().utf8)
    for values in [false, true] {
        for reader in ReadingOptions.Reader.allCases {
            let run = inspected(path, values: values) { $0.reader = reader }
            #expect(run.levels.map(\.level) == [0, 1, 2] && run.levels.map(\.spectra) == [1, 2, 2])
            #expect(run.levels.map(\.declaredPoints) == [3, 6, 6])
            #expect(run.levels[1].polarities == .init(positive: 2) && run.levels[2].polarities == .init(negative: 2))
            #expect(run.levels[1].representations == .init(centroid: 2))
            #expect(run.levels[2].representations == .init(profile: 2))
            #expect(run.levels[1].statedMZ == .init(lowest: 50, highest: 900))
            #expect(run.levels[2].statedMZ == nil && run.levels[1].retentionTimeSeconds?.lowest == 150)
            #expect(
                run.levels[0].sums?.points == (values ? 0 : nil) && run.levels[1].sums?.points == (values ? 6 : nil))
            #expect(
                run.encodings == [
                    .init(content: "m/z", type: "float64", compression: "none", arrays: 4),
                    .init(content: "intensity", type: "float32", compression: "none", arrays: 4),
                    .init(content: "intensity", type: "float32", compression: "zlib", arrays: 1),
                ])
            #expect(run.extraArrays.map(\.name) == ["charge", "wavelength", "mean ion mobility"])
            #expect(run.extraArrays.map(\.accession) == ["MS:1000516", "MS:1000617", "MS:1002816"])
            #expect(run.precursors == .init(spectra: 2, several: 1, windowOnly: 1))
            #expect(run.problems.isEmpty && run.container == .plain && run.index.state == .absent)
        }
    }
}

@Test(arguments: ["numpress", "numpress-zlib"])
func numpressIsNamed(form: String) throws {
    let folder = TemporaryFolder()
    var options = WritingOptions(compression: form == "numpress" ? .none : .zlib)
    options.mz.numpress = .linear
    options.intensity.numpress = .pic
    let path = folder.path + "/out.mzML"
    _ = try convert(source: fixture("dda-excerpt.mzML"), to: path, reading: ReadingOptions(), writing: options)
    for reader in ReadingOptions.Reader.allCases {
        let run = inspected(path) { $0.reader = reader }
        let outer = form == "numpress" ? "" : " + zlib"
        #expect(run.encodings.map(\.compression) == ["numpress linear\(outer)", "numpress pic\(outer)"])
    }
}

/// Each oddity is told, and nothing else.
@Test func problemsAreTold() {
    let folder = TemporaryFolder()
    func problems(_ values: Bool, _ spectra: [MzMLDocument.Spectrum], declared: Int? = nil) -> [String] {
        let path = folder.write(MzMLDocument(spectra: spectra, declaredCount: declared).text().utf8)
        let fast = inspected(path, values: values)
        #expect(fast.problems == inspected(path, values: values) { $0.reader = .reference }.problems)
        return fast.problems
    }
    #expect(problems(true, [spectrum()]).isEmpty && problems(false, [spectrum()]).isEmpty)
    #expect(problems(false, [spectrum()], declared: 7) == ["the spectrum list declares 7 spectra and holds 1"])
    #expect(
        problems(false, [spectrum(), spectrum()]) == [
            "1 spectrum has the id of an earlier one; the first is \"scan=1\""
        ])
    var odd = spectrum()
    odd.scan = "<cvParam cvRef=\"MS\" accession=\"MS:1000016\" name=\"scan start time\" value=\"2.5\"/>"
    #expect(problems(false, [odd]) == ["1 retention time has no unit and was taken as seconds"])
    odd.scan = ""
    #expect(problems(false, [odd]) == ["1 spectrum states no retention time"])
    odd = spectrum()
    odd.terms = odd.terms.replacing("\"1\"", with: "\"one\"")
    #expect(
        problems(false, [odd]) == [
            "1 metadata value is not a number and was treated as absent",
            "1 spectrum states no MS level: 1 was taken without a precursor and 2 with one",
        ])
    #expect(problems(false, [spectrum(0)]) == ["1 spectrum has no points"])
    odd = spectrum()
    odd.arrays[0].values = [3, 1, 2]
    odd.arrays[1].values = [-1, 1, 2]
    #expect(problems(false, [odd]).isEmpty)
    #expect(
        problems(true, [odd]) == [
            "1 spectrum has unsorted m/z and was sorted", "1 negative intensity was set to zero",
        ])
    odd.arrays[0].values = [.nan, 1, 2]
    odd.arrays[1].values = [1, .infinity, 2]
    #expect(problems(true, [odd]) == ["2 points with an unusable m/z or intensity were dropped"])
}

/// Stated lengths that lead elsewhere are found out although nothing is decoded.
@Test func wrongLengthsDoNotHideArrays() throws {
    let folder = TemporaryFolder()
    var spectra = (1...3).map { spectrum(50, id: "scan=\($0)") }
    for i in spectra.indices {
        spectra[i].arrays[0].zlib = true
        spectra[i].arrays[1].zlib = true
    }
    let right = MzMLDocument(spectra: spectra).text()
    // From the start of the m/z text of the second spectrum to the end of its intensities.
    let texts = right.ranges(of: "<binary>")
    let ends = right.ranges(of: "</binary>")
    let jump = right.utf8.distance(from: texts[2].upperBound, to: ends[3].lowerBound)
    let own = right.utf8.distance(from: texts[2].upperBound, to: ends[2].lowerBound)
    let start = try #require(right.ranges(of: "scan=2").first)
    let wrong =
        right[..<start.upperBound]
        + right[start.upperBound...].replacing(
            "encodedLength=\"\(own)\"", with: "encodedLength=\"\(jump)\"", maxReplacements: 1)
    let run = inspected(folder.write(String(wrong).utf8))
    #expect(run.spectra == 3 && run.encodings.map(\.arrays) == [3, 3] && run.levels[0].declaredPoints == 150)
    #expect(run.problems == ["1 array states a length that is not that of its text, which counted"])
}

@Test func truncationIsToldOrRecovered() {
    let folder = TemporaryFolder()
    let bytes = fixtureBytes("dda-excerpt.mzML")
    for reader in ReadingOptions.Reader.allCases {
        for values in [false, true] {
            let path = folder.write(bytes[..<(bytes.count / 2)])
            let run = inspected(path, values: values) { $0.reader = reader }
            #expect(run.failure?.code == "truncated" && run.spectra > 0 && run.spectra < 6)
            #expect(run.failure?.byteOffset == bytes.count / 2)
            #expect(run.problems.count == 1 && run.problems[0].hasPrefix("reading stopped: byte \(bytes.count / 2): "))
            let kept = inspected(path, values: values) {
                $0.reader = reader
                $0.recoversTruncation = true
            }
            #expect(kept.failure == nil && kept.spectra == run.spectra && kept.levels == run.levels)
            #expect(kept.problems.contains { $0.contains("of 6 declared were kept") })
        }
    }
    let header = inspected(folder.write(bytes[..<100]))
    #expect(header.failure?.code == "truncated" && header.instrument == nil && header.spectra == 0)
    #expect(inspected(folder.path + "/absent.mzML").failure?.code == "cannot-read")
    #expect(inspected(folder.write([])).failure?.code == "empty-file")
}

/// What is damaged in an array shows where values are read, with what precedes it.
@Test func damagedArraysEndTheReading() {
    let folder = TemporaryFolder()
    var spectra = (1...5).map { spectrum(id: "scan=\($0)") }
    spectra[3].arrays[0].payload = "!!!!"
    let path = folder.write(MzMLDocument(spectra: spectra).text().utf8)
    for reader in ReadingOptions.Reader.allCases {
        let run = inspected(path, values: true) { $0.reader = reader }
        #expect(run.failure != nil && run.failure?.spectrumIndex == 3 && run.failure?.spectrumID == "scan=4")
        #expect(run.spectra == 3 && run.levels[0].sums?.points == 9)
        #expect(inspected(path) { $0.reader = reader }.spectra == 5)
    }
}

@Test func containersIndexAndChecksum() throws {
    let folder = TemporaryFolder()
    let path = folder.path + "/out.mzML"
    for name in ["out.mzML", "out.mzML.gz"] {
        _ = try convert(
            source: fixture("dda-excerpt.mzML"), to: folder.path + "/" + name, reading: ReadingOptions(),
            writing: WritingOptions(compression: .zlib))
    }
    let right = inspected(path)
    #expect(right.index == .init(state: .right, spectra: 6) && right.checksum == .init(state: .right))
    #expect(right.isIndexed && right.mzMLVersion == "1.1.0" && right.container == .plain && right.problems.isEmpty)
    let blocks = inspected(folder.path + "/out.mzML.gz")
    #expect(blocks.container == .bgzip && blocks.checksum.state == .right && blocks.index.state == .notChecked)
    let bytes = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
    let gzip = inspected(folder.gzip([Data(bytes)]), values: true)
    #expect(gzip.container == .gzip && gzip.checksum.state == .right && gzip.spectra == 6)
    #expect(inspected(path) { $0.reader = .reference }.checksum.state == .right)

    let text = String(decoding: bytes, as: UTF8.self)
    func problems(_ text: String) -> [String] { inspected(folder.write(text.utf8)).problems }
    // One more blank before the last spectrum: the index is wrong from there on, and the checksum.
    let last = try #require(text.ranges(of: "<spectrum ").last)
    let shifted = text.replacingCharacters(in: last, with: " <spectrum ")
    let found = problems(shifted)
    #expect(
        found.count == 2 && found[0].contains("it places spectrum 6 at byte")
            && found[1].contains("the checksum is wrong"))
    let cut = try #require(text.ranges(of: "<indexList ").first)
    #expect(
        problems(String(text[..<cut.lowerBound])) == [
            "the index is wrong: the file ends without the index that it promises"
        ])
    let stated = try #require(text.ranges(of: "<fileChecksum>").first)
    let placeholder = text[..<stated.upperBound] + "0</fileChecksum>\n</indexedmzML>\n"
    let run = inspected(folder.write(String(placeholder).utf8))
    #expect(run.checksum.state == .absent && run.checksum.reason?.contains("\"0\"") == true && run.problems.isEmpty)
}

/// The checksum against its definition, for tails around the size of the pieces that are hashed.
@Test(arguments: [0, 1, 4000, 4096, 5000, (1 << 18) - 1, 1 << 18, (1 << 18) + 4097])
func checksumsAreThoseOfTheStandard(padding: Int) throws {
    let folder = TemporaryFolder()
    var document = MzMLDocument(spectra: [spectrum()])
    document.prologue += "<!--" + String(repeating: "x", count: padding) + "-->\n<indexedmzML>\n"
    let start = document.text() + "<indexListOffset>1</indexListOffset>\n<fileChecksum>"
    let hash = try #require(SHA1Hash())
    Array(start.utf8).withUnsafeBytes { hash.update($0) }
    let path = folder.write((start + hash.finish() + "</fileChecksum>\n</indexedmzML>\n").utf8)
    #expect(inspected(path).checksum.state == .right)
}

@Test func whatTheScannerDoesNotFollowIsReadByTheReference() {
    let folder = TemporaryFolder()
    var document = MzMLDocument(spectra: [spectrum(), spectrum(id: "scan=2")])
    document.prologue = "<?xml version=\"1.0\" encoding=\"utf-16\"?>\n"
    let path = folder.write(document.text().data(using: .utf16) ?? Data())
    for values in [false, true] {
        let run = inspected(path, values: values)
        #expect(run.reader == .reference && run.spectra == 2 && run.failure == nil)
        #expect(run.levels[0].sums?.points == (values ? 6 : nil) && run.index.state == .absent)
    }
    // References in a value, in the second of two chunks: what was reported before is not reported again.
    var third = spectrum(id: "scan=3")
    third.terms = third.terms.replacing("value=\"1\"", with: "value=\"&#49;\"")
    let mixed = folder.write(MzMLDocument(spectra: [spectrum(), spectrum(id: "scan=2"), third]).text().utf8)
    var options = ReadingOptions()
    options.spectraPerChunk = 1
    var indexes: [Int] = []
    let run = RunInspector(options: options, readsValues: true).inspect(mixed) { indexes.append($0.index) }
    #expect(indexes == [0, 1, 2] && run.spectra == 3 && run.levels[0].spectra == 3 && run.reader == .reference)
}

/// On damaged files an inspection finds what the reader finds, up to the same defect.
@Test(arguments: [UInt64(1), 2, 3])
func damagedFilesAreInspectedAsTheyAreRead(seed: UInt64) {
    let folder = TemporaryFolder()
    let original = fixtureBytes("dda-excerpt.mzML")
    var generator = SeededGenerator(seed: seed)
    for round in 0..<60 {
        var bytes = original
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
        case 1:
            let start = Int.random(in: 0..<bytes.count, using: &generator)
            bytes.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1..<200, using: &generator)))
        case 2:
            let start = Int.random(in: 0..<bytes.count, using: &generator)
            let piece = bytes[start..<min(bytes.count, start + 300)]
            bytes.insert(contentsOf: piece, at: Int.random(in: 0..<bytes.count, using: &generator))
        default:
            for _ in 0..<Int.random(in: 1..<4, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
        }
        let path = folder.write(bytes)
        for reader in ReadingOptions.Reader.allCases {
            let reading = Reading(path) { $0.reader = reader }
            let run = inspected(path, values: true) { $0.reader = reader }
            let place = "seed \(seed), round \(round), \(reader)"
            #expect(run.failure?.code == reading.error?.code.rawValue, "\(place)")
            #expect(run.failure?.byteOffset == reading.error?.byteOffset, "\(place)")
            #expect(run.spectra == reading.block.count, "\(place)")
            #expect(run.levels.reduce(0) { $0 + ($1.sums?.points ?? 0) } == reading.block.mz.count, "\(place)")
            #expect(Set(reading.counts.repairs).isSubset(of: run.problems), "\(place)")
            // The metadata reach at least as far.
            #expect(inspected(path) { $0.reader = reader }.spectra >= run.spectra, "\(place)")
        }
    }
}
