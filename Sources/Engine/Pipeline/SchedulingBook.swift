import Synchronization

/// Who did how much of what in a run, and where workers could not be placed. For any thread at any time.
final class SchedulingBook: Sendable {
    private struct Page {
        var stage: String
        /// By worker of the run.
        var shares: [Int] = []
        var stolen = 0
        var visits = 0
        var cost: Double?
    }

    private let pages = Mutex<[Page]>([])
    private let failures = Mutex<[String]>([])

    private func page(_ stage: String, _ change: (inout Page) -> Void) {
        pages.withLock { pages in
            let place = pages.firstIndex { $0.stage == stage } ?? pages.count
            if place == pages.count { pages.append(Page(stage: stage)) }
            change(&pages[place])
        }
    }

    /// A worker did so many pieces.
    func note(_ stage: String, pieces: Int, of worker: Int) {
        page(stage) { page in
            if page.shares.count <= worker {
                page.shares += Array(repeating: 0, count: worker + 1 - page.shares.count)
            }
            page.shares[worker] += pieces
        }
    }

    /// - Parameter cost: estimated cost of all pieces; `nil` where nobody looked at it.
    func note(_ stage: String, moves: (stolen: Int, visits: Int), cost: Double?) {
        page(stage) { page in
            page.stolen += moves.stolen
            page.visits += moves.visits
            if let cost { page.cost = (page.cost ?? 0) + cost }
        }
    }

    /// Each reason once.
    func notePlacement(_ failure: String) {
        failures.withLock { if !$0.contains(failure) { $0.append(failure) } }
    }

    var placementFailures: [String] { failures.withLock { $0 } }

    /// In the order of their names, since stages of several files begin in any order.
    var stages: [RunRecord.Scheduling.Stage] {
        pages.withLock { $0 }.sorted { $0.stage < $1.stage }.map {
            RunRecord.Scheduling.Stage(
                name: $0.stage, pieces: $0.shares.reduce(0, +), shares: $0.shares, stolen: $0.stolen, visits: $0.visits,
                estimatedCost: $0.cost)
        }
    }
}
