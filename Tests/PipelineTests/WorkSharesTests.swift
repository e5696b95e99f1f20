import Statistics
import Testing

@testable import Pipeline

/// All nine ways to spread work.
let allSchedules: [SchedulingSettings] = SchedulingSettings.Strategy.allCases.flatMap { strategy in
    SchedulingSettings.Balancing.allCases.map { balancing in
        var settings = SchedulingSettings()
        settings.strategy = strategy
        settings.balancing = balancing
        return settings
    }
}

func schedule(
    _ strategy: SchedulingSettings.Strategy, _ balancing: SchedulingSettings.Balancing
) -> SchedulingSettings {
    var settings = SchedulingSettings()
    settings.strategy = strategy
    settings.balancing = balancing
    return settings
}

/// What happens when pieces of known cost are done by workers that ask as soon as they are free, in time that is counted.
struct SimulatedWork {
    /// When the last piece is done.
    private(set) var end = 0.0
    /// Pieces of each worker in the order in which it did them.
    private(set) var done: [[Int]]
    private(set) var stolen = 0
    private(set) var visits = 0

    /// - Parameter missing: workers without a thread.
    init(costs: [Double], workers: Int, settings: SchedulingSettings, missing: [Int] = []) {
        var shares = WorkShares<Int>(workers: workers, settings: settings)
        shares.add(costs.enumerated().map { ($0, $1) })
        shares.abandon(missing)
        done = Array(repeating: [], count: workers)
        var free = (0..<workers).filter { !missing.contains($0) }.map { (worker: $0, time: 0.0) }
        while let next = free.indices.min(by: { (free[$0].time, $0) < (free[$1].time, $1) }) {
            guard let piece = shares.take(free[next].worker) else {
                free.remove(at: next)
                continue
            }
            done[free[next].worker].append(piece)
            free[next].time += costs[piece]
            end = max(end, free[next].time)
        }
        (stolen, visits) = (shares.stolen, shares.visits)
    }
}

