import Foundation
import Statistics
import Testing

@testable import OutOfCore

@Suite struct PageableArrayTests {
    private let store = PageStore(folder: NSTemporaryDirectory())

    private func paged(_ values: [Int]) throws -> PageableArray<Int> {
        try PageableArray(in: store, count: values.count) { buffer in
            for (place, value) in values.enumerated() { buffer.initializeElement(at: place, to: value) }
        }
    }

    /// Resident bytes of the mapping that an address lies in.
    private func residentBytes(at address: UnsafeRawPointer?) throws -> Int {
        let address = UInt(bitPattern: address)
        // Not by the size that the file states: it is 0.
        let handle = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
        let text = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
        var isThere = false
        for line in text.split(separator: "\n") {
            let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
            if ends.count == 2 { isThere = ends[0] <= address && address < ends[1] }
            if isThere, line.hasPrefix("Rss:") {
                return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1_024
            }
        }
        return 0
    }

    @Test func behavesAsAnArrayWhereverItLies() throws {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<50 {
            var reference = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                Int.random(in: -99...99, using: &generator)
            }
            var array = Bool.random(using: &generator) ? try paged(reference) : PageableArray(reference)
            for _ in 0..<20 {
                switch Int.random(in: 0...3, using: &generator) {
                case 0:
                    reference.append(7)
                    array.append(7)
                case 1:
                    reference.append(contentsOf: [1, 2, 3])
                    array.append(contentsOf: [1, 2, 3])
                case 2 where !reference.isEmpty:
                    let place = Int.random(in: 0..<reference.count, using: &generator)
                    reference[place] = 1_000
                    array[place] = 1_000
                default:
                    #expect(array.count == reference.count)
                }
            }
            #expect(Array(array) == reference)
            #expect(array.withUnsafeBufferPointer { Array($0) } == reference)
            #expect(array == PageableArray(reference))
        }
    }

    @Test func aChangedCopyLeavesTheRegionAlone() throws {
        let original = try paged([1, 2, 3])
        var copy = original
        copy[1] = 20
        #expect(Array(original) == [1, 2, 3] && Array(copy) == [1, 20, 3])
        #expect(original.isPaged && !copy.isPaged)
    }

    @Test func pagesAreGivenBackAndComeBackUnchanged() throws {
        let count = 8 << 20
        let array = try PageableArray<UInt64>(in: store, count: count) { buffer in
            for place in 0..<count { buffer.initializeElement(at: place, to: UInt64(place) &* 0x9E37_79B9) }
        }
        let address = array.withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) }
        #expect(try residentBytes(at: address) == 64 << 20)
        store.releasePages()
        #expect(try residentBytes(at: address) == 0)
        #expect((0..<count).allSatisfy { array[$0] == UInt64($0) &* 0x9E37_79B9 })
        #expect(store.allocatedBytes >= 64 << 20)
    }

    @Test func aFailureWhileFillingIsPassedOn() {
        for place in [nil, store] {
            #expect(throws: ScratchError.self) {
                _ = try PageableArray<Int>(in: place, count: 4) { (_) throws(ScratchError) in
                    throw ScratchError("read", folder: "x", errorNumber: 5)
                }
            }
        }
    }

    @Test func noRoomIsAnErrorAndNotASignal() {
        // More than any disk has.
        #expect { _ = try store.region(byteCount: 1 << 60) } throws: { "\($0)".contains("reserve") }
    }
}
