import Caching
import OutOfCore
import SpectrumModel
import Synchronization

/// The fragment spectra of a block, packed by the worker that decoded it, so that they only have to be handed over in turn.
struct FragmentBatch: Sendable {
    /// The points of all spectra of a batch, one spectrum after the other.
    struct Points: Sendable {
        var mz: [Double] = []
        var intensity: [Float] = []
        var byteCount: Int { mz.count * 12 }
    }

    private(set) var headers: [SpectrumHeader] = []
    private(set) var polarities: Set<Polarity> = []
    /// Their ids in the file; empty where they are not kept.
    private(set) var nativeIDs: [String] = []
    /// Sum of the intensities of each spectrum, counts.
    private(set) var totalIntensities: [Double] = []
    fileprivate private(set) var pointCounts: [Int] = []
    fileprivate private(set) var points = Points()

    /// - Parameter nativeIDs: of all spectra of the block; empty where they are not wanted.
    init(of block: SpectrumBlock, nativeIDs ids: [String] = []) {
        let fragments = (0..<block.count).filter { block.headers[$0].msLevel == 2 }
        let count = fragments.reduce(0) { $0 + block.points(of: $1).count }
        points.mz.reserveCapacity(count)
        points.intensity.reserveCapacity(count)
        for index in fragments {
            let range = block.points(of: index)
            headers.append(block.headers[index])
            polarities.insert(block.headers[index].polarity)
            if !ids.isEmpty { nativeIDs.append(ids[index]) }
            pointCounts.append(range.count)
            totalIntensities.append(block.intensity[range].reduce(0) { $0 + Double($1) })
            points.mz.append(contentsOf: block.mz[range])
            points.intensity.append(contentsOf: block.intensity[range])
        }
    }
}

/// The fragment spectra of one file, with their points on disk once they exceed a fixed amount of memory.
///
/// Headers stay in memory (about 150 bytes each); points go to a temporary file without a name, so that a crash leaves
/// nothing, and blocks that are read back are kept as long as the run's cache has room for them. Appending is for one thread
/// at a time; reading is for any number of threads once appending has ended.
final class FragmentStore: @unchecked Sendable {
    // @unchecked: the two phases above never overlap; worker threads start after the last append.

    private struct Place {
        let batch: Int32
        /// Of its batch's points, the first.
        let first: Int32
        let count: Int32
    }

    private struct StoredPoints {
        let mz: StoredBlock
        let intensity: StoredBlock
    }

    private(set) var headers: [SpectrumHeader] = []
    /// Of all spectra.
    private(set) var polarities: Set<Polarity> = []
    /// The ids of the spectra in their file; empty where they are not kept.
    private(set) var nativeIDs: [String] = []
    /// Sum of the intensities of each spectrum, counts.
    private(set) var totalIntensities: [Double] = []
    private var places: [Place] = []
    /// Points of the batches that are not on disk yet.
    private var waiting: [FragmentBatch.Points] = []
    private var waitingBytes = 0
    /// The batches on disk, in the order in which they came.
    private var stored: [StoredPoints] = []
    private let memory: RunMemory
    private let memoryLimit: Int
    private let accesses = Mutex(AccessOrder())

    /// - Parameter memoryLimit: bytes of points in memory; `nil` takes that of the budget.
    init(memory: RunMemory, memoryLimit: Int? = nil) {
        self.memory = memory
        self.memoryLimit = memoryLimit ?? memory.budget.fragmentBytes
    }

    deinit {
        guard let cache = memory.cache else { return }
        for batch in stored.indices { cache.remove(key(batch)) }
    }

    var count: Int { headers.count }

    func append(_ batch: FragmentBatch) throws(AnalysisError) {
        guard !batch.headers.isEmpty else { return }
        let number = Int32(stored.count + waiting.count)
        var first: Int32 = 0
        for count in batch.pointCounts {
            places.append(Place(batch: number, first: first, count: Int32(count)))
            first += Int32(count)
        }
        headers += batch.headers
        polarities.formUnion(batch.polarities)
        nativeIDs += batch.nativeIDs
        totalIntensities += batch.totalIntensities
        waiting.append(batch.points)
        waitingBytes += batch.points.byteCount
        if waitingBytes > memoryLimit { try spill() }
    }

