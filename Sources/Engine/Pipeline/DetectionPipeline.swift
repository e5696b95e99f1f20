import FeatureDetection
import MzML
import OutOfCore
import SignalKernels
import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Reads one file and detects its chromatographic peaks, all stages overlapping on a fixed number of workers.
///
/// There is one list of jobs and no thread per stage: a worker commits the next decoded chunk if it is that chunk's turn, else
/// takes a committed chunk into one of the lanes, whose builders join the mass traces of one band of m/z, else detects
/// peaks in a piece of closed traces, else reads and decodes another chunk. Whose job and whose chunk that may be is up
/// to the scheduling (`WorkShares`, `ChunkTurns`); commits and lanes are anybody's, so that nobody waits there for a worker that
/// is busy. Cutting chunks out of the file and committing them are serial (one worker at a time, in file order) and take little time; each lane takes the chunks in file order, but
/// lanes do not wait for each other; decoding and detection run in parallel. Chunks in flight are bounded, and closed traces
/// are worked off before more is read, so memory does not grow with the file. Results are put together by lane and
/// position, so they do not depend on the number of workers or on timing.
final class DetectionPipeline: @unchecked Sendable {
    // @unchecked: every stored property below `mutex` is touched only while it is held, except what a turn owns alone
    // (`source` while `isReading`, `committer` while `isCommitting`, the builders of a lane while it `isBusy`).

    struct Parameters: Sendable {
        var pool: WorkerPool
        var tracesPerJob: Int
        var maxChunksInFlight: Int
        var maxSpectrumPoints: Int
        var selection = SpectrumSelection.everything
        var centroiding: Centroider.Parameters
        var traces: MassTraceParameters
        var peaks: PeakParameters
        var precision: Precision
        var transform = TransformSettings()
        /// Whether the traces are wanted beside their peaks.
        var keepsTraces = false
        /// Whether the ids of the fragment spectra are wanted.
        var keepsNativeIDs = false
        /// Points added to the builder after which closed traces are handed to the detectors.
        var pointsPerHandover = 1 << 17
    }

    private struct DetectionJob {
        let batch: MassTraceBatch
        let traces: Range<Int>
        let polarity: Polarity
        let lane: Int
        let slot: Int
    }

    private struct DecodedBlock {
        var block: SpectrumBlock
        /// By spectrum: the quantile of a survey scan's intensities that tells its noise.
        var quantiles: [Float?]
        var fragments: FragmentBatch
    }

    private struct CommittedBlock {
        let block: SpectrumBlock
        let scans: [PlacedScan]
        var lanesLeft: Int
    }

    private struct LaneState {
        /// The chunk that the lane takes next.
        var next = 0
        var isBusy = false
        var isFinished = false
    }

    private let parameters: Parameters
    private let source: any ChunkSource
    private let committer: ScanCommitter
    private let memory: RunMemory
    private let cancellation: CancellationFlag
    private let progress: (@Sendable (Double) -> Void)?

    private var mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Workers that wait for something to do.
    private var idle = 0
    private var isReading = false
    private var isCommitting = false
    private var isSourceDone = false
    private var nextTicket = 0
    private var nextCommit = 0
    private var retired = 0
    private var decoded: [Int: DecodedBlock] = [:]
    private var committed: [Int: CommittedBlock] = [:]
    private let lanes: [TraceLane]
    private var laneStates: [LaneState]
    private let pointsPerHandover: Int
    private var usedChunks: [RawChunk] = []
    /// Buffers of decoded spectra that are idle, and what a new one is made for.
    private var buffers: SpectrumBuffers
    private let growth: BlockGrowth
    /// Bytes of the spectrum pool that each chunk in flight has.
    private var reserved: [Int: Int] = [:]
    /// Most bytes that a chunk has needed so far.
    private var largestChunk = 0
    private var jobs: WorkShares<DetectionJob>
    private var turns: ChunkTurns
    /// The failure that counts, with the position in file order of what failed.
    private var failure: (position: Int, error: any Error)?
    private var counts = DecodeCounts()
    private var times = WorkerStageTimes()
    private var transforms = TransformCounts()

