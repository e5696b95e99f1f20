import LinearAlgebra
import Statistics
import Testing

@testable import GaussianProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct GaussianProcessModelTests {
    @Test func posteriorAgreesWithScikitLearn() throws {
        let model = try GaussianProcessModel(training: Reference.training, hyperparameters: Reference.hyperparameters)
        let posterior = model.posterior(at: Reference.points)
        for c in Reference.means.indices {
            #expect(abs(posterior.means[c] - Reference.means[c]) < 1e-11)
            #expect(abs(posterior.variances[c] - Reference.variances[c]) < 1e-11)
        }
        #expect(model.means(at: Reference.points) == posterior.means)
        #expect(abs(model.negativeLogPosterior - Reference.negativeLogPosterior) < 1e-11)
        #expect(model.jitter == 0)
    }

    @Test func varianceOfEachObservationIsHeeded() throws {
        let training = TrainingSet(
            kinds: Reference.kinds, inputs: Reference.inputs, targets: Reference.targets,
            noiseVariances: Reference.noiseVariances)
        let posterior = try GaussianProcessModel(training: training, hyperparameters: Reference.hyperparameters)
            .posterior(at: Reference.points)
        for c in Reference.means.indices {
            #expect(abs(posterior.means[c] - Reference.noisyMeans[c]) < 1e-11)
            #expect(abs(posterior.variances[c] - Reference.noisyVariances[c]) < 1e-11)
        }
    }

    /// 12 iterations and the loose stop cost a little against scipy run to convergence.
    @Test func fitComesNearTheLowestPosteriorThatScipyFinds() throws {
        let model = try GaussianProcessModel.fit(Reference.training)
        #expect(model.negativeLogPosterior > Reference.lowestNegativeLogPosterior - 1e-9)
        #expect(model.negativeLogPosterior < Reference.lowestNegativeLogPosterior + 1e-3)
    }

    @Test func fitKeepsTheBestOfItsStarts() throws {
        let bad = Hyperparameters(logLengthScales: [-4, -4, -4], logNoiseVariance: 1)
        let good = try GaussianProcessModel.fit(Reference.training)
        let both = try GaussianProcessModel.fit(Reference.training, starts: [bad, good.hyperparameters])
        #expect(both.negativeLogPosterior <= good.negativeLogPosterior)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>) func gradientIsTheFiniteDifference(seed: UInt64) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let likelihood = MarginalLikelihood(
            randomTraining(&generator, count: 5 + Int(seed) * 3, dimensions: 4, trendVariance: seed > 3 ? 0.7 : 0))
        let point = (0..<4).map { _ in 3 * generator.uniform() - 1 } + [-6 * generator.uniform()]
        let gradient = likelihood.valueAndGradient(Hyperparameters(vector: point)).gradient
        for j in point.indices {
            let h = 1e-5
            var above = point
            var below = point
            above[j] += h
            below[j] -= h
            let slope =
                (likelihood.value(Hyperparameters(vector: above)) - likelihood.value(Hyperparameters(vector: below)))
                / (2 * h)
            #expect(abs(slope - gradient[j]) < 1e-5 * max(1, abs(slope)), "component \(j)")
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func varianceShrinksAtDataAndStaysWithinThePrior(seed: UInt64) throws
    {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let training = randomTraining(&generator, count: 20, dimensions: 3)
        let model = try GaussianProcessModel.fit(training)
        let far = (0..<300).map { _ in generator.uniform() }
        for variance in model.posterior(at: far).variances { #expect(variance >= 1e-10 && variance <= 1) }
        let noise = model.hyperparameters.noiseVariance
        for variance in model.posterior(at: training.inputs).variances { #expect(variance <= noise + 1e-9) }
    }

    @Test func covarianceIsPositiveDefiniteWithRepeatedInputs() throws {
        let training = TrainingSet(
            kinds: [.ordered, .categorical], inputs: [0.5, 1, 0.5, 1, 0.5, 1, 0.2, 0], targets: [1, 1.1, 0.9, -3])
        let hyperparameters = Hyperparameters(logLengthScales: [0, 0], logNoiseVariance: -12)
        let cholesky = try Cholesky(MarginalLikelihood(training).covariance(hyperparameters))
        #expect(cholesky.jitter == 0)
        let mean = try GaussianProcessModel(training: training, hyperparameters: hyperparameters).means(at: [0.5, 1])[0]
        #expect(abs(mean - 1) < 0.01)
    }

    @Test func leaveOneOutIsWhatAModelWithoutTheObservationPredicts() throws {
        let model = try GaussianProcessModel(training: Reference.training, hyperparameters: Reference.hyperparameters)
        let leftOut = model.leaveOneOut()
        let d = Reference.kinds.count
        for i in Reference.targets.indices {
            var inputs = Reference.inputs
            let point = Array(inputs[i * d..<(i + 1) * d])
            inputs.removeSubrange(i * d..<(i + 1) * d)
            var targets = Reference.targets
            targets.remove(at: i)
            let rest = try GaussianProcessModel(
                training: TrainingSet(kinds: Reference.kinds, inputs: inputs, targets: targets),
                hyperparameters: Reference.hyperparameters
            ).posterior(at: point)
            #expect(abs(rest.means[0] - leftOut.means[i]) < 1e-10)
            #expect(
                abs(rest.variances[0] + Reference.hyperparameters.noiseVariance - leftOut.variances[i]) < 1e-10)
        }
    }

    @Test func lengthScalesTellWhichInputMatters() throws {
        var generator = SeededGenerator(seed: 5)
        let inputs = (0..<60).map { _ in generator.uniform() }
        let targets = (0..<30).map { sin(6 * inputs[2 * $0]) }
        let model = try GaussianProcessModel.fit(
            TrainingSet(kinds: [.ordered, .ordered], inputs: inputs, targets: targets))
        #expect(model.hyperparameters.lengthScales[0] * 5 < model.hyperparameters.lengthScales[1])
    }

    @Test func oneObservationIsEnoughForAPosterior() throws {
        let model = try GaussianProcessModel.fit(TrainingSet(kinds: [.ordered], inputs: [0.5], targets: [0]))
        #expect(abs(model.means(at: [0.1])[0]) < 1e-12)
    }

    /// Against the textbook equations with an explicit kernel and Gauss-Jordan elimination.
    @Test(arguments: 1...3 as ClosedRange<UInt64>) func aTrendAddsALinearKernel(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let training = randomTraining(&generator, count: 12, dimensions: 3, trendVariance: 0.8)
        let hyperparameters = Hyperparameters(logLengthScales: [0.2, -0.5, 0.4], logNoiseVariance: -3)
        let rows = (0..<12).map { Array(training.inputs[3 * $0..<3 * $0 + 3]) }
        func kernel(_ a: [Double], _ b: [Double]) -> Double {
            let trend = 0.8 * 12 / 3 * ((a[0] - 0.5) * (b[0] - 0.5) + (a[1] - 0.5) * (b[1] - 0.5))
            let scales = hyperparameters.lengthScales
            let squares = [(a[0] - b[0]) * (a[0] - b[0]), (a[1] - b[1]) * (a[1] - b[1]), a[2] == b[2] ? 0 : 1]
            let r = (5 * zip(squares, scales).reduce(0) { $0 + $1.0 / ($1.1 * $1.1) }).squareRoot()
            return (1 + r + r * r / 3) * exp(-r) + trend
        }
        let covariance = rows.indices.map { i in
            rows.indices.map { kernel(rows[i], rows[$0]) + (i == $0 ? hyperparameters.noiseVariance : 0) }
        }
        let model = try GaussianProcessModel(training: training, hyperparameters: hyperparameters)
        for point in [[0.1, 0.9, 1], [0.5, 0.5, 0], [1.0, 0.3, 2]] as [[Double]] {
            let cross = rows.map { kernel($0, point) }
            let weights = solution(of: covariance, cross)
            let posterior = model.posterior(at: point)
            #expect(abs(posterior.means[0] - zip(weights, training.targets).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-9)
            let explained = zip(weights, cross).reduce(0) { $0 + $1.0 * $1.1 }
            #expect(abs(posterior.variances[0] - (kernel(point, point) - explained)) < 1e-9)
            #expect(model.means(at: point) == posterior.means)
        }
    }

    @Test func aTrendGoesOnWhereNothingWasObserved() throws {
        let inputs = (0..<6).map { 0.1 * Double($0) }
        func error(_ trendVariance: Double) throws -> Double {
            let model = try GaussianProcessModel(
                training: TrainingSet(
                    kinds: [.ordered], inputs: inputs, targets: inputs.map { 2 - 4 * $0 }, trendVariance: trendVariance),
                hyperparameters: Hyperparameters(logLengthScales: [-1.5], logNoiseVariance: -8))
            return abs(model.means(at: [1])[0] - -2)
        }
        #expect(try error(4) < 0.3 * error(0))
    }

    private func solution(of matrix: [[Double]], _ right: [Double]) -> [Double] {
        var rows = zip(matrix, right).map { $0 + [$1] }
        for k in rows.indices {
            for i in rows.indices where i != k {
                let factor = rows[i][k] / rows[k][k]
                for j in k...rows.count { rows[i][j] -= factor * rows[k][j] }
            }
        }
        return rows.indices.map { rows[$0][rows.count] / rows[$0][$0] }
    }

    private func randomTraining(
        _ generator: inout SeededGenerator, count: Int, dimensions: Int, trendVariance: Double = 0
    ) -> TrainingSet {
        var kinds = [InputKind](repeating: .ordered, count: dimensions)
        kinds[dimensions - 1] = .categorical
        var inputs: [Double] = []
        var targets: [Double] = []
        for _ in 0..<count {
            for kind in kinds {
                inputs.append(kind == .ordered ? generator.uniform() : Double(generator.integer(below: 3)))
            }
            targets.append(2 * generator.uniform() - 1)
        }
        return TrainingSet(kinds: kinds, inputs: inputs, targets: targets, trendVariance: trendVariance)
    }
}
