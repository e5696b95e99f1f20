import Testing

@testable import Reporting

@Suite struct TradeOffTests {
    private func report(_ points: [StudyReport.TradeOff.Point], chosen: Int?) -> StudyReport {
        var report = SampleStudy.report()
        report.tradeOff = StudyReport.TradeOff(
            first: .init(name: "Throughput", unit: "MB/s", higherIsBetter: true),
            second: .init(name: "Peak memory", unit: "MB", higherIsBetter: false), points: points, chosen: chosen,
            rule: "The member with the largest throughput per memory is chosen.")
        return report
    }

    private func point(_ trial: Int, _ first: Double, _ second: Double, _ isOnFront: Bool) -> StudyReport.TradeOff.Point
    {
        .init(trial: trial, first: first, second: second, isOnFront: isOnFront)
    }

    @Test func theFrontIsDrawnAndListed() throws {
        let report = report(
            [point(0, 30, 70, true), point(1, 20, 50, true), point(2, 19, 60, false), point(3, 24, 55, true)],
            chosen: 3)
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        #expect(try StudyReport(html: page) == report)
        #expect(page.contains("Throughput against peak memory"))
        #expect(page.contains("4 trials, 3 on the front. Chosen: Trial 3: 24.00 MB/s, 55.00 MB, chosen."))
        #expect(page.contains(report.tradeOff?.rule ?? "-"))
        let rows = TradeOffPlot(try #require(report.tradeOff)).table.rows
        #expect(rows.map(\.first) == ["1", "3", "0"])
        #expect(rows.map(\.last) == ["", "yes", ""])
    }

    @Test func onePointAndNone() throws {
        let single = try report([point(4, 30, 70, true)], chosen: 4).html()
        #expect(PageReader(single).failure == nil)
        #expect(single.contains("1 trial, 1 on the front"))
        let none = try report([], chosen: nil).html()
        #expect(PageReader(none).failure == nil)
        #expect(none.contains("there is no Pareto front"))
    }

    @Test func studiesWithOneObjectiveHaveNone() throws {
        let page = try SampleStudy.report().html()
        #expect(!page.contains("trade-off") && !page.contains("Pareto"))
    }
}
