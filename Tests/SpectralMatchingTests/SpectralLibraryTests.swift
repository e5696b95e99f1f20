import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

@Suite("Binary spectral library")
struct SpectralLibraryTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    @Test("gives back what was put in, cleaned and in order")
    func roundTrip() throws {
        let source = RandomLibrary(count: 200, seed: 21)
        let library = try source.write(to: folder.file("library.bin"))
        try library.verify()
        #expect(library.count == 200)
        #expect(library.sourceHash == "hash")
        #expect(library.sourceName == "random")
        #expect(library.cleaning == PeakCleaning())
        var remaining = source.spectra
        var previous: (UInt8, Double, [UInt8]) = (0, 0, [])
        for index in 0..<library.count {
            let entry = library.entry(at: index)
            let position = try #require(remaining.firstIndex { $0.entry == entry })
            let cleaned = PeakCleaning().clean(remaining[position].peaks)
            let peaks = library.peaks(at: index)
            #expect(peaks.mz == cleaned.mz)
            for (stored, exact) in zip(peaks.intensity, cleaned.intensity) { #expect(abs(stored - exact) < 1e-6) }
            remaining.remove(at: position)
            let key = (entry.polarity.rawValue, entry.precursorMZ, Array(entry.accession.utf8))
            let isAfter =
                (previous.0, previous.1) < (key.0, key.1)
                || (previous.0 == key.0 && previous.1 == key.1 && !key.2.lexicographicallyPrecedes(previous.2))
            #expect(isAfter)
            previous = key
        }
        #expect(remaining.isEmpty)
    }

    @Test("the same spectra give the same bytes, and no temporary file stays")
    func reproducible() throws {
        let source = RandomLibrary(count: 50, seed: 22)
        _ = try source.write(to: folder.file("a.bin"))
        _ = try source.write(to: folder.file("b.bin"))
        #expect(try folder.read("a.bin") == folder.read("b.bin"))
        #expect(try folder.contents == ["a.bin", "b.bin"])
    }

    @Test("cleaning removes noise, caps the number of peaks, and drops what is no number")
    func cleaning() {
        let peaks = PeakList(
            mz: [300, 100, 200, .nan, 400, -5, 500], intensity: [1, 100, 0.99, 50, .infinity, 10, 0])
        #expect(PeakCleaning().clean(peaks) == PeakList(mz: [100, 300], intensity: [1, 0.01]))
        #expect(PeakCleaning(noiseFraction: 0).clean(peaks).mz == [100, 200, 300])
        #expect(PeakCleaning(noiseFraction: 0, maximumPeakCount: 2).clean(peaks).mz == [100, 300])
        #expect(PeakCleaning().clean(peaks, upperMZ: 300).mz == [100, 300])
        #expect(PeakCleaning().clean(peaks, upperMZ: 299).mz == [100])
        #expect(PeakCleaning().clean(PeakList()).count == 0)
    }

    @Test("spectra without peaks are left out and counted; an empty source is an error")
    func emptySpectra() throws {
        var builder = SpectralLibraryBuilder()
        builder.add(LibrarySpectrum(entry: LibraryEntry(precursorMZ: 100), peaks: PeakList(mz: [50], intensity: [0])))
        builder.add(LibrarySpectrum(entry: LibraryEntry(), peaks: PeakList(mz: [50], intensity: [1])))
        #expect(builder.report.emptySpectra == 2)
        try builder.write(to: folder.file("empty.bin"), sourceHash: "", sourceName: "")
        #expect(try SpectralLibrary.open(folder.file("empty.bin")).count == 0)
        let source = try folder.write("none.msp", "NAME: A\nPRECURSORMZ: 100\n")
        let error = try #require(throws: LibraryFileError.self) {
            try SpectralLibraryBuilder.build(source: source, destination: folder.file("none.bin"))
        }
        #expect(error.code == .empty)
        #expect(try !folder.contents.contains("none.bin"))
    }

    @Test("an unwritable destination is an error and leaves nothing")
    func unwritable() throws {
        let source = RandomLibrary(count: 5, seed: 23)
        let error = try #require(throws: LibraryFileError.self) { try source.write(to: "/nonexistent/library.bin") }
        #expect(error.code == .unwritable)
    }

    @Test("foreign, empty, missing, other-endian and newer files have their own errors")
    func wrongFiles() throws {
        func code(_ path: String) -> LibraryFileError.Code? {
            do {
                _ = try SpectralLibrary.open(path)
                return nil
            } catch { return error.code }
        }
        _ = try RandomLibrary(count: 20, seed: 24).write(to: folder.file("library.bin"))
        let good = try folder.read("library.bin")
        #expect(code(folder.file("missing.bin")) == .unreadable)
        #expect(code(folder.path) == .unreadable)
        #expect(try code(folder.write("empty.bin", [UInt8]())) == .truncated)
        #expect(try code(folder.write("text.bin", "NAME: not a library, but long enough to be looked at")) == .foreign)
        var bytes = good
        bytes[12] = 9
        #expect(try code(folder.write("version.bin", bytes)) == .incompatible)
        bytes = good
        bytes.replaceSubrange(8..<12, with: [1, 2, 3, 4])
        #expect(try code(folder.write("endian.bin", bytes)) == .incompatible)
        #expect(try code(folder.write("longer.bin", good + [0])) == .truncated)
        #expect(try code(folder.write("half.bin", Array(good[..<(good.count / 2)]))) == .truncated)
    }

    @Test("cut at any place: an error")
    func truncation() throws {
        _ = try RandomLibrary(count: 20, seed: 25).write(to: folder.file("library.bin"))
        let good = try folder.read("library.bin")
        for length in stride(from: 0, to: good.count, by: 97) {
            let path = try folder.write("cut.bin", Array(good[..<length]))
            #expect(throws: LibraryFileError.self, "length \(length)") { try SpectralLibrary.open(path) }
        }
    }

    @Test("damaged bytes: an error or results in range, and verify finds them")
    func damage() throws {
        let source = RandomLibrary(count: 40, seed: 26)
        _ = try source.write(to: folder.file("library.bin"))
        let good = try folder.read("library.bin")
        var random = SeededGenerator(seed: 27)
        var parameters = SearchParameters()
        parameters.analog = true
        parameters.minimumScore = 0
        parameters.minimumMatchedPeaks = 1
        var opened = 0
        for round in 0..<600 {
            var bytes = good
            for _ in 0..<(1 + random.integer(below: 4)) {
                let place = random.integer(below: bytes.count)
                let value = [0, 255, 127, UInt8(truncatingIfNeeded: random.next())][random.integer(below: 4)]
                bytes[place] = bytes[place] == value ? ~value : value
            }
            let path = try folder.write("damaged.bin", bytes)
            guard let library = try? SpectralLibrary.open(path) else { continue }
            opened += 1
            for index in 0..<library.count {
                _ = library.entry(at: index)
                _ = library.peaks(at: index)
            }
            var search = LibrarySearch(library: library)
            for measure in SimilarityMeasure.allCases {
                parameters.similarity = measure
                parameters.analog = measure == .modifiedCosine
                for match in search.search(query: source.query(&random), parameters: parameters) {
                    #expect(match.score >= 0 && match.score <= 1, "seed 27, round \(round)")
                }
            }
        }
        #expect(opened > 50, "damage inside the peaks must not keep a library from opening")
    }

    @Test("verify names the damaged section")
    func verifyFindsDamage() throws {
        _ = try RandomLibrary(count: 40, seed: 28).write(to: folder.file("library.bin"))
        var bytes = try folder.read("library.bin")
        let whole = try SpectralLibrary.open(folder.file("library.bin"))
        let lowest = whole.peaks(at: 0).mz[0]
        // The lowest byte of a mantissa: nothing but the checksum can tell.
        let needle = withUnsafeBytes(of: lowest) { Array($0) }
        let place = try #require(bytes.indices.dropLast(8).first { Array(bytes[$0..<($0 + 8)]) == needle })
        bytes[place] ^= 1
        let library = try SpectralLibrary.open(folder.write("damaged.bin", bytes))
        let error = try #require(throws: LibraryFileError.self) { try library.verify() }
        #expect(error.code == .corrupt)
        #expect(error.description.contains("section \(SpectralLibraryFormat.peakMZ)"))
    }

    @Test("the bundled library builds, opens and finds its own spectra", .enabled(if: bundledLibrary != nil))
    func bundled() throws {
        let source = try #require(bundledLibrary)
        let report = try SpectralLibraryBuilder.build(source: source, destination: folder.file("massbank.bin"))
        #expect(report.spectra == 75_048)
        #expect(report.source.skippedRecords == 0 && report.duplicates == 2_201)
        // Retention times such as `5.1, 5.6 min`.
        #expect(
            report.source.skippedValues == 31
                && report.source.problems == [.unknownUnit: 28, .badNumber: 3, .duplicateSpectrum: 2_201])
        #expect(report.compounds == 7_000)
        let library = try SpectralLibrary.open(folder.file("massbank.bin"))
        try library.verify()
        #expect(library.sourceHash.count == 64)
        var search = LibrarySearch(library: library)
        var parameters = SearchParameters()
        parameters.minimumMatchedPeaks = 1
        for index in stride(from: 0, to: library.count, by: 1500) {
            let entry = library.entry(at: index)
            let peaks = library.peaks(at: index)
            let query = FragmentSpectrum(
                header: SpectrumHeader(
                    index: 0, scanNumber: 1, msLevel: 2, polarity: entry.polarity, representation: .centroid,
                    retentionTimeSeconds: 0, precursor: Precursor(selectedIonMZ: entry.precursorMZ)),
                mz: peaks.mz, intensity: peaks.intensity.map { Float($0) })
            let best = try #require(search.search(query: query, parameters: parameters).first)
            #expect(best.score > 0.999_999)
        }
    }
}
