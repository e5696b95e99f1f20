import Foundation
import MzML
import SpectrumModel
import Testing

@Test func cuttingNeverChangesTheResult() {
    let path = fixture("dda-excerpt.mzML")
    let expected = Reading(path).fingerprint
    #expect(Reading(path).block.count == 6)
    for bufferSize in [1, 4 << 10, 5000, 16 << 10, 1 << 20, 16 << 20] {
        for spectraPerChunk in [1, 2, 5, 6, 7, 1000] {
            let reading = Reading(path, bufferSize: bufferSize, spectraPerChunk: spectraPerChunk)
            #expect(reading.fingerprint == expected, "buffer \(bufferSize), chunk \(spectraPerChunk)")
            // Of a file with a right index the last spectrum comes by itself.
            #expect(reading.chunkSizes.dropLast(2).allSatisfy { $0 == spectraPerChunk })
            #expect(reading.chunkSizes.allSatisfy { $0 <= spectraPerChunk } && reading.chunkSizes.reduce(0, +) == 6)
        }
    }
}

@Test func gzipEqualsPlain() {
    let bytes = Data(fixtureBytes("dda-excerpt.mzML"))
    let expected = Reading(fixture("dda-excerpt.mzML")).fingerprint
    let folder = TemporaryFolder()
    #expect(Reading(folder.gzip([bytes], as: "one.gz")).fingerprint == expected)
    // Many members, an empty one, and a name that hides what it is.
    let cuts = [0, 1, 7000, 7000, 20_000, bytes.count]
    let members = zip(cuts, cuts.dropFirst()).map { bytes.subdata(in: $0..<$1) }
    let path = folder.gzip(members, as: "many.mzML")
    #expect(Reading(path, bufferSize: 4096, spectraPerChunk: 1).fingerprint == expected)
    // Padding behind the last member is ignored.
    let padded = (FileManager.default.contents(atPath: path) ?? Data()) + Data(count: 512)
    #expect(Reading(folder.write(padded, as: "padded.gz")).fingerprint == expected)
}

