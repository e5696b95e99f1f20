import MzML

/// How the memory limit is spent: what is fixed, what each worker needs, how many chunks of a file may be in flight, and what
/// is left for the pools.
///
/// Beyond the pools lie the pages of mapped files, which are given back above the threshold, and what grows slowly with
/// the result: orders of peaks, headers of fragment spectra. `docs/decisions`, page 19, has figures. A run whose peak was
/// above the limit says so in `run.json`.
struct MemoryBudget: Sendable {
    let limit: Int
    /// Files that are analysed at the same time.
    let files: Int
    /// Chunks of one file.
    let maximumChunksInFlight: Int
    let maximumChunkBytes: Int
    let maximumSpectrumBytes: Int
    /// Bytes that chunks in flight may take, of all files together.
    let spectrumBytes: Int
    let featureBytes: Int
    let resultBytes: Int
    /// Of the three pools together.
    let poolBytes: Int
    /// `max_pool_size` is what bounds the pools, and not the limit.
    let poolsAreBoundedBySetting: Bool
    let cacheBytes: Int
    /// Points that a spectrum of `maximumSpectrumBytes` may decode to: as many bytes again.
    var maximumSpectrumPoints: Int { maximumSpectrumBytes / 12 }
    /// Memory for the points of a file's fragment spectra, before they go to the disk.
    let fragmentBytes: Int

    /// Program, runtime libraries, tables of traces and peaks of an ordinary run.
    static let fixedBytes = 56 << 20
    /// Scratch of one worker: decoder, wavelet workspace, thread stack in use.
    static let bytesPerWorker = 6 << 20
    /// What another file at the same time holds outside of the pools where it is a long one: open traces, closed ones that wait to be
    /// detected in, headers. It is left free where that is possible, and no reason to refuse a limit: short files hold less.
    private static let bytesPerFurtherFile = 6 << 20
    /// Points take less memory than the text they were decoded from: 12 bytes for 14 or more of base64 and tags. Arrays
    /// that compress far better than measured ones do take more, up to `maximumSpectrumPoints` a spectrum.
    private static let bytesInFlightPerByteOfText = 2
    private static let smallestChunkBytes = 1 << 18

    private static func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }

    /// - Parameters:
    ///   - files: how many are analysed at the same time.
    ///   - threads: of their workers, all together; those of the configuration without it.
    ///   - expected: least memory that the files are expected to need.
    ///   - kept: of it, what is outside of the pools because the settings ask for it.
    /// - Throws: `AnalysisError(.memoryLimit)` naming the smallest limit that this configuration can keep.
    init(configuration: AnalysisConfiguration, files: Int = 1, threads: Int? = nil, expected: Int = 0, kept: Int = 0)
        throws(AnalysisError)
    {
        let files = max(files, 1)
        let limit = configuration.memoryLimit
        let workers = max(threads ?? configuration.workers, files)
        func fixedBytes(_ storage: StorageSettings) -> Int {
            // Of each file the window and what it grows by for a spectrum that does not fit; of all, what is read ahead and what
            // is to be written.
            let buffers =
                files * 2 * configuration.bufferSize + storage.prefetchBytes
                + storage.outputBytes(configuration.furtherTables)
            return Self.fixedBytes + workers * Self.bytesPerWorker + buffers
        }
        let fixed = fixedBytes(configuration.storage)
        // Each worker holds one chunk, and one more of each file waits for its turn to be committed.
        let chunkCost = Self.bytesInFlightPerByteOfText * Self.smallestChunkBytes
        let leastInFlight = workers + files
        guard limit >= fixed + leastInFlight * chunkCost else {
            // What is read ahead and written at a time follows the limit: more of it fits into the one that is named.
            let wanted = StorageSettings(configuration.resolved)
            var (smallest, before) = (fixed + leastInFlight * chunkCost, limit)
            while smallest > before {
                before = Self.mebibytes(smallest) << 20
                smallest = fixedBytes(wanted.lowered(to: before)) + leastInFlight * chunkCost
            }
            let mebibytes = Self.mebibytes(max(before, expected))
            throw AnalysisError(
                .memoryLimit,
                "the memory limit of \(limit >> 20)MiB is too small for \(workers) workers, \(files) "
                    + "\(files == 1 ? "file" : "files") at a time and a buffer "
                    + "of \(configuration.bufferSize >> 10)KiB: set execution.memory_limit to at least \(mebibytes)MiB, or "
                    + "fewer workers")
        }
        self.limit = limit
        self.files = files
        let free = limit - fixed
        let settings = configuration.memory
        // Caches have their share of what is left; headers and indices of files are small, and forgotten when memory is short.
        cacheBytes = settings.usesCache ? min(settings.cacheSize ?? min(free / 16, 64 << 20), free / 2) : 0
        let unpooled = max(free - cacheBytes - configuration.matchCacheBytes - kept, 0)
        let leastSpectra = leastInFlight * chunkCost
        let reserve = min((files - 1) * Self.bytesPerFurtherFile, max(unpooled - leastSpectra, 0) / 2)
        let available = unpooled - reserve
        poolBytes = min(settings.maximumPoolSize ?? available, available)
        poolsAreBoundedBySetting = poolBytes < available
        let pooled = poolBytes
        // What was asked for is lowered to what there is, in proportion, and always enough to work at all. Peaks keep a quarter, or
        // what they were given: without any they would all go to the disk.
        let wanted = (
            spectra: min(settings.spectrumBuffer ?? pooled / 4, pooled),
            results: min(settings.resultBuffer ?? min(pooled / 8, 64 << 20), pooled)
        )
        let most = pooled - min(settings.featureCache, pooled / 4)
        let share = min(Double(most) / Double(max(wanted.spectra + wanted.results, 1)), 1)
        let spectra = max(Int(Double(wanted.spectra) * share), leastSpectra)
        let results = min(Int(Double(wanted.results) * share), max(pooled - spectra, 0))
        spectrumBytes = spectra
        resultBytes = results
        featureBytes = min(settings.featureCache, max(pooled - spectra - results, 0))
        fragmentBytes = min(8 << 20, featureBytes / 4) / files

        let workersPerFile = max(1, workers / files)
        let affordable = spectra / files / chunkCost
        maximumChunksInFlight = min(max(affordable, workersPerFile + 1), 2 * workersPerFile + 1)
        maximumChunkBytes = min(
            max(
                spectra / (files * maximumChunksInFlight * Self.bytesInFlightPerByteOfText), Self.smallestChunkBytes),
            64 << 20)
        maximumSpectrumBytes = min(max(free / (4 * files), 16 << 20), 1 << 30)
    }
}