    init(
        source: any ChunkSource, fragments: FragmentStore, parameters: Parameters, memory: RunMemory,
        cancellation: CancellationFlag, progress: (@Sendable (Double) -> Void)? = nil
    ) {
        self.source = source
        self.parameters = parameters
        self.memory = memory
        buffers = SpectrumBuffers(memory, atOnce: parameters.maxChunksInFlight)
        growth = buffers.growth
        self.cancellation = cancellation
        self.progress = progress
        committer = ScanCommitter(fragments: fragments)
        lanes = (0..<parameters.traces.builderCount).map {
            TraceLane(number: $0, parameters: parameters.traces, spill: memory.spill)
        }
        laneStates = Array(repeating: LaneState(), count: lanes.count)
        pointsPerHandover = parameters.pointsPerHandover
        let scheduling = parameters.pool.team.scheduling
        jobs = WorkShares(workers: parameters.pool.workers, settings: scheduling)
        turns = ChunkTurns(
            workers: parameters.pool.workers, settings: scheduling, maximumInFlight: parameters.maxChunksInFlight,
            maximumWaitingPoints: 2 * parameters.pointsPerHandover)
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
        var transforms: TransformCounts
        /// What the source found odd.
        var warnings: [String] = []
        /// How the source read the file.
        var manner = ""
        /// What the kernel was told of it.
        var advice: ReadingOptions.Advice?
        /// What it read ahead.
        var prefetch: PrefetchCounts?
    }

    /// Runs to the end of the file.
    /// - Throws: `MzMLError`, `AnalysisError`: the first failure in file order, whichever worker met it when.
    func run() throws -> Outcome {
        let registration = memory.collector.register { [weak self] in self?.dropIdleBuffers() }
        defer {
            memory.collector.remove(registration)
            for bytes in reserved.values { memory.spectra.give(bytes) }
        }
        parameters.pool.onEachWorker(missing: leaveOut) { self.work($0) }
        let team = parameters.pool.team
        team.book?.note(Self.decoding, moves: (turns.stolen, 0), cost: nil)
        team.book?.note(
            Self.detecting, moves: (jobs.stolen, jobs.visits),
            cost: team.scheduling.balancing == .predictive ? jobs.addedCost : nil)
        if let failure { throw failure.error }
        let peaks = try [Polarity.positive, .negative, .unknown].map { ($0, try allPeaks($0)) }
        return Outcome(
            peaks: peaks.filter { $0.1.count > 0 },
            traces: allTraces(), counts: counts, survey: committer.survey, times: times,
            transforms: transforms)
    }

    /// In the order of their table; sorted in place, for they can be many.
    private func allTraces() -> [MassTrace] {
        guard parameters.keepsTraces else { return [] }
        var parts = lanes.map { $0.takeTraces() }
        var traces: [MassTrace] = []
        traces.reserveCapacity(parts.reduce(0) { $0 + $1.count })
        for index in parts.indices {
            traces += parts[index]
            parts[index] = []
        }
        traces.sort(by: TraceTable.isBefore)
        return traces
    }

    private func allPeaks(_ polarity: Polarity) throws(AnalysisError) -> PeakTable {
        var parts = lanes.map { $0.takePeaks(polarity) }
        let collector = memory.collector
        do throws(ScratchError) {
            return try PeakChunks.joined(
                &parts, schedule: parameters.pool.named("join peaks").schedule(grain: 1)
            ) { collector.look() }
        } catch {
            throw AnalysisError(error)
        }
    }

    private func dropIdleBuffers() {
        let idle = locked { buffers.takeIdle() }
        withExtendedLifetime(idle) {}
        source.releasePages()
    }

    /// Names of the two kinds of pieces in the book.
    private static let decoding = "decode"
    private static let detecting = "detect peaks"

    /// What belongs to workers whose threads could not be started is done by the others.
    private func leaveOut(_ workers: [Int]) {
        locked {
            jobs.abandon(workers)
            turns.leaveOut(workers)
        }
    }

    // MARK: - Workers

    private enum Step {
        case commit(DecodedBlock)
        case take([CommittedBlock], lane: Int)
        case detect(DetectionJob)
        case read
        case finish(lane: Int)
        case stop
    }