@Suite struct WorkSharesTests {
    /// Whatever the way, the workers and the missing ones: every piece is done, once.
    @Test(arguments: allSchedules) func everyPieceIsDoneOnce(settings: SchedulingSettings) {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            let workers = 1 + random.integer(below: 6)
            let costs = (0..<random.integer(below: 200)).map { _ in Double(random.integer(below: 50)) }
            let missing = (1..<max(workers, 2)).filter { $0 < workers && random.integer(below: 4) == 0 }
            let work = SimulatedWork(costs: costs, workers: workers, settings: settings, missing: missing)
            #expect(work.done.joined().sorted() == Array(costs.indices), "seed \(seed), \(settings)")
            #expect(missing.allSatisfy { work.done[$0].isEmpty })
        }
    }

    /// Work that comes bit by bit, to workers that ask whenever: nothing is lost or done twice, and the rest is accounted for.
    @Test(arguments: allSchedules) func workMayComeAtAnyTime(settings: SchedulingSettings) {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            let workers = 1 + random.integer(below: 5)
            var shares = WorkShares<Int>(workers: workers, settings: settings)
            var (added, done, waiting) = (0, Set<Int>(), 0.0)
            func note(_ piece: Int) {
                let isNew = done.insert(piece).inserted
                #expect(isNew, "piece \(piece) came twice, seed \(seed), \(settings)")
                waiting -= Double(piece % 7)
                #expect(shares.waitingCost == waiting, "seed \(seed), \(settings)")
            }
            for _ in 0..<200 {
                if random.integer(below: 3) == 0 {
                    let count = random.integer(below: 12)
                    shares.add((added..<(added + count)).map { ($0, Double($0 % 7)) })
                    waiting += (added..<(added + count)).reduce(0) { $0 + Double($1 % 7) }
                    added += count
                } else if let piece = shares.take(random.integer(below: workers)) {
                    note(piece)
                }
            }
            for worker in 0..<workers { while let piece = shares.take(worker) { note(piece) } }
            #expect(done.count == added, "seed \(seed), \(settings)")
        }
    }

    /// One piece in four is heavy, and all of them go to worker 0 where pieces are dealt in turn and stay where they are.
    @Test func skewedWorkIsLeftToOneWorkerByStaticSharesOnly() {
        let costs = (0..<160).map { $0 % 4 == 0 ? 100.0 : 1.0 }
        let ideal = costs.reduce(0, +) / 4
        for settings in allSchedules {
            let end = SimulatedWork(costs: costs, workers: 4, settings: settings).end
            if settings == schedule(.fixed, .roundRobin) {
                #expect(end == 4_000)
            } else {
                #expect(end <= 1.35 * ideal, "\(settings): \(end), at best \(ideal)")
            }
        }
    }

    @Test func staticSharesAreDealtInTurn() {
        let work = SimulatedWork(
            costs: Array(repeating: 1, count: 10), workers: 3, settings: schedule(.fixed, .roundRobin))
        #expect(work.done == [[0, 3, 6, 9], [1, 4, 7], [2, 5, 8]])
        #expect(work.stolen == 0 && work.visits == 0)
    }

    /// Graham's bound for the rule: at most 4/3 - 1/(3 n) of the best, which is not below the mean or the heaviest.
    @Test func predictiveSharesAreDealtByCost() {
        let work = SimulatedWork(costs: [1, 9, 2, 8, 3, 7], workers: 2, settings: schedule(.fixed, .predictive))
        #expect(work.done == [[1, 4, 2, 0], [3, 5]])
        #expect(work.stolen == 0)
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            let workers = 1 + random.integer(below: 8)
            let costs = (0..<(1 + random.integer(below: 60))).map { _ in Double(1 + random.integer(below: 1_000)) }
            let end = SimulatedWork(costs: costs, workers: workers, settings: schedule(.fixed, .predictive)).end
            // Any schedule is at least as long as the mean; greedy ones exceed it by less than one piece.
            let mean = costs.reduce(0, +) / Double(workers)
            #expect(end < mean + (costs.max() ?? 0) + 1e-6 && end >= mean - 1e-6, "seed \(seed)")
        }
    }

    @Test func theQueueGivesPiecesInOrderOrTheHeaviestFirst() {
        let costs = [3.0, 9, 1, 9, 5]
        #expect(
            SimulatedWork(costs: costs, workers: 1, settings: schedule(.dynamic, .roundRobin)).done == [
                [0, 1, 2, 3, 4]
            ])
        let heaviest = SimulatedWork(costs: costs, workers: 1, settings: schedule(.dynamic, .predictive))
        #expect(heaviest.done == [[1, 3, 4, 0, 2]])
        #expect(heaviest.visits == 5)
    }

    /// Guided: 1/(2 n) of the rest at a time, so that few visits do for many pieces, and the last ones are single.
    @Test func theQueueIsTakenInPiecesThatGetSmaller() {
        var shares = WorkShares<Int>(workers: 2, settings: schedule(.dynamic, .adaptive))
        shares.add((0..<64).map { ($0, 1) })
        func take(_ worker: Int, _ count: Int) -> [Int] { (0..<count).compactMap { _ in shares.take(worker) } }
        // 16 of 64 to the one, then 12 of 48 to the other.
        let first = take(0, 16)
        #expect(first == Array(0..<16) && shares.visits == 1)
        let second = take(1, 1)
        #expect(second == [16] && shares.visits == 2)
        let rest = take(1, 11)
        #expect(rest == Array(17..<28) && shares.visits == 2)
        let work = SimulatedWork(
            costs: Array(repeating: 1, count: 64), workers: 2, settings: schedule(.dynamic, .adaptive))
        #expect(work.visits < 30)
    }

    /// Only worker 1 asks, with six pieces dealt to each: what it gets of worker 0's, and in which order.
    @Test(arguments: [
        (
            SchedulingSettings.Strategy.stealing, SchedulingSettings.Balancing.roundRobin,
            [1, 3, 5, 7, 9, 11, 10, 8, 6, 4, 2, 0], 6
        ),
        (.fixed, .adaptive, [1, 3, 5, 7, 9, 11, 6, 8, 10, 2, 4, 0], 6),
        (.stealing, .adaptive, [6, 7, 8, 9, 10, 11, 5, 4, 3, 2, 1, 0], 6),
        (.fixed, .roundRobin, [1, 3, 5, 7, 9, 11], 0),
    ]) func whoIsDoneTakesFromOthers(
        strategy: SchedulingSettings.Strategy, balancing: SchedulingSettings.Balancing, order: [Int], stolen: Int
    ) {
        var shares = WorkShares<Int>(workers: 2, settings: schedule(strategy, balancing))
        shares.add((0..<12).map { ($0, 1) })
        var taken: [Int] = []
        while let piece = shares.take(1) { taken.append(piece) }
        #expect(taken == order)
        #expect(shares.stolen == stolen)
    }

    /// Of three shares with the same number of pieces, the one with most cost.
    @Test func predictiveThievesLookAtCosts() {
        var shares = WorkShares<Int>(workers: 3, settings: schedule(.stealing, .predictive))
        // 10 to worker 0, 9 to worker 1, all the rest to worker 2.
        shares.add([(0, 10), (1, 9), (2, 2), (3, 1), (4, 1), (5, 1)])
        var taken: [Int] = []
        while let piece = shares.take(2) { taken.append(piece) }
        #expect(taken == [2, 3, 4, 5, 0, 1] && shares.stolen == 2)
    }

    /// A thread that did not start owns nothing for good, whoever asks for it, and whenever its work came.
    @Test func abandonedSharesAreDoneByTheOthers() {
        var shares = WorkShares<Int>(workers: 3, settings: schedule(.fixed, .roundRobin))
        shares.add((0..<6).map { ($0, 1) })
        shares.abandon([2])
        shares.add((6..<9).map { ($0, 1) })
        var taken: [Int] = []
        while let piece = shares.take(0) { taken.append(piece) }
        #expect(taken == [0, 3, 6, 2, 5, 8])
        let other = shares.take(1)
        #expect(other == 1)
    }
}

