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

struct SuggestionDetailsTests {
    private func time(_ c: Configuration) -> Double {
        let workers = Double(c.integer("workers") - 6)
        let chunk = Double(c.integer("chunk") - 3)
        return (10 + workers * workers + 0.5 * chunk * chunk) * (c.choice("mode") == "read" ? 1 : 1.3)
    }

    @Test func everySuggestionSaysWhereItComesFrom() throws {
        let space = try Spaces.small()
        var tuner = Tuner(space: space, objective: .minimise, seed: 3, initial: [space.defaultConfiguration])
        #expect(tuner.lastSuggestion == nil)
        var origins: [SuggestionDetails.Origin] = []
        for index in 0..<24 {
            let configuration = try tuner.next()
            let details = try #require(tuner.lastSuggestion)
            #expect(details.configuration == configuration)
            #expect((details.expectedGain == nil) == (index < 8) && details.predictions.isEmpty == (index < 8))
            origins.append(details.origin)
            tuner.tell(configuration, .success(objective: time(configuration)))
        }
        #expect(origins.first == .initial && origins[1..<8].allSatisfy { $0 == .sobol })
        for index in 8..<24 { #expect(origins[index] == (index % 4 == 3 ? .forest : .process)) }
        for (strategy, origin) in [(SearchStrategy.random, SuggestionDetails.Origin.random), (.sobol, .sobol)] {
            var plain = Tuner(space: space, objective: .minimise, seed: 1, strategy: strategy)
            _ = plain.ask()
            #expect(plain.lastSuggestion?.origin == origin)
        }
        var broken = Tuner(
            space: space, objective: .minimise, seed: 1, constraints: [Constraint(name: "memory", .atMost, 1)])
        for _ in 0..<10 { broken.tell(try broken.next(), .success(objective: 3, constraints: ["memory": 5])) }
        _ = broken.ask()
        #expect(broken.lastSuggestion?.origin == .exploration && broken.lastSuggestion?.expectedGain == nil)
    }

    /// Predictions and gains in units of the objective, by an independent path: the model fitted by hand.
    @Test(arguments: [ObjectiveDirection.minimise, .maximise], [false, true])
    func predictionAndGainAreThoseOfTheModel(direction: ObjectiveDirection, hasNegatives: Bool) throws {
        let space = try Spaces.small()
        var tuner = Tuner(space: space, objective: direction, seed: 6)
        let shift: Double = hasNegatives ? -20 : 0
        for _ in 0..<14 {
            let configuration = try tuner.next()
            tuner.tell(configuration, .success(objective: time(configuration) + shift))
        }
        let configuration = try tuner.next()
        let details = try #require(tuner.lastSuggestion)
        #expect(details.origin == .process)
        let data = try #require(ObjectiveData(tuner.trials, kinds: tuner.kinds, direction: direction))
        let model = try GaussianProcessModel(
            training: data.training, hyperparameters: try #require(tuner.fits.objectives[0]))
        let posterior = model.posterior(at: space.encode(configuration))
        let incumbent = try #require(model.means(at: data.training.inputs).min())
        let improvement = exp(
            logExpectedImprovement(
                mean: posterior.means[0], variance: posterior.variances[0], incumbent: incumbent))
        let sign: Double = direction == .minimise ? -1 : 1
        let predicted = try #require(details.predicted)
        let gain = try #require(details.expectedGain)
        if hasNegatives {
            #expect(
                abs(predicted.value - (data.transform.center - sign * posterior.means[0] * data.transform.scale)) < 1e-9
            )
            let best = data.transform.center - sign * incumbent * data.transform.scale
            #expect(abs(gain - improvement * data.transform.scale / abs(best)) < 1e-9)
        } else {
            let logarithm = data.transform.center - sign * posterior.means[0] * data.transform.scale
            #expect(abs(predicted.value - exp(logarithm)) < 1e-9)
            #expect(abs(gain - (exp(improvement * data.transform.scale) - 1)) < 1e-9)
        }
        #expect(try #require(predicted.deviation) > 0)
    }
}
