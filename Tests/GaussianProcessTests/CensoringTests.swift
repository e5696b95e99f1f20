import LinearAlgebra
import Statistics
import Testing

@testable import GaussianProcess

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

struct CensoringTests {
    /// The slow obvious way: mean and variance of a density on a fine grid (trapezoids, 40 deviations beyond the bound).
    private func moments(from low: Double, to high: Double, steps: Int = 100_000, _ logDensity: (Double) -> Double)
        -> (mean: Double, variance: Double)
    {
        let h = (high - low) / Double(steps)
        let scale = (0...steps).reduce(-Double.infinity) { max($0, logDensity(low + Double($1) * h)) }
        var sums = (0.0, 0.0, 0.0)
        for step in 0...steps {
            let x = low + Double(step) * h
            let weight = exp(logDensity(x) - scale) * (step == 0 || step == steps ? 0.5 : 1)
            // Relative to the bound: the variance in the tail is small against the mean.
            let y = x - low
            sums = (sums.0 + weight, sums.1 + weight * y, sums.2 + weight * y * y)
        }
        let mean = sums.1 / sums.0
        return (low + mean, sums.2 / sums.0 - mean * mean)
    }

    @Test(arguments: [-8.0, -3, -0.7, 0, 0.4, 1, 2.5, 6, 12, 24.9, 25.1, 40, 200])
    func truncatedMomentsAreTheIntegrals(bound: Double) {
        let truncated = TruncatedNormal(above: bound)
        let reach = bound > 3 ? 45 / bound : 12 - min(bound, 0)
        let expected = moments(from: bound, to: bound + reach) { -0.5 * $0 * $0 }
        #expect(abs(truncated.excess / (expected.mean - bound) - 1) < 1e-7)
        #expect(abs(truncated.variance / expected.variance - 1) < 1e-6)
        #expect(abs(truncated.shrinkage + truncated.variance - 1) < 1e-12)
    }

    @Test func truncatedMomentsStayFiniteFarOut() {
        for bound in [-1e12, -1e4, -40, 1e4, 1e12] {
            let truncated = TruncatedNormal(above: bound)
            #expect(truncated.excess > 0 && truncated.excess.isFinite, "\(bound)")
            #expect(truncated.variance >= 0 && truncated.variance <= 1 && truncated.shrinkage >= 0, "\(bound)")
        }
    }

    /// One censored value: the exact posterior is a mixture over where the value lies beyond its bound.
    @Test(arguments: [-3.0, 0, 0.8, 2, 6]) func oneCensoredValueIsConditionedExactly(bound: Double) throws {
        let model = try GaussianProcessModel(training: Reference.training, hyperparameters: Reference.hyperparameters)
        let place = [0.62, 0.9, 2.0]
        let here = model.posterior(at: place)
        let noise = Reference.hyperparameters.noiseVariance
        let deviation = (here.variances[0] + noise).squareRoot()
        let reach = 14 * deviation / max(1, (bound - here.means[0]) / deviation / 3)
        let low = max(bound, here.means[0] - 12 * deviation)
        let value = moments(from: low, to: max(low, here.means[0]) + reach) {
            -0.5 * ($0 - here.means[0]) * ($0 - here.means[0]) / (deviation * deviation)
        }
        // f elsewhere is linear in the value, with what the joint posterior leaves.
        let censored = try model.conditioned(on: [.init(inputs: place, bound: bound)])
        func given(_ y: Double) throws -> Posterior {
            try GaussianProcessModel(
                training: TrainingSet(
                    kinds: Reference.kinds, inputs: Reference.inputs + place, targets: Reference.targets + [y]),
                hyperparameters: Reference.hyperparameters
            ).posterior(at: Reference.points)
        }
        let (low0, at1) = (try given(0), try given(1))
        let found = censored.posterior(at: Reference.points)
        for c in low0.means.indices {
            let slope = at1.means[c] - low0.means[c]
            #expect(abs(found.means[c] - (low0.means[c] + slope * value.mean)) < 2e-6, "point \(c)")
            #expect(abs(found.variances[c] - (low0.variances[c] + slope * slope * value.variance)) < 2e-6, "point \(c)")
        }
    }

