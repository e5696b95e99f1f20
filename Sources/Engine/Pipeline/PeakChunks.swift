import FeatureDetection
import OutOfCore
import Synchronization

/// Peaks of a file while they are found: tables of bounded size, so that nothing is moved when more come.
///
/// One table that grows would be copied again and again, and would leave its former places behind as holes in memory. A
/// chunk that is full goes to the disk where the memory for peaks is used up.
struct PeakChunks {
    private enum Chunk {
        case table(PeakTable, bytes: Int)
        case stored(peaks: StoredBlock, profiles: StoredBlock, mzRanges: [ClosedRange<Double>])
    }

    fileprivate static let samplesPerPeak = 32

    private var full: [Chunk] = []
    private var open = PeakTable()
    /// Of the pool, for the open chunk.
    private var openBytes = 0
    private let spill: PeakSpill?
    private(set) var peakCount = 0
    private(set) var sampleCount = 0

    /// - Parameter spill: where full chunks may go; `nil` keeps all of them.
    init(spill: PeakSpill? = nil) { self.spill = spill }

    /// - Throws: `ScratchError` when a chunk had to go to the disk and could not.
    mutating func append(_ part: PeakTable) throws(ScratchError) {
        guard part.count > 0 else { return }
        let most = spill?.peaksPerChunk ?? PeakSpill.chunkSizes.upperBound
        let isFull =
            open.count + part.count > most
            || open.profiles.count + part.profiles.count > most * Self.samplesPerPeak
        if open.count == 0 || isFull {
            try close()
            let (peaks, samples) = (max(most, part.count), max(most * Self.samplesPerPeak, part.profiles.count))
            open.reserve(peaks: peaks, samples: samples)
            openBytes = PeakSpill.bytes(peaks: peaks, samples: samples)
            spill?.pool.takeAnyway(openBytes)
        }
        open.append(part)
        peakCount += part.count
        sampleCount += part.profiles.count
    }

    private mutating func close() throws(ScratchError) {
        guard open.count > 0 else { return }
        var table = PeakTable()
        swap(&table, &open)
        spill?.pool.give(openBytes)
        openBytes = 0
        full.append(try Self.kept(table, spill))
    }

    /// A full chunk in memory where there is room for it, else on the disk.
    private static func kept(_ table: PeakTable, _ spill: PeakSpill?) throws(ScratchError) -> Chunk {
        let bytes = PeakSpill.bytes(peaks: table.count, samples: table.profiles.count)
        guard let spill else { return .table(table, bytes: 0) }
        if spill.pool.take(bytes) { return .table(table, bytes: bytes) }
        return .stored(
            peaks: try spill.blocks.append(table.peaks), profiles: try spill.blocks.append(table.profiles),
            mzRanges: table.mzRanges)
    }

    /// One table of all peaks, in the given order. The chunks are given up one by one, so that both never lie there in whole.
    ///
    /// - Parameter afterChunk: called by a worker that has moved a chunk.
    /// - Throws: `ScratchError` when chunks cannot be read back, or the table has no room.
    static func joined(
        _ parts: inout [PeakChunks], schedule: RangeSchedule, afterChunk: @escaping @Sendable () -> Void = {}
    ) throws(ScratchError) -> PeakTable {
        let spill = parts.lazy.compactMap(\.spill).first
        let count = parts.reduce(0) { $0 + $1.peakCount }
        let samples = parts.reduce(0) { $0 + $1.sampleCount }
        var starts: [(peak: Int, sample: Int)] = [(0, 0)]
        for part in parts {
            starts.append(
                (starts[starts.count - 1].peak + part.peakCount, starts[starts.count - 1].sample + part.sampleCount))
        }
        var table = PeakTable()
        table.mzRanges = parts.flatMap(\.mzRanges)
        // The chunks in memory have taken their room; what is on the disk needs some of its own.
        let stored = parts.reduce(0) { $0 + $1.storedBytes }
        let pages = stored > 0 || spill?.mustPage == true ? spill?.pages : nil
        let failure = Mutex<ScratchError?>(nil)
        var moved = PageableArray<Float>()
        table.peaks = try PageableArray(in: pages, count: count) { (peaks) throws(ScratchError) in
            moved = try PageableArray(in: pages, count: samples) { (profiles) throws(ScratchError) in
                let (peaks, profiles) = (SharedMemory(peaks), SharedMemory(profiles))
                parts.withUnsafeMutableBufferPointer { parts in
                    let parts = SharedMemory(parts)
                    let starts = starts
                    schedule.run(parts.buffer.count) { range in
                        for index in range {
                            do throws(ScratchError) {
                                try parts.buffer[index].move(
                                    to: starts[index], peaks.buffer, profiles.buffer, afterChunk: afterChunk)
                            } catch {
                                failure.withLock { $0 = $0 ?? error }
                            }
                        }
                    }
                }
                if let error = failure.withLock({ $0 }) { throw error }
            }
        }
        table.profiles = moved
        return table
    }

