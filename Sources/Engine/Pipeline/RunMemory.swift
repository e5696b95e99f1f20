import CFreeMemory
import Caching
import FeatureDetection
import HostEnvironment
import OutOfCore
import SpectralMatching
import Synchronization

/// The memory of one run, shared by all of its files: pools, what collects, and where data go that do not fit.
struct RunMemory: Sendable {
    /// A block of fragment spectra that was read back.
    struct CachedBlock: Hashable, Sendable {
        let store: ObjectIdentifier
        let batch: Int
    }

    let settings: MemorySettings
    let budget: MemoryBudget
    let collector: MemoryCollector
    let spectra: MemoryPool
    let features: MemoryPool
    let results: MemoryPool
    let pages: PageStore
    /// Peaks and fragment spectra that have no room.
    let blocks: BlockStore
    /// Blocks of fragment spectra; `nil` without a cache.
    let cache: LRUCache<CachedBlock, FragmentBatch.Points>?

    /// - Parameters:
    ///   - touchedBetweenLooks: bytes that a piece of the work may touch beyond what pieces always do.
    ///   - host: asked whether the machine is short of memory.
    ///   - secondsBetweenPressureLooks: the kernel tells the mean of ten seconds: asking more often tells nothing new.
    init(
        settings: MemorySettings, budget: MemoryBudget, folder: String, touchedBetweenLooks: Int = 0,
        host: HostReader = HostReader(), secondsBetweenPressureLooks: Double = 5
    ) {
        self.settings = settings
        self.budget = budget
        // Otherwise arrays that grow leave holes in the heap behind them, some seventh of the memory of a run with many peaks.
        free_memory_set_apart(PreparationMemory.bytesSetApart)
        let pressure = MemoryPressure(host)
        collector = MemoryCollector(
            MemoryCollector.Rules(
                limitBytes: budget.limit, threshold: settings.threshold, strategy: settings.collection,
                secondsBetweenLooks: settings.secondsBetweenLooks, touchedBetweenLooks: touchedBetweenLooks),
            isMachineShort: { pressure.isShort() }, secondsBetweenPressureLooks: secondsBetweenPressureLooks)
        spectra = MemoryPool("spectrum_buffer", maximumBytes: budget.spectrumBytes)
        features = MemoryPool("feature_cache", maximumBytes: budget.featureBytes)
        results = MemoryPool("result_buffer", maximumBytes: budget.resultBytes)
        pages = PageStore(folder: folder)
        blocks = BlockStore(folder: folder, packing: settings.packing)
        cache = budget.cacheBytes > 0 ? LRUCache(budget: budget.cacheBytes) : nil
        let (pages, cache) = (pages, cache)
        _ = collector.register {
            pages.releasePages()
            cache?.shrink(to: 0)
            free_memory_release()
        }
    }

    var spill: PeakSpill {
        PeakSpill(
            pool: features, blocks: blocks, pages: pages,
            openChunks: budget.files * MassTraceParameters.mostBuilders * 2)
    }
}

/// Whether the machine, or the control group that the process lives in, is short of memory.
final class MemoryPressure: Sendable {
    /// Share of the last ten seconds in which some task of the machine or of the group waited for memory, percent.
    static let stallPercent = 1.0
    /// Share of a control group's limit, without file pages that nobody has used lately.
    static let groupShare = 0.9

    private let host: HostReader
    private let groups = Mutex<[GroupMemoryFiles]?>(nil)

    init(_ host: HostReader) { self.host = host }

    func isShort() -> Bool {
        let files = groups.withLock { groups in
            let known = groups ?? host.groupMemoryFiles()
            groups = known
            return known
        }
        if let share = host.readMemoryStall(files).value, share >= Self.stallPercent { return true }
        return (host.readGroupMemoryShare(files).value ?? 0) >= Self.groupShare
    }
}

/// What a run did with its memory, for `run.json`.
public struct MemoryRecord: Sendable, Codable, Hashable {
    public var limitBytes: Int
    /// Most that the run was expected to take; `nil` where nothing was expected.
    public var predictedPeakBytes: Int?
    public var pools: [MemoryPool.Counts]
    public var collector: MemoryCollector.Counts
    /// Blocks of peaks and fragment spectra that went to temporary files.
    public var spilled: BlockStore.Counts
    /// Bytes of arrays that lay in files, from where they are paged in.
    public var pagedBytes: Int
    /// `nil` without a cache.
    public var blockCache: CacheCounts?
}

extension RunMemory {
    var record: MemoryRecord {
        MemoryRecord(
            limitBytes: budget.limit, predictedPeakBytes: nil,
            pools: [spectra.counts, features.counts, results.counts], collector: collector.counts,
            spilled: blocks.counts, pagedBytes: pages.allocatedBytes, blockCache: cache?.counts)
    }
}
