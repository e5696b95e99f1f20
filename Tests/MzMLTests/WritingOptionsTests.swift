import ContentHash
import Foundation
import SpectrumModel
import Statistics
import Testing

@testable import MzML

/// Spectra of every kind, and how they come back.
private struct WrittenRun {
    let folder = TemporaryFolder()
    var path: String { folder.path + "/" + name }
    let name: String
    let writer: IndexedMzMLWriter

    init(
        _ block: SpectrumBlock, _ options: WritingOptions = WritingOptions(), header: RunHeader = RunHeader(path: ""),
        ids: [String] = [], chromatograms: [Chromatogram] = [], countKnown: Bool = true, name: String = "out.mzML"
    ) throws {
        self.name = name
        writer = try IndexedMzMLWriter(
            path: folder.path + "/" + name, header: header, spectrumCount: countKnown ? block.count : nil,
            options: options)
        try writer.write(block, ids: ids)
        try writer.write(chromatograms)
        try writer.finish()
    }

    var text: String { String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self) }
}

private func sample() -> SpectrumBlock {
    var random = SeededGenerator(seed: 31)
    var block = SpectrumBlock()
    for (i, count) in [0, 1, 2, 3, 100, 1000, 17].enumerated() {
        let header = SpectrumHeader(
            index: i, scanNumber: i + 1, msLevel: i % 3 + 1, polarity: .positive, representation: .centroid,
            retentionTimeSeconds: Double(i) * 0.7, precursor: i % 3 > 0 ? Precursor(selectedIonMZ: 400.25) : nil)
        block.append(
            header, mz: (0..<count).map { _ in 50 + random.uniform() * 1000 }.sorted(),
            intensity: (0..<count).map { _ in Float(exp(random.uniform() * 18)) })
    }
    return block
}

private let codings: [WritingOptions.Coding] = WritingOptions.Precision.allCases.flatMap { precision in
    ArrayCompression.allCases.flatMap { compression in
        ([nil] + Numpress.Kind.allCases).map { kind in
            WritingOptions.Coding(precision: precision, numpress: kind, compression: compression)
        }
    }
}

@Test(arguments: codings)
func everyCodingReadsBack(coding: WritingOptions.Coding) throws {
    let block = sample()
    var options = WritingOptions()
    options.mz = coding.numpress == .linear || coding.numpress == nil ? coding : options.mz
    options.intensity = coding.numpress == .linear ? options.intensity : coding
    let run = try WrittenRun(block, options)
    let reading = Reading(run.path)
    #expect(reading.error == nil && reading.warnings.isEmpty && reading.counts.encodedLengthMismatches == 0)
    #expect(reading.block.headers == block.headers && reading.block.offsets == block.offsets)
    #expect(run.writer.arraysBeyondNumpress == 0)
    for i in 0..<block.count {
        let points = block.points(of: i)
        let (mz, intensity) = (Array(block.mz[points]), block.intensity[points].map { Double($0) })
        let (mzRead, intensityRead) = (Array(reading.block.mz[points]), Array(reading.block.intensity[points]))
        switch (options.mz.numpress, options.mz.precision) {
        case (nil, .double): #expect(mzRead == mz)
        case (nil, .single): #expect(mzRead == mz.map { Double(Float($0)) })
        default:
            let step = mz.withUnsafeBufferPointer { 1 / Numpress.linearFixedPoint(for: $0) }
            #expect(zip(mz, mzRead).allSatisfy { abs($0 - $1) <= 0.5 * step + 1e-12 })
        }
        let slof = intensity.withUnsafeBufferPointer { Numpress.slofFixedPoint(for: $0) }
        for (value, read) in zip(intensity, intensityRead) {
            switch options.intensity.numpress {
            case nil, .linear: #expect(Float(value) == read)
            case .pic: #expect(Float((value + 0.5).rounded(.down)) == read)
            case .slof: #expect(abs(value - Double(read)) <= (value + 1) * (exp(0.5 / slof) - 1) + value * 1e-7)
            }
        }
    }
    let term =
        switch (options.mz.numpress, options.mz.compression) {
        case (nil, .none): "MS:1000576"
        case (nil, .zlib): "MS:1000574"
        case (_, .none): "MS:1002312"
        case (_, .zlib): "MS:1002746"
        }
    #expect(run.text.contains(term))
}

