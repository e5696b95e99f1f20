import BayesianTuning
import Benchmarking
import Foundation
import Parameters
import ResultStore
import Testing

@testable import StudyRunner

/// Least at 6 workers and chunks of 128, like the time, but with one worker it is a tenth of the time's pattern: a search by
/// time ends elsewhere.
private func joules(_ configuration: Configuration, _ earlier: Int) -> Double {
    20 * bowl(configuration, earlier) * (configuration.workers == 1 ? 0.2 : 1)
}

struct EnergyTests {
    @Test func lessEnergyWins() throws {
        let program = FakeProgram { configuration, earlier, _ in
            FakeRun(wall: bowl(configuration, earlier), energy: joules(configuration, earlier))
        }
        let (end, history) = try StudyFixture().run(StudyFixture.options(budget: 25) { $0.target = .energy }, program)
        let verdict = try #require(end.verdict)
        #expect(verdict.kind == .improved && verdict.sentence.contains("less energy"))
        #expect(verdict.best.contains(Setting("execution.workers", "1")), "\(verdict.best)")
        let first = try #require(history.defaultTrial?.judgement?.objective)
        let best = try #require(history.bestTrial?.judgement?.objective)
        #expect(abs(first - 20 * 1.73) < 2 && best < first / 3)
        #expect(history.confirmation?.comparisons(with: .builtInDefault).contains { $0.metric == .energy } == true)
    }

    /// Twice the load of others from the middle of the study on: both runs of a pair have it, so the order stays.
    @Test func loadOfOtherProgramsCancels() throws {
        let program = FakeProgram { configuration, earlier, total in
            FakeRun(
                wall: bowl(configuration, earlier),
                energy: joules(configuration, earlier) * (total > 60 ? 2 : 1))
        }
        let (end, history) = try StudyFixture().run(StudyFixture.options(budget: 30) { $0.target = .energy }, program)
        #expect(end.verdict?.best.contains(Setting("execution.workers", "1")) == true)
        for trial in history.judged {
            let objective = try #require(trial.judgement?.objective)
            #expect(abs(objective / joules(trial.configuration, 0) - 1) < 0.1, "trial \(trial.number)")
        }
    }

    @Test func aMachineThatCannotMeasureItIsRefused() throws {
        let fixture = try StudyFixture()
        var program = FakeProgram { _, _, _ in FakeRun() }
        program.noEnergyReason = "/sys/class/powercap: Permission denied"
        let options = StudyFixture.options { $0.target = .energy }
        #expect { try fixture.create(program, options) } throws: {
            ($0 as? StudyError)?.code == .invalidOptions && "\($0)".contains("Permission denied")
        }
        #expect(try fixture.store.studies().isEmpty)
        // The other targets do not need it.
        _ = try fixture.create(program)
        #expect(program.log.runs.isEmpty)
    }

    /// A counter that fails in the middle: those runs do not count, the study goes on.
    @Test func aRunWithoutEnergyIsAFailedTrial() throws {
        let program = FakeProgram { configuration, earlier, _ in
            FakeRun(energy: configuration.precision == "float32" ? nil : joules(configuration, earlier))
        }
        let (_, history) = try StudyFixture().run(StudyFixture.options(budget: 12) { $0.target = .energy }, program)
        let failed = history.judged.filter { $0.configuration.precision == "float32" }
        #expect(!failed.isEmpty && failed.allSatisfy { $0.judgement?.state == .failed })
        #expect(failed.first?.judgement?.reason == "the objective could not be measured: fake")
    }
}
