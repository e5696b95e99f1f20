/// Whose turn it is to cut the next chunk out of a file, and whether it may be cut yet.
///
/// Chunks are cut in file order, one at a time. Where workers have shares, a chunk belongs to one of them; a worker of a static
/// share cuts and decodes its own chunks only. What keeps memory bounded: the chunks between cutting and the last lane, and
/// the points of closed traces that wait for a detector.
struct ChunkTurns {
    /// Chunks that may be in work at the same time.
    let maximumInFlight: Int
    /// Points of closed traces from which on nothing more is read.
    let maximumWaitingPoints: Int
    private let settings: SchedulingSettings
    /// Workers that run.
    private var readers: [Int]
    /// Points that each worker decoded, with an estimate for the chunk that it is at.
    private var loads: [Double]
    private var decodedPoints = 0.0
    private var decodedChunks = 0
    /// Chunks that were cut and decoded by another worker than they were meant for.
    private(set) var stolen = 0

    init(workers: Int, settings: SchedulingSettings, maximumInFlight: Int, maximumWaitingPoints: Int) {
        self.settings = settings
        self.maximumInFlight = maximumInFlight
        self.maximumWaitingPoints = maximumWaitingPoints
        readers = Array(0..<workers)
        loads = Array(repeating: 0, count: workers)
    }

    /// These workers do not run: their chunks are those of the others. At least one must be left.
    mutating func leaveOut(_ workers: [Int]) { readers.removeAll(where: workers.contains) }

    /// Whose the next chunk is; `nil` where it is anybody's.
    private func owner(ofTicket ticket: Int) -> Int? {
        switch (settings.strategy, settings.balancing) {
        case (.dynamic, _): nil
        case (_, .predictive): readers.reduce(readers[0]) { loads[$1] < loads[$0] ? $1 : $0 }
        default: readers[ticket % readers.count]
        }
    }

    /// Whether a worker may cut the next chunk now.
    func mayRead(_ worker: Int, ticket: Int, inFlight: Int, waitingPoints: Double) -> Bool {
        guard inFlight < maximumInFlight, !isHeldUp(waitingPoints) else { return false }
        guard settings.strategy == .fixed, settings.balancing != .adaptive else { return true }
        return owner(ofTicket: ticket) == worker
    }

    /// Whether so many points of closed traces that wait keep everybody from reading. Who takes traces from them must tell the
    /// others when that ends: the next chunk may be for one of them alone.
    func isHeldUp(_ waitingPoints: Double) -> Bool { waitingPoints >= Double(maximumWaitingPoints) }

    /// A worker has cut this chunk and decodes it.
    mutating func begin(_ worker: Int, ticket: Int) {
        if let owner = owner(ofTicket: ticket), owner != worker { stolen += 1 }
        loads[worker] += estimate
    }

    /// A worker has decoded a chunk. - Parameter estimated: what `estimate` was when it began.
    mutating func end(_ worker: Int, points: Int, estimated: Double) {
        loads[worker] += Double(points) - estimated
        decodedPoints += Double(points)
        decodedChunks += 1
    }

    /// Points of a chunk by those before it.
    var estimate: Double { decodedChunks > 0 ? decodedPoints / Double(decodedChunks) : 1 }
}