    /// Two censored values that inform each other, against the integral over both on a grid.
    @Test func severalCensoredValuesAgreeWithTheIntegral() throws {
        let training = TrainingSet(kinds: [.ordered], inputs: [0.1, 0.3, 0.9], targets: [-0.8, 0.2, 0.4])
        let hyperparameters = Hyperparameters(logLengthScales: [-0.9], logNoiseVariance: -3)
        let model = try GaussianProcessModel(training: training, hyperparameters: hyperparameters)
        let places = [0.5, 0.62]
        let bounds = [0.9, 1.3]
        let censored = try model.conditioned(on: zip(places, bounds).map { .init(inputs: [$0], bound: $1) })
        let joint = try jointPrediction(model, at: places + [0.75])
        // Sums over a grid of the two values; the third is normal given them.
        let noisy = Matrix(
            rows: 2, columns: 2,
            columnMajor: [
                joint.covariance[0, 0] + hyperparameters.noiseVariance, joint.covariance[1, 0],
                joint.covariance[0, 1], joint.covariance[1, 1] + hyperparameters.noiseVariance,
            ])
        let factor = try Cholesky(noisy)
        let gain = factor.solve([joint.covariance[0, 2], joint.covariance[1, 2]])
        var (weight, first, second) = (0.0, 0.0, 0.0)
        let steps = 300
        for i in 0..<steps {
            for j in 0..<steps {
                let y = [
                    bounds[0] + 6 * (Double(i) + 0.5) / Double(steps),
                    bounds[1] + 6 * (Double(j) + 0.5) / Double(steps),
                ]
                let residual = [y[0] - joint.means[0], y[1] - joint.means[1]]
                let solved = factor.solve(residual)
                let density = exp(-0.5 * (residual[0] * solved[0] + residual[1] * solved[1]))
                let mean = joint.means[2] + gain[0] * residual[0] + gain[1] * residual[1]
                weight += density
                first += density * mean
                second += density * mean * mean
            }
        }
        let mean = first / weight
        let rest = joint.covariance[2, 2] - gain[0] * joint.covariance[0, 2] - gain[1] * joint.covariance[1, 2]
        let variance = rest + second / weight - mean * mean
        let found = censored.posterior(at: [0.75])
        print("two censored values: mean \(found.means[0]) of \(mean), variance \(found.variances[0]) of \(variance)")
        // Normal sites are an approximation for more than one.
        #expect(abs(found.means[0] - mean) < 0.01)
        #expect(abs(found.variances[0] / variance - 1) < 0.05)
    }

    private func jointPrediction(_ model: GaussianProcessModel, at points: [Double]) throws
        -> (means: [Double], covariance: Matrix)
    {
        func kernel(_ a: Double, _ b: Double) -> Double {
            let r = 5.0.squareRoot() * abs(a - b) / model.hyperparameters.lengthScales[0]
            return (1 + r + r * r / 3) * exp(-r)
        }
        let rows = model.training.inputs
        let n = rows.count
        var k = Matrix(rows: n, columns: n)
        for i in 0..<n {
            for j in 0..<n { k[i, j] = kernel(rows[i], rows[j]) + (i == j ? model.hyperparameters.noiseVariance : 0) }
        }
        let cholesky = try Cholesky(k)
        let cross = points.map { p in rows.map { kernel($0, p) } }
        var covariance = Matrix(rows: points.count, columns: points.count)
        for a in points.indices {
            let solved = cholesky.solve(cross[a])
            for b in points.indices {
                covariance[a, b] = kernel(points[a], points[b]) - zip(solved, cross[b]).reduce(0) { $0 + $1.0 * $1.1 }
            }
        }
        return (model.means(at: points), covariance)
    }

    @Test func aBoundThatSaysNothingChangesNothing() throws {
        let model = try GaussianProcessModel(training: Reference.training, hyperparameters: Reference.hyperparameters)
        let censored = try model.conditioned(on: [.init(inputs: [0.62, 0.9, 2], bound: -30)])
        let (before, after) = (model.posterior(at: Reference.points), censored.posterior(at: Reference.points))
        for c in before.means.indices {
            #expect(abs(before.means[c] - after.means[c]) < 1e-5)
            #expect(abs(before.variances[c] - after.variances[c]) < 1e-5)
        }
        #expect(try model.conditioned(on: []).training.count == model.training.count)
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>) func manyBoundsAreKeptWithoutRunningAway(seed: UInt64) throws {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let count = 12
        let inputs = (0..<2 * count).map { _ in generator.uniform() }
        let training = TrainingSet(
            kinds: [.ordered, .ordered], inputs: inputs, targets: (0..<count).map { _ in 2 * generator.uniform() - 1 })
        let model = try GaussianProcessModel.fit(training)
        let bounds = (0..<10).map { _ in
            GaussianProcessModel.CensoredObservation(inputs: [generator.uniform(), generator.uniform()], bound: 1.2)
        }
        // Repeats of one place and a row that was measured elsewhere on the same place.
        let censored = try model.conditioned(
            on: bounds + bounds.prefix(2) + [.init(inputs: [inputs[0], inputs[1]], bound: 1)])
        let noise = model.hyperparameters.noiseVariance.squareRoot()
        let means = censored.means(at: bounds.flatMap(\.inputs))
        #expect(means.allSatisfy { $0 > 1.2 - 4 * noise - 0.5 && $0 < 4 }, "\(means)")
        #expect(zip(means, model.means(at: bounds.flatMap(\.inputs))).allSatisfy { $0 >= $1 - 1e-6 })
        #expect(censored.training.noiseVariances.allSatisfy { $0 >= 0 && $0.isFinite })
    }
}
