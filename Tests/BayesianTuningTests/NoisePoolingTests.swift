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

/// What the standard deviation of a trial does, from its tell to the recommendation.
struct NoisePoolingTests {
    /// scipy 1.17.1: special.digamma, special.polygamma(1, x).
    private static let exact: [(x: Double, digamma: Double, trigamma: Double)] = [
        (0.5, -1.9635100260214235, 4.93480220054468),
        (1.0, -0.5772156649015329, 1.6449340668482266),
        (1.5, 0.03648997397857652, 0.9348022005446793),
        (2.7, 0.7967831689911411, 0.4472120689183237),
        (10.0, 2.251752589066721, 0.10516633568168576),
        (123.4, 4.8113737751162775, 0.008136651610865263),
    ]

    @Test func gammaFunctionsAgreeWithScipy() {
        for (x, first, second) in Self.exact {
            #expect(abs(digamma(x) - first) < 1e-11 * max(1, abs(first)), "\(x)")
            #expect(abs(trigamma(x) / second - 1) < 1e-11, "\(x)")
            #expect(abs(inverseTrigamma(second) / x - 1) < 1e-8, "\(x)")
        }
    }

    /// True variances scatter about a common one; each is estimated from two or three measurements.
    @Test(arguments: [(UInt64(1), 4.0), (2, 4), (3, 1_000), (4, 1_000)])
    func shrunkVariancesAreCloserToTheTruth(seed: UInt64, degrees: Double) {
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        func normal() -> Double {
            (-2 * log(1 - generator.uniform())).squareRoot() * cos(2 * Double.pi * generator.uniform())
        }
        func chiSquare(_ n: Int) -> Double { (0..<n).reduce(0.0) { sum, _ in sum + pow(normal(), 2) } / Double(n) }
        var truth: [Double] = []
        var told: [Double] = []
        var repeats: [Int?] = []
        for trial in 0..<60 {
            let count = 2 + trial % 2
            let variance = 0.04 / (degrees > 100 ? 1 : chiSquare(Int(degrees)))
            truth.append(variance / Double(count))
            told.append(variance * chiSquare(count - 1) / Double(count))
            repeats.append(count)
        }
        func error(_ values: [Double]) -> Double {
            mean(zip(values, truth).map { abs(log(max($0, 1e-12) / $1)) })
        }
        let shrunk = NoisePooling.variances(told, repeats: repeats)
        print("mean error of the logarithm: \(error(told)) as told, \(error(shrunk)) shrunk")
        #expect(error(shrunk) < 0.6 * error(told))
        #expect(shrunk.allSatisfy { $0 > 0 && $0.isFinite })
    }

    @Test func knownDeviationsAndTooFewEstimatesStayAsTheyWereTold() {
        #expect(NoisePooling.variances([0, 0.3, 4], repeats: [nil, nil, nil]) == [0, 0.3, 4])
        #expect(NoisePooling.variances([0, 0.3], repeats: [2, 2]) == [0, 0.3])
        let mixed = NoisePooling.variances([0.1, 0.12, 0.11, 9, 0], repeats: [3, 3, 3, nil, 1])
        #expect(mixed[3] == 9)
        // Measured once: what one measurement scatters among the others, three times that of their mean of three.
        #expect(abs(mixed[4] / (3 * mixed[0]) - 1) < 0.1, "\(mixed)")
        #expect(NoisePooling.variances([0, 0, 0, 0], repeats: [2, 2, 2, 2]) == [0, 0, 0, 0])
    }

    /// Two runs that happen to agree do not make the model go through their value.
    @Test func anEqualPairIsNotBelievedBlindly() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...20)])
        func data(repeats: Int?) throws -> ObjectiveData {
            var tuner = Tuner(space: space, objective: .minimise, seed: 1)
            for a in 1...20 {
                tuner.tell(
                    try space.configuration(["a": .integer(a)]),
                    .success(objective: 100 + Double(a), objectiveSD: a == 7 ? 0 : 6 + Double(a % 3), repeats: repeats))
            }
            return try #require(ObjectiveData(tuner.trials, kinds: tuner.kinds, direction: .minimise))
        }
        let blind = try data(repeats: nil).training.noiseVariances
        let shrunk = try data(repeats: 2).training.noiseVariances
        #expect(blind[6] == 0)
        // The middle of variances from two runs each is 0.45 of the true one.
        #expect(shrunk[6] > 0.2 * median(blind) && shrunk[6] < 4 * median(blind))
    }

    /// The best value observed was measured badly: whether it is recommended depends on that alone.
    @Test func theDeviationDecidesWhetherAnOutlierIsRecommended() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...20)])
        func recommended(outlierSD: Double?) throws -> (a: Int, mean: Double) {
            var tuner = Tuner(space: space, objective: .minimise, seed: 1)
            for a in 1...20 {
                let truth = 100 + Double((a - 10) * (a - 10))
                tuner.tell(
                    try space.configuration(["a": .integer(a)]),
                    a == 17
                        ? .success(objective: 60, objectiveSD: outlierSD) : .success(objective: truth, objectiveSD: 0.5)
                )
            }
            let points = try #require(tuner.diagnostics()).points
            return (try #require(tuner.recommendation()).configuration.integer("a"), points[16].predicted)
        }
        let trusted = try recommended(outlierSD: 0.01)
        let doubtful = try recommended(outlierSD: 60)
        #expect(trusted.a == 17)
        #expect(abs(doubtful.a - 10) <= 1)
        #expect(doubtful.mean > trusted.mean + 5, "\(doubtful) \(trusted)")
    }

    @Test(arguments: [nil, 0, 1e-300, 1e-12, 1e12, 1e300, .infinity, .nan, -1] as [Double?])
    func anyDeviationIsSurvived(deviation: Double?) throws {
        let space = try Spaces.small()
        for repeats in [nil, -3, 1, 2, 5] as [Int?] {
            var tuner = Tuner(space: space, objective: .minimise, seed: 2)
            for trial in 0..<14 {
                let configuration = try tuner.next()
                let value = 5 + Double(configuration.integer("workers"))
                tuner.tell(
                    configuration,
                    .success(objective: value, objectiveSD: trial % 2 == 0 ? deviation : 0.3, repeats: repeats))
            }
            #expect(tuner.ask() != nil)
            let recommendation = try #require(tuner.recommendation())
            #expect(recommendation.predicted.isFinite && recommendation.interval.lowerBound <= recommendation.predicted)
        }
    }
}
