import Foundation
import HostEnvironment
import Testing

@Suite struct MeasuredTests {
    @Test func codesAsValueOrReason() throws {
        let values: [Measured<Int>] = [.available(0), .unavailable(reason: "no counter")]
        let text = String(decoding: try JSONEncoder().encode(values), as: UTF8.self)
        #expect(text == #"[{"value":0},{"unavailable":"no counter"}]"#)
        #expect(try JSONDecoder().decode([Measured<Int>].self, from: Data(text.utf8)) == values)
    }

    @Test func neitherValueNorReasonIsAnError() {
        #expect(throws: (any Error).self) {
            try JSONDecoder().decode(Measured<Int>.self, from: Data("{}".utf8))
        }
    }

    @Test func theFirstReasonWins() {
        let missing = Measured<Int>.unavailable(reason: "first")
        let other = Measured<Int>.unavailable(reason: "second")
        #expect(missing.combined(with: other, +) == .unavailable(reason: "first"))
        #expect(Measured.available(2).combined(with: .available(3), +) == .available(5))
        #expect(Measured.available(2).combined(with: missing, +).value == nil)
    }
}
