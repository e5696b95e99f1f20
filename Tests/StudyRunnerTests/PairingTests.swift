import BayesianTuning
import Benchmarking
import HostEnvironment
import Parameters
import ResultStore
import Statistics
import Testing

@testable import StudyRunner

/// Every configuration runs beside the default, so that a machine that gets slower does not look like a bad configuration.
struct PairingTests {
    private static func trueSeconds(_ configuration: Configuration) -> Double {
        let chunk = log2Distance(configuration.chunkSize, 128)
        let workers = Double(configuration.workers - 6)
        return 1 + 0.04 * chunk * chunk + 0.023 * workers * workers
    }

    private static func log2Distance(_ a: Int, _ b: Int) -> Double {
        Double(a.trailingZeroBitCount - b.trailingZeroBitCount)
    }

    /// How slow the machine is at a run: between 1 and 2, up and down within 46 runs, with a jump at either end.
    private static func slowness(_ run: Int) -> Double {
        let phase = run % 46
        if phase < 15 { return 1 }
        return phase < 30 ? 2 : 2 - Double(phase - 30) / 16
    }

    private static let driftingProgram = FakeProgram { configuration, _, total in
        FakeRun(wall: trueSeconds(configuration) * slowness(total))
    }

    /// Share of pairs of trials whose true times differ by over 10 % that a measure puts in the right order.
    private static func rightOrder(_ trials: [StudyTrial], _ value: (StudyTrial) -> Double?) -> Double {
        var (right, all) = (0, 0)
        for a in trials {
            for b in trials where trueSeconds(b.configuration) > 1.1 * trueSeconds(a.configuration) {
                guard let x = value(a), let y = value(b) else { continue }
                all += 1
                if x > y { right += 1 }
            }
        }
        return all > 50 ? Double(right) / Double(all) : 0
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func aMachineThatDriftsByTwoStillGivesTheBest(seed: UInt64) throws {
        // A program of its own per study: drift goes by the number of runs.
        let program = FakeProgram(behaviour: Self.driftingProgram.behaviour)
        let options = StudyFixture.options(budget: 30) {
            $0.seed = seed
            $0.maximumRepeats = 5
        }
        let (end, history) = try StudyFixture().run(options, program)
        let baseline = try #require(history.defaultTrial?.judgement?.objective)
        let trials = history.judged
        for trial in trials where trial.candidateRuns.count > 1 {
            let ratio = try #require(trial.judgement?.objective) / baseline
            let truth = Self.trueSeconds(history.space.defaultConfiguration) / Self.trueSeconds(trial.configuration)
            #expect(abs(ratio / truth - 1) < 0.10, "trial \(trial.number): \(ratio) instead of \(truth)")
        }
        #expect(Self.rightOrder(trials) { $0.judgement?.objective } > 0.98)
        // The test would be worthless if the times alone were as good.
        let plain = Self.rightOrder(trials) { trial in
            let values = trial.candidateRuns.compactMap(\.throughput.value)
            return values.isEmpty ? nil : median(values)
        }
        #expect(plain < 0.93, "the drift does not mislead: \(plain)")
        let best = try #require(end.verdict?.best)
        #expect(best.first { $0.name == "execution.workers" }?.text == "6", "seed \(seed)")
        #expect(best.first { $0.name == "execution.chunk_size" }?.text == "128", "seed \(seed)")
        #expect(end.verdict?.kind == .improved)
    }

    @Test func theOrderOfAPairAlternates() throws {
        let program = FakeProgram { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier)) }
        let (_, history) = try StudyFixture().run(StudyFixture.options(budget: 12), program)
        #expect(history.trials[0].referenceRuns.isEmpty)
        #expect(history.trials[0].runs.map(\.arm).prefix(3) == ["warm-up", "candidate", "candidate"])
        for trial in history.trials.dropFirst() {
            let pattern = ["reference", "candidate", "candidate", "reference", "reference", "candidate"]
            #expect(trial.runs.map(\.arm) == Array(pattern.prefix(trial.runs.count)))
            #expect(trial.runs.map(\.index) == Array([0, 0, 1, 1, 2, 2].prefix(trial.runs.count)))
            #expect(trial.runs.count % 2 == 0)
        }
    }

    /// The default fails once beside a configuration: it runs again, and the configuration is not to blame.
    @Test(arguments: [1, 2]) func aDefaultThatFailsBesideAConfiguration(failures: Int) throws {
        // Runs 0 to 2 are the default's own trial, 3 is the first run of the default beside the second trial.
        let program = FakeProgram { configuration, earlier, total in
            var run = FakeRun(wall: bowl(configuration, earlier))
            if total >= 3, total < 3 + failures { run.termination = .exited(code: 1) }
            return run
        }
        let (end, history) = try StudyFixture().run(StudyFixture.options(budget: 12), program)
        #expect(end.verdict != nil && history.failedRuns == failures)
        #expect(history.judged.allSatisfy { $0.record.outcome.state == .succeeded })
        let arms = history.trials[1].runs.map(\.arm)
        #expect(arms.starts(with: ["lost reference", "reference", "candidate", "candidate", "reference"]))
        // The second failure costs the pair its own reference, so there is a further pair.
        #expect(history.trials[1].candidateRuns.count == (failures == 1 ? 2 : 3))
        #expect(history.trials[1].referenceRuns.count == 2)
    }

    @Test func aConfigurationThatCrashesNeedsNoFurtherReference() throws {
        let program = FakeProgram { configuration, earlier, _ in
            var run = FakeRun(wall: bowl(configuration, earlier))
            if !configuration.isFakeDefault, earlier == 1 { run.termination = .exited(code: 70) }
            return run
        }
        let (_, history) = try StudyFixture().run(StudyFixture.options(budget: 8), program)
        for trial in history.trials.dropFirst() where trial.runs.count > 2 {
            #expect(trial.runs.map(\.arm) == ["reference", "candidate", "candidate"])
            #expect(trial.record.outcome.state == .failed)
        }
    }

    /// A resumed process runs the default first; that run belongs to the default's trial and decides nothing.
    @Test func aResumedProcessWarmsUp() throws {
        let fixture = try StudyFixture()
        let log = FakeProgram.Log()
        let program = FakeProgram(log: log) { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier)) }
        let id: String
        do {
            var study = try fixture.create(program)
            id = study.id
            _ = try study.run(stopSignal: { log.runs.count > 8 ? 2 : nil }, progress: { _ in })
        }
        let objective = try fixture.history(id).defaultTrial?.judgement?.objective
        let fresh = FakeProgram { configuration, _, total in FakeRun(wall: total == 0 ? 50 : bowl(configuration, total))
        }
        var study = try fixture.resume(id, fresh)
        _ = try study.run(stopSignal: { nil }, progress: { _ in })
        #expect(fresh.log.runs.first?.isFakeDefault == true)
        let first = try present(try fixture.history(id).defaultTrial)
        #expect(first.runs.map(\.arm) == ["warm-up", "candidate", "candidate", "warm-up"])
        #expect(first.runs.map(\.order) == [0, 1, 2, 3])
        #expect(first.judgement?.objective == objective)
    }
}
