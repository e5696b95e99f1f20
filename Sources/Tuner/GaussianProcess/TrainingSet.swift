/// How two values of one input are compared.
public enum InputKind: Sendable, Hashable {
    /// Squared difference.
    case ordered
    /// 0 if equal, 1 if not.
    case categorical
}

/// Observations of a function at encoded inputs.
public struct TrainingSet: Sendable {
    public let kinds: [InputKind]
    /// Row-major, one row of `kinds.count` values per observation; ordered inputs are scaled to 0...1.
    public let inputs: [Double]
    /// Standardised values.
    public let targets: [Double]
    /// Known measurement variance of each target beyond the fitted noise, in standardised units; from repeats.
    public let noiseVariances: [Double]
    /// Prior variance of a straight line in the ordered inputs, averaged over the unit cube; 0 for none.
    public let trendVariance: Double

    public var count: Int { targets.count }
    public var dimensions: Int { kinds.count }

    /// - Precondition: sizes agree, all numbers are finite, variances are not negative.
    public init(
        kinds: [InputKind], inputs: [Double], targets: [Double], noiseVariances: [Double]? = nil,
        trendVariance: Double = 0
    ) {
        let variances = noiseVariances ?? [Double](repeating: 0, count: targets.count)
        precondition(inputs.count == kinds.count * targets.count, "inputs do not match targets and dimensions")
        precondition(variances.count == targets.count && variances.allSatisfy { $0 >= 0 }, "variances do not match")
        precondition(trendVariance >= 0 && trendVariance.isFinite, "a variance is not negative")
        precondition(inputs.allSatisfy(\.isFinite) && targets.allSatisfy(\.isFinite), "not finite")
        self.kinds = kinds
        self.inputs = inputs
        self.targets = targets
        self.noiseVariances = variances
        self.trendVariance = trendVariance
    }

    /// The input rows as one contiguous column per dimension: what kernel loops read.
    var columns: [Double] {
        var columns = [Double](repeating: 0, count: inputs.count)
        for i in 0..<count {
            for j in 0..<dimensions { columns[j * count + i] = inputs[i * dimensions + j] }
        }
        return columns
    }
}