@Suite struct ChunkTurnsTests {
    private func turns(_ strategy: SchedulingSettings.Strategy, _ balancing: SchedulingSettings.Balancing) -> ChunkTurns
    {
        ChunkTurns(
            workers: 3, settings: schedule(strategy, balancing), maximumInFlight: 7, maximumWaitingPoints: 1_000)
    }

    private func readers(_ turns: ChunkTurns, ticket: Int) -> [Int] {
        (0..<3).filter { turns.mayRead($0, ticket: ticket, inFlight: 0, waitingPoints: 0) }
    }

    @Test func chunksOfStaticSharesAreReadByTheirOwners() {
        var fixed = turns(.fixed, .roundRobin)
        #expect((0..<6).map { readers(fixed, ticket: $0) } == [[0], [1], [2], [0], [1], [2]])
        fixed.leaveOut([1])
        #expect((0..<4).map { readers(fixed, ticket: $0) } == [[0], [2], [0], [2]])
        for settings in [
            (SchedulingSettings.Strategy.dynamic, SchedulingSettings.Balancing.roundRobin), (.stealing, .roundRobin),
            (.fixed, .adaptive),
        ] {
            #expect(readers(turns(settings.0, settings.1), ticket: 1) == [0, 1, 2])
        }
    }

    /// By points decoded so far: whoever had the largest chunks waits longest for the next.
    @Test func predictedChunksGoToWhoHadLeast() {
        var fixed = turns(.fixed, .predictive)
        for (ticket, (worker, points)) in [(0, 500), (1, 20), (2, 100)].enumerated() {
            #expect(readers(fixed, ticket: ticket) == [worker])
            let estimate = fixed.estimate
            fixed.begin(worker, ticket: ticket)
            fixed.end(worker, points: points, estimated: estimate)
        }
        #expect(readers(fixed, ticket: 3) == [1])
        #expect(fixed.stolen == 0)
    }

    @Test func chunksOfOthersCountAsStolen() {
        var stealing = turns(.stealing, .roundRobin)
        stealing.begin(0, ticket: 0)
        stealing.begin(0, ticket: 1)
        #expect(stealing.stolen == 1)
        var dynamic = turns(.dynamic, .roundRobin)
        dynamic.begin(0, ticket: 1)
        #expect(dynamic.stolen == 0)
    }

    /// Back-pressure: nothing is read while too many chunks or too many points of closed traces wait, however idle the worker.
    @Test(arguments: allSchedules) func readingWaitsForWhatIsBehind(settings: SchedulingSettings) {
        let turns = ChunkTurns(workers: 1, settings: settings, maximumInFlight: 7, maximumWaitingPoints: 1_000)
        #expect(turns.mayRead(0, ticket: 3, inFlight: 6, waitingPoints: 999))
        #expect(!turns.mayRead(0, ticket: 3, inFlight: 7, waitingPoints: 0))
        #expect(!turns.mayRead(0, ticket: 3, inFlight: 0, waitingPoints: 1_000))
    }
}
