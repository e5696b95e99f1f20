import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Which codec a block is packed with.
public enum Packing: Sendable, Hashable {
    case always(BlockCodec)
    /// The codec with the least time to pack, write, read back and unpack, as measured on the blocks so far.
    case adaptive
}

/// Chooses a codec per block, and learns from every block what each costs.
///
/// Kinds of blocks are told apart by their stride: profiles, masses and records pack differently. The first block of a
/// kind is packed with every codec, later on every 32nd with the one that was not tried for longest; what a codec saves is
/// worth the time that the disk was measured to need for it. Which codec a block has depends on timing, its content never.
final class BlockPacker: Sendable {
    static let candidates: [BlockCodec] = [.stored, .lz4, .zstd(level: 1), .zstd(level: 3)]
    private static let blocksBetweenTries = 32

    private struct Experience {
        /// Of packing and unpacking, per byte of the block.
        var secondsPerByte = 0.0
        var storedShare = 1.0
        var blocks = 0

        mutating func learn(seconds: Double, share: Double) {
            // A running mean over the last eight or so.
            let weight = blocks == 0 ? 1 : 0.125
            secondsPerByte += weight * (seconds - secondsPerByte)
            storedShare += weight * (share - storedShare)
            blocks += 1
        }
    }

    private struct Kind {
        var experience = [Experience](repeating: Experience(), count: BlockPacker.candidates.count)
        var blocks = 0
    }

    private struct State {
        var kinds: [Int: Kind] = [:]
        /// Of writing, per byte on the disk. Blocks are read back from the page cache for the most part, or ahead of their use.
        var diskSecondsPerByte: Double?
    }

    let packing: Packing
    private let state = Mutex(State())

    init(_ packing: Packing) { self.packing = packing }

    /// The packed bytes and their codec; the block itself where packing saves nothing.
    func pack(_ bytes: UnsafeRawBufferPointer, stride: Int) -> (codec: BlockCodec, packed: [UInt8]?) {
        guard case .adaptive = packing else {
            guard case .always(let codec) = packing, let packed = codec.packed(bytes, stride: stride) else {
                return (.stored, nil)
            }
            return (codec, packed)
        }
        var best: (codec: BlockCodec, packed: [UInt8]?)?
        for index in candidates(stride: stride) {
            let codec = Self.candidates[index]
            let start = cpuSeconds()
            let packed = codec.packed(bytes, stride: stride)
            if let packed {
                // Unpacking is most of what a codec costs later.
                var scratch = [UInt8](repeating: 0, count: bytes.count)
                _ = packed.withUnsafeBytes { source in
                    scratch.withUnsafeMutableBytes { codec.unpack(source, into: $0, stride: stride) }
                }
            }
            let seconds = (cpuSeconds() - start) / Double(max(bytes.count, 1))
            let share = Double(packed?.count ?? bytes.count) / Double(max(bytes.count, 1))
            state.withLock { state in
                state.kinds[stride, default: Kind()].experience[index].learn(
                    seconds: codec == .stored ? 0 : seconds, share: share)
            }
            if best == nil || (packed?.count ?? .max) < (best?.packed?.count ?? .max) { best = (codec, packed) }
        }
        if let best, best.packed != nil { return best }
        let codec = chosen(stride: stride)
        let packed = codec.packed(bytes, stride: stride)
        return packed == nil ? (.stored, nil) : (codec, packed)
    }

    /// Codecs that a block is tried with to learn what they cost; mostly none. The first block of a kind tries all.
    private func candidates(stride: Int) -> [Int] {
        state.withLock { state in
            var kind = state.kinds[stride, default: Kind()]
            defer { state.kinds[stride] = kind }
            kind.blocks += 1
            if kind.blocks == 1 { return Array(Self.candidates.indices) }
            guard kind.blocks % Self.blocksBetweenTries == 0 else { return [] }
            return [kind.blocks / Self.blocksBetweenTries % Self.candidates.count]
        }
    }

    /// The codec that is expected to be cheapest.
    func chosen(stride: Int) -> BlockCodec {
        guard case .adaptive = packing else {
            if case .always(let codec) = packing { return codec }
            return .stored
        }
        return state.withLock { state in
            let disk = state.diskSecondsPerByte ?? 0
            let experience = state.kinds[stride]?.experience ?? []
            let costs = experience.map { $0.secondsPerByte + $0.storedShare * disk }
            guard let least = costs.min(), let index = costs.firstIndex(of: least) else { return .stored }
            return Self.candidates[index]
        }
    }

    /// Notes what the disk needed for so many bytes.
    func learnDisk(bytes: Int, seconds: Double) {
        guard bytes > 0, case .adaptive = packing else { return }
        state.withLock { state in
            let measured = seconds / Double(bytes)
            let known = state.diskSecondsPerByte ?? measured
            state.diskSecondsPerByte = known + 0.125 * (measured - known)
        }
    }
}

/// CPU seconds of this thread: what others do on the machine must not count against a codec.
private func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// Seconds of a clock that never goes back.
func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