    private func work(_ worker: Int) {
        var chunks = 0
        var detections = 0
        var times = WorkerStageTimes()
        var decoder = SpectrumDecoder(
            header: source.header, maximumPoints: parameters.maxSpectrumPoints, selection: parameters.selection)
        decoder.keepsNativeIDs = parameters.keepsNativeIDs
        decoder.growth = growth
        var centroiding = ProfileCentroiding(parameters: parameters.centroiding)
        var detector = ChromatographicPeakDetector(
            parameters: parameters.peaks, precision: parameters.precision, transform: parameters.transform)
        var quantile = IntensityQuantile(parameters.traces.noiseQuantile)
        loop: while true {
            memory.collector.look()
            parameters.pool.team.slots?.passOn(parameters.pool.team.rank)
            switch nextStep(worker) {
            case .commit(let block): commit(block, &times)
            case .take(let blocks, let lane): take(blocks, lane: lane, &times)
            case .detect(let job):
                let found = times.measure(.peaks) { detect(job, with: &detector) }
                do throws(ScratchError) {
                    try lanes[job.lane].join(found, at: job.slot)
                } catch {
                    fail(AnalysisError(error), at: locked { nextCommit })
                }
                detections += 1
            case .read:
                if readAndDecode(worker, &decoder, &centroiding, &quantile, &times) { chunks += 1 }
            case .finish(let lane): finish(lane: lane, &times)
            case .stop: break loop
            }
        }
        locked {
            counts += decoder.counts
            memory.spectra.noteGrowths(decoder.growths)
            self.times += times
            transforms += detector.transformCounts
        }
        let (team, number) = (parameters.pool.team, parameters.pool.team.firstWorker + worker)
        team.book?.note(Self.decoding, pieces: chunks, of: number)
        team.book?.note(Self.detecting, pieces: detections, of: number)
    }

    /// Waits until there is something to do and takes it. Who waits leaves its slot to other files.
    ///
    /// Who takes something wakes another one if there is more to do, and that one the next: where all were woken for every chunk,
    /// 16 workers fell asleep and woke 1.6 times as often.
    private func nextStep(_ worker: Int) -> Step {
        let team = parameters.pool.team
        var isIdle = false
        pthread_mutex_lock(mutex)
        while true {
            if let step = stepAtHand(worker) {
                wakeAnother()
                pthread_mutex_unlock(mutex)
                if isIdle { team.slots?.enter(team.rank) }
                return step
            }
            if !isIdle {
                team.slots?.leave()
                // What this worker did before may be what another one waits for, where the next chunk is that one's alone; elsewhere who
                // finds nothing knows that there is nothing for the others either. Who was woken and finds nothing wakes nobody, so
                // that they do not wake each other for ever.
                if team.scheduling.strategy == .fixed { wakeAnother() }
            }
            isIdle = true
            idle += 1
            pthread_cond_wait(condition, mutex)
            idle -= 1
        }
    }

    /// Wakes a worker that waits, if there may be something to do for it; all of them where it may be for one of them alone.
    /// Called with the lock held.
    private func wakeAnother() {
        guard idle > 0, isMoreAtHand else { return }
        if parameters.pool.team.scheduling.strategy == .dynamic {
            pthread_cond_signal(condition)
        } else {
            pthread_cond_broadcast(condition)
        }
    }

    /// Whether there may be a step for a worker: what `stepAtHand` finds, but for the memory and for whose turn it is.
    /// Called with the lock held.
    private var isMoreAtHand: Bool {
        if failure != nil || jobs.waitingCost > 0 || laneToServe() != nil { return true }
        if !isCommitting, decoded[nextCommit] != nil { return true }
        guard isSourceDone else {
            return !isReading && nextTicket - retired < parameters.maxChunksInFlight
                && !turns.isHeldUp(jobs.waitingCost)
        }
        return isReadAndCommitted && (laneToFinish() != nil || laneStates.allSatisfy(\.isFinished))
    }

    /// What this worker can do now. Called with the lock held.
    private func stepAtHand(_ worker: Int) -> Step? {
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
        if let lane = laneToServe() {
            laneStates[lane].isBusy = true
            let first = laneStates[lane].next
            let end = min(nextCommit, first + Self.blocksPerTurn)
            return .take((first..<end).compactMap { committed[$0] }, lane: lane)
        }
        if let job = jobs.take(worker) { return .detect(job) }
        if !isSourceDone, !isReading,
            turns.mayRead(
                worker, ticket: nextTicket, inFlight: nextTicket - retired, waitingPoints: jobs.waitingCost),
            isThereRoom()
        {
            isReading = true
            return .read
        }
        if isReadAndCommitted {
            if let lane = laneToFinish() {
                laneStates[lane].isBusy = true
                return .finish(lane: lane)
            }
            if laneStates.allSatisfy(\.isFinished) { return .stop }
        }
        return nil
    }

