import ContentHash
import Foundation
import Testing

@Suite struct SHA256Tests {
    // Published vectors: FIPS 180-4 examples.
    @Test func knownVectors() {
        #expect(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            sha256(repeatElement(UInt8(ascii: "a"), count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func fileEqualsBytes() throws {
        let path = NSTemporaryDirectory() + "lavoisier-hash-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = (0..<3_000_001).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try sha256(file: path) == sha256(bytes))
    }

    @Test func missingFileNamesThePath() {
        let error = #expect(throws: FileHashError.self) { try sha256(file: "/nowhere/at/all") }
        #expect(error?.description == "cannot read /nowhere/at/all: No such file or directory")
    }
}
