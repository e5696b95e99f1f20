import GaussianProcess
import Parameters
import Statistics
import Testing

@testable import BayesianTuning

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct AcquisitionTests {
    /// mpmath 1.3 with 60 digits: z, ln(phi(z) + z Phi(z)), ln Phi(z).
    private static let exact: [(z: Double, excess: Double, cumulative: Double)] = [
        (8, 2.079_441_541_679_835_9, -6.220_960_574_271_786_1e-16),
        (3, 1.098_739_665_327_707_8, -0.001_350_809_964_748_193_8),
        (0.5, -0.359_827_683_745_063_82, -0.368_946_415_288_656_39),
        (0, -0.918_938_533_204_672_74, -0.693_147_180_559_945_31),
        (-1, -2.485_121_025_712_641_3, -1.841_021_645_009_263_5),
        (-5, -16.744_301_162_660_99, -15.064_998_393_988_726),
        (-10, -55.553_122_036_122_356, -53.231_285_150_512_471),
        (-20, -206.917_838_509_425_1, -203.917_155_371_097_26),
        (-24.9, -317.358_485_742_667_38, -314.140_412_761_613_2),
        (-25.1, -322.374_409_872_464_03, -319.148_387_405_888_6),
        (-40, -808.298_568_356_619_96, -804.608_442_013_753_79),
        (-1000, -500_014.734_452_091_16, -500_007.826_694_812_18),
    ]

    @Test func logarithmsAreExactForAllZ() {
        for (z, excess, cumulative) in Self.exact {
            let tolerance = 1e-11
            #expect(abs(NormalDistribution.logExpectedExcess(z) - excess) <= tolerance * max(1, abs(excess)), "z \(z)")
            #expect(
                abs(NormalDistribution.logCumulative(z) - cumulative) <= 1e-13 * max(abs(cumulative), 1e-3), "z \(z)")
        }
        #expect(NormalDistribution.logExpectedExcess(-1e10).isFinite)
        #expect(NormalDistribution.logCumulative(-1e10).isFinite)
    }

    @Test func improvementGrowsWithVarianceAndWithLowerMeans() {
        var last = -Double.infinity
        for step in 0..<2000 {
            let value = logExpectedImprovement(mean: 40 - 0.025 * Double(step), variance: 1, incumbent: 0)
            #expect(value > last)
            last = value
        }
        #expect(
            logExpectedImprovement(mean: 1, variance: 1, incumbent: 0)
                > logExpectedImprovement(mean: 1, variance: 0.5, incumbent: 0))
        #expect(logExpectedImprovement(mean: 1, variance: 0, incumbent: 0).isFinite)
    }

    @Test func successProbabilityFollowsNeighbours() {
        let model = FeasibilityModel(
            kinds: [.ordered], inputs: [[0.1], [0.2], [0.8], [0.9]], succeeded: [true, true, false, false],
            logLengthScales: [-1.5])
        let logs = model.logProbabilities(at: [0.15, 0.5, 0.85], count: 3)
        #expect(logs[0] > log(0.9) && logs[2] < log(0.3) && logs[1] < logs[0] && logs[1] > logs[2])
        #expect(logs.allSatisfy { $0 >= log(1e-3) && $0 <= 0 })
    }

    @Test func constraintProbabilityFollowsTheMeasuredValues() throws {
        let space = try Spaces.small()
        var tuner = Tuner(space: space, objective: .minimise, seed: 1)
        for workers in 1...8 {
            let configuration = try space.configuration(["workers": .integer(workers)])
            tuner.tell(configuration, .success(objective: 1, constraints: ["memory": Double(workers)]))
        }
        for (direction, safe, unsafe) in [(Constraint.Direction.atMost, 1, 8), (.atLeast, 8, 1)] {
            let constraint = Constraint(name: "memory", direction, 4.5)
            let fitted = try #require(
                ConstraintModel.fit(constraint, trials: tuner.trials, kinds: tuner.kinds, starts: []))
            let model = try #require(
                ConstraintModel(constraint, trials: tuner.trials, kinds: tuner.kinds, hyperparameters: fitted))
            func logProbability(_ workers: Int) throws -> Double {
                let configuration = try space.configuration(["workers": .integer(workers)])
                return model.logProbabilities(at: space.encode(configuration))[0]
            }
            #expect(try logProbability(safe) > log(0.95))
            #expect(try logProbability(unsafe) < log(0.05))
        }
        #expect(
            ConstraintModel.fit(
                Constraint(name: "unmeasured", .atMost, 1), trials: tuner.trials, kinds: tuner.kinds, starts: []) == nil
        )
    }

    @Test func theForestLearnsAStepAndACategory() {
        var inputs: [Double] = []
        var targets: [Double] = []
        for step in 0..<20 {
            for category in 0..<3 {
                inputs += [Double(step) / 19, Double(category)]
                targets.append((step < 10 ? -1 : 1) + (category == 1 ? 0.5 : 0))
            }
        }
        let forest = RandomForest(
            TrainingSet(kinds: [.ordered, .categorical], inputs: inputs, targets: targets), seed: 3)
        let posterior = forest.posterior(at: [0.1, 0, 0.9, 0, 0.1, 1], dimensions: 2)
        #expect(abs(posterior.means[0] + 1) < 0.2)
        #expect(abs(posterior.means[1] - 1) < 0.2)
        #expect(abs(posterior.means[2] + 0.5) < 0.2)
        #expect(posterior.variances.allSatisfy { $0 >= 1e-4 && $0 < 1 })
        let same = RandomForest(
            TrainingSet(kinds: [.ordered, .categorical], inputs: inputs, targets: targets), seed: 3)
        #expect(same.posterior(at: [0.4, 2], dimensions: 2) == forest.posterior(at: [0.4, 2], dimensions: 2))
    }

    @Test func theModelOfObjectivesHasATrend() throws {
        let trials = (0..<4).map { i in
            Trial(
                configuration: Configuration(names: ["a"], values: [.integer(i)]), inputs: [Double(i) / 10],
                requestedInputs: nil, outcome: .success(objective: Double(i + 1)))
        }
        let data = try #require(ObjectiveData(trials, kinds: [.ordered], direction: .minimise))
        #expect(data.training.trendVariance == Tuner.trendVariance && Tuner.trendVariance > 0)
    }
}
