import Foundation
import Testing

@testable import Reporting

@Suite struct ComparisonPageTests {
    private static func sample(_ manner: ComparisonReport.Manner = .interleaved) -> ComparisonReport {
        func row(
            _ workload: String, _ metric: String, _ unit: String, higher: Bool = false, decides: Bool = true,
            _ estimate: Double, _ verdict: ComparisonReport.RowVerdict
        ) -> ComparisonReport.Row {
            ComparisonReport.Row(
                workload: workload, metric: metric, unit: unit, higherIsBetter: higher, decides: decides,
                before: .value(2), after: .value(2 * estimate),
                ratio: .value(
                    ChangeRatio(
                        estimate: estimate, lower: estimate * 0.97, upper: estimate * 1.03, level: 0.95,
                        count: "16 pairs",
                        smallestDetectable: 0.04)), tolerance: 0.1, verdict: verdict)
        }
        var rows = [
            row("small", "Wall time", "s", 1.3, .worse), row("small", "CPU time", "s", 1.01, .noDifference),
            row("small", "Peak memory", "MB", 0.8, .better),
            row("small", "Throughput", "MB/s", higher: true, decides: false, 0.77, .worse),
        ]
        rows.append(rows[0])
        rows[4].metric = "CPU energy"
        rows[4].ratio = .unavailable(reason: "no energy counters")
        rows[4].before = .unavailable(reason: "no energy counters")
        rows[4].after = rows[4].before
        rows[4].verdict = .notMeasured
        let runs = (0..<8).map { order in
            ComparisonReport.Run(
                arm: [0, 1, 1, 0][order % 4], order: order, round: order / 2, wallTime: .value(1 + 0.1 * Double(order)),
                cpuTime: .value(2), throughput: .value(10), peakMemory: .value(200),
                cpuPressure: .value(0.05 * Double(order)), steal: .value(0),
                disturbance: order == 5 ? "other guests took 30 % of a CPU" : nil)
        }
        return ComparisonReport(
            title: "Comparison: b.yaml against a.yaml", created: "2026-11-28 22:00:00 UTC", manner: manner,
            verdict: .regression, sentence: "Wall time is 30 % higher.", notes: ["1 of 4 pairs was disturbed"],
            arms: ["a.yaml", "b.yaml"].enumerated().map { position, name in
                ComparisonReport.Arm(
                    name: name, facts: [StudyReport.Fact(name: "Engine", value: .value("/bin/engine"))],
                    settings: [
                        StudyReport.Setting(
                            parameter: "execution.workers", value: StudyReport.Value(text: "\(position + 1)")),
                        StudyReport.Setting(parameter: "matching.top", value: StudyReport.Value(text: "5")),
                    ])
            },
            accuracy: [
                ComparisonReport.Accuracy(
                    workload: "small", digestsEqual: .value(false), f1: .value(0.9996), truthBefore: .value("40 of 42"),
                    truthAfter: .value("40 of 42"), identificationsBefore: .unavailable(reason: "none"),
                    identificationsAfter: .unavailable(reason: "none"), loss: nil)
            ], rows: rows, runs: runs,
            environment: StudyReport.Environment(
                machine: [StudyReport.Fact(name: "Machine m1", value: .value("a machine"))], versions: [],
                workloads: [
                    StudyReport.Environment.Workload(
                        name: "small", sha256: "abcd", bytes: 1_000_000, spectra: .value(100))
                ], noise: [], notMeasured: [StudyReport.Environment.Gap(what: "energy", reason: "no counters")]),
            reproduce: [StudyReport.Command(purpose: "Compare again", command: "lavoisier-tune compare a.yaml b.yaml")])
    }

