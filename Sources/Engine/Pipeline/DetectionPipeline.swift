import FeatureDetection
import MzML
import SignalKernels
import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads one file and detects its chromatographic peaks, all stages overlapping on a fixed number of workers.
///
/// There is one list of jobs and no thread per stage: a worker commits the next decoded chunk to the mass-trace builder if
/// it is that chunk's turn, else detects peaks in a piece of closed traces, else reads and decodes another chunk. Reading
/// and committing are serial (one worker at a time, in file order); decoding and detection run in parallel. Chunks in
/// flight are bounded, and closed traces are worked off before more is read, so memory does not grow with the file.
/// Results are put together by position, so they do not depend on the number of workers or on timing.
final class DetectionPipeline: @unchecked Sendable {
    // @unchecked: every stored property below `mutex` is touched only while it is held, except what a turn owns alone
    // (`source` while `isReading`, `committer` while `isCommitting`).

    struct Parameters: Sendable {
        var workers: Int
        var tracesPerJob: Int
        var maxChunksInFlight: Int
        var maxSpectrumPoints: Int
        var selection = SpectrumSelection.everything
        var centroiding: Centroider.Parameters
        var traces: MassTraceParameters
        var peaks: PeakParameters
        var precision: Precision
        var transform = TransformMethod.byLength
        /// Whether the traces are wanted beside their peaks.
        var keepsTraces = false
        /// Points added to the builder after which closed traces are handed to the detectors.
        var pointsPerHandover = 1 << 17
    }

    private struct DetectionJob {
        let batch: MassTraceBatch
        let traces: Range<Int>
        let polarity: Polarity
        let slot: Int
    }

    private let parameters: Parameters
    private let source: any ChunkSource
    private let committer: ScanCommitter
    private let cancellation: CancellationFlag
    private let progress: (@Sendable (Double) -> Void)?

    private var mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isReading = false
    private var isCommitting = false
    private var isSourceDone = false
    private var isFinished = false
    private var nextTicket = 0
    private var nextCommit = 0
    private var decoded: [Int: SpectrumBlock] = [:]
    private var usedChunks: [RawChunk] = []
    private var usedBlocks: [SpectrumBlock] = []
    private var jobs: [DetectionJob] = []
    private var firstJob = 0
    /// What a job gives.
    private struct Found {
        var peaks = PeakTable()
        var traces: [MassTrace] = []
    }

    /// One place per job, in the order of the traces; `nil` until its peaks are there, and empty once they are joined.
    private var results: [(polarity: Polarity, found: Found?)] = []
    private var firstUnjoined = 0
    /// By `Polarity.rawValue`.
    private var joined = [PeakTable(), PeakTable(), PeakTable()]
    private var traces: [MassTrace] = []
    /// The failure that counts, with the position in file order of what failed.
    private var failure: (position: Int, error: any Error)?
    private var counts = DecodeCounts()
    private var times = WorkerStageTimes()

    init(
        source: any ChunkSource, fragments: FragmentStore, parameters: Parameters, cancellation: CancellationFlag,
        progress: (@Sendable (Double) -> Void)? = nil
    ) {
        self.source = source
        self.parameters = parameters
        self.cancellation = cancellation
        self.progress = progress
        committer = ScanCommitter(parameters: parameters.traces, fragments: fragments)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    struct Outcome {
        /// Peaks per polarity that occurred, in the order positive, negative, unknown.
        var peaks: [(polarity: Polarity, table: PeakTable)]
        /// Empty unless they are wanted.
        var traces: [MassTrace]
        var counts: DecodeCounts
        var survey: SurveySummary
        var times: WorkerStageTimes
        /// What the source found odd.
        var warnings: [String] = []
        /// How the source read the file.
        var manner = ""
    }

    /// Runs to the end of the file.
    /// - Throws: `MzMLError`, `AnalysisError`: the first failure in file order, whichever worker met it when.
    func run() throws -> Outcome {
        WorkerPool(workers: parameters.workers).onEachWorker { _ in self.work() }
        if let failure { throw failure.error }
        let peaks = [Polarity.positive, .negative, .unknown].map { ($0, joined[Int($0.rawValue)]) }
            .filter { $0.1.count > 0 }
        joined = []
        return Outcome(peaks: peaks, traces: traces, counts: counts, survey: committer.survey, times: times)
    }

    // MARK: - Workers

    private enum Step {
        case commit(SpectrumBlock)
        case detect(DetectionJob)
        case read
        case finish
        case stop
    }

    private func work() {
        var times = WorkerStageTimes()
        var decoder = SpectrumDecoder(
            header: source.header, maximumPoints: parameters.maxSpectrumPoints, selection: parameters.selection)
        var centroiding = ProfileCentroiding(parameters: parameters.centroiding)
        var detector = ChromatographicPeakDetector(
            parameters: parameters.peaks, precision: parameters.precision, transform: parameters.transform)
        loop: while true {
            switch nextStep() {
            case .commit(let block): commit(block, &times)
            case .detect(let job):
                let found = times.measure(.peaks) { detect(job, with: &detector) }
                locked { join(found, at: job.slot) }
            case .read: readAndDecode(&decoder, &centroiding, &times)
            case .finish: finish(&times)
            case .stop: break loop
            }
        }
        locked {
            counts += decoder.counts
            self.times += times
        }
    }

    /// Waits until there is something to do and takes it.
    private func nextStep() -> Step {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            if failure != nil { return .stop }
            if cancellation.isCancelled {
                failure = (-1, AnalysisError(.interrupted, "interrupted"))
                pthread_cond_broadcast(condition)
                return .stop
            }
            if !isCommitting, let block = decoded.removeValue(forKey: nextCommit) {
                isCommitting = true
                return .commit(block)
            }
            if firstJob < jobs.count {
                let job = jobs[firstJob]
                firstJob += 1
                if firstJob == jobs.count {
                    jobs.removeAll(keepingCapacity: true)
                    firstJob = 0
                }
                return .detect(job)
            }
            if !isSourceDone, !isReading, nextTicket - nextCommit < parameters.maxChunksInFlight {
                isReading = true
                return .read
            }
            if isSourceDone, !isReading, nextCommit == nextTicket {
                if isFinished { return .stop }
                if !isCommitting {
                    isCommitting = true
                    return .finish
                }
            }
            pthread_cond_wait(condition, mutex)
        }
    }

