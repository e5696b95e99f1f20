import Testing

@testable import Statistics

/// Times that follow a law give the law back.
@Suite struct ScalabilityLawTests {
    private func rounds(
        _ workers: [Int], count: Int = 9, noise: Double = 0, seed: UInt64 = 3, _ time: (Double) -> Double
    )
        -> [[Double]]
    {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            // What a round's neighbours do falls on all of its runs; a little on each alone.
            let shared = 1 + noise * 4 * generator.uniform()
            return workers.map { shared * time(Double($0)) * (1 + noise * (generator.uniform() - 0.5)) }
        }
    }

    @Test(arguments: [0, 0.01, 0.2, 1, -0.05]) func amdahlsFractionIsFound(serial: Double) {
        for workers in [[1, 2], [1, 2, 4], [1, 3, 16]] {
            let law = ScalabilityLaw(
                workers: workers, rounds: rounds(workers) { 7 * (serial + (1 - serial) / $0) }, resamples: 50)
            #expect(abs(law.serialFraction.estimate - serial) < 1e-12)
            #expect(abs(law.speedUp(1).estimate - 1 / (serial + (1 - serial) / Double(workers[1]))) < 1e-12)
            #expect(law.speedUp(0) == FittedValue(estimate: 1, lower: 1, upper: 1))
        }
    }

    @Test func theUniversalLawNeedsThreeNumbers() throws {
        let workers = [1, 2, 4, 8]
        let law = ScalabilityLaw(
            workers: workers, rounds: rounds(workers) { (1 + 0.03 * ($0 - 1) + 0.002 * $0 * ($0 - 1)) / $0 },
            resamples: 50)
        let found = try #require(law.universal)
        #expect(abs(found.contention.estimate - 0.03) < 1e-12 && abs(found.coherency.estimate - 0.002) < 1e-12)
        #expect(ScalabilityLaw(workers: [1, 2], rounds: [[1, 0.6]], resamples: 1).universal == nil)
    }

    /// The interval covers the truth, and is wider with more noise.
    @Test func intervalsFollowTheNoise() {
        func width(_ noise: Double) -> Double {
            var covered = 0
            var total = 0.0
            for seed in UInt64(1)...40 {
                let law = ScalabilityLaw(
                    workers: [1, 2], rounds: rounds([1, 2], count: 25, noise: noise, seed: seed) { 0.1 + 0.9 / $0 },
                    resamples: 400)
                let found = law.serialFraction
                let (lower, upper) = (found.lower ?? .nan, found.upper ?? .nan)
                if lower <= 0.1, upper >= 0.1 { covered += 1 }
                #expect(lower <= found.estimate && found.estimate <= upper)
                total += upper - lower
            }
            #expect(covered >= 34, "\(covered) of 40 intervals at 95 %")
            return total
        }
        #expect(width(0.2) > 3 * width(0.02))
    }

    @Test func projectionsFollowTheFraction() {
        let perfect = ScalabilityLaw(workers: [1, 2], rounds: [[4, 2], [4, 2]], resamples: 20)
        #expect(perfect.projection(64, relativeTo: 4).estimate == 16)
        let serial = ScalabilityLaw(workers: [1, 2], rounds: [[1, 0.55], [1, 0.55]], resamples: 20)
        #expect(abs(serial.projection(128, relativeTo: 4).estimate - 0.325 / (0.1 + 0.9 / 128)) < 1e-12)
        // Faster than the number of workers has no meaning beyond what was measured.
        let more = ScalabilityLaw(workers: [1, 2], rounds: [[1, 0.45]], resamples: 20)
        #expect(more.serialFraction.estimate < 0 && more.projection(8, relativeTo: 4).estimate == 2)
    }

    @Test func fewRoundsHaveNoInterval() {
        func law(_ count: Int) -> ScalabilityLaw {
            ScalabilityLaw(
                workers: [1, 2], rounds: rounds([1, 2], count: count, noise: 0.1) { 1 / $0 }, resamples: 50)
        }
        #expect(law(5).speedUp(1).lower == nil && law(5).serialFraction.upper == nil)
        #expect(law(6).speedUp(1).lower != nil && law(6).projection(8, relativeTo: 4).upper != nil)
    }

    @Test func theSeedFixesTheInterval() {
        let times = rounds([1, 2], noise: 0.3) { 0.1 + 0.9 / $0 }
        func interval(_ seed: UInt64) -> FittedValue {
            ScalabilityLaw(workers: [1, 2], rounds: times, resamples: 200, seed: seed).serialFraction
        }
        #expect(interval(5) == interval(5) && interval(5) != interval(6))
    }
}
