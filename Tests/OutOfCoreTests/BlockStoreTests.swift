import Foundation
import Statistics
import Testing

@testable import OutOfCore

private func bytes(_ values: [some BitwiseCopyable]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

@Suite struct BlockStoreTests {
    private let folder = NSTemporaryDirectory()

    @Test(arguments: [BlockCodec.stored, .lz4, .zstd(level: 1), .zstd(level: 9)])
    func whatACodecPacksComesBack(codec: BlockCodec) throws {
        var generator = SeededGenerator(seed: 11)
        for count in [0, 1, 63, 64, 65, 1_000, 100_003] {
            for stride in [1, 4, 8, 12] {
                let smooth = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7 + ($0 % stride) * 31) }
                let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
                for block in [smooth, noise] {
                    let packed = block.withUnsafeBytes { codec.packed($0, stride: stride) }
                    guard let packed else { continue }
                    #expect(packed.count < block.count)
                    var back = [UInt8](repeating: 1, count: count)
                    let isWhole = packed.withUnsafeBytes { source in
                        back.withUnsafeMutableBytes { codec.unpack(source, into: $0, stride: stride) }
                    }
                    #expect(isWhole && back == block, "\(codec.name), \(count) bytes, stride \(stride)")
                }
            }
        }
    }

    @Test func massesPackBetterAsPlanesThanAsTheyAre() throws {
        let masses = (0..<4_096).map { 100 + Double($0) * 0.137_21 }
        let planes = try #require(bytes(masses).withUnsafeBytes { BlockCodec.zstd(level: 1).packed($0, stride: 8) })
        let plain = bytes(masses).withUnsafeBytes { BlockCodec.zstd(level: 1).packed($0, stride: 1) }
        #expect(planes.count < (plain?.count ?? masses.count * 8))
    }

    @Test(arguments: [
        Packing.adaptive, .always(.stored), .always(.lz4), .always(.zstd(level: 3)),
    ])
    func blocksOfAllKindsComeBackInAnyOrder(packing: Packing) throws {
        let store = BlockStore(folder: folder, packing: packing)
        var generator = SeededGenerator(seed: 5)
        var blocks: [(place: StoredBlock, values: [Float])] = []
        for number in 0..<100 {
            let values = (0..<(number * 17)).map { _ in Float.random(in: 0...Float(number + 1), using: &generator) }
            blocks.append((try values.withUnsafeBytes { try store.append($0, stride: 4) }, values))
        }
        for (place, values) in blocks.shuffled(using: &generator) {
            #expect(try store.elements(of: place, as: Float.self) == values)
        }
        let counts = store.counts
        #expect(counts.blocks == 100 && counts.codecs.values.reduce(0, +) == 100)
        #expect(counts.bytes == blocks.reduce(0) { $0 + $1.values.count * 4 })
    }

    @Test func theStatedCodecIsUsed() throws {
        let zeros = [UInt8](repeating: 0, count: 1 << 16)
        for (packing, name) in [
            (Packing.always(.stored), "none"), (.always(.lz4), "lz4"), (.always(.zstd(level: 3)), "zstd-3"),
        ] {
            let store = BlockStore(folder: folder, packing: packing)
            _ = try zeros.withUnsafeBytes { try store.append($0, stride: 4) }
            #expect(store.counts.codecs == [name: 1])
            #expect((store.counts.storedBytes < 4_000) == (name != "none"))
        }
    }

    @Test func aSlowDiskMakesPackingWorthItsTimeAndAFastOneDoesNot() throws {
        var generator = SeededGenerator(seed: 3)
        let values = (0..<20_000).map { 500 + Float($0 % 50) + Float.random(in: 0...0.01, using: &generator) }
        func chosen(diskSecondsPerByte: Double) -> BlockCodec {
            let packer = BlockPacker(.adaptive)
            _ = values.withUnsafeBytes { packer.pack($0, stride: 4) }
            packer.learnDisk(bytes: 1, seconds: diskSecondsPerByte)
            return packer.chosen(stride: 4)
        }
        #expect(chosen(diskSecondsPerByte: 1e-15) == .stored)
        // A kilobyte per second.
        guard case .zstd = chosen(diskSecondsPerByte: 1e-3) else {
            Issue.record("a slow disk is worth the densest codec")
            return
        }
    }

    @Test func aFolderThatCannotBeWrittenIsNamed() {
        let store = BlockStore(folder: "/proc/no-such-folder", packing: .always(.lz4))
        #expect {
            _ = try [UInt8](repeating: 1, count: 10).withUnsafeBytes { try store.append($0, stride: 1) }
        } throws: {
            "\($0)".contains("/proc/no-such-folder") && "\($0)".contains("write temporary data")
        }
    }

    @Test func nothingStaysInTheFolder() throws {
        let own = folder + "/out-of-core-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: own) }
        let store = BlockStore(folder: own, packing: .always(.stored))
        _ = try [UInt8](repeating: 1, count: 10).withUnsafeBytes { try store.append($0, stride: 1) }
        let pages = PageStore(folder: own)
        let array = try PageableArray<Int>(in: pages, count: 100) { for place in 0..<100 { $0[place] = place } }
        #expect(array.isPaged)
        #expect(try FileManager.default.contentsOfDirectory(atPath: own).isEmpty)
    }
}