    private func readAndDecode(
        _ decoder: inout SpectrumDecoder, _ centroiding: inout ProfileCentroiding, _ times: inout WorkerStageTimes
    ) {
        // While this worker reads, no other takes a ticket: a defect met by reading stands at the next one.
        let (used, reusable, ticket) = locked {
            defer { usedChunks.removeAll() }
            return (usedChunks, usedBlocks.popLast(), nextTicket)
        }
        do {
            let chunk = try times.measure(.read) { () throws(MzMLError) in
                for chunk in used { source.recycle(chunk) }
                return try source.next()
            }
            locked {
                isReading = false
                if chunk == nil {
                    isSourceDone = true
                } else {
                    nextTicket += 1
                }
            }
            guard let chunk else { return }
            var block = reusable ?? SpectrumBlock()
            block.removeAll()
            try times.measure(.decode) { () throws(MzMLError) in
                try decoder.decode(chunk, into: &block)
                centroiding.replaceProfiles(of: &block)
            }
            locked {
                decoded[ticket] = block
                usedChunks.append(chunk)
            }
        } catch {
            fail(error, at: ticket)
        }
    }

    private func commit(_ block: SpectrumBlock, _ times: inout WorkerStageTimes) {
        do {
            try times.measure(.traces) { () throws(AnalysisError) in try committer.commit(block) }
            var batches: [ScanCommitter.Handover] = []
            if committer.pointsSinceHandover >= parameters.pointsPerHandover {
                batches = times.measure(.traces) { committer.takeClosed() }
            }
            let fraction = source.fileSize > 0 ? Double(source.bytesConsumed) / Double(source.fileSize) : 1
            // Before the turn is handed on, so that reports come one at a time and never go back.
            progress?(min(fraction, 1))
            locked {
                enqueue(batches)
                usedBlocks.append(block)
                nextCommit += 1
                isCommitting = false
            }
        } catch {
            fail(error, at: locked { nextCommit })
        }
    }

    private func finish(_ times: inout WorkerStageTimes) {
        let batches = times.measure(.traces) { committer.finish() }
        locked {
            enqueue(batches)
            isCommitting = false
            isFinished = true
        }
    }

    /// Cuts batches into jobs, each with the slot of its result. Called with the lock held.
    private func enqueue(_ batches: [ScanCommitter.Handover]) {
        for handover in batches {
            var start = 0
            while start < handover.batch.count {
                let end = min(start + parameters.tracesPerJob, handover.batch.count)
                jobs.append(
                    DetectionJob(
                        batch: handover.batch, traces: start..<end, polarity: handover.polarity, slot: results.count))
                results.append((handover.polarity, nil))
                start = end
            }
        }
    }

    private func detect(_ job: DetectionJob, with detector: inout ChromatographicPeakDetector) -> Found {
        var found = Found(peaks: detector.detect(job.batch, traces: job.traces))
        if parameters.keepsTraces {
            found.traces = job.traces.map { job.batch.summary(of: $0, polarity: job.polarity) }
        }
        return found
    }

    /// Takes the peaks of a job, and appends all that are next in order to the table of their polarity: parts that stayed
    /// apart until the end would be there twice. Called with the lock held.
    private func join(_ found: Found, at slot: Int) {
        results[slot].found = found
        while firstUnjoined < results.count, let part = results[firstUnjoined].found {
            joined[Int(results[firstUnjoined].polarity.rawValue)].append(part.peaks)
            traces += part.traces
            results[firstUnjoined].found = Found()
            firstUnjoined += 1
        }
    }

    /// Keeps the failure that stands first in the file. What precedes it has been read and is decoded to its end by the
    /// workers that hold it, so the outcome does not depend on timing.
    private func fail(_ error: any Error, at position: Int) {
        locked { if failure.map({ position < $0.position }) ?? true { failure = (position, error) } }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        return body()
    }
}
