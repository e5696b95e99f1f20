import Parameters

/// Names that the specification has and that are not switchable here, or have no counterpart.
///
/// To add one: `BuiltInSetting("group.name", accepted: ["value"], reason: "what is done instead, and why there is no choice")`.
/// `accepted` holds what the program does anyway (the user then gets a notice), or nothing where there is no counterpart (any
/// value is then an error). A name can be here or among the parameters, never in both. The list shows on the reference page.
extension EngineParameters {
    static let builtIn: [BuiltInSetting] = [
        BuiltInSetting(
            "peak_detection.wavelet_backend", accepted: ["pywt-fast"],
            reason:
                "the transform is this program's own, by direct sums or Fourier transforms: peak_detection.fft_backend and "
                + "numeric.wavelet_transform choose"),
        BuiltInSetting(
            "peak_detection.cache_friendly_access", accepted: ["true"],
            reason:
                "points, traces and peaks lie field by field in arrays that are walked in order; how much is worked on while "
                + "it is in the cache is for execution.chunk_size, matching.batch_processing and peak_detection.memory_efficient"
        ),
        BuiltInSetting(
            "parallel.synchronization", accepted: ["minimal"],
            reason:
                "every worker fills its own results, and they are merged at the end in a fixed order, so that no number of "
                + "workers changes a result"),
        BuiltInSetting(
            "parallel.backend", accepted: ["multiprocessing"],
            reason:
                "all cores of a machine are used by threads of one process, which share the library and the results; several "
                + "machines are for a scheduler like Slurm, with files shared out among the runs; files are read by threads of their own, ahead of "
                + "the workers and within a bound, with storage.read_optimization.prefetch_strategy, which gives "
                + "parallel.concurrent_tasks and parallel.buffer_size their effect"),
        BuiltInSetting(
            "storage.read_optimization.compression_aware", accepted: ["true"],
            reason:
                "compressed files are known by their first bytes, are inflated by all workers where they consist of blocks, and "
                + "are read ahead like others"),
        BuiltInSetting(
            "memory.caching.eviction_policy", accepted: ["lru"],
            reason: "caches drop what was not used for longest; there is no other policy"),
        BuiltInSetting(
            "memory.cache_strategy", accepted: ["lru"],
            reason: "caches drop what was not used for longest; there is no other policy"),
    ]
}