    private var isReadAndCommitted: Bool {
        isSourceDone && !isReading && nextCommit == nextTicket && !isCommitting
    }

    /// An idle lane that has taken everything. Called with the lock held.
    private func laneToFinish() -> Int? {
        laneStates.firstIndex { !$0.isBusy && !$0.isFinished && $0.next == nextTicket }
    }

    /// Takes the room of another chunk where there is some. With no more chunks than workers in flight there always is: each
    /// of them must be able to work. Called with the lock held.
    private func isThereRoom() -> Bool {
        let inFlight = nextTicket - retired
        guard inFlight < parameters.maxChunksInFlight else { return false }
        if inFlight <= parameters.pool.workers {
            memory.spectra.takeAnyway(largestChunk)
        } else if !memory.spectra.take(largestChunk) {
            return false
        }
        reserved[nextTicket] = largestChunk
        return true
    }

    /// Sets what a chunk in flight takes. Called with the lock held.
    private func reserve(_ bytes: Int, for ticket: Int) {
        memory.spectra.give(reserved.removeValue(forKey: ticket) ?? 0)
        guard bytes > 0 else { return }
        largestChunk = max(largestChunk, bytes)
        memory.spectra.takeAnyway(bytes)
        reserved[ticket] = bytes
    }

    /// The idle lane that is furthest behind. Called with the lock held.
    private func laneToServe() -> Int? {
        var best: Int?
        for index in laneStates.indices where !laneStates[index].isBusy && laneStates[index].next < nextCommit {
            if best.map({ laneStates[index].next < laneStates[$0].next }) ?? true { best = index }
        }
        return best
    }

    /// - Returns: whether there was another chunk.
    private func readAndDecode(
        _ worker: Int, _ decoder: inout SpectrumDecoder, _ centroiding: inout ProfileCentroiding,
        _ quantile: inout IntensityQuantile, _ times: inout WorkerStageTimes
    ) -> Bool {
        // While this worker reads, no other takes a ticket: a defect met by reading stands at the next one.
        let (used, reusable, ticket) = locked {
            defer { usedChunks.removeAll() }
            return (usedChunks, buffers.take(), nextTicket)
        }
        do {
            let chunk = try times.measure(.read) { () throws(MzMLError) in
                for chunk in used { source.recycle(chunk) }
                // A source may start threads, to inflate: those are not for this worker's CPU.
                return try parameters.pool.anywhere(worker) { () throws(MzMLError) in try source.next() }
            }
            let estimate = locked {
                isReading = false
                defer {
                    if chunk == nil {
                        isSourceDone = true
                        reserve(0, for: ticket)
                    } else {
                        turns.begin(worker, ticket: nextTicket)
                        nextTicket += 1
                    }
                }
                return turns.estimate
            }
            guard let chunk else { return false }
            var block = reusable
            try times.measure(.decode) { () throws(MzMLError) in
                try decoder.decode(chunk, into: &block)
                centroiding.replaceProfiles(of: &block)
            }
            let points = block.mz.count
            let (quantiles, fragments) = times.measure(.traces) {
                (Self.quantiles(of: block, &quantile), FragmentBatch(of: block, nativeIDs: decoder.nativeIDs))
            }
            lockedBeforeNextStep {
                reserve(chunk.byteCount + block.mz.count * 12, for: ticket)
                decoded[ticket] = DecodedBlock(block: block, quantiles: quantiles, fragments: fragments)
                usedChunks.append(chunk)
                turns.end(worker, points: points, estimated: estimate)
            }
            return true
        } catch {
            fail(error, at: ticket)
            return false
        }
    }

    private static func quantiles(of block: SpectrumBlock, _ quantile: inout IntensityQuantile) -> [Float?] {
        block.intensity.withUnsafeBufferPointer { intensity in
            (0..<block.count).map { index in
                block.headers[index].msLevel == 1
                    ? quantile.measure(UnsafeBufferPointer(rebasing: intensity[block.points(of: index)])) : nil
            }
        }
    }

