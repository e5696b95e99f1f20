import BayesianTuning
import Benchmarking
import Foundation
import Parameters
import ResultStore
import Testing

@testable import StudyRunner

/// The target `balanced`: throughput and memory at once.
struct TradeOffStudyTests {
    /// More workers are faster, each by less, and take memory, each by more; chunks of 64 are fastest.
    private static func run(_ configuration: Configuration, _ earlier: Int) -> FakeRun {
        let chunk = log2(Double(configuration.chunkSize) / 64)
        let workers = Double(configuration.workers)
        let seconds = (1 + 0.03 * chunk * chunk) / pow(workers, 0.8)
        let bytes = 4e7 + 1.2e7 * pow(workers, 1.4) + 3e4 * Double(configuration.chunkSize)
        return FakeRun(wall: seconds * (1 + 0.004 * Double(earlier % 3 - 1)), memory: Int(bytes))
    }

    private static let options = StudyFixture.options(budget: 40) {
        $0.target = .balanced
        $0.worthwhileGain = 0
    }

    private static func ratio(_ run: FakeRun) -> Double { 10 / run.wall / (Double(run.memory) / 1e9) }

    @Test func theFrontIsFoundAndOnePointOfItIsPicked() throws {
        let fixture = try StudyFixture()
        let program = FakeProgram { configuration, earlier, _ in Self.run(configuration, earlier) }
        let (end, history) = try fixture.run(Self.options, program)
        let verdict = try #require(end.verdict)
        #expect(
            verdict.kind == .improved && verdict.sentence.contains("more throughput per memory"), "\(verdict.sentence)")

        var truth: [(Configuration, FakeRun)] = []
        for workers in 1...8 {
            for exponent in 0...8 {
                for precision in ["float64", "float32"] {
                    let configuration = try history.space.configuration([
                        "execution.workers": .integer(workers), "execution.chunk_size": .integer(4 << exponent),
                        "numeric.precision": .choice(precision),
                    ])
                    truth.append((configuration, Self.run(configuration, 1)))
                }
            }
        }
        let best = try #require(truth.map { Self.ratio($0.1) }.max())
        let chosen = try #require(history.trials.first { $0.number == verdict.bestTrial }?.configuration)
        #expect(Self.ratio(Self.run(chosen, 1)) > 0.98 * best)

        let front = history.front
        #expect(front.count >= 4, "\(front.count) members")
        #expect(front.filter(\.isChosen).map(\.trial) == [verdict.bestTrial])
        // Members by rising throughput take more memory, and none is far from what is possible.
        #expect(zip(front, front.dropFirst()).allSatisfy { $0.first < $1.first && $0.second < $1.second })
        for member in front {
            let leanest = truth.filter { 10 / $0.1.wall >= member.first }.map { Double($0.1.memory) }.min()
            #expect(member.second < 1.1 * (leanest ?? .infinity), "trial \(member.trial)")
        }
        let trials = history.judged.map(\.configuration)
        #expect(Set(trials).count == trials.count)
    }

    @Test func judgementsCarryBothObjectivesCorrectedByTheDefault() throws {
        let fixture = try StudyFixture()
        // The machine gets slower all the time; ratios stay.
        let program = FakeProgram { configuration, _, total in
            var run = Self.run(configuration, 1)
            run.wall *= 1 + 0.02 * Double(total)
            return run
        }
        let (_, history) = try fixture.run(
            StudyFixture.options(budget: 10) {
                $0.target = .balanced
                $0.strategy = .sobol
            }, program)
        let first = try present(history.defaultTrial)
        let reference = try #require(first.judgement)
        let plain = Self.run(first.configuration, 1)
        for trial in history.judged.dropFirst() {
            let judgement = try #require(trial.judgement)
            let own = Self.run(trial.configuration, 1)
            let (speed, memory) = (judgement.objectives[0].value, judgement.objectives[1].value)
            #expect(abs(speed / reference.objectives[0].value / (plain.wall / own.wall) - 1) < 0.02)
            #expect(abs(memory / Double(own.memory) - 1) < 1e-9)
            // The scalar is their quotient, up to the medians being taken apart.
            #expect(abs((judgement.objective ?? 0) / (speed / memory * 1e9) - 1) < 0.05)
        }
    }

    /// Limits hold for what is returned, also of a trade-off.
    @Test func limitsHold() throws {
        let program = FakeProgram { configuration, earlier, _ in Self.run(configuration, earlier) }
        var options = Self.options
        options.maximumMemoryBytes = 75_000_000
        let (end, history) = try StudyFixture().run(options, program)
        #expect(!history.front.isEmpty && history.front.allSatisfy { $0.second <= 75_000_000 })
        let chosen = try present(history.trials.first { $0.number == end.verdict?.bestTrial })
        #expect(Self.run(chosen.configuration, 1).memory <= 75_000_000)
    }
}
