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

struct RepeatTests {
    @Test(arguments: 1...6 as ClosedRange<UInt64>) func theExpectedRiseEqualsTheAverage(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let count = 1 + generator.integer(below: 8)
        let means = (0..<count).map { _ in generator.normal() }
        // Equal slopes and lines that are nowhere the highest are among them.
        let slopes = (0..<count).map { _ in (generator.normal() * 4).rounded() / 4 }
        let highest = means.reduce(-.infinity, max)
        let draws = (0..<100_000).map { _ in
            let z = generator.normal()
            return zip(means, slopes).map { $0 + $1 * z }.reduce(-.infinity, max) - highest
        }
        let error = standardDeviation(draws) / 316
        #expect(abs(expectedRise(of: means, slopes: slopes) - mean(draws)) <= 4 * error + 1e-12, "seed \(seed)")
    }

    /// What one measurement there does to the variance elsewhere.
    @Test func covariancesAreThoseOfAConditionedModel() throws {
        var generator = SeededGenerator(seed: 4)
        let inputs = (0..<24).map { _ in generator.uniform() }
        let targets = (0..<12).map { _ in generator.normal() }
        let hyperparameters = Hyperparameters(logLengthScales: [-0.5, 0.2], logNoiseVariance: -3)
        let kinds: [InputKind] = [.ordered, .ordered]
        let model = try GaussianProcessModel(
            training: TrainingSet(kinds: kinds, inputs: inputs, targets: targets), hyperparameters: hyperparameters)
        let points = [0.3, 0.4, 0.9, 0.1, 0.5, 0.5]
        let covariance = model.covariance(at: points)
        let before = model.posterior(at: points)
        let after = try GaussianProcessModel(
            training: TrainingSet(kinds: kinds, inputs: inputs + [0.3, 0.4], targets: targets + [0]),
            hyperparameters: hyperparameters
        ).posterior(at: points)
        for a in 0..<3 {
            #expect(abs(covariance[a * 3 + a] - before.variances[a]) < 1e-12)
            let left = covariance[a] * covariance[a] / (before.variances[0] + hyperparameters.noiseVariance)
            #expect(abs(after.variances[a] - (before.variances[a] - left)) < 1e-10)
            for b in 0..<3 { #expect(covariance[a * 3 + b] == covariance[b * 3 + a]) }
        }
    }

    private func tuner(
        _ values: [Double], deviation: Double, objective: ObjectiveDirection = .minimise
    ) throws -> (Tuner, SearchSpace) {
        let space = try SearchSpace([Spaces.integer("a", 1...values.count)])
        var tuner = Tuner(space: space, objective: objective, seed: 1)
        for (position, value) in values.enumerated() {
            tuner.tell(
                try space.configuration(["a": .integer(position + 1)]),
                .success(objective: value, objectiveSD: deviation * value))
        }
        return (tuner, space)
    }

    /// A time that is lowest at 8.
    private var bowl: [Double] { (1...20).map { valley($0, at: 8, 0.05) } }

    private func valley(_ a: Int, at bottom: Int, _ curvature: Double) -> Double {
        let distance = Double(a - bottom)
        return 1 + curvature * distance * distance
    }

    @Test func withoutNoiseARepeatIsWorthNothing() throws {
        let proposal = try #require(tuner(bowl, deviation: 0).0.repeatProposal())
        #expect(proposal.worth < 1e-3)
        #expect(proposal.newPointWorth == 0)
    }

    @Test(arguments: [ObjectiveDirection.minimise, .maximise])
    func aNoisyTieAtTheTopIsWorthARepeat(direction: ObjectiveDirection) throws {
        // Two separate valleys of equal depth, measured with an error of a tenth.
        let times: [Double] = (1...24).map { min(valley($0, at: 5, 0.03), valley($0, at: 20, 0.03)) }
        let values = direction == .minimise ? times : times.map { 1 / $0 }
        let proposal = try #require(tuner(values, deviation: 0.1, objective: direction).0.repeatProposal())
        let a = proposal.configuration.integer("a")
        let other = try #require(
            tuner(values, deviation: 0.1, objective: direction).0.repeatProposal(excluding: [proposal.configuration]))
        #expect(other.configuration != proposal.configuration && other.worth <= proposal.worth)
        #expect(proposal.worth > 2e-3, "\(proposal)")
        #expect(abs(a - 5) <= 1 || abs(a - 20) <= 1)
        // A winner far ahead of the rest needs no second look, however noisy.
        var clear = values
        clear[4] *= direction == .minimise ? 0.3 : 3.3
        let none = try #require(tuner(clear, deviation: 0.1, objective: direction).0.repeatProposal())
        #expect(none.worth < 0.1 * proposal.worth, "\(none)")
    }