@Test func damagedGzipIsAnError() throws {
    let folder = TemporaryFolder()
    let path = folder.gzip([Data(fixtureBytes("dda-excerpt.mzML"))])
    let whole = [UInt8](try #require(FileManager.default.contents(atPath: path)))
    let cut = Reading(folder.write(whole[..<(whole.count / 2)], as: "cut.gz"))
    #expect(cut.error?.code == .truncated && cut.error?.reason.contains("gzip") == true && cut.block.count > 0)
    var checksum = whole
    checksum[whole.count - 6] ^= 1
    let wrong = Reading(folder.write(checksum, as: "checksum.gz"))
    #expect(wrong.error?.code == .corruptGzip && wrong.block.count == 6)
    #expect(Reading(folder.write(whole[..<12], as: "short.gz")).error != nil)
    // Many zeros in few bytes: not XML, and known at once.
    #expect(Reading(folder.gzip([Data(count: 32 << 20)], as: "zeros.gz")).error?.code == .notMzML)
}

/// Cut anywhere, a file gives the spectra that are complete and then one error; only beyond the list's end it is whole.
@Test func everyTruncationIsNoticed() {
    var document = MzMLDocument(spectra: [])
    for i in 0..<3 {
        var spectrum = MzMLDocument.Spectrum(mz: [100, 200 + Double(i)], intensity: [1, 2])
        spectrum.id = "scan=\(i + 1)"
        document.spectra.append(spectrum)
    }
    let text = document.text()
    let bytes = Array(text.utf8)
    let folder = TemporaryFolder()
    let ends = bytes.indices.filter { bytes[..<$0].suffix(11).elementsEqual("</spectrum>".utf8) }
    #expect(ends.count == 3)
    let listEnd = bytes.count - Array(text.components(separatedBy: "</spectrumList>")[1].utf8).count
    for bufferSize in [4096, 1 << 20] {
        for length in bytes.indices {
            let reading = Reading(folder.write(bytes[..<length]), bufferSize: bufferSize, spectraPerChunk: 2)
            if length == 0 {
                #expect(reading.error?.code == .emptyFile)
            } else if length >= listEnd - 1 {
                // Without its last ">" the end tag is still recognised.
                #expect(reading.error == nil && reading.block.count == 3, "length \(length)")
            } else {
                let code = reading.error?.code
                #expect(code == .truncated || (code == .notMzML && length < 60), "length \(length): \(code as Any)")
                #expect(reading.block.count == ends.count { $0 <= length }, "length \(length)")
            }
        }
    }
}

@Test func aTruncationSaysHowMuchWasRead() throws {
    let bytes = fixtureBytes("dda-excerpt.mzML")
    let folder = TemporaryFolder()
    let path = folder.write(bytes[..<30_000])
    let source = try MzMLChunkSource(path: path, bufferSize: 4096, spectraPerChunk: 2)
    var complete = 0
    for _ in 0..<2 {
        // The error comes behind the spectra and stays.
        let error = #expect(throws: MzMLError.self) { while let chunk = try source.next() { complete += chunk.count } }
        #expect(error?.byteOffset == 30_000)
        #expect(error?.reason.contains("3 complete spectra of 6 declared") == true)
    }
    #expect(complete == 3)
}

@Test func markupThatHoldsTagsIsSkipped() {
    let decoy = "<spectrum index=\"9\"><binary>x</binary></spectrum></spectrumList>"
    var document = MzMLDocument(spectra: [.init(mz: [1, 2], intensity: [3, 4]), .init(mz: [5], intensity: [6])])
    document.prologue = "<?xml version='1.0'?><!-- <mzXML> \(decoy) -->\n"
    document.header = "<!-- \(decoy) --><?note \(decoy)?><fileDescription a='<' />".replacingOccurrences(
        of: "a='<' ", with: "")
    document.spectra[0].terms +=
        "<!-- \(decoy) <cvParam cvRef=\"MS\" accession=\"MS:1000511\" name=\"l\" value=\"9\"/> -->"
    document.spectra[0].scan += "<?note > \(decoy)?><![CDATA[ \(decoy) ]] > ]]>"
    document.spectra[0].scan += "<userParam name='a > b' value=\"</spectrum\"/>".replacingOccurrences(
        of: "</", with: "/")
    var text = document.text()
    text = text.replacingOccurrences(of: "</spectrum>\n<spectrum ", with: "</spectrum ><!--\(decoy)-->\n<spectrum\n")
    let folder = TemporaryFolder()
    for bufferSize in [4096, 1 << 16] {
        let reading = Reading(folder.write(text.utf8), bufferSize: bufferSize)
        #expect(reading.error == nil)
        #expect(reading.block.mz == [1, 2, 5] && reading.block.headers[0].msLevel == 1)
    }
}

@Test func lineEndsAndByteOrderMarksAreFine() {
    let text = MzMLDocument(spectra: [.init(mz: [1, 2], intensity: [3, 4])]).text()
    let folder = TemporaryFolder()
    let plain = Reading(folder.write(text.utf8)).block
    for variant in [text.replacingOccurrences(of: "\n", with: "\r\n"), "\u{FEFF}" + text] {
        let reading = Reading(folder.write(variant.utf8))
        #expect(reading.error == nil && reading.block.mz == plain.mz && reading.block.headers == plain.headers)
    }
    let latin = text.replacingOccurrences(of: "utf-8", with: "ISO-8859-1")
        .replacingOccurrences(
            of: "<run ",
            with:
                "<fileDescription><sourceFileList><sourceFile name=\"\u{E9}\"/></sourceFileList></fileDescription><run "
        )
    let reading = Reading(folder.write(latin.unicodeScalars.map { UInt8($0.value) }))
    #expect(reading.error == nil && reading.header?.sourceFiles == ["\u{E9}"])
}

@Test func declaredCountsAreChecked() {
    let folder = TemporaryFolder()
    for declared in [1, 3] {
        var document = MzMLDocument(spectra: [.init(mz: [1], intensity: [1]), .init(mz: [2], intensity: [2])])
        document.declaredCount = declared
        let reading = Reading(folder.write(document.text().utf8), spectraPerChunk: 1)
        #expect(reading.error == nil && reading.block.count == 2)
        #expect(reading.warnings == ["the spectrum list declares \(declared) spectra and holds 2"])
    }
}

@Test func runsWithoutSpectraAreEmpty() {
    let folder = TemporaryFolder()
    let root = "<mzML version=\"1.1.0\"><run id=\"r\">"
    let listed = Reading(folder.write("\(root)<spectrumList count=\"0\"/></run></mzML>".utf8))
    #expect(listed.error == nil && listed.block.count == 0 && listed.warnings.isEmpty)
    let open = Reading(folder.write("\(root)<spectrumList count=\"2\"></spectrumList></run></mzML>".utf8))
    #expect(open.error == nil && open.warnings == ["the spectrum list declares 2 spectra and holds 0"])
    for rest in ["</run></mzML>", "<chromatogramList><spectrum/></chromatogramList></run></mzML>"] {
        let reading = Reading(folder.write((root + rest).utf8))
        #expect(reading.error == nil && reading.warnings == ["the run has no spectrum list"])
    }
}

@Test func selfClosedSpectraCount() {
    let folder = TemporaryFolder()
    let reading = Reading(
        folder.write("<mzML><run><spectrumList count='1'><spectrum index='0' id='a'/></spectrumList></run></mzML>".utf8)
    )
    #expect(reading.error == nil && reading.block.count == 1 && reading.counts.nonMassSpectra == 1)
}

@Test func aSpectrumLargerThanTheLimitIsAnError() {
    let path = fixture("dda-excerpt.mzML")
    let reading = Reading(path, bufferSize: 4096, maximumSpectrumBytes: 8192)
    #expect(reading.error?.code == .spectrumTooLarge && reading.error?.spectrumIndex == 3)
    #expect(reading.block.count == 3)
}

@Test func bytesConsumedReachesTheFileSize() throws {
    let source = try MzMLChunkSource(path: fixture("dda-excerpt.mzML"), bufferSize: 4096, spectraPerChunk: 1)
    let before = source.bytesConsumed
    var last = before
    while let chunk = try source.next() {
        #expect(source.bytesConsumed >= last)
        last = source.bytesConsumed
        source.recycle(chunk)
    }
    #expect(before < source.fileSize && source.bytesConsumed == source.fileSize)
}
