import Foundation
import ReaderChecks
import Testing

/// What the fuzzer has collected (and everything that it once found) goes through all readers in every run of the tests.
@Test func theFuzzersCorpusHoldsNoFinding() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fuzzing/corpus").path
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(names.count > 50)
    let scratch = ScratchFile(in: NSTemporaryDirectory())
    for name in names {
        let bytes = [UInt8](try #require(FileManager.default.contents(atPath: folder + "/" + name)))
        do {
            try bytes.withUnsafeBufferPointer { try ReaderChecks.check($0, scratch: scratch) }
        } catch {
            Issue.record("\(name): \(error)")
        }
    }
}
