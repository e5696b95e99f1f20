import FeatureDetection
import OutOfCore
import SpectrumModel
import Synchronization

/// One of the builders that take every scan of a polarity, for all polarities, with the peaks that came of its traces.
///
/// Only one worker uses the builders at a time, any number the results; lanes do not know each other.
final class TraceLane {
    struct Handover {
        let polarity: Polarity
        let batch: MassTraceBatch
    }

    /// What the traces of one detection job gave.
    struct Found: Sendable {
        var peaks = PeakTable()
        var traces: [MassTrace] = []
    }

    private let number: Int
    private let parameters: MassTraceParameters
    /// By `Polarity.rawValue`.
    private var builders: [(any MassTraceJoining)?] = [nil, nil, nil]
    private var pointsSinceHandover = 0

    private let results: Mutex<Results>

    /// What became of the jobs so far.
    private struct Results {
        /// One place per job, in the order of the traces; `nil` until its peaks are there, and empty once they are joined.
        var parts: [(polarity: Polarity, found: Found?)] = []
        var firstUnjoined = 0
        /// By `Polarity.rawValue`.
        var joined: [PeakChunks]
        var traces: [MassTrace] = []
    }

    /// - Parameter spill: where peaks go that have no room in memory.
    init(number: Int, parameters: MassTraceParameters, spill: PeakSpill? = nil) {
        self.number = number
        self.parameters = parameters
        results = Mutex(Results(joined: (0..<3).map { _ in PeakChunks(spill: spill) }))
    }

    deinit {
        results.withLock { results in
            for index in results.joined.indices { results.joined[index].discard() }
        }
    }

    /// Takes the survey scans of a block; returns traces that closed when `pointsPerHandover` points came since the last ones.
    func take(_ scans: [PlacedScan], of block: SpectrumBlock, pointsPerHandover: Int) -> [Handover] {
        block.mz.withUnsafeBufferPointer { mz in
            block.intensity.withUnsafeBufferPointer { intensity in
                for placed in scans {
                    let points = block.points(of: placed.index)
                    let polarity = Int(placed.polarity.rawValue)
                    if builders[polarity] == nil { builders[polarity] = parameters.makeBuilder(number) }
                    pointsSinceHandover += points.count
                    builders[polarity]?.add(
                        placed.scan, mz: UnsafeBufferPointer(rebasing: mz[points]),
                        intensity: UnsafeBufferPointer(rebasing: intensity[points]))
                }
            }
        }
        return pointsSinceHandover >= pointsPerHandover ? takeClosed() : []
    }

    /// Closes all traces and returns the rest.
    func finish() -> [Handover] {
        for index in builders.indices { builders[index]?.finish() }
        return takeClosed()
    }

    /// The traces that closed since the last call, per polarity.
    private func takeClosed() -> [Handover] {
        pointsSinceHandover = 0
        var handovers: [Handover] = []
        for (index, polarity) in [Polarity.unknown, .positive, .negative].enumerated() {
            guard let batch = builders[index]?.takeClosed(), !batch.isEmpty else { continue }
            handovers.append(Handover(polarity: polarity, batch: batch))
        }
        return handovers
    }

    // MARK: - Results

    /// A place for the peaks of the next traces.
    func reserve(_ polarity: Polarity) -> Int {
        results.withLock { results in
            results.parts.append((polarity, nil))
            return results.parts.count - 1
        }
    }

    /// Takes the peaks of a job, and appends all that are next in order to those of their polarity. For any worker at any time.
    /// - Throws: `ScratchError` when peaks had to go to the disk and could not.
    func join(_ found: Found, at slot: Int) throws(ScratchError) {
        try results.withLock { results throws(ScratchError) in
            results.parts[slot].found = found
            while results.firstUnjoined < results.parts.count, let part = results.parts[results.firstUnjoined].found {
                try results.joined[Int(results.parts[results.firstUnjoined].polarity.rawValue)].append(part.peaks)
                results.traces += part.traces
                results.parts[results.firstUnjoined].found = Found()
                results.firstUnjoined += 1
            }
        }
    }

    /// The traces; there are none afterwards.
    func takeTraces() -> [MassTrace] {
        var traces: [MassTrace] = []
        results.withLock { swap(&traces, &$0.traces) }
        return traces
    }

    /// The peaks of a polarity; there are none afterwards.
    func takePeaks(_ polarity: Polarity) -> PeakChunks {
        var chunks = PeakChunks()
        results.withLock { swap(&chunks, &$0.joined[Int(polarity.rawValue)]) }
        return chunks
    }
}