    /// Gives up all peaks: of a file that could not be read to its end, or is read again.
    mutating func discard() {
        spill?.pool.give(openBytes)
        for case .table(_, let bytes) in full { spill?.pool.give(bytes) }
        self = PeakChunks()
    }

    private var mzRanges: [ClosedRange<Double>] {
        full.flatMap { chunk in
            switch chunk {
            case .table(let table, _): table.mzRanges
            case .stored(_, _, let ranges): ranges
            }
        } + open.mzRanges
    }

    private var storedBytes: Int {
        full.reduce(0) { sum, chunk in
            guard case .stored(let peaks, let profiles, _) = chunk else { return sum }
            return sum + peaks.byteCount + profiles.byteCount
        }
    }

    private mutating func move(
        to start: (peak: Int, sample: Int), _ peaks: UnsafeMutableBufferPointer<ChromatographicPeak>,
        _ profiles: UnsafeMutableBufferPointer<Float>, afterChunk: () -> Void
    ) throws(ScratchError) {
        var (place, sample) = start
        func move(_ chunk: some Sequence<ChromatographicPeak>, _ values: some Collection<Float>) {
            for var peak in chunk {
                peak.profileStart += sample
                peaks.initializeElement(at: place, to: peak)
                place += 1
            }
            for (position, value) in values.enumerated() {
                profiles.initializeElement(at: sample + position, to: value)
            }
            sample += values.count
            afterChunk()
        }
        for index in full.indices {
            switch full[index] {
            case .table(let table, let bytes):
                move(table.peaks, table.profiles)
                full[index] = .table(PeakTable(), bytes: 0)
                spill?.pool.give(bytes)
            case .stored(let peaks, let profiles, _):
                guard let spill else { break }
                move(
                    try spill.blocks.elements(of: peaks, as: ChromatographicPeak.self),
                    try spill.blocks.elements(of: profiles, as: Float.self))
            }
        }
        move(open.peaks, open.profiles)
        spill?.pool.give(openBytes)
        self = PeakChunks()
    }
}

/// Where peaks go that have no room in memory.
final class PeakSpill: Sendable {
    /// The memory that peaks may take, and what will be made of them.
    let pool: MemoryPool
    let blocks: BlockStore
    let pages: PageStore

    /// Peaks of a chunk: fewer where the memory for them is small, so that what is in open chunks does not exceed it by much.
    let peaksPerChunk: Int

    /// What `peaksPerChunk` can be.
    static let chunkSizes = 256...4_096
    private static let smallPool = 64 << 20

    /// - Parameter openChunks: chunks that may be open at a time, of all files and of both polarities together. They take a quarter of
    ///   the memory, unless that is too little for the smallest or more than the largest chunks need.
    init(pool: MemoryPool, blocks: BlockStore, pages: PageStore, openChunks: Int) {
        self.pool = pool
        self.blocks = blocks
        self.pages = pages
        let range = Self.chunkSizes
        let share =
            pool.maximumBytes / (4 * max(openChunks, 1) * Self.bytes(peaks: 1, samples: PeakChunks.samplesPerPeak))
        peaksPerChunk =
            pool.maximumBytes < Self.smallPool
            ? range.lowerBound : min(max(share, range.lowerBound), range.upperBound)
    }

    /// What a peak will need when all of them are there: its places in the orders of the isotope search, and its share of
    /// a feature.
    static let laterBytesPerPeak = 192

    static func bytes(peaks: Int, samples: Int) -> Int {
        peaks * (MemoryLayout<ChromatographicPeak>.stride + laterBytesPerPeak) + samples * MemoryLayout<Float>.stride
    }

    /// Whether there is no room at all, so that also what is there should be where it can be taken out of memory.
    var mustPage: Bool { pool.maximumBytes == 0 }
}