@Test func arraysThatPicCannotHoldAreWrittenWithoutIt() throws {
    var block = SpectrumBlock()
    let header = SpectrumHeader(
        index: 0, scanNumber: 1, msLevel: 1, polarity: .unknown, representation: .profile, retentionTimeSeconds: .nan)
    block.append(header, mz: [100, 200], intensity: [1, 3e10])
    var options = WritingOptions(compression: .none)
    options.intensity.numpress = .pic
    let run = try WrittenRun(block, options)
    #expect(Reading(run.path).block.intensity == [1, 3e10] && run.writer.arraysBeyondNumpress == 1)
    #expect(run.text.contains("MS:1000576") && !run.text.contains("MS:1002313"))
}

@Test func theLevelOfZlibCounts() throws {
    var sizes: [Int] = []
    for level in [1, 6, 12] {
        var options = WritingOptions()
        options.zlibLevel = level
        let run = try WrittenRun(sample(), options)
        sizes.append(run.writer.byteCount)
        #expect(Reading(run.path).block.mz == sample().mz)
    }
    #expect(sizes[0] > sizes[1] && sizes[1] >= sizes[2] && sizes[0] > sizes[2])
}

/// Without an announced number the count is filled in at the end; all else is the same, the checksum included.
@Test func theNumberOfSpectraMayShowAtTheEnd() throws {
    let known = try WrittenRun(sample())
    let late = try WrittenRun(sample(), countKnown: false)
    #expect(late.text.contains("<spectrumList count=\"7\"                   defaultDataProcessingRef="))
    #expect(Reading(late.path).warnings.isEmpty && Reading(late.path).fingerprint == Reading(known.path).fingerprint)
    let empty = try WrittenRun(SpectrumBlock(), countKnown: false)
    #expect(Reading(empty.path).error == nil && Reading(empty.path).block.count == 0)
    for run in [known, late, empty] {
        let pieces = run.text.components(separatedBy: "<fileChecksum>")
        let hash = try #require(SHA1Hash())
        Array((pieces[0] + "<fileChecksum>").utf8).withUnsafeBytes { hash.update($0) }
        #expect(pieces[1].hasPrefix(hash.finish() + "</fileChecksum>"))
    }
}

