import Foundation
import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import SpectralMatching

/// Library files that are damaged where the index is: a clear error, or at least no crash.
@Suite("Index in the library file")
struct IndexFileTests {
    private let folder: TemporaryDirectory
    private let path: String

    init() throws {
        folder = try TemporaryDirectory()
        path = folder.file("library.lvsl")
        _ = try RandomLibrary(count: 700, seed: 41).write(to: path)
    }

    private func error(_ path: String) -> LibraryFileError? {
        do throws(LibraryFileError) {
            _ = try SpectralLibrary.open(path)
            return nil
        } catch {
            return error
        }
    }

    private func damaged(_ name: String, _ change: (inout [UInt8]) -> Void) throws -> String {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        change(&bytes)
        try Data(bytes).write(to: URL(fileURLWithPath: folder.file(name)))
        return folder.file(name)
    }

    @Test("another version, a cut file and a wrong header are told apart")
    func headers() throws {
        let older = error(try damaged("older") { $0[12] = 1 })
        #expect(older?.code == .incompatible && older?.reason.contains("format version 1") == true)
        #expect(error(try damaged("cut") { $0.removeLast(1_000) })?.code == .truncated)
        #expect(error(try damaged("header") { $0[40] ^= 1 })?.code == .corrupt)
        #expect(error(try damaged("table") { $0[200] ^= 1 })?.code == .corrupt)
    }

    /// The same sections with one of them changed, and right checksums.
    private func rewritten(
        _ change: (_ id: UInt32, _ bytes: [UInt8]) -> [UInt8]?
    ) throws -> String {
        let file = try SectionedFile(path: path, kind: SpectralLibraryFormat.kind)
        // How many sections there are must be known before the first.
        var sections: [(SectionedFileWriter) -> Void] = []
        func copy<Element: BitwiseCopyable>(_ id: UInt32, _ type: Element.Type) throws {
            let elements = Array(try file.elements(id, as: type))
            let bytes = elements.withUnsafeBytes { Array($0) }
            guard let changed = change(id, bytes) else { return }
            sections.append { $0.add(id, changed.withUnsafeBytes { Array($0.bindMemory(to: Element.self)) }) }
        }
        typealias Format = SpectralLibraryFormat
        let doubles = [Format.precursorMZ, Format.exactMass, Format.peakMZ, Format.settings]
        let wholes = [
            Format.polarityStart, Format.peakOffset, Format.compound, Format.texts, Format.stringOffsets,
            Format.provenance,
        ]
        for id in doubles { try copy(id, Double.self) }
        for id in wholes { try copy(id, UInt32.self) }
        for id in [Format.peakIntensity, Format.peakEntropyWeight, Format.retentionTime] { try copy(id, Float.self) }
        try copy(Format.stringBytes, UInt8.self)
        for number in 0..<FragmentIndexSections.most {
            let index = FragmentIndexSections(number: number)
            try copy(index.preparation, Double.self)
            for id in [index.blockSpectrum, index.blockPosting, index.ions + 3, index.losses + 3] {
                try copy(id, UInt32.self)
            }
            for id in [index.ions, index.ions + 1, index.losses, index.losses + 1] { try copy(id, Float.self) }
            for id in [index.ions + 2, index.losses + 2] { try copy(id, UInt16.self) }
            if number == 0 {
                try copy(index.prepared, UInt32.self)
                try copy(index.prepared + 1, Double.self)
                try copy(index.prepared + 2, Float.self)
            }
        }
        let writer = try SectionedFileWriter(
            kind: SpectralLibraryFormat.kind, path: folder.file("rewritten.lvsl"), sections: sections.count)
        for add in sections { add(writer) }
        try writer.finish()
        return folder.file("rewritten.lvsl")
    }

    @Test("offsets outside, arrays of another length and missing sections are errors")
    func structure() throws {
        let index = FragmentIndexSections(number: 0)
        #expect(error(try rewritten { _, bytes in bytes }) == nil)
        for id in [index.blockSpectrum, index.blockPosting, index.prepared] {
            let failure = error(try rewritten { $0 == id ? $1.map { _ in 0xFF } : $1 })
            #expect(failure?.code == .corrupt, "section \(id)")
            #expect(failure?.description.contains("index") == true, "section \(id)")
        }
        for id in [index.ions, index.ions + 1, index.ions + 2, index.ions + 3, index.losses + 1, index.prepared + 1] {
            #expect(error(try rewritten { $0 == id ? Array($1.dropLast(8)) : $1 })?.code == .corrupt, "section \(id)")
            #expect(error(try rewritten { $0 == id ? nil : $1 })?.code == .corrupt, "section \(id)")
        }
        #expect(error(try rewritten { $0 == index.preparation ? $1.map { _ in 0xFF } : $1 })?.code == .corrupt)
    }

    @Test("whatever the postings hold, a search ends and checksums tell", arguments: [UInt8(0xFF), 0x00, 0x7F, 0x80])
    func content(byte: UInt8) throws {
        let source = RandomLibrary(count: 700, seed: 41)
        for number in 0..<FragmentIndexSections.most {
            let index = FragmentIndexSections(number: number)
            for id in [0, 1, 2, 3, 4, 5, 6, 7].map({ index.ions + $0 }) + [index.prepared + 1, index.prepared + 2] {
                let changed = try rewritten { $0 == id ? $1.map { _ in byte } : $1 }
                let library = try SpectralLibrary.open(changed)
                var engine = LibrarySearch(library: library)
                var random = SeededGenerator(seed: 42)
                var parameters = SearchParameters()
                parameters.similarity = number == 0 ? .spectralEntropy : .modifiedCosine
                parameters.minimumScore = 0
                for search in SearchType.allCases {
                    parameters.search = search
                    let hits = engine.rank(queries: [source.query(&random)], parameters: parameters)[0]
                    #expect(hits.allSatisfy { $0.score >= 0 && $0.score <= 1 && $0.libraryIndex < library.count })
                }
            }
        }
        let flipped = try damaged("flipped") { $0[$0.count / 2] ^= 0x55 }
        let library = try SpectralLibrary.open(flipped)
        #expect(throws: LibraryFileError.self) { try library.verify() }
    }

    @Test("a library without spectra of a polarity, or with a single one, is searched")
    func small() throws {
        let source = RandomLibrary(count: 1, seed: 43)
        let library = try source.write(to: folder.file("one.lvsl"))
        var engine = LibrarySearch(library: library)
        var random = SeededGenerator(seed: 44)
        var parameters = SearchParameters()
        parameters.search = .hybrid
        parameters.minimumMatchedPeaks = 1
        #expect(engine.rank(queries: [source.query(&random)], parameters: parameters)[0].count <= 1)
    }
}
