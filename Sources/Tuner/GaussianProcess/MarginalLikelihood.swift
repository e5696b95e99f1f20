import LinearAlgebra

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The negative log posterior of the hyper-parameters and its gradient, up to constants:
/// y'K^-1 y / 2 + ln|K| / 2 + sum_j (t_j - mu)^2 / 6 + (t_n + 4)^2 / 2.
///
/// Source: Rasmussen and Williams 2006, equations 5.8 and 5.9; prior of `HyperparameterPrior`.
struct MarginalLikelihood {
    let training: TrainingSet
    let prior: HyperparameterPrior
    /// Squared distance of each pair i > j per dimension; pairs of column j follow each other.
    private let pairDistances: [Double]
    private let pairCount: Int
    /// Column-major; empty without a trend.
    private let trendCovariance: [Double]

    init(_ training: TrainingSet) {
        self.training = training
        prior = HyperparameterPrior(dimensions: training.dimensions)
        let n = training.count
        pairCount = n * (n - 1) / 2
        var distances: [Double] = []
        distances.reserveCapacity(pairCount * training.dimensions)
        let columns = training.columns
        for d in 0..<training.dimensions {
            let isOrdered = training.kinds[d] == .ordered
            for j in 0..<n {
                let x = columns[d * n + j]
                for i in (j + 1)..<max(j + 1, n) {
                    let difference = columns[d * n + i] - x
                    distances.append(isOrdered ? difference * difference : (difference == 0 ? 0 : 1))
                }
            }
        }
        pairDistances = distances
        var trendCovariance: [Double] = []
        if let trend = LinearTrend(training) {
            trendCovariance = [Double](repeating: 0, count: n * n)
            trend.add(to: &trendCovariance, columns: columns, count: n, points: training.inputs)
        }
        self.trendCovariance = trendCovariance
    }

    /// Scaled distance r of each pair: r^2 = 5 sum_j D_j exp(-2 t_j).
    private func scaledDistances(_ hyperparameters: Hyperparameters) -> [Double] {
        let pairs = pairCount
        var r = [Double](repeating: 0, count: pairs)
        for d in 0..<training.dimensions {
            let weight = 5 * exp(-2 * hyperparameters.logLengthScales[d])
            let base = d * pairs
            for p in 0..<pairs { r[p] += weight * pairDistances[base + p] }
        }
        for p in 0..<pairs { r[p] = r[p].squareRoot() }
        return r
    }

    /// K + noise, with its lower triangle set; what is above it is undefined.
    func covariance(_ hyperparameters: Hyperparameters) -> Matrix {
        let r = scaledDistances(hyperparameters)
        return covariance(hyperparameters, distances: r, decays: r.map { exp(-$0) })
    }

    private func covariance(_ hyperparameters: Hyperparameters, distances r: [Double], decays: [Double]) -> Matrix {
        let n = training.count
        let noise = hyperparameters.noiseVariance
        var matrix = Matrix(rows: n, columns: n)
        var p = 0
        for j in 0..<n {
            matrix.elements[j + j * n] = 1 + noise + training.noiseVariances[j]
            for i in (j + 1)..<max(j + 1, n) {
                matrix.elements[i + j * n] = (1 + r[p] + r[p] * r[p] / 3) * decays[p]
                p += 1
            }
        }
        for i in trendCovariance.indices { matrix.elements[i] += trendCovariance[i] }
        return matrix
    }

    /// The value alone; infinite where the covariance cannot be factorised.
    func value(_ hyperparameters: Hyperparameters) -> Double {
        guard let cholesky = try? Cholesky(covariance(hyperparameters)) else { return .infinity }
        return value(hyperparameters, cholesky, weights: cholesky.solve(training.targets))
    }

    private func value(_ hyperparameters: Hyperparameters, _ cholesky: Cholesky, weights: [Double]) -> Double {
        var fit = 0.0
        for i in 0..<training.count { fit += training.targets[i] * weights[i] }
        var penalty = 0.0
        for t in hyperparameters.logLengthScales {
            penalty += (t - prior.logLengthScaleMean) * (t - prior.logLengthScaleMean)
        }
        let noise = hyperparameters.logNoiseVariance - prior.logNoiseMean
        return 0.5 * fit + 0.5 * cholesky.logDeterminant + penalty / (2 * prior.logLengthScaleVariance)
            + noise * noise / (2 * prior.logNoiseVariance)
    }

    /// Value and gradient, length scales first, noise last. - Complexity: O(n^3 + n^2 d).
    func valueAndGradient(_ hyperparameters: Hyperparameters) -> (value: Double, gradient: [Double]) {
        let n = training.count
        let r = scaledDistances(hyperparameters)
        let decays = r.map { exp(-$0) }
        let matrix = covariance(hyperparameters, distances: r, decays: decays)
        guard let cholesky = try? Cholesky(matrix) else {
            return (.infinity, [Double](repeating: 0, count: training.dimensions + 1))
        }
        let weights = cholesky.solve(training.targets)
        let inverse = cholesky.inverse()
        // dk/dt_j = (5/3)(1 + r) exp(-r) D_j exp(-2 t_j); each pair stands for two elements of the symmetric W.
        var slopes = [Double](repeating: 0, count: pairCount)
        var trace = 0.0
        var p = 0
        for j in 0..<n {
            trace += weights[j] * weights[j] - inverse.elements[j + j * n]
            for i in (j + 1)..<max(j + 1, n) {
                let w = weights[i] * weights[j] - inverse.elements[i + j * n]
                slopes[p] = w * (1 + r[p]) * decays[p]
                p += 1
            }
        }
        var gradient = [Double](repeating: 0, count: training.dimensions + 1)
        for d in 0..<training.dimensions {
            let t = hyperparameters.logLengthScales[d]
            let base = d * pairCount
            var sum = 0.0
            for p in 0..<pairCount { sum += slopes[p] * pairDistances[base + p] }
            gradient[d] =
                -(5.0 / 3.0) * exp(-2 * t) * sum + (t - prior.logLengthScaleMean) / prior.logLengthScaleVariance
        }
        gradient[training.dimensions] =
            -0.5 * exp(hyperparameters.logNoiseVariance) * trace
            + (hyperparameters.logNoiseVariance - prior.logNoiseMean) / prior.logNoiseVariance
        return (value(hyperparameters, cholesky, weights: weights), gradient)
    }
}
