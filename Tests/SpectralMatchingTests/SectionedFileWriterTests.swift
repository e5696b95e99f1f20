import Foundation
import TestSupport
import Testing

@testable import SpectralMatching

/// Sections that go to the file as they come.
@Suite("Writing of sectioned files")
struct SectionedFileWriterTests {
    private let folder: TemporaryDirectory
    private let kind = SectionedFileKind(magic: "LVTESTED", version: 1, noun: "test")

    init() throws { folder = try TemporaryDirectory() }

    private func writer(_ sections: Int, _ name: String = "a.bin") throws -> SectionedFileWriter {
        try SectionedFileWriter(kind: kind, path: folder.file(name), sections: sections)
    }

    @Test("sections at once, in pieces, made on the way and several at a time are the same file")
    func pieces() throws {
        let numbers = (0..<100_001).map { UInt32($0 * 7) }
        let small: [UInt16] = [1, 2, 3]
        let plain = try writer(4, "plain.bin")
        plain.add(1, numbers)
        plain.add(2, small)
        plain.add(3, numbers.map { Double($0) })
        plain.add(4, [UInt8]())
        try plain.finish()
        let pieces = try writer(4, "pieces.bin")
        var first = SectionBuffer(pieces.begin(1, UInt32.self, count: numbers.count))
        let second = pieces.begin(2, UInt16.self, count: small.count)
        pieces.add(3, count: numbers.count) { Double(numbers[$0]) }
        for number in numbers { first.append(number) }
        small.withUnsafeBufferPointer { second.append($0) }
        first.flush()
        pieces.add(4, count: 0) { UInt8($0) }
        try pieces.finish()
        #expect(try folder.read("plain.bin") == folder.read("pieces.bin"))
        let file = try SectionedFile(path: folder.file("pieces.bin"), kind: kind)
        try file.verify()
        #expect(try Array(file.elements(1, as: UInt32.self)) == numbers)
        #expect(try Array(file.elements(2, as: UInt16.self)) == small)
        #expect(try file.elements(4, as: UInt8.self).isEmpty)
    }

    @Test("complete sections can be read before the file is finished, which is no sectioned file until then")
    func readBack() throws {
        let file = try writer(2)
        file.add(1, [1.5, 2.5])
        let mapped = try file.mapped()
        #expect(Array(file.elements(1, as: Double.self, in: mapped)) == [1.5, 2.5])
        #expect(throws: LibraryFileError.self) { try SectionedFile(path: mapped.path, kind: kind) }
        file.add(2, [UInt8]())
        #expect(file.elements(2, as: UInt8.self, in: mapped).isEmpty)
        try file.finish()
        #expect(try folder.contents == ["a.bin"])
    }

    @Test("a writer that goes without having finished leaves nothing, and what was there stays")
    func abandoned() throws {
        _ = try folder.write("a.bin", "old")
        do {
            let file = try writer(2)
            file.add(1, [UInt64](repeating: 7, count: 50_000))
            #expect(try folder.contents.count == 2)
            withExtendedLifetime(file) {}
        }
        #expect(try folder.contents == ["a.bin"])
        #expect(try folder.read("a.bin") == Array("old".utf8))
    }

    @Test("a name that cannot be taken is one error, and leaves nothing")
    func unwritable() throws {
        let missing = try #require(throws: LibraryFileError.self) {
            try SectionedFileWriter(kind: kind, path: "/nonexistent/a.bin", sections: 1)
        }
        #expect(missing.code == .unwritable)
        // A folder is not replaced by a file.
        try FileManager.default.createDirectory(atPath: folder.file("taken"), withIntermediateDirectories: true)
        _ = try folder.write("taken/inside", "x")
        let file = try writer(1, "taken")
        file.add(1, [UInt8(1)])
        let error = try #require(throws: LibraryFileError.self) { try file.finish() }
        #expect(error.code == .unwritable)
        #expect(try folder.contents == ["taken"])
    }
}

/// Numbers of texts.
@Suite("Tables of texts")
struct StringTableBuilderTests {
    @Test("texts are numbered as a dictionary of strings numbers them, whatever Unicode calls equivalent")
    func equivalence() {
        let texts = [
            "K", "\u{212A}", "caf\u{E9}", "cafe\u{301}", "a\u{37E}b", "a;b", "", "`", "\u{1FEF}", "x\u{212A}\u{E9}",
            "x",
        ]
        for shift in texts.indices {
            var builder = StringTableBuilder()
            var numbers = ["": UInt32(0)]
            for text in texts[shift...] + texts[..<shift] + texts {
                let expected = numbers[text] ?? UInt32(numbers.count)
                numbers[text] = expected
                #expect(builder.number(of: text) == expected, "\(text) after \(shift)")
            }
        }
    }

    @Test("many texts keep their numbers while the table grows")
    func growth() {
        var builder = StringTableBuilder()
        for round in 0..<2 {
            for index in 0..<5_000 {
                #expect(builder.number(of: "text \(index)") == UInt32(index + 1), "round \(round)")
            }
        }
        #expect(builder.precedes(1, 2) && !builder.precedes(2, 1) && !builder.precedes(1, 1))
        #expect(builder.precedes(11, 3), "text 10 comes before text 2")
    }
}
