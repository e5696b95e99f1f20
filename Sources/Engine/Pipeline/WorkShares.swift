/// Pieces of work that wait for workers, and whose they are: the nine ways of `SchedulingSettings` to spread them.
///
/// | | round_robin | predictive | adaptive |
/// |---|---|---|---|
/// | static | piece *i* to worker *i* mod *n* | the heaviest first, each to the worker with the least so far (Graham 1969, LPT) | as round_robin; who is done takes over half of the fullest share |
/// | dynamic | one queue | one queue, the heaviest first | one queue, of which a worker takes 1/(2 *n*) at a time (guided self-scheduling, Polychronopoulos and Kuck 1987) |
/// | work_stealing | as static; who is done takes the last piece of the fullest share | as static; of the share with the most cost | neighbours together; who is done takes 1/(2 *n*) of the fullest share |
///
/// Not for several threads at a time: whoever shares it holds a lock.
struct WorkShares<Work> {
    private struct Piece {
        let work: Work
        let cost: Double
        let number: Int
    }

    /// Pieces from first to last; those that were taken are not kept.
    private struct Queue {
        private var pieces: [Piece?] = []
        private var first = 0
        private(set) var cost = 0.0

        var count: Int { pieces.count - first }

        mutating func append(_ piece: Piece) {
            pieces.append(piece)
            cost += piece.cost
        }

        mutating func popFirst() -> Piece? {
            guard first < pieces.count, let piece = pieces[first] else { return nil }
            pieces[first] = nil
            first += 1
            if first == pieces.count {
                removeAll()
            } else {
                cost -= piece.cost
                if first >= 64, first * 2 > pieces.count {
                    pieces.removeFirst(first)
                    first = 0
                }
            }
            return piece
        }

        mutating func popLast() -> Piece? {
            guard first < pieces.count, let piece = pieces.removeLast() else { return nil }
            cost -= piece.cost
            if first == pieces.count { removeAll() }
            return piece
        }

        mutating func sort(by isBefore: (Piece, Piece) -> Bool) {
            pieces = pieces[first...].compactMap { $0 }.sorted(by: isBefore)
            first = 0
        }

        private mutating func removeAll() {
            pieces.removeAll(keepingCapacity: true)
            first = 0
            // Sums of differences would drift.
            cost = 0
        }
    }

    let workers: Int
    private let settings: SchedulingSettings
    private var shared = Queue()
    private var shares: [Queue]
    /// Cost of all that was dealt to each.
    private var loads: [Double]
    private var isAbandoned: [Bool]
    private var added = 0
    /// Cost of everything that was ever added.
    private(set) var addedCost = 0.0
    private var firstOfRuns = 0
    /// Pieces that waited in the share of another worker when a worker took them.
    private(set) var stolen = 0
    /// Times that a worker went to the queue or to another's share and came back with work.
    private(set) var visits = 0

    init(workers: Int, settings: SchedulingSettings) {
        self.workers = max(workers, 1)
        self.settings = settings
        shares = Array(repeating: Queue(), count: self.workers)
        loads = Array(repeating: 0, count: self.workers)
        isAbandoned = Array(repeating: false, count: self.workers)
    }

    /// Cost of everything that waits.
    private(set) var waitingCost = 0.0
    private var waiting = 0

    /// Adds pieces in their order. - Complexity: O(k log k + k n) for k of them, and O(q log q) for q that wait in a queue by
    /// cost.
    mutating func add(_ work: [(work: Work, cost: Double)]) {
        let pieces = work.enumerated().map { Piece(work: $1.work, cost: $1.cost, number: added + $0) }
        added += pieces.count
        waiting += pieces.count
        let cost = pieces.reduce(0) { $0 + $1.cost }
        addedCost += cost
        waitingCost += cost
        switch (settings.strategy, settings.balancing) {
        case (.dynamic, .predictive):
            for piece in pieces { shared.append(piece) }
            shared.sort(by: Self.isHeavier)
        case (.dynamic, _):
            for piece in pieces { shared.append(piece) }
        case (_, .predictive):
            for piece in pieces.sorted(by: Self.isHeavier) {
                deal(piece, to: loads.indices.reduce(0) { loads[$1] < loads[$0] ? $1 : $0 })
            }
        case (.stealing, .adaptive):
            // As many runs of neighbours as there are workers, or pieces; the next ones go to those that got none.
            let runs = min(workers, pieces.count)
            for (place, piece) in pieces.enumerated() {
                deal(piece, to: (firstOfRuns + place * runs / pieces.count) % workers)
            }
            firstOfRuns = (firstOfRuns + runs) % workers
        default:
            for piece in pieces { deal(piece, to: piece.number % workers) }
        }
    }

    private static func isHeavier(_ a: Piece, _ b: Piece) -> Bool { (-a.cost, a.number) < (-b.cost, b.number) }

    private mutating func deal(_ piece: Piece, to worker: Int) {
        shares[worker].append(piece)
        loads[worker] += piece.cost
    }

    /// What is dealt to these workers, now and later, is done by the others: their threads could not be started.
    mutating func abandon(_ workers: [Int]) {
        for worker in workers { isAbandoned[worker] = true }
    }

    /// The next piece of a worker; `nil` when nothing is left that it may do.
    mutating func take(_ worker: Int) -> Work? {
        guard let piece = nextPiece(worker) else { return nil }
        waiting -= 1
        // Sums of differences would drift.
        waitingCost = waiting == 0 ? 0 : waitingCost - piece.cost
        return piece.work
    }

    private mutating func nextPiece(_ worker: Int) -> Piece? {
        if let piece = shares[worker].popFirst() { return piece }
        if settings.strategy == .dynamic {
            guard shared.count > 0 else { return nil }
            visits += 1
            if settings.balancing == .adaptive {
                for _ in 1..<max(shared.count / (2 * workers), 1) {
                    if let piece = shared.popFirst() { shares[worker].append(piece) }
                }
                // In order: what was put aside comes first.
                if let piece = shared.popFirst() { shares[worker].append(piece) }
                return shares[worker].popFirst()
            }
            return shared.popFirst()
        }
        if let owner = shares.indices.first(where: { isAbandoned[$0] && shares[$0].count > 0 }) {
            stolen += 1
            visits += 1
            return shares[owner].popFirst()
        }
        guard let count = countToSteal, let victim = fullest, shares[victim].count > 0 else { return nil }
        visits += 1
        var taken: [Piece] = []
        for _ in 0..<count(shares[victim].count) {
            if let piece = shares[victim].popLast() { taken.append(piece) }
        }
        stolen += taken.count
        for piece in taken.reversed() { shares[worker].append(piece) }
        return shares[worker].popFirst()
    }

    /// How much of a share of so many pieces goes to a worker that is done; `nil` when nothing does.
    private var countToSteal: ((Int) -> Int)? {
        let workers = workers
        switch (settings.strategy, settings.balancing) {
        case (.fixed, .adaptive): return { ($0 + 1) / 2 }
        case (.stealing, .adaptive): return { max($0 / (2 * workers), 1) }
        case (.stealing, _): return { _ in 1 }
        default: return nil
        }
    }

    private var fullest: Int? {
        let byCost = settings.balancing == .predictive
        return shares.indices.max { a, b in
            byCost
                ? (shares[a].count > 0 ? shares[a].cost : -1, -a) < (shares[b].count > 0 ? shares[b].cost : -1, -b)
                : (shares[a].count, -a) < (shares[b].count, -b)
        }
    }
}
