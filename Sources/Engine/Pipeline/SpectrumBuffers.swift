import OutOfCore
import SpectrumModel

/// Buffers of decoded spectra that nobody uses at the moment.
struct SpectrumBuffers {
    private let memory: RunMemory
    private var idle: [SpectrumBlock] = []
    /// Points that a buffer has room for when it is made.
    private let initialPoints: Int
    /// How buffers grow that are too small.
    let growth: BlockGrowth

    /// Bytes of a buffer that is made at the start, before it is known what the chunks need.
    private static let firstBytes = 1 << 20
    private static let bytesPerPoint = 12

    /// - Parameter count: most that are in use at a time; the aggressive allocation makes all of them now.
    init(_ memory: RunMemory, atOnce count: Int) {
        self.memory = memory
        let (settings, most) = (memory.settings, memory.budget.spectrumBytes)
        let isAggressive = settings.usesPools && settings.allocation == .aggressive
        let initialBytes = settings.initialPoolSize ?? (isAggressive ? count * Self.firstBytes : 0)
        initialPoints = settings.usesPools ? min(initialBytes, most) / (count * Self.bytesPerPoint) : 0
        growth = BlockGrowth(
            factor: settings.usesPools ? settings.growthFactor : BlockGrowth().factor,
            mostPoints: most / (count * Self.bytesPerPoint))
        guard isAggressive else { return }
        for _ in 0..<count {
            var block = SpectrumBlock()
            // Written to, because memory that was only asked for is not there yet.
            block.mz = Array(repeating: 0, count: initialPoints)
            block.intensity = Array(repeating: 0, count: initialPoints)
            idle.append(block)
        }
    }

    /// A buffer without spectra.
    mutating func take() -> SpectrumBlock {
        var block = idle.popLast()
        memory.spectra.noteBuffer(isReused: block != nil)
        block?.removeAll()
        if let block { return block }
        var made = SpectrumBlock()
        made.reserve(points: initialPoints)
        return made
    }

    /// Keeps a buffer for the next chunk; without pools, and conservatively beyond one, its memory goes back.
    mutating func giveBack(_ block: SpectrumBlock) {
        memory.spectra.noteSize(block.mz.capacity * Self.bytesPerPoint)
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
