/// How the memory limit is spent: what is fixed, what each worker needs, and how many chunks may be in flight.
///
/// The limit is for the resident memory of the process. Peaks and features stay in memory until a file is written; they
/// are not bounded here (about 300 bytes each). The mapped library and compound table are shared, read-only and given back
/// by the kernel under pressure; they are shown apart in `run.json`.
struct MemoryBudget: Sendable {
    let maximumChunksInFlight: Int
    let maximumChunkBytes: Int
    let maximumSpectrumBytes: Int

    /// Program, runtime libraries, tables of traces and peaks of an ordinary run.
    static let fixedBytes = 56 << 20
    /// Scratch of one worker: decoder, wavelet workspace, thread stack in use.
    static let bytesPerWorker = 6 << 20
    /// Decoded points take at most this much of the text they came from (64-bit pairs in base64), rounded up.
    private static let decodedShare = 1

    /// - Throws: `AnalysisError(.memoryLimit)` naming the smallest limit that this configuration can keep.
    init(configuration: AnalysisConfiguration) throws(AnalysisError) {
        let workers = configuration.workers
        let fixed = Self.fixedBytes + workers * Self.bytesPerWorker + 2 * configuration.bufferSize
        // A chunk exists as text and as points; the smallest chunk still useful is 1 MiB.
        let smallest = fixed + (workers + 1) * (1 + Self.decodedShare) << 20
        guard configuration.memoryLimit >= smallest else {
            let mebibytes = (smallest + (1 << 20) - 1) >> 20
            throw AnalysisError(
                .memoryLimit,
                "the memory limit of \(configuration.memoryLimit >> 20)MiB is too small for \(workers) workers and a buffer "
                    + "of \(configuration.bufferSize >> 10)KiB: set execution.memory_limit to at least \(mebibytes)MiB, or "
                    + "fewer workers")
        }
        let free = configuration.memoryLimit - fixed
        let inFlight = 2 * workers + 1
        maximumChunksInFlight = inFlight
        maximumChunkBytes = min(max(free / (inFlight * (1 + Self.decodedShare)), 1 << 20), 64 << 20)
        maximumSpectrumBytes = min(max(free / 4, 16 << 20), 1 << 30)
    }
}
