import Statistics
import Testing

@testable import Reporting

@Suite struct AxisScaleTests {
    @Test func niceLinearTicks() {
        #expect(AxisScale.linearTicks(in: 0...1, count: 5).map(\.label) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
        #expect(AxisScale.linearTicks(in: -3...12, count: 3).map(\.label) == ["0", "5", "10"])
        #expect(
            AxisScale.linearTicks(in: 0.0012...0.0019, count: 4).map(\.label) == [
                "0.0012", "0.0014", "0.0016", "0.0018",
            ])
        #expect(
            AxisScale.linearTicks(in: 0...25_000, count: 3).map(\.label) == ["0", "10\u{202F}000", "20\u{202F}000"])
    }

    @Test func niceLogarithmicTicks() {
        #expect(
            AxisScale.logarithmicTicks(in: 1...100, count: 8).map(\.label) == ["1", "2", "5", "10", "20", "50", "100"])
        #expect(AxisScale.logarithmicTicks(in: 1...1_000_000, count: 4).map(\.value).allSatisfy { $0 >= 1 })
        #expect(AxisScale.logarithmicTicks(in: 0.9...1.5, count: 6).contains { $0.value == 1 })
    }

    @Test func randomTicksAreInsideOrderedAndFew() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            let low = (generator.uniform() - 0.5) * 1e4
            let high = low + generator.uniform() * 1e3 + 1e-6
            let count = 2 + generator.integer(below: 9)
            let ticks = AxisScale.linearTicks(in: low...high, count: count)
            let slack = (high - low) * 1e-6
            #expect(ticks.allSatisfy { $0.value >= low - slack && $0.value <= high + slack }, "\(low)...\(high)")
            #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $0.value < $1.value })
            #expect(ticks.count >= count / 2 && ticks.count <= 2 * count + 1, "\(ticks.count) ticks for \(count)")
            #expect(Set(ticks.map(\.label)).count == ticks.count, "labels repeat in \(low)...\(high)")
        }
    }

    @Test func positionsAndEmptyDomains() {
        let log = AxisScale(.logarithmic, domain: 1...100, start: 0, end: 200)
        #expect(abs(log.position(10) - 100) < 1e-9)
        let down = AxisScale(.linear, domain: 0...10, start: 100, end: 0)
        #expect(down.position(2.5) == 75)
        for kind in [AxisScale.Kind.linear, .logarithmic] {
            let single = AxisScale(kind, domain: 5...5, start: 0, end: 10)
            #expect(abs(single.position(5) - 5) < 1e-9)
        }
    }

    @Test func numbersAsText() {
        #expect(NumberText.fixed(-0.04, 1) == "0.0")
        #expect(NumberText.fixed(-1234.5, 1) == "\u{2212}1234.5")
        #expect(NumberText.fixed(1_234_567, 0) == "1\u{202F}234\u{202F}567")
        #expect(NumberText.fixed(.nan, 2) == "n/a")
        #expect(NumberText.significant(0.012345) == "0.0123")
        #expect(NumberText.significant(1234.5, 3) == "1235")
        #expect(NumberText.factor(1.004) == "1.004")
        #expect(NumberText.factor(1.42) == "1.42")
        #expect(NumberText.change(0.7) == "\u{2212}30.0\u{202F}%")
        #expect(NumberText.coordinate(-1.504) == "-1.5")
        #expect(NumberText.coordinate(0.05) == "0.05")
        #expect(NumberText.coordinate(12) == "12")
    }

    @Test func factorsBelowOneForMoreTime() throws {
        let ratio = PairedRatio(before: [1, 1, 1], after: [2, 2, 2], resamples: 100)
        let slower = try #require(ImprovementFactor(ratio, higherIsBetter: false))
        #expect(slower.estimate == 0.5 && slower.word == "worse")
        let more = try #require(ImprovementFactor(ratio, higherIsBetter: true))
        #expect(more.estimate == 2 && more.word == "better")
    }
}
