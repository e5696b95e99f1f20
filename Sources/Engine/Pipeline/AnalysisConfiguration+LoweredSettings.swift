import OutOfCore
import Parameters

extension AnalysisConfiguration {
    /// What was set to more than is taken, each with what that is.
    func lowered(_ budget: MemoryBudget) -> [(setting: ResolvedConfiguration.Setting, text: String)] {
        loweredSizes(budget) + loweredNumbers()
    }

    private func loweredNumbers() -> [(setting: ResolvedConfiguration.Setting, text: String)] {
        var lowered: [(ResolvedConfiguration.Setting, String)] = []
        let asked = resolved["execution.workers"]
        // A default follows from the machine, and from this.
        if withAllWorkers != nil, let location = asked.location, location != EngineParameters.workersByThreads {
            lowered.append(
                (
                    asked,
                    "execution.workers is lowered from \(asked.text) to \(workers): of the memory limit of "
                        + "\(ByteSize(bytes: memoryLimit)), parallel.memory_per_worker gives each "
                        + resolved["parallel.memory_per_worker"].text
                ))
        }
        let files = resolved["execution.concurrent_files"]
        if case .integer(let wanted) = files.value, wanted > concurrentFiles {
            lowered.append(
                (
                    files,
                    "execution.concurrent_files is lowered from \(files.text) to \(concurrentFiles): each file needs a worker"
                ))
        }
        let threshold = resolved["memory.garbage_collection.threshold"]
        if case .number(let share) = threshold.value, share > MemoryCollector.highestThreshold {
            lowered.append(
                (
                    threshold,
                    "memory.garbage_collection.threshold is lowered from \(threshold.text) to "
                        + "\(MemoryCollector.highestThreshold): what is touched between two looks has to fit below the limit"
                ))
        }
        return lowered
    }

    /// Sizes that were set to more than the memory limit leaves for them: the sum of all that was asked for would not stay below
    /// the limit.
    private func loweredSizes(_ budget: MemoryBudget) -> [(setting: ResolvedConfiguration.Setting, text: String)] {
        let pool = "memory.pool_management."
        let most = resolved[pool + "max_pool_size"]
        let mostPerFileCache = memoryLimit / StorageSettings.shareOfMemory.caches
        let given: [(name: String, bytes: Int)] = [
            (pool + "initial_pool_size", budget.spectrumBytes), (pool + "max_pool_size", budget.poolBytes),
            (pool + "spectrum_buffer", budget.spectrumBytes), (pool + "feature_cache", budget.featureBytes),
            (pool + "result_buffer", budget.resultBytes), ("memory.caching.cache_size", budget.cacheBytes),
            ("matching.cache_size", matchCacheBytes),
            ("storage.read_optimization.prefetch_size", storage.prefetchSize),
            ("storage.write_optimization.write_buffer_size", storage.writeBufferSize),
            ("storage.cache_optimization.metadata_cache", mostPerFileCache),
            ("storage.cache_optimization.directory_cache", mostPerFileCache),
        ]
        return given.compactMap { name, bytes in
            let setting = resolved[name]
            guard setting.value != setting.description.defaultValue, resolved.failingClause(of: name) == nil,
                case .integer(let wanted) = setting.value, wanted > bytes
            else { return nil }
            let isPool = name.hasPrefix(pool) && name != most.description.name
            let bound =
                isPool && budget.poolsAreBoundedBySetting
                ? "\(most.description.name) of \(most.text)" : "the memory limit of \(ByteSize(bytes: memoryLimit))"
            let text =
                "\(name) is lowered from \(setting.text) to \(ByteSize(bytes: bytes)): \(bound) leaves no more for it"
            return (setting, text)
        }
    }
}
