#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A number from rounds of runs, with its interval.
public struct FittedValue: Sendable, Hashable, Codable {
    public let estimate: Double
    /// `nil` where so few rounds reach no level.
    public let lower: Double?
    public let upper: Double?

    public init(estimate: Double, lower: Double?, upper: Double?) {
        self.estimate = estimate
        self.lower = lower
        self.upper = upper
    }
}

/// How a program's time depends on the number of its workers, fitted to rounds in which every number of workers ran once.
///
/// Two laws over t(n), the time with n workers as a share of that with one:
/// - Amdahl's: t(n) = s + (1 - s) / n, with the serial fraction s (Amdahl 1967).
/// - the universal scalability law: t(n) = (1 + a (n - 1) + b n (n - 1)) / n, with contention a and coherency b (Gunther 2007,
///   equation 4.31). Where b is 0 it is Amdahl's. Two numbers of workers cannot tell a from b.
///
/// Both are linear in their parameters and fitted by least squares to the median of every t(n) over the rounds. Intervals are
/// percentiles of a bootstrap over rounds, from six on: what a round's neighbours did to the machine stays together. Fractions are not
/// forced to be positive: a negative one says that more workers gained more than their number, or noise.
public struct ScalabilityLaw: Sendable {
    /// Ascending, the first is 1.
    public let workers: [Int]
    /// By round, then by number of workers: positive seconds.
    private let rounds: [[Double]]
    private let level: Double
    /// Rounds of each resample.
    private let resamples: [[Int]]

    /// - Parameters:
    ///   - workers: ascending, from 1, at least two numbers. - rounds: seconds, one per number of workers; at least one round.
    ///   - level: of the intervals. - seed: of the bootstrap; fixes the result.
    /// - Complexity of each property: O(resamples * rounds * workers).
    public init(workers: [Int], rounds: [[Double]], level: Double = 0.95, resamples: Int = 2_000, seed: UInt64 = 1) {
        precondition(workers.count >= 2 && workers[0] == 1, "workers must begin with 1 and have another number")
        precondition(zip(workers, workers.dropFirst()).allSatisfy { $0 < $1 }, "workers must ascend")
        precondition(!rounds.isEmpty && rounds.allSatisfy { $0.count == workers.count }, "a round differs in length")
        precondition(rounds.joined().allSatisfy { $0 > 0 && $0.isFinite }, "times must be positive")
        self.workers = workers
        self.rounds = rounds
        self.level = level
        var generator = SeededGenerator(seed: seed)
        self.resamples = (0..<resamples).map { _ in rounds.map { _ in generator.integer(below: rounds.count) } }
    }

    /// Below this many rounds there are no intervals: the median of fewer values has none at 95 %.
    public static let fewestRounds = 6

    /// Times faster than with one worker, by position in `workers`.
    public func speedUp(_ position: Int) -> FittedValue { fitted { 1 / $0[position] } }

    /// Amdahl's serial fraction.
    public var serialFraction: FittedValue { fitted(Self.serialFraction(workers)) }

    /// Contention and coherency of the universal law; `nil` below three numbers of workers.
    public var universal: (contention: FittedValue, coherency: FittedValue)? {
        guard workers.count >= 3 else { return nil }
        return (
            fitted { Self.universal(workers)($0).contention }, fitted { Self.universal(workers)($0).coherency }
        )
    }

    /// Times faster with `count` workers than with `base`, by Amdahl's law with the fitted fraction. A projection, not a
    /// measurement: it knows nothing of memory bandwidth, caches and clocks of a machine with more cores.
    public func projection(_ count: Int, relativeTo base: Int) -> FittedValue {
        precondition(count >= 1 && base >= 1, "no workers")
        let fraction = Self.serialFraction(workers)
        return fitted { shares in
            // Below 0 the law has no meaning beyond the measured numbers.
            let serial = max(fraction(shares), 0)
            func time(_ n: Int) -> Double { serial + (1 - serial) / Double(n) }
            return time(base) / time(count)
        }
    }

    /// A value of the median shares of time, with its interval.
    private func fitted(_ value: ([Double]) -> Double) -> FittedValue {
        let estimate = value(shares(Array(rounds.indices)))
        guard rounds.count >= Self.fewestRounds else {
            return FittedValue(estimate: estimate, lower: nil, upper: nil)
        }
        let samples = resamples.map { value(shares($0)) }.sorted()
        return FittedValue(
            estimate: estimate, lower: min(quantile(sorted: samples, (1 - level) / 2), estimate),
            upper: max(quantile(sorted: samples, (1 + level) / 2), estimate))
    }

    /// Median over the chosen rounds of t(n), by position in `workers`.
    private func shares(_ chosen: [Int]) -> [Double] {
        workers.indices.map { position in median(chosen.map { rounds[$0][position] / rounds[$0][0] }) }
    }

    /// Least squares of t(n) - 1/n = s (1 - 1/n).
    private static func serialFraction(_ workers: [Int]) -> ([Double]) -> Double {
        { shares in
            var (upper, lower) = (0.0, 0.0)
            for (count, share) in zip(workers, shares) {
                let parallel = 1 - 1 / Double(count)
                upper += (share - 1 / Double(count)) * parallel
                lower += parallel * parallel
            }
            return upper / lower
        }
    }

    /// Least squares of n t(n) - 1 = a (n - 1) + b n (n - 1).
    private static func universal(_ workers: [Int]) -> ([Double]) -> (contention: Double, coherency: Double) {
        { shares in
            var (aa, ab, bb, ay, by) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for (count, share) in zip(workers, shares) {
                let n = Double(count)
                let (a, b, y) = (n - 1, n * (n - 1), n * share - 1)
                aa += a * a
                ab += a * b
                bb += b * b
                ay += a * y
                by += b * y
            }
            let determinant = aa * bb - ab * ab
            return ((ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant)
        }
    }
}