    @Test(arguments: [ComparisonReport.Manner.interleaved, .stored])
    func pageIsWellFormedAndComplete(_ manner: ComparisonReport.Manner) throws {
        let report = Self.sample(manner)
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        #expect(reader.all("h1").map(\.text) == [report.title])
        for id in ["results", "figures", "configuration", "environment", "reproduce", "forest", "runs"] {
            #expect(reader.elements.contains { $0.attributes["id"] == id }, "no element \(id)")
        }
        let ids = reader.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count, "an id occurs twice")
        #expect(reader.all("script").count == 2)
        #expect(page.contains("both in turn") == (manner == .interleaved))
        #expect(page.contains("one after the other") == (manner == .stored))
        #expect(page.utf8.count < 200_000)
    }

    @Test func verdictStandsInWordColourAndIcon() throws {
        for verdict in ComparisonReport.Verdict.allCases {
            var report = Self.sample()
            report.verdict = verdict
            let reader = PageReader(try report.html())
            #expect(reader.count(ofClass: verdict.className) == 1)
            #expect(reader.elements.contains { $0.attributes["class"] == "verdict" && $0.text == verdict.word })
            #expect(reader.elements.contains { $0.name == "path" && $0.attributes["d"] == verdict.iconPath })
        }
        #expect(Set(ComparisonReport.Verdict.allCases.map(\.word)).count == ComparisonReport.Verdict.allCases.count)
    }

    @Test func headlineIsTheWorstThatFails() throws {
        var report = Self.sample()
        #expect(ComparisonPage(report: report, json: "").headline?.metric == "Wall time")
        report.rows[0].verdict = .noDifference
        #expect(ComparisonPage(report: report, json: "").headline?.metric == "Peak memory")
        report.rows[2].verdict = .noDifference
        #expect(ComparisonPage(report: report, json: "").headline?.metric == "Wall time")
        report.rows = []
        #expect(ComparisonPage(report: report, json: "").headline == nil)
        #expect(PageReader(try report.html()).failure == nil)
    }

    @Test func figuresAreTurnedSoThatMoreIsBetter() throws {
        let page = try Self.sample().html()
        // 1.3 times the wall time is a factor of 0.77, and so is 0.77 times the throughput.
        #expect(page.ranges(of: "0.77\u{00D7}").count >= 2)
        #expect(page.contains("1.25\u{00D7}"))
        #expect(page.contains("+30.0\u{202F}%"))
        #expect(page.contains("CPU energy of small was not compared: no energy counters."))
        #expect(page.contains("other guests took 30 % of a CPU"))
    }

    @Test func rowsOfOneWorkloadStandTogetherAboveTheAxis() throws {
        var report = Self.sample()
        for index in report.rows.indices where index % 2 == 1 { report.rows[index].workload = "medium" }
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        let headings = reader.all("span").filter { $0.attributes["class"] == "unit" }.map(\.text)
        #expect(headings.map { $0.hasSuffix("small") } == [true, true, false, false])
        // A chart draws its axis before its rows; small bars in the table come before any chart.
        var axis: Double?
        var drawn = 0
        for line in reader.all("line") {
            guard let y = line.attributes["y1"].flatMap(Double.init) else { continue }
            if line.attributes["class"] == "axis", line.attributes["y2"] == line.attributes["y1"] { axis = y }
            guard line.attributes["class"]?.hasPrefix("interval") == true, let axis else { continue }
            #expect(y < axis, "an interval at \(y) below the axis at \(axis)")
            drawn += 1
        }
        // Three strokes for each of four rows, for wide and narrow screens.
        #expect(drawn == 24)
    }

    @Test func onlySettingsThatDifferAreListed() throws {
        var report = Self.sample()
        let reader = PageReader(try report.html())
        #expect(reader.all("td").contains { $0.text == "execution.workers" })
        #expect(!reader.all("td").contains { $0.text == "matching.top" })
        report.arms[1].settings = report.arms[0].settings
        #expect(try report.html().contains("Both ran with the same settings."))
    }

    @Test func aLossIsSaidFirst() throws {
        var report = Self.sample()
        report.accuracy[0].loss = "known features of small found: 30 instead of 40 of 42"
        let page = try report.html()
        let loss = try #require(page.range(of: "found: 30 instead of 40 of 42."))
        let figures = try #require(page.range(of: "id=\"figures\""))
        #expect(loss.lowerBound < figures.lowerBound)
    }

    @Test func embeddedDataIsTheModelAndHostileTextStaysText() throws {
        var report = Self.sample()
        report.title = "</script><b>\u{0}&\u{2028}"
        report.arms[0].name = "<script>alert(1)</script>"
        report.rows[0].workload = "]]><!--"
        report.notes = ["\"'&<b>"]
        report.runs[0].wallTime = .value(.infinity)
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        #expect(reader.all("script").count == 2 && reader.all("b").isEmpty)
        #expect(try ComparisonReport(html: page) == report)
        #expect(throws: ReportError.self) { try ComparisonReport(html: "<html></html>") }
        #expect {
            let version = ComparisonReport.currentSchemaVersion
            return try ComparisonReport(
                html: page.replacing("\"schemaVersion\":\(version)", with: "\"schemaVersion\":99"))
        } throws: { ($0 as? ReportError)?.code == .newerSchema }
    }

    @Test func emptyPartsAreSaid() throws {
        var report = Self.sample()
        report.rows = []
        report.runs = []
        report.accuracy = []
        report.arms = []
        let page = try report.html()
        #expect(PageReader(page).failure == nil)
        #expect(page.contains("No figures were compared.") && page.contains("No results were compared."))
    }
}
