import CZlib
import Foundation
import Statistics
import Testing

@testable import MzML

/// All that a stream gives, and how it ended.
private struct Delivery: Equatable {
    var bytes: [UInt8] = []
    var end = GzipFile.End.complete
    var error: MzMLError?
    var consumed = 0

    /// - Parameter limit: stop when this much has been read.
    init(_ path: String, threads: Int, capacity: Int = 50_000, limit: Int = .max) {
        do throws(MzMLError) {
            var stream = try ByteStream(path: path, threads: threads)
            let buffer = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            defer { buffer.deallocate() }
            do throws(MzMLError) {
                while bytes.count < limit {
                    let count = try stream.read(into: buffer, capacity: capacity)
                    if count == 0 { break }
                    bytes += UnsafeBufferPointer(start: buffer, count: count)
                }
                end = stream.isIncomplete ? .incomplete : .complete
            } catch {
                end = .damaged
                self.error = error
            }
            consumed = stream.bytesConsumed
        } catch {
            end = .damaged
            self.error = error
        }
    }
}

/// Text that compresses like mzML: lines of digits.
private func sampleBytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return (0..<count).map { $0 % 61 == 60 ? 10 : UInt8(48 + random.integer(below: 10)) }
}

private let folder = TemporaryFolder()

/// For every number of threads and capacity the same as sequential inflation, the error included.
private func expectSequential(_ file: [UInt8], _ label: String, capacities: [Int] = [50_000]) -> Delivery? {
    let expected = GzipFile.inflated(file)
    let path = folder.write(file, as: UUID().uuidString)
    defer { unlink(path) }
    var first: Delivery?
    for threads in [1, 2, 3] {
        for capacity in capacities {
            let found = Delivery(path, threads: threads, capacity: capacity)
            let isEqual = found.bytes == expected.bytes
            #expect(isEqual, "\(label), \(threads) threads, capacity \(capacity)")
            #expect(found.end == expected.end, "\(label), \(threads) threads, capacity \(capacity)")
            #expect(found.error?.reason == (first ?? found).error?.reason, "\(label), \(threads) threads")
            if first == nil { first = found }
        }
    }
    return first
}

@Test func blocksAndMembersGiveWhatWasPacked() {
    let bytes = sampleBytes(1_500_000, seed: 1)
    var styles: [GzipFile.Style] = [.init(), .init(hasBlockSize: true), .init(hasHeaderChecksum: true)]
    styles.append(.init(level: 0, name: "run.mzML"))
    var mixed: [UInt8] = []
    var random = SeededGenerator(seed: 2)
    var p = 0
    while p < bytes.count {
        let size = min(random.integer(below: 3) == 0 ? 0 : random.integer(below: 60_000), bytes.count - p)
        mixed += GzipFile.member(Array(bytes[p..<(p + size)]), styles[random.integer(below: styles.count)])
        p += size
    }
    for (label, file) in [
        ("blocks", GzipFile.blocks(bytes, size: 65_280).flatMap { $0 }),
        ("tiny blocks", GzipFile.blocks(bytes, size: 300).flatMap { $0 }),
        ("mixed", mixed), ("one", GzipFile.member(bytes)), ("empty", GzipFile.member([])),
        ("empty ones", Array(repeating: GzipFile.member([]), count: 9000).flatMap { $0 }),
    ] {
        let found = expectSequential(file, label, capacities: [1000, 1 << 20])
        #expect(found?.bytes == (label.hasPrefix("empty") ? [] : bytes) && found?.consumed == file.count, "\(label)")
    }
}

/// Larger than what is inflated whole, among small ones.
@Test func largeMembersAreStreamed() {
    let large = sampleBytes(GzipMember.maximumSize * 2 + 1000, seed: 3)
    let small = sampleBytes(40_000, seed: 4)
    let stored = GzipFile.Style(level: 0)
    let file =
        GzipFile.member(small) + GzipFile.member(large, stored) + GzipFile.member(small) + GzipFile.member(large)
        + GzipFile.member(small) + GzipFile.member(small)
    let path = folder.write(file, as: "large.gz")
    for threads in [1, 2] {
        let found = Delivery(path, threads: threads, capacity: 1 << 20)
        #expect(found.error == nil && found.bytes == small + large + small + large + small + small)
    }
}

/// A gzip file inside a stored block looks like the next member, as do its header and trailer alone.
@Test func whatLooksLikeAMemberInsideAMemberIsNone() {
    let inner = GzipFile.member(sampleBytes(500, seed: 5))
    let nested = GzipFile.member(inner + inner + [0x1F, 0x8B, 8, 0] + inner, .init(level: 0))
    let plain = GzipFile.member(sampleBytes(700, seed: 6))
    var file = plain + nested + plain
    for _ in 0..<40 { file += nested + plain + GzipFile.member(nested, .init(level: 0)) }
    file += GzipFile.blocks(nested, size: 100).flatMap { $0 } + nested
    #expect(expectSequential(file, "nested")?.end == .complete)
}

