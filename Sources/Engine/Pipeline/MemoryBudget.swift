import MzML

/// How the memory limit is spent: what is fixed, what each worker needs, and how many chunks may be in flight.
///
/// Bounded by the limit: the program, the reading window, the scratch of the workers and the chunks in flight, whatever
/// the file's size. Not bounded by it: the peaks and features of the file in work, which grow with what was found, and the
/// mapped library and compound table, which the kernel takes back under pressure. Figures: `docs/decisions`, page 5.
/// A run whose peak was above the limit says so in `run.json`.
struct MemoryBudget: Sendable {
    let maximumChunksInFlight: Int
    let maximumChunkBytes: Int
    let maximumSpectrumBytes: Int
    /// Points that a spectrum of `maximumSpectrumBytes` may decode to: as many bytes again.
    var maximumSpectrumPoints: Int { maximumSpectrumBytes / 12 }

    /// Program, runtime libraries, tables of traces and peaks of an ordinary run.
    static let fixedBytes = 56 << 20
    /// Scratch of one worker: decoder, wavelet workspace, thread stack in use.
    static let bytesPerWorker = 6 << 20
    /// Points take less memory than the text they were decoded from: 12 bytes for 14 or more of base64 and tags. Arrays
    /// that compress far better than measured ones do take more, up to `maximumSpectrumPoints` a spectrum.
    private static let bytesInFlightPerByteOfText = 2
    private static let smallestChunkBytes = 1 << 20

    /// - Throws: `AnalysisError(.memoryLimit)` naming the smallest limit that this configuration can keep.
    init(configuration: AnalysisConfiguration) throws(AnalysisError) {
        let workers = configuration.workers
        // The window, what it grows by for a spectrum that does not fit, what is read ahead, and what is to be written.
        let buffers =
            2 * configuration.bufferSize + configuration.storage.prefetchBytes
            + configuration.storage.outputBytes(configuration.furtherTables)
        let fixed = Self.fixedBytes + workers * Self.bytesPerWorker + buffers
        // Each worker holds one chunk, and one more waits for its turn to be committed.
        let smallest = fixed + (workers + 1) * Self.bytesInFlightPerByteOfText * Self.smallestChunkBytes
        guard configuration.memoryLimit >= smallest else {
            let mebibytes = (smallest + (1 << 20) - 1) >> 20
            throw AnalysisError(
                .memoryLimit,
                "the memory limit of \(configuration.memoryLimit >> 20)MiB is too small for \(workers) workers and a buffer "
                    + "of \(configuration.bufferSize >> 10)KiB: set execution.memory_limit to at least \(mebibytes)MiB, or "
                    + "fewer workers")
        }
        let free = configuration.memoryLimit - fixed
        let affordable = free / (Self.bytesInFlightPerByteOfText * Self.smallestChunkBytes)
        maximumChunksInFlight = min(max(affordable, workers + 1), 2 * workers + 1)
        maximumChunkBytes = min(free / (maximumChunksInFlight * Self.bytesInFlightPerByteOfText), 64 << 20)
        maximumSpectrumBytes = min(max(free / 4, 16 << 20), 1 << 30)
    }
}