@Test func gzipIsWrittenInBlocks() throws {
    var block = sample()
    for i in 0..<60 { block.append(block.headers[5], mz: block.mz[0..<1000], intensity: block.intensity[i..<1000 + i]) }
    for i in 0..<block.count { (block.headers[i].index, block.headers[i].scanNumber) = (i, i + 1) }
    var options = WritingOptions(compression: .none)
    options.zlibLevel = 9
    let plain = try WrittenRun(block, options, countKnown: false)
    let packed = try WrittenRun(block, options, countKnown: false, name: "out.mzML.gz")
    #expect(try FileManager.default.contentsOfDirectory(atPath: packed.folder.path) == ["out.mzML.gz"])
    let bytes = [UInt8](try #require(FileManager.default.contents(atPath: packed.path)))
    #expect(bytes.count < plain.writer.byteCount && packed.writer.byteCount == plain.writer.byteCount)
    #expect(Reading(packed.path).fingerprint == Reading(plain.path).fingerprint)
    // Every member says how long it is.
    var start = 0
    var members = 0
    while start < bytes.count {
        #expect(Array(bytes[start..<(start + 4)]) == [0x1F, 0x8B, 8, 4] && bytes[start + 12] == 0x42)
        start += Int(bytes[start + 16]) + Int(bytes[start + 17]) << 8 + 1
        members += 1
    }
    #expect(start == bytes.count && members > 3)
}

@Test func nativeIDsAreKept() throws {
    let ids = (0..<7).map { "controllerType=0 & \"<\($0)>\" scan=\(40 + $0)" }
    let run = try WrittenRun(sample(), ids: ids)
    let reading = Reading(run.path)
    #expect(reading.error == nil && reading.block.headers.map(\.scanNumber) == Array(40..<47))
    #expect(run.text.contains("idRef=\"controllerType=0 &amp; &quot;&lt;3&gt;&quot; scan=43\""))
    #expect(run.text.contains("id=\"controllerType=0 &amp; &quot;&lt;3&gt;&quot; scan=43\" defaultArrayLength"))
}

/// Several ions of one isolation, several isolations, a window alone, an ion alone.
@Test func allPrecursorsAreWritten() throws {
    let window = Precursor(
        isolationTargetMZ: 500.5, isolationLowerOffset: 0.5, isolationUpperOffset: 0.75, collisionEnergy: 35)
    var ions: [Precursor] = []
    for (mz, charge, intensity) in [(500.25, 2, 1e5), (500.75, 3, 2e4)] {
        var ion = window
        (ion.selectedIonMZ, ion.charge, ion.intensity) = (mz, charge, intensity)
        ions.append(ion)
    }
    let other = Precursor(selectedIonMZ: 250.125, isolationTargetMZ: 250, isolationLowerOffset: 1)
    let cases: [([Precursor], elements: Int, ions: Int)] = [
        ([window], 1, 0), ([ions[0]], 1, 1), (ions, 1, 2), (ions + [other], 2, 3), ([window, other], 2, 1),
        ([window, ions[0], ions[1], other, Precursor()], 4, 3), ([Precursor(charge: 4)], 1, 1),
        ([other, ions[0], other], 3, 3), ([window, window], 2, 0),
    ]
    for (precursors, elements, selected) in cases {
        var block = SpectrumBlock()
        let header = SpectrumHeader(
            index: 0, scanNumber: 1, msLevel: 3, polarity: .negative, representation: .unknown,
            retentionTimeSeconds: 0.1 + 0.2, precursor: precursors[0], furtherPrecursors: Array(precursors.dropFirst()))
        block.append(header, mz: [1], intensity: [2])
        let run = try WrittenRun(block)
        let reader = try ReferenceSpectrumReader(path: run.path)
        var read = SpectrumBlock()
        #expect(try reader.next(into: &read, limit: 5))
        #expect(read.headers == block.headers, "\(precursors)")
        #expect(run.text.components(separatedBy: "<precursor>").count - 1 == elements, "\(precursors)")
        #expect(run.text.components(separatedBy: "<selectedIon>").count - 1 == selected)
        #expect(run.text.contains("<precursorList count=\"\(elements)\">"))
    }
}

@Test func chromatogramsAreWrittenWithTheirIndex() throws {
    let chromatograms = [
        Chromatogram(
            index: 0, id: "TIC", kind: .totalIonCurrent, timesSeconds: [0.1, 0.2, 90.3], intensities: [1, 2.5, 3e9]),
        Chromatogram(
            index: 1, id: "SRM <500.25> & \"300.5\"", kind: .selectedReactionMonitoring, polarity: .negative,
            precursorMZ: 500.25, productMZ: 300.5, timesSeconds: [5], intensities: [0.1]),
        Chromatogram(index: 2, id: "empty", kind: .basePeak),
    ]
    for options in [WritingOptions(compression: .none), WritingOptions()] {
        var options = options
        options.mz.numpress = .linear
        options.intensity.numpress = .slof
        let run = try WrittenRun(sample(), options, chromatograms: chromatograms, countKnown: false)
        let reader = try ReferenceSpectrumReader(path: run.path)
        var block = SpectrumBlock()
        // Behind Numpress spectra, which this reader may not know, the chromatograms are the same.
        do { while try reader.next(into: &block, limit: 100) {} } catch { continue }
        #expect(reader.chromatograms == chromatograms && reader.warnings.isEmpty)
    }
    let run = try WrittenRun(sample(), chromatograms: chromatograms)
    let reader = try ReferenceSpectrumReader(path: run.path)
    var block = SpectrumBlock()
    while try reader.next(into: &block, limit: 100) {}
    #expect(reader.chromatograms == chromatograms && reader.warnings.isEmpty)
    let bytes = Array(run.text.utf8)
    #expect(run.text.contains("<indexList count=\"2\">"))
    let part = run.text.components(separatedBy: "<index name=\"chromatogram\">")[1]
    let offsets = part.components(separatedBy: "\">").dropFirst().compactMap { Int($0.prefix { $0.isNumber }) }
    #expect(offsets.count == 3)
    for offset in offsets { #expect(bytes[offset...].starts(with: "<chromatogram index=".utf8)) }
}

/// What is known of a run survives writing, and a second writing.
@Test func theHeaderIsWritten() throws {
    var header = RunHeader(path: "")
    header.runID = "7 of 9"
    header.instrument = CVTerm(accession: 1_001_911, name: "Q Exactive")
    header.instrumentSerialNumber = "SN & 1"
    header.ionSources = [CVTerm(accession: 1_000_073, name: "electrospray ionization")]
    header.analyzers = [
        CVTerm(accession: 1_000_081, name: "quadrupole"), CVTerm(accession: 1_000_484, name: "orbitrap"),
    ]
    header.detectors = [CVTerm(accession: 1_000_624, name: "inductive detector")]
    header.softwareList = [
        .init(id: "x", version: "2.8", terms: [CVTerm(accession: 1_000_532, name: "Xcalibur")]),
        .init(id: "p", version: "3.0", terms: [CVTerm(accession: 1_000_615, name: "ProteoWizard software")]),
    ]
    header.sourceFileList = [
        .init(
            id: "raw", name: "a \"b\".raw", location: "file://C:\\my data",
            terms: [
                CVTerm(accession: 1_000_768, name: "Thermo nativeID format"),
                CVTerm(accession: 1_000_569, name: "SHA-1", value: "00ff"),
            ])
    ]
    header.samples = [.init(id: "s", name: "plasma", terms: [CVTerm(accession: 1_000_005, name: "volume", value: "3")])]
    header.dataProcessing = [
        .init(
            id: "dp",
            steps: [.init(order: 1, softwareID: "p", terms: [CVTerm(accession: 1_000_035, name: "peak picking")])])
    ]
    header.contentTerms = [CVTerm(accession: 1_000_579, name: "MS1 spectrum")]
    header.startTimestamp = "2020-01-01T00:00:00Z"
    for round in 1...2 {
        var options = WritingOptions()
        options.programVersion = "1.\(round)"
        let run = try WrittenRun(sample(), options, header: header)
        let read = try ReferenceSpectrumReader(path: run.path).header
        #expect(read.runID == "_7_of_9" && read.instrument == header.instrument)
        #expect(read.instrumentSerialNumber == "SN & 1" && read.ionSources == header.ionSources)
        #expect(read.analyzers == header.analyzers && read.detectors == header.detectors)
        #expect(read.instrumentClass == .orbitrap && read.startTimestamp == header.startTimestamp)
        #expect(
            read.software == ["Xcalibur 2.8", "ProteoWizard software 3.0"] + (1...round).map { "Lavoisier 1.\($0)" })
        #expect(read.sourceFileList.map(\.name) == ["a \"b\".raw"])
        #expect(read.sourceFileList.map(\.terms) == header.sourceFileList.map(\.terms))
        #expect(read.sourceFileList[0].location == "file:///C:/my%20data")
        #expect(read.samples.map(\.name) == ["plasma"] && read.samples[0].terms == header.samples[0].terms)
        #expect(read.contentTerms == header.contentTerms)
        #expect(read.dataProcessing.count == 1 && read.dataProcessing[0].steps.count == round + 1)
        #expect(read.dataProcessing[0].steps[0].terms.map(\.name) == ["peak picking"])
        #expect(read.dataProcessing[0].steps.last?.terms.map(\.name) == ["Conversion to mzML"])
        #expect(run.text.contains("defaultSourceFileRef=\"SF1\""))
        header = read
    }
}