    /// Peaks of the spectrum at a position.
    func pointCount(_ index: Int) -> Int { Int(places[index].count) }

    /// Reads spectra for one thread, of the same block as the one before without asking the cache, which all threads share: asked for
    /// every spectrum, its lock had 16 workers wait for each other longer than they searched.
    struct Reader {
        private let store: FragmentStore
        private var batch: Int32 = -1
        private var points = FragmentBatch.Points()

        fileprivate init(_ store: FragmentStore) { self.store = store }

        /// The spectrum at a position.
        mutating func spectrum(_ index: Int) throws(AnalysisError) -> FragmentSpectrum {
            let place = store.places[index]
            if place.batch != batch {
                points = try store.points(of: Int(place.batch))
                batch = place.batch
            }
            let range = Int(place.first)..<Int(place.first + place.count)
            return FragmentSpectrum(
                header: store.headers[index], mz: Array(points.mz[range]), intensity: Array(points.intensity[range]))
        }
    }

    /// A reader for one thread, once appending has ended. It holds one block.
    var reader: Reader { Reader(self) }

    private func key(_ batch: Int) -> RunMemory.CachedBlock {
        RunMemory.CachedBlock(store: ObjectIdentifier(self), batch: batch)
    }

    private func points(of batch: Int) throws(AnalysisError) -> FragmentBatch.Points {
        guard batch < stored.count else { return waiting[batch - stored.count] }
        if let known = memory.cache?.value(of: key(batch)) { return known }
        prefetch(behind: batch)
        do throws(ScratchError) {
            let points = FragmentBatch.Points(
                mz: try memory.blocks.elements(of: stored[batch].mz, as: Double.self),
                intensity: try memory.blocks.elements(of: stored[batch].intensity, as: Float.self))
            memory.cache?.insert(points, for: key(batch), bytes: points.byteCount)
            return points
        } catch {
            throw AnalysisError(error)
        }
    }

    /// Asks the kernel for the block that is likely to be next.
    private func prefetch(behind batch: Int) {
        guard memory.cache != nil, memory.settings.prefetch != .none else { return }
        let next = accesses.withLock { $0.next(after: batch, memory.settings.prefetch) }
        guard let next, stored.indices.contains(next) else { return }
        memory.blocks.willNeed(stored[next].mz)
        memory.blocks.willNeed(stored[next].intensity)
    }

    /// Puts the oldest on the disk, and an eighth more than is too much: the other workers wait meanwhile, so little at a time.
    private func spill() throws(AnalysisError) {
        var count = 0
        do throws(ScratchError) {
            while count < waiting.count, waitingBytes > memoryLimit / 8 * 7 {
                let points = waiting[count]
                stored.append(
                    StoredPoints(
                        mz: try memory.blocks.append(points.mz), intensity: try memory.blocks.append(points.intensity)))
                waitingBytes -= points.byteCount
                count += 1
            }
        } catch {
            throw AnalysisError(error)
        }
        waiting.removeFirst(count)
    }
}

/// The order in which blocks were read, as far as it tells which one is next.
struct AccessOrder: Sendable {
    private var last: Int?
    private var step: Int?

    /// Notes an access, and returns the block that is expected next: of a predicted one only where the last two steps agree.
    mutating func next(after block: Int, _ prefetch: MemorySettings.Prefetch) -> Int? {
        let newStep = last.map { block - $0 }
        defer {
            last = block
            step = newStep
        }
        switch prefetch {
        case .none: return nil
        case .sequential: return block + 1
        case .predictive:
            guard let newStep, newStep != 0, newStep == step else { return nil }
            return block + newStep
        }
    }
}
