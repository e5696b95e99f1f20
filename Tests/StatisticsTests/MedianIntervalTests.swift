import Testing

@testable import Statistics

@Suite struct MedianIntervalTests {
    @Test func ranksAreThoseOfTheSignTest() {
        // Conover 1999, table A3 (binomial, p = 1/2): for n = 10 the second smallest, for n = 20 the sixth.
        let ten = MedianInterval((1...10).map(Double.init).shuffled())
        #expect(ten.lower == 2 && ten.upper == 9 && ten.estimate == 5.5 && ten.isSure)
        let twenty = MedianInterval((1...20).map(Double.init))
        #expect(twenty.lower == 6 && twenty.upper == 15)
    }

    @Test func fewValuesAreNotSure() {
        let five = MedianInterval([3, 1, 2, 5, 4])
        #expect(five.lower == 1 && five.upper == 5 && !five.isSure && five.relativeHalfWidth == nil)
        #expect(MedianInterval([1, 2, 3, 4, 5, 6]).isSure)
        #expect(MedianInterval([7]).estimate == 7)
    }

    @Test func widthIsRelativeToTheMedian() throws {
        let interval = MedianInterval([99, 99, 100, 100, 100, 101, 101, 100])
        #expect(abs((interval.relativeHalfWidth ?? 9) - 0.01) < 1e-12)
        #expect(MedianInterval([0, 0, 0, 0, 0, 0]).relativeHalfWidth == nil)
        #expect(MedianInterval([5, 5, 5, 5, 5, 5]).relativeHalfWidth == 0)
    }

    @Test func coversTheMedianAsOftenAsItSays() {
        // Exact for a uniform sample of 10: P(B(10, 1/2) in 2...8) = 1 - 2 * 11 / 1024 = 97.9 %.
        let seed: UInt64 = 71
        var generator = SeededGenerator(seed: seed)
        let rounds = 4_000
        let covered = (0..<rounds).count { _ in
            let interval = MedianInterval((0..<10).map { _ in generator.uniform() })
            return interval.lower <= 0.5 && interval.upper >= 0.5
        }
        // Within six standard deviations of the binomial.
        #expect(abs(Double(covered) / Double(rounds) - 0.9785) < 6 * 0.0023, "seed \(seed): \(covered) of \(rounds)")
    }
}