    private func commit(_ decoded: DecodedBlock, _ times: inout WorkerStageTimes) {
        do {
            let scans = try times.measure(.traces) { () throws(AnalysisError) in
                try committer.commit(decoded.block, quantiles: decoded.quantiles, fragments: decoded.fragments)
            }
            let fraction = source.fileSize > 0 ? Double(source.bytesConsumed) / Double(source.fileSize) : 1
            // Before the turn is handed on, so that reports come one at a time and never go back.
            progress?(min(fraction, 1))
            lockedBeforeNextStep {
                committed[nextCommit] = CommittedBlock(block: decoded.block, scans: scans, lanesLeft: lanes.count)
                nextCommit += 1
                isCommitting = false
            }
        } catch {
            fail(error, at: locked { nextCommit })
        }
    }

    /// Blocks that a worker takes into a lane at a time, where so many are there: no more, because none is given back before the
    /// last lane has it.
    private static let blocksPerTurn = 4

    private func take(_ blocks: [CommittedBlock], lane index: Int, _ times: inout WorkerStageTimes) {
        let lane = lanes[index]
        let handovers = times.measure(.traces) {
            blocks.flatMap { lane.take($0.scans, of: $0.block, pointsPerHandover: pointsPerHandover) }
        }
        lockedBeforeNextStep {
            enqueue(handovers, lane: index)
            for number in laneStates[index].next..<(laneStates[index].next + blocks.count) {
                committed[number]?.lanesLeft -= 1
                if committed[number]?.lanesLeft == 0, let done = committed.removeValue(forKey: number) {
                    buffers.giveBack(done.block)
                    reserve(0, for: number)
                    retired += 1
                }
            }
            laneStates[index].next += blocks.count
            laneStates[index].isBusy = false
        }
    }

    private func finish(lane index: Int, _ times: inout WorkerStageTimes) {
        let lane = lanes[index]
        let handovers = times.measure(.traces) { lane.finish() }
        lockedBeforeNextStep {
            enqueue(handovers, lane: index)
            laneStates[index].isBusy = false
            laneStates[index].isFinished = true
        }
    }

    /// Cuts batches into jobs, each with the slot of its result. Called with the lock held.
    private func enqueue(_ handovers: [TraceLane.Handover], lane index: Int) {
        var added: [(work: DetectionJob, cost: Double)] = []
        for handover in handovers {
            let offsets = handover.batch.offsets
            var start = 0
            while start < handover.batch.count {
                let end = min(start + parameters.tracesPerJob, handover.batch.count)
                let job = DetectionJob(
                    batch: handover.batch, traces: start..<end, polarity: handover.polarity, lane: index,
                    slot: lanes[index].reserve(handover.polarity))
                added.append((job, Double(offsets[end] - offsets[start])))
                start = end
            }
        }
        jobs.add(added)
    }

    private func detect(
        _ job: DetectionJob, with detector: inout ChromatographicPeakDetector
    ) -> TraceLane.Found {
        var found = TraceLane.Found(peaks: detector.detect(job.batch, traces: job.traces))
        if parameters.keepsTraces {
            found.traces = job.traces.map { job.batch.summary(of: $0, polarity: job.polarity) }
        }
        return found
    }

    /// Keeps the failure that stands first in the file. What precedes it has been read and is decoded to its end by the
    /// workers that hold it, so the outcome does not depend on timing.
    private func fail(_ error: any Error, at position: Int) {
        locked {
            if failure.map({ position < $0.position }) ?? true { failure = (position, error) }
            pthread_cond_broadcast(condition)
        }
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer {
            wakeAnother()
            pthread_mutex_unlock(mutex)
        }
        return body()
    }

    /// For what a worker does right before it takes its next step: that one is for itself, and the others are woken then. Where
    /// files share their workers it may have to wait for its turn, so others are woken at once.
    private func lockedBeforeNextStep(_ body: () -> Void) {
        guard parameters.pool.team.slots == nil else { return locked(body) }
        pthread_mutex_lock(mutex)
        body()
        pthread_mutex_unlock(mutex)
    }
}
