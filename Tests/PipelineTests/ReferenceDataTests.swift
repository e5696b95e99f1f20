import Foundation
import TestSupport
import Testing

@testable import Pipeline

@Suite struct ReferenceDataTests {
    private let spectrum = "NAME: a\nPRECURSORMZ: 200.1\nIONMODE: POSITIVE\nNum Peaks: 2\n50 1\n60 2\n\n"

    /// The same source under another path or with another time stamp is not prepared a second time.
    @Test func equalSourcesShareOnePreparedFile() throws {
        let folder = try TemporaryDirectory()
        let cache = folder.file("cache")
        var notes: [String] = []
        let first = try ReferenceData.prepareLibrary(
            folder.write("one.msp", spectrum), cache: cache, note: { notes.append($0) })
        let copy = try ReferenceData.prepareLibrary(
            folder.write("two.msp", spectrum), cache: cache, note: { notes.append($0) })
        let other = try ReferenceData.prepareLibrary(
            folder.write("three.msp", spectrum.replacing("200.1", with: "300.1")), cache: cache,
            note: { notes.append($0) })
        #expect(notes.count == 2, "\(notes)")
        func file(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
        }
        #expect(try file(first) == file(copy))
        #expect(try file(first) != file(other))
    }

    /// A source that changes is prepared again.
    @Test func changedSourceIsPreparedAgain() throws {
        let folder = try TemporaryDirectory()
        let cache = folder.file("cache")
        let path = try folder.write("one.msp", spectrum)
        let before = try ReferenceData.prepareLibrary(path, cache: cache, note: { _ in })
        try folder.write("one.msp", spectrum + spectrum.replacing("200.1", with: "300.1"))
        #expect(try ReferenceData.prepareLibrary(path, cache: cache, note: { _ in }) != before)
    }

    @Test func missingSourceIsNamed() throws {
        let folder = try TemporaryDirectory()
        let error = #expect(throws: AnalysisError.self) {
            try ReferenceData.prepareLibrary(folder.file("no.msp"), cache: folder.file("cache"), note: { _ in })
        }
        #expect(error?.description == "cannot read \(folder.file("no.msp")): No such file or directory")
    }
}
