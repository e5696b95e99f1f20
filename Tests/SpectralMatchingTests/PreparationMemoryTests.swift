import ContentHash
import Foundation
import OutOfCore
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// Preparing a library under a memory limit.
@Suite("Preparing within a memory limit")
struct PreparationMemoryTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// Spectra of both polarities and of none, isomers and duplicates, texts that are equal only to Unicode.
    private func source(records: Int, name: String = "golden.msp") throws -> String {
        var random = SeededGenerator(seed: 33)
        let instruments = [
            "Orbitrap", "273 \u{212A}", "273 K", "caf\u{E9}", "cafe\u{301}", "\u{212A}", "K", "K\u{37E}", "K;",
        ]
        var text = ""
        for _ in 0..<records {
            let compound = random.integer(below: 1 + records / 3)
            text += "NAME: compound \(compound)\nACCESSION: MSBNK-Test-\(random.integer(below: 9 * records))\n"
            text += "PRECURSORMZ: \(100 + random.integer(below: 60)).\(random.integer(below: 90) + 10)\n"
            text += "INSTRUMENT: \(instruments[random.integer(below: instruments.count)])\n"
            if random.integer(below: 8) > 0 {
                let block = "ABCDEFGHIJ\(1_000 + compound % 9_000)"
                text += "INCHIKEY: \(block)-UHFFFAOYSA-N\n"
            }
            text += ["ION_MODE: POSITIVE\n", "ION_MODE: NEGATIVE\n", ""][random.integer(below: 3)]
            let peaks = 1 + random.integer(below: 40)
            text += "Num Peaks: \(peaks)\n"
            for peak in 0..<peaks {
                text += "\(50 + 3 * peak).\(10 + random.integer(below: 90)) \(1 + random.integer(below: 999))\n"
            }
            text += "\n"
        }
        return try folder.write(name, text)
    }

    private func build(
        _ source: String, to name: String, limit: Int?, resident: @escaping () -> Int?
    ) throws -> SpectralLibraryBuilder.Report {
        try SpectralLibraryBuilder.build(
            sources: [source], destination: folder.file(name), cleaning: PeakCleaning(), base: nil,
            keepsDuplicates: true,
            memory: PreparationMemory(limit: limit, source: source, resident: resident))
    }

    private func hash(_ name: String) throws -> String { try sha256(file: folder.file(name)) }

    /// What the writer that kept all sections in memory made of the same source.
    @Test("the file has the bytes that it always had")
    func golden() throws {
        _ = try SpectralLibraryBuilder.build(source: source(records: 3_000), destination: folder.file("a.lvsl"))
        #expect(try hash("a.lvsl") == "7ee6d6441096e79117ed76bb65a9fb18433f2579b4a918d3a8e7392b39ae5778")
        try DecoyLibrary.build(of: SpectralLibrary.open(folder.file("a.lvsl")), destination: folder.file("d.lvsl"))
        #expect(try hash("d.lvsl") == "6dd67f29b6450d24a6331eca74bee5dc23270ceb88a3e2529666721641843509")
        try SpectralLibrary.open(folder.file("a.lvsl")).verify()
    }

    @Test("everything read: the error names the smallest limit, less is refused, and nothing stays")
    func exact() throws {
        let source = try source(records: 600)
        let resident = 50_000_000
        let refused = try #require(throws: LibraryFileError.self) {
            try build(source, to: "a.lvsl", limit: resident, resident: { resident })
        }
        let smallest = try #require(refused.smallestLimit)
        #expect(refused.code == .memoryLimit && refused.path == source && smallest > resident)
        #expect(refused.reason.contains("memory limit of 50 MB"))
        #expect(refused.reason.contains("the smallest that will do is \(smallest / 1_000_000) MB"))
        #expect(refused.reason.contains("lavoisier library prepare"))
        #expect(try folder.contents == ["golden.msp"])
        #expect(throws: LibraryFileError.self) {
            try build(source, to: "a.lvsl", limit: smallest - 2_000_000, resident: { resident })
        }
        #expect(try folder.contents == ["golden.msp"])
        #expect(try build(source, to: "a.lvsl", limit: smallest, resident: { resident }).spectra == 600)
        _ = try SpectralLibraryBuilder.build(source: source, destination: folder.file("b.lvsl"))
        #expect(try hash("a.lvsl") == hash("b.lvsl"))
        #expect(try folder.contents == ["a.lvsl", "b.lvsl", "golden.msp"])
    }

    /// A process that takes ten kilobytes a look: the first look that finds too much ends it, with what the whole would take.
    @Test("while reading: it ends as soon as too much is there, and the limit that is named does")
    func whileReading() throws {
        let source = try source(records: 3 * PreparationMemory.recordsBetweenLooks)
        final class Growth {
            var looks = 0
            func next() -> Int? {
                looks += 1
                return 20_000_000 + 10_000 * looks
            }
        }
        let growth = Growth()
        let limit = 20_000_000 + PreparationMemory.margin + 15_000
        let refused = try #require(throws: LibraryFileError.self) {
            try build(source, to: "a.lvsl", limit: limit, resident: growth.next)
        }
        // At the start, and after the first records.
        #expect(growth.looks == 2)
        #expect(refused.code == .memoryLimit && refused.reason.contains("the smallest that will do is about "))
        #expect(try folder.contents == ["golden.msp"])
        let smallest = try #require(refused.smallestLimit)
        #expect(smallest > limit)
        _ = try build(source, to: "a.lvsl", limit: smallest, resident: Growth().next)
        #expect(try folder.contents == ["a.lvsl", "golden.msp"])
    }

    @Test("the process itself: a limit below what it takes is refused before anything is written, decoys too")
    func ofTheProcess() throws {
        #if os(Linux)
            let resident = try #require(processResidentBytes())
            #expect(resident > 1_000_000)
        #endif
        let source = try source(records: 100)
        _ = try SpectralLibraryBuilder.build(
            source: source, destination: folder.file("a.lvsl"), memoryLimit: 1 << 50)
        let library = try SpectralLibrary.open(folder.file("a.lvsl"))
        #if os(Linux)
            for destination in ["b.lvsl", "c.lvsl"] {
                let refused = try #require(throws: LibraryFileError.self) {
                    if destination == "b.lvsl" {
                        _ = try SpectralLibraryBuilder.build(
                            source: source, destination: folder.file(destination), memoryLimit: 1_000_000)
                    } else {
                        try DecoyLibrary.build(
                            of: library, destination: folder.file(destination), memoryLimit: 1_000_000)
                    }
                }
                #expect(refused.code == .memoryLimit && (refused.smallestLimit ?? 0) > 1_000_000)
            }
        #endif
        #expect(try folder.contents == ["a.lvsl", "golden.msp"])
    }

    @Test("decoys: the limit that the error names does, whatever it takes until then")
    func decoys() throws {
        _ = try SpectralLibraryBuilder.build(source: source(records: 500), destination: folder.file("a.lvsl"))
        let library = try SpectralLibrary.open(folder.file("a.lvsl"))
        func build(_ limit: Int?, _ name: String) throws {
            try DecoyLibrary.build(
                of: library, destination: folder.file(name), seed: 1,
                memory: PreparationMemory(limit: limit, source: "decoys", resident: { 30_000_000 }))
        }
        let refused = try #require(throws: LibraryFileError.self) { try build(30_000_000, "b.lvsl") }
        try build(refused.smallestLimit, "b.lvsl")
        try build(nil, "c.lvsl")
        #expect(try hash("b.lvsl") == hash("c.lvsl"))
        #expect(try folder.contents == ["a.lvsl", "b.lvsl", "c.lvsl", "golden.msp"])
    }

    @Test("where the system does not tell what a process takes, nothing is refused")
    func unknown() throws {
        #expect(try build(source(records: 50), to: "a.lvsl", limit: 1, resident: { nil }).spectra == 50)
    }
}
