import FeatureDetection
import Foundation
import MzML
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// `parallel.*` decides who does what, in pieces of which size; never what comes out.
@Suite struct SchedulingEffectTests {
    private func pool(_ workers: Int, _ settings: SchedulingSettings, _ book: SchedulingBook? = nil) -> WorkerPool {
        WorkerPool(workers: workers, team: WorkerTeam(scheduling: settings, book: book), stage: "test")
    }

    @Test(arguments: allSchedules, [1, 2, 5]) func mapKeepsTheOrder(settings: SchedulingSettings, workers: Int) {
        for grain in [1, 3, 1_000] {
            let results = pool(workers, settings).map(
                count: 257, grain: grain, cost: { Double($0 % 9) }, makeState: { 0 }
            ) { _, index in index * index }
            #expect(results == (0..<257).map { $0 * $0 })
        }
        let sums = Mutex(0)
        pool(workers, settings).schedule(grain: 10).run(1_005) { range in sums.withLock { $0 += range.reduce(0, +) } }
        #expect(sums.withLock { $0 } == 1_005 * 1_004 / 2)
    }

    /// Which worker does what is decided beforehand, and seen in the book.
    @Test func staticWorkersDoTheirShares() {
        let book = SchedulingBook()
        let threads = pool(3, schedule(.fixed, .roundRobin), book).map(count: 20, grain: 2, makeState: { UUID() }) {
            thread, _ in thread
        }
        // Grains 0, 3, 6, 9 by the one, 1, 4, 7 and 2, 5, 8 by the others.
        for index in 0..<20 { #expect(threads[index] == threads[(index / 2 % 3) * 2]) }
        #expect(Set(threads).count == 3)
        #expect(book.stages.first?.shares == [4, 3, 3])
        let heaviest = SchedulingBook()
        _ = pool(2, schedule(.fixed, .predictive), heaviest).map(
            count: 6, grain: 1, cost: { [1, 90, 1, 1, 1, 1][$0] }, makeState: { 0 }
        ) { _, _ in 0 }
        #expect(heaviest.stages.first?.shares == [1, 5])
    }

    @Test func theHeaviestIsBegunFirst() {
        let order = Mutex<[Int]>([])
        _ = pool(1, schedule(.dynamic, .predictive)).map(
            count: 5, grain: 1, cost: { [3, 9, 1, 7, 5][$0] }, makeState: { 0 }
        ) { _, index in order.withLock { $0.append(index) } }
        #expect(order.withLock { $0 } == [1, 3, 4, 0, 2])
    }

    /// Reading waits while many closed traces do. When others have taken them, the worker whose chunk is next must hear of it: with a
    /// static share nobody else reads it. Few traces are many here, so that this happens all the time. Likewise where few chunks may be in
    /// work, and the one whose last lane was served made room for another worker's.
    @Test(
        arguments: [schedule(.fixed, .roundRobin), schedule(.fixed, .predictive), schedule(.stealing, .adaptive)],
        [(7, 300), (3, 1 << 17), (2, 1 << 17)])
    func nobodySleepsWhenItMayReadAgain(settings: SchedulingSettings, bounds: (chunks: Int, points: Int)) throws {
        let folder = try TemporaryDirectory()
        let configuration = try EngineRun.configuration(["execution.workers=2", "execution.chunk_size=2"])
        let detection = try configuration.validDetection(preset: .orbitrap)
        let counts = Mutex<[Int]>([])
        let runs = 20
        let thread = WorkerThread {
            for _ in 0..<runs {
                guard let memory = try? EngineRun.memory(folder: folder.path),
                    let source = try? openChunkSource(
                        path: EngineRun.dda, options: configuration.reading(memory.budget, fileBytes: 0))
                else { return }
                var parameters = DetectionPipeline.Parameters(
                    pool: pool(3, settings), tracesPerJob: 16, maxChunksInFlight: bounds.chunks,
                    maxSpectrumPoints: 1 << 24,
                    centroiding: detection.centroiding, traces: detection.traces, peaks: detection.peaks,
                    precision: .float64)
                parameters.pointsPerHandover = bounds.points
                let pipeline = DetectionPipeline(
                    source: source, fragments: FragmentStore(memory: memory), parameters: parameters, memory: memory,
                    cancellation: CancellationFlag())
                let outcome = try? pipeline.run()
                counts.withLock { $0.append(outcome?.peaks.reduce(0) { $0 + $1.table.count } ?? -1) }
            }
        }
        #expect(thread.isRunning)
        // Who sleeps for ever cannot be woken here, so the thread is left alone then: when nothing came for a minute.
        var (seen, quietRounds) = (0, 0)
        while seen < runs, quietRounds < 6_000 {
            usleep(10_000)
            let count = counts.withLock { $0.count }
            quietRounds = count > seen ? 0 : quietRounds + 1
            seen = count
        }
        let found = counts.withLock { $0 }
        if found.count == runs { thread.join() }
        #expect(found.count == runs && Set(found).count == 1 && found[0] > 1_000, "\(settings), \(bounds): \(found)")
    }

    // MARK: - Settings

    private static let quiet = ["matching.decoys=none", "execution.workers=2", "execution.chunk_size=4"]

    private func stages(_ assignments: [String]) throws -> [String: RunRecord.Scheduling.Stage] {
        let record = try EngineRun([EngineRun.dda], Self.quiet + assignments).record
        let scheduling = try #require(record.scheduling)
        #expect(scheduling.workers == 2)
        return Dictionary(uniqueKeysWithValues: scheduling.stages.map { ($0.name, $0) })
    }

    /// What was dealt beforehand shows in who did how much, in every stage; what was not, in the visits to the queue.
    @Test func strategyAndBalancingDecideWhoDoesWhat() throws {
        let fixed = try stages(["parallel.distribution_strategy=static"])
        #expect(Set(fixed.keys).isSuperset(of: ["decode", "detect peaks", "match library", "annotate and format"]))
        for (name, stage) in fixed {
            #expect(stage.stolen == 0 && stage.visits == 0, "\(name)")
            // One worker has at most one piece more; several calls of a stage add up to a few.
            guard ["decode", "detect peaks", "match library"].contains(name) else { continue }
            #expect(stage.pieces > 20)
            #expect(stage.shares == [(stage.pieces + 1) / 2, stage.pieces / 2], "\(name): \(stage)")
        }
        let dynamic = try stages([])
        #expect(dynamic["match library"]?.visits == dynamic["match library"]?.pieces)
        #expect(dynamic["detect peaks"]?.visits == dynamic["detect peaks"]?.pieces)
        let guided = try stages(["parallel.load_balancing=adaptive"])
        let match = try #require(guided["match library"])
        #expect(match.visits < match.pieces && match.visits > 1)
        // Costs are those of the work, and looked at only where they count.
        for strategy in ["static", "dynamic", "work_stealing"] {
            let predictive = try stages([
                "parallel.distribution_strategy=\(strategy)", "parallel.load_balancing=predictive",
            ])
            #expect(predictive["match library"]?.pieces == fixed["match library"]?.pieces)
            #expect(predictive["match library"]?.estimatedCost.map { $0 > 1_000 } == true)
            #expect(predictive["detect peaks"]?.estimatedCost.map { $0 > 10_000 } == true)
        }
        for stages in [fixed, dynamic, guided] { #expect(stages.values.allSatisfy { $0.estimatedCost == nil }) }
        let stealing = try stages(["parallel.distribution_strategy=work_stealing"])
        for (name, stage) in stealing where name != "decode" { #expect(stage.stolen == stage.visits, "\(name)") }
        #expect(stealing["match library"].map { $0.visits < $0.pieces } == true)
        // Dealt beforehand, nothing would be.
        #expect(stealing.values.reduce(0) { $0 + $1.stolen } > 0)
    }

    @Test func granularitySetsTheNumberOfPieces() throws {
        let coarse = try stages(["parallel.task_granularity=coarse"])
        let medium = try stages([])
        let fine = try stages(["parallel.task_granularity=fine"])
        for name in ["detect peaks", "match library", "assign fragments", "annotate and format"] {
            let pieces = [coarse, medium, fine].map { $0[name]?.pieces ?? 0 }
            #expect(pieces[0] < pieces[1] && pieces[1] < pieces[2], "\(name): \(pieces)")
        }
        // Chunks are those of execution.chunk_size.
        #expect(
            coarse["decode"]?.pieces == medium["decode"]?.pieces && fine["decode"]?.pieces == medium["decode"]?.pieces)
    }

    /// Queries are searched by themselves or as many at a time as there are in a chunk, and the run follows.
    @Test func batchesAreThePiecesOfMatching() throws {
        let run = try EngineRun([EngineRun.dda], Self.quiet + ["matching.batch_processing=false"])
        let spectra = try #require(run.record.inputs.first?.fragmentSpectra)
        let single = try #require(run.record.scheduling?.stages.first { $0.name == "match library" })
        #expect(single.pieces == spectra && spectra > 20)
        let batched = try stages(["execution.chunk_size=8"])
        #expect(batched["match library"]?.pieces == (spectra + 7) / 8)
    }

    @Test func granularityLeavesSingleQueriesAlone() throws {
        func together(_ granularity: String, _ batches: String) throws -> Int {
            try EngineRun.configuration([
                "execution.chunk_size=100", "parallel.task_granularity=\(granularity)",
                "matching.batch_processing=\(batches)",
            ]).queriesPerSearch
        }
        #expect(try together("coarse", "true") == 400 && together("fine", "true") == 25)
        #expect(try together("coarse", "false") == 1 && together("fine", "false") == 1)
    }

    @Test(arguments: allSchedules, ["coarse", "fine"]) func theDigestStays(
        settings: SchedulingSettings, granularity: String
    ) throws {
        let reference = try #require(ExecutionInvarianceTests.reference ?? nil)
        let run = try EngineRun(
            ExecutionInvarianceTests.inputs,
            [
                "execution.workers=3", "execution.chunk_size=3", "parallel.task_granularity=\(granularity)",
                "parallel.distribution_strategy=\(settings.strategy.rawValue)",
                "parallel.load_balancing=\(settings.balancing.rawValue)",
                "execution.concurrent_files=\(granularity == "fine" ? 2 : 1)",
            ])
        #expect(run.record.digest == reference)
    }

    /// A system that starts no more threads: the shares of the workers that are missing are done by the one that is left.
    @Test(
        .disabled(if: Program.isSanitized, "it needs more address space"),
        arguments: ["static", "dynamic", "work_stealing"])
    func missingThreadsHoldNothingUp(strategy: String) throws {
        let folder = try TemporaryDirectory()
        // Stacks of 64 GiB in an address space of 16: not one thread can be made.
        let outcome = try Program.run(
            "lavoisier",
            [
                "analyze", EngineRun.dda, "--output", folder.path, "--quiet", "--profile", "none", "--set",
                "execution.workers=4", "--set", "execution.chunk_size=4", "--set",
                "parallel.distribution_strategy=\(strategy)",
            ], shellLimits: "ulimit -s 67108864 && ulimit -v 16777216")
        #expect(outcome.status == 0, "\(outcome.error)")
        let record = try RunRecord(json: String(contentsOfFile: folder.file("run.json"), encoding: .utf8))
        #expect(record.digest == (try EngineRun([EngineRun.dda], ["execution.workers=2"]).record.digest))
        let stage = try #require(record.scheduling?.stages.first { $0.name == "detect peaks" })
        #expect(stage.shares[0] == stage.pieces && stage.pieces > 20, "\(stage)")
    }
}
