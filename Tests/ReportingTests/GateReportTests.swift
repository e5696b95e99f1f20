import Foundation
import Testing

@testable import Reporting

/// Every format of a gate's report is read by a parser.
@Suite struct GateReportTests {
    @Test(arguments: GateReport.Outcome.allCases) func pagesAreWellFormed(outcome: GateReport.Outcome) throws {
        let report = SampleGate.report(outcome)
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        #expect(page.contains(">\(outcome.word)<"))
        #expect(reader.all("tr").count >= report.checks.count)
        let ids = reader.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count, "an id occurs twice")
        for chart in reader.all("svg") where chart.attributes["role"] == "img" {
            for name in (chart.attributes["aria-labelledby"] ?? "").split(separator: " ") {
                #expect(reader.text(id: String(name))?.isEmpty == false)
            }
        }
        #expect(try GateReport(json: try #require(reader.text(id: "lavoisier-data"))) == report)
        #expect(try SampleGate.report(outcome).html() == page)
    }

    @Test func nothingIsLoadedByThePage() throws {
        let reader = PageReader(try SampleGate.report().html())
        for element in reader.elements {
            for (key, value) in element.attributes where ["href", "src", "data", "srcset"].contains(key) {
                #expect(value.hasPrefix("#") || value == "data:,", "\(element.name) loads \(value)")
            }
        }
        #expect(reader.elements.contains { $0.attributes["id"] == "forest" })
        #expect(reader.elements.contains { $0.attributes["id"] == "pairs-0" })
        // The dashed marks of the tolerance: three rows with one, wide and narrow, and the line of the pair plot.
        #expect(reader.count(ofClass: "limit") == 2 * 3 + 2)
    }

    @Test(arguments: GateReport.Outcome.allCases) func jsonIsReadBack(outcome: GateReport.Outcome) throws {
        let report = SampleGate.report(outcome)
        #expect(try GateReport(json: report.json()) == report)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json().utf8)) as? [String: Any])
        #expect(object["exitStatus"] as? Int == report.exitStatus)
        #expect(object["outcome"] as? String == outcome.rawValue)
    }

    @Test func jsonOfANewerVersionIsRefused() throws {
        let text = try SampleGate.report().json().replacing(
            "\"schemaVersion\" : \(GateReport.currentSchemaVersion)", with: "\"schemaVersion\" : 9")
        #expect { try GateReport(json: text) } throws: { ($0 as? ReportError)?.code == .newerSchema }
        #expect { try GateReport(json: "{}") } throws: { ($0 as? ReportError)?.code == .cannotDecode }
    }

    // MARK: JUnit

    @Test(arguments: GateReport.Outcome.allCases) func junitCountsWhatItHolds(outcome: GateReport.Outcome) throws {
        let report = SampleGate.report(outcome)
        let reader = PageReader(report.junitXML)
        #expect(reader.failure == nil)
        let cases = reader.all("testcase")
        #expect(cases.count == report.checks.count + 1)
        let suite = try #require(reader.all("testsuite").first)
        #expect(suite.attributes["tests"] == "\(cases.count)")
        #expect(suite.attributes["failures"] == "\(reader.all("failure").count)")
        #expect(suite.attributes["errors"] == "\(reader.all("error").count)")
        #expect(suite.attributes["skipped"] == "\(reader.all("skipped").count)")
        #expect(Double(suite.attributes["time"] ?? "") == 151.2)
        switch outcome {
        case .passed, .improved: #expect(reader.all("failure").isEmpty && reader.all("error").isEmpty)
        case .regression, .accuracyLost, .inconclusive: #expect(reader.all("failure").count >= 1)
        case .notComparable, .nothingMeasured, .failed, .interrupted: #expect(reader.all("error").count == 1)
        }
        for element in cases { #expect(element.attributes["classname"]?.hasPrefix("gate.main") == true) }
    }

    /// Where an inconclusive gate passes, it is skipped and not green.
    @Test func toleratedDoubtIsSkipped() {
        var report = SampleGate.report(.inconclusive)
        report.exitStatus = 0
        let reader = PageReader(report.junitXML)
        #expect(reader.all("failure").isEmpty)
        // The whole, the metric, and the instructions that could not be compared.
        #expect(reader.all("skipped").count == 3)
    }

    /// What does not decide may be worse without a red test case.
    @Test func informationalMetricsDoNotFail() {
        var report = SampleGate.report(.passed)
        report.checks[3].state = .failed
        report.checks[3].decides = false
        let reader = PageReader(report.junitXML)
        #expect(reader.all("failure").isEmpty)
        #expect(report.checks[3].cells.last == "(worse)")
    }

    // MARK: Markdown

    /// Cells of each line of the first table; a bar behind a backslash belongs to a cell.
    private func table(_ markdown: String) -> [[String]] {
        markdown.split(separator: "\n").filter { $0.hasPrefix("|") }.map { line in
            var cells = [""]
            var isEscaped = false
            for character in line.dropFirst().dropLast() {
                if character == "|", !isEscaped {
                    cells.append("")
                } else {
                    cells[cells.count - 1].append(character)
                }
                isEscaped = character == "\\" && !isEscaped
            }
            return cells.map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    @Test(arguments: GateReport.Outcome.allCases) func markdownTablesAreRectangular(outcome: GateReport.Outcome) {
        let report = SampleGate.report(outcome)
        let rows = table(report.markdown)
        #expect(rows.count == (report.checks.isEmpty ? 0 : report.checks.count + 2))
        for row in rows { #expect(row.count == GateReport.Check.headings.count, "\(row)") }
        if rows.count > 1 {
            #expect(rows[1].allSatisfy { Set($0).isSubset(of: ["-", ":"]) && $0.count >= 3 })
        }
        #expect(report.markdown.hasPrefix("### Lavoisier gate: \(outcome.word)\n"))
        #expect(report.markdown.contains("<details>") && report.markdown.contains("</details>"))
    }

    @Test func hostileTextStaysTextEverywhere() throws {
        let hostile = "</details><script>alert(1)</script> | `x` \"'&<b>\u{0}\u{B} ]]> <!-- \\ \n## no"
        var report = SampleGate.report()
        report.baseline = hostile
        report.sentence = hostile
        report.method = hostile
        report.notes = [hostile]
        report.checks[2].title = hostile
        report.checks[2].workload = hostile
        report.checks[2].detail = hostile
        report.checks[2].reference = .value(hostile)
        report.programs[0].path = hostile
        report.programs[0].description = hostile
        report.differences[0].here = hostile
        report.facts[1].value = .unavailable(reason: hostile)
        report.reproduce[0].command = hostile
        let page = PageReader(try report.html())
        #expect(page.failure == nil && page.all("script").count == 2 && page.all("b").isEmpty)
        let junit = PageReader(report.junitXML)
        #expect(junit.failure == nil && junit.all("script").isEmpty)
        for row in table(report.markdown) { #expect(row.count == GateReport.Check.headings.count, "\(row)") }
        #expect(!report.markdown.contains("<script>") && !report.markdown.contains("\n## no"))
        #expect(report.markdown.ranges(of: "</details>").count == 1)
        #expect(try GateReport(json: report.json()) == report)
    }

    @Test func numbersThatAreNotFiniteAreShownAsMissing() throws {
        var report = SampleGate.report()
        report.checks[2].ratio = .value(
            .init(
                estimate: .infinity, lower: .nan, upper: .infinity, level: 0.95, count: "3 pairs",
                smallestDetectable: .nan))
        report.runs[0].values["wall"] = .infinity
        #expect(PageReader(try report.html()).failure == nil)
        #expect(PageReader(report.junitXML).failure == nil)
        #expect(try report.json().contains("Infinity"))
    }
}