    @Test func aRepeatCompetesWithANewPoint() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...60)])
        var tuner = Tuner(space: space, objective: .minimise, seed: 1)
        // The valley's floor lies where nothing was measured yet.
        for a in [1, 6, 12, 18, 24, 50, 55, 60] {
            #expect(tuner.repeatProposal() == nil)
            tuner.tell(
                try space.configuration(["a": .integer(a)]),
                .success(objective: valley(a, at: 36, 0.02), objectiveSD: 0.01))
        }
        let proposal = try #require(tuner.repeatProposal())
        #expect(proposal.newPointWorth > 1e-3 && !proposal.isWorthMoreThanANewPoint, "\(proposal)")
        #expect(proposal == tuner.repeatProposal())
        // It changes nothing.
        var untouched = tuner
        _ = untouched.repeatProposal()
        #expect(untouched.ask() == tuner.ask())
    }

    @Test func whatBrokeAConstraintIsNotRepeatedAndTwoObjectivesHaveNone() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...24)])
        var tuner = Tuner(
            space: space, objective: .minimise, seed: 1, constraints: [Constraint(name: "memory", .atMost, 12)])
        for a in 1...24 {
            tuner.tell(
                try space.configuration(["a": .integer(a)]),
                .success(
                    objective: valley(a, at: 14, 0.01), objectiveSD: 0.1,
                    constraints: ["memory": Double(a)]))
        }
        #expect(try #require(tuner.repeatProposal()).configuration.integer("a") <= 12)
        var two = Tuner(space: space, objectives: [.minimise, .minimise], seed: 1)
        for _ in 0..<10 {
            let next = try two.next()
            two.tell(next, .success(objective: 1 + Double(next.integer("a")), second: ObjectiveValue(1)))
        }
        #expect(two.repeatProposal() == nil)
    }

    @Test func theRecommendationUsesTheMeanOverRepeats() throws {
        let (start, space) = try tuner(bowl.map { $0 + 1 }, deviation: 0.02)
        var tuner = start
        // A lucky first look at 3, which later ones do not confirm.
        let lucky = try space.configuration(["a": .integer(3)])
        let trials = tuner.trialCount
        for value in [1.0, 3.4, 3.3, 3.2] { tuner.tell(lucky, .success(objective: value, objectiveSD: 0.05)) }
        #expect(tuner.trialCount == trials + 4)
        let recommended = try #require(tuner.recommendation())
        #expect(abs(recommended.configuration.integer("a") - 8) <= 1)
        #expect(abs(tuner.observedMean(lucky) - (3.25 + 1.0 + 3.4 + 3.3 + 3.2) / 5) < 1e-9)
    }

    /// One of its trials failed or broke a constraint: how good another one was does not matter.
    @Test(arguments: [true, false]) func whatIsNotReliableIsNotRecommended(crashes: Bool) throws {
        let space = try SearchSpace([Spaces.integer("a", 1...12)])
        var tuner = Tuner(
            space: space, objective: .minimise, seed: 1, constraints: [Constraint(name: "memory", .atMost, 10)])
        for a in 1...12 {
            tuner.tell(
                try space.configuration(["a": .integer(a)]),
                .success(objective: valley(a, at: 6, 0.1), constraints: ["memory": 5]))
        }
        let best = try #require(tuner.recommendation()).configuration
        #expect(best.integer("a") == 6)
        tuner.tell(
            best,
            crashes ? .failed(reason: "crashed") : .success(objective: 0.9, constraints: ["memory": 11]))
        #expect(try #require(tuner.recommendation()).configuration != best)
        #expect(tuner.repeatProposal()?.configuration != best)
    }

}