@Test func damageAnywhereIsMetWhereItIs() {
    let bytes = sampleBytes(60_000, seed: 7)
    var random = SeededGenerator(seed: 8)
    for members in [
        GzipFile.blocks(bytes, size: 6000),
        stride(from: 0, to: 60_000, by: 7000).map {
            GzipFile.member(Array(bytes[$0..<min(60_000, $0 + 7000)]))
        },
    ] {
        let whole = members.flatMap { $0 }
        var start = 0
        for (i, member) in members.enumerated() {
            // Without its magic it would be no gzip file.
            for position in [i == 0 ? 2 : 0, 3, 12, member.count - 5, member.count - 1]
                + (0..<4).map({ _ in 2 + random.integer(below: member.count - 2) })
            {
                var damaged = whole
                damaged[start + position] ^= UInt8(1 << random.integer(below: 8))
                let found = expectSequential(damaged, "member \(i), byte \(position)")
                if let error = found?.error {
                    #expect(error.code == .corruptGzip && error.reason.contains("near compressed byte"))
                }
            }
            start += member.count
        }
    }
}

@Test func truncationAtEveryByteIsIncomplete() {
    let bytes = sampleBytes(900, seed: 9)
    let whole = GzipFile.blocks(bytes, size: 150).flatMap { $0 } + GzipFile.member(bytes, .init(name: "n"))
    for length in 2..<whole.count { _ = expectSequential(Array(whole[..<length]), "length \(length)") }
}

@Test func whatFollowsTheLastMemberIsPadding() {
    let bytes = sampleBytes(70_000, seed: 10)
    for file in [GzipFile.member(bytes), GzipFile.blocks(bytes, size: 30_000).flatMap { $0 }] {
        for padding in [[0], [UInt8](repeating: 0, count: 70_000), Array("text".utf8), [0, 0x1F, 0x8B, 8, 0]] {
            #expect(expectSequential(file + padding, "padding \(padding.prefix(5))")?.end == .complete)
        }
        #expect(expectSequential(file + [0x1F], "half a magic")?.end == .incomplete)
        #expect(expectSequential(file + [0x1F, 0x8C, 8, 0], "another magic")?.end == .damaged)
    }
}

@Test func sizesThatLieAreNotBelieved() {
    let bytes = sampleBytes(5000, seed: 11)
    let good = GzipFile.member(bytes, .init(hasBlockSize: true))
    for lie in [1, 1000, UInt32.max, 1 << 31, 0 &- 5000] {
        let bad = GzipFile.member(bytes, .init(hasBlockSize: true, sizeLie: lie))
        #expect(expectSequential(good + bad + good, "size lie \(lie)")?.end == .damaged)
    }
    for lie in [-2000, -1, 1, 30, 40_000] {
        let bad = GzipFile.member(bytes, .init(hasBlockSize: true, blockSizeLie: lie))
        #expect(expectSequential(good + bad + good + good, "block size lie \(lie)")?.bytes.count == 20_000)
    }
}

/// Gigabytes in a few bytes: what is read is what is asked for, and what is held does not grow with what is promised.
@Test func bombsTakeNoMemory() throws {
    // A block of zeros that ends at a byte can be repeated.
    let zeros = [UInt8](repeating: 0, count: GzipMember.maximumSize)
    let small = GzipFile.member(zeros)
    var bomb: [UInt8] = []
    for _ in 0..<256 { bomb += small }
    #expect(bomb.count < 2 << 20)
    let path = folder.write(bomb, as: "bomb.gz")
    for threads in [1, 2, 8] {
        let before = residentBytes()
        let found = Delivery(path, threads: threads, limit: 1 << 20)
        #expect(found.error == nil && found.bytes.allSatisfy { $0 == 0 } && found.consumed <= 4 << 20)
        // Other tests run meanwhile; the bomb is 1 GiB.
        #expect(residentBytes() - before < 256 << 20, "\(threads) threads")
    }
}

private func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}

@Test func aPipeIsReadLikeAFile() throws {
    let bytes = sampleBytes(400_000, seed: 12)
    let path = folder.path + "/pipe.gz"
    #expect(mkfifo(path, 0o600) == 0)
    let file = GzipFile.blocks(bytes, size: 20_000).flatMap { $0 }
    let writer = Thread {
        let descriptor = open(path, O_WRONLY)
        // The magic in two pieces, the rest in odd ones.
        var p = 0
        while p < file.count {
            let count = min(p == 0 ? 1 : 4999, file.count - p)
            let written = file[p..<(p + count)].withUnsafeBytes { write(descriptor, $0.baseAddress, count) }
            if written <= 0 { break }
            p += written
        }
        close(descriptor)
    }
    writer.start()
    let found = Delivery(path, threads: 2)
    #expect(found.error == nil && found.bytes == bytes)
}
