import Synchronization

/// A fixed number of pieces, handed out to workers that ask at any time.
///
/// From one queue: one atomic addition per piece. Otherwise a lock and a few comparisons.
final class WorkDistribution: Sendable {
    private let count: Int
    private let next = Atomic<Int>(0)
    /// The pieces of the queue, the heaviest first; empty in their own order.
    private let order: [Int]
    private let shares: Mutex<WorkShares<Int>>
    private let isQueue: Bool
    /// Estimated cost of all pieces; `nil` where nobody looks at it.
    let cost: Double?

    /// - Parameter cost: estimated cost of a piece, any unit; all alike without it. Asked for only where it counts.
    init(count: Int, workers: Int, settings: SchedulingSettings, cost: ((Int) -> Double)?) {
        self.count = count
        isQueue = settings.strategy == .dynamic && settings.balancing != .adaptive
        var shares = WorkShares<Int>(workers: workers, settings: settings)
        let costs = settings.balancing == .predictive ? cost.map { cost in (0..<count).map(cost) } : nil
        self.cost = settings.balancing == .predictive ? costs?.reduce(0, +) ?? Double(count) : nil
        if isQueue {
            order = costs.map { costs in (0..<count).sorted { (-costs[$0], $0) < (-costs[$1], $1) } } ?? []
        } else {
            order = []
            shares.add((0..<count).map { ($0, costs?[$0] ?? 1) })
        }
        self.shares = Mutex(shares)
    }

    /// The next piece of a worker; `nil` when there is none left for it.
    func take(_ worker: Int) -> Int? {
        guard isQueue else { return shares.withLock { $0.take(worker) } }
        let place = next.add(1, ordering: .relaxed).oldValue
        guard place < count else { return nil }
        return order.isEmpty ? place : order[place]
    }

    /// The shares of these workers are done by the others.
    func abandon(_ workers: [Int]) { shares.withLock { $0.abandon(workers) } }

    /// Pieces that were taken from the share of another worker, and visits to the queue or to another's share.
    var moves: (stolen: Int, visits: Int) {
        isQueue ? (0, count) : shares.withLock { ($0.stolen, $0.visits) }
    }
}
