import OutOfCore
import SpectrumModel

/// Buffers of decoded spectra that nobody uses at the moment.
struct SpectrumBuffers {
    private let memory: RunMemory
    private var idle: [SpectrumBlock] = []

    /// Bytes of a buffer that is made before it is known what the chunks need.
    private static let firstBytes = 1 << 20
    private static let bytesPerPoint = 12

    /// - Parameter count: most that are in use at a time; the aggressive allocation makes all of them now.
    init(_ memory: RunMemory, atOnce count: Int) {
        self.memory = memory
        guard memory.settings.usesPools, memory.settings.allocation == .aggressive else { return }
        let points =
            min(memory.settings.initialPoolSize ?? count * Self.firstBytes, memory.budget.spectrumBytes)
            / (count * Self.bytesPerPoint)
        for _ in 0..<count {
            var block = SpectrumBlock()
            // Written to, because memory that was only asked for is not there yet.
            block.mz = Array(repeating: 0, count: points)
            block.intensity = Array(repeating: 0, count: points)
            idle.append(block)
        }
    }

    /// A buffer without spectra.
    mutating func take() -> SpectrumBlock {
        guard var block = idle.popLast() else {
            memory.spectra.noteBuffer(isReused: false)
            return SpectrumBlock()
        }
        memory.spectra.noteBuffer(isReused: true)
        block.removeAll()
        return block
    }

    /// Keeps a buffer for the next chunk; without pools, and conservatively beyond one, its memory goes back.
    mutating func giveBack(_ block: SpectrumBlock) {
        guard memory.settings.usesPools else { return }
        if memory.settings.allocation == .conservative, !idle.isEmpty { return }
        idle.append(block)
    }

    /// All idle buffers, for whom memory is short; none where they are to be kept.
    mutating func takeIdle() -> [SpectrumBlock] {
        guard memory.settings.allocation != .aggressive else { return [] }
        defer { idle = [] }
        return idle
    }
}
