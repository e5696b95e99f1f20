import MzML
import Parameters

/// How files are read ahead, remembered and written, as the settings have it.
struct StorageSettings: Sendable {
    var prefetchStrategy: PrefetchStrategy
    /// Bytes in flight of all files together.
    var prefetchSize: Int
    /// Threads that read ahead.
    var readingThreads: Int
    /// Bytes gathered per write, for each output.
    var writeBufferSize: Int
    var synchronization: OutputSynchronization
    var metadataCacheSize: Int
    var directoryCacheSize: Int

    init(_ resolved: ResolvedConfiguration) {
        prefetchStrategy =
            PrefetchStrategy(rawValue: resolved.choice("storage.read_optimization.prefetch_strategy")) ?? .none
        prefetchSize = resolved.integer("storage.read_optimization.prefetch_size")
        readingThreads = resolved.integer("execution.io_workers")
        writeBufferSize = resolved.integer("storage.write_optimization.write_buffer_size")
        synchronization =
            OutputSynchronization(rawValue: resolved.choice("storage.write_optimization.sync_strategy")) ?? .delayed
        metadataCacheSize = resolved.integer("storage.cache_optimization.metadata_cache")
        directoryCacheSize = resolved.integer("storage.cache_optimization.directory_cache")
    }

    /// The most of a memory limit that each may take, as a divisor: most of it is for the work.
    static let shareOfMemory = (prefetch: 8, writeBuffer: 64, caches: 32)

    /// With sizes that leave most of a memory limit to the work.
    func lowered(to memoryLimit: Int) -> StorageSettings {
        var storage = self
        storage.prefetchSize = min(prefetchSize, memoryLimit / Self.shareOfMemory.prefetch)
        storage.writeBufferSize = min(writeBufferSize, max(memoryLimit / Self.shareOfMemory.writeBuffer, 4 << 10))
        return storage
    }

    /// Bytes that reading ahead may take; of mapped files they are pages of the file, and resident all the same.
    var prefetchBytes: Int { prefetchStrategy == .none ? 0 : prefetchSize }

    /// Bytes of the buffers of the outputs that are open at a time.
    func outputBytes(_ further: Set<FurtherTable>) -> Int {
        // An mzTab file has two spools beside it.
        let files = 3 + further.reduce(0) { $0 + ($1 == .mztab ? 3 : 1) }
        return files * writeBufferSize
    }

    /// `nil` where nothing is read ahead.
    func makePrefetcher() -> Prefetcher? {
        guard prefetchStrategy != .none else { return nil }
        return Prefetcher(strategy: prefetchStrategy, size: prefetchSize, threads: readingThreads)
    }

    /// Sets the budgets of the caches; none takes more than a thirty-second part of the memory limit.
    func setBudgets(of caches: RunCaches, memoryLimit: Int) {
        caches.setBudgets(
            metadataBytes: min(metadataCacheSize, memoryLimit / Self.shareOfMemory.caches),
            directoryBytes: min(directoryCacheSize, memoryLimit / Self.shareOfMemory.caches))
    }
}
