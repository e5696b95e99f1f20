import Foundation
import Statistics
import Testing

@testable import Reporting

@Suite struct StudyPageTests {
    private let report = SampleStudy.report()

    @Test func pageIsWellFormedAndComplete() throws {
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        #expect(reader.all("h1").map(\.text) == [report.title])
        for id in [
            "confirmation", "search", "parameters", "configuration", "stages", "model", "trials", "environment",
            "reproduce", "forest", "progress", "runs", "stage-times", "model-check", "importance", "not-measured",
        ] {
            #expect(reader.elements.contains { $0.attributes["id"] == id }, "no element \(id)")
        }
        #expect(reader.elements.count { $0.name == "tr" && $0.attributes["data-state"] != nil } == 50)
        #expect(page.utf8.count < 1_000_000)
        let ids = reader.elements.compactMap { $0.attributes["id"] }
        #expect(Set(ids).count == ids.count, "an id occurs twice")
    }

    @Test func everyChartIsNamedAndHasItsData() throws {
        let reader = PageReader(try report.html())
        let charts = reader.all("svg").filter { $0.attributes["role"] == "img" }
        #expect(charts.count == 6 * 2 + report.parameters.count)
        for chart in charts {
            let names = (chart.attributes["aria-labelledby"] ?? "").split(separator: " ").map(String.init)
            #expect(names.count == 2)
            for name in names { #expect(reader.text(id: name)?.isEmpty == false, "chart without \(name)") }
        }
        for figure in ["forest", "progress", "runs"] { #expect(reader.text(id: figure + "-wide-title") != nil) }
        #expect(reader.all("details").count == 6 + report.parameters.count)
        for chart in reader.all("svg") where chart.attributes["role"] == nil {
            #expect(chart.attributes["aria-hidden"] == "true")
        }
    }

    @Test func nothingIsLoaded() throws {
        let reader = PageReader(try report.html())
        let loading: Set<String> = ["href", "src", "action", "data", "xlink:href", "srcset", "poster"]
        for element in reader.elements {
            for (key, value) in element.attributes where loading.contains(key) {
                #expect(value.hasPrefix("#") || value == "data:,", "\(element.name) loads \(value)")
            }
            #expect(!element.attributes.keys.contains { $0.hasPrefix("on") })
            #expect(element.attributes["style"] == nil)
        }
        let style = try #require(reader.all("style").first?.text)
        #expect(!style.contains("url(") && !style.contains("@import") && !style.contains("http"))
        #expect(!PageScript.source.contains("http") && !PageScript.source.contains("fetch"))
        #expect(PageScript.source.utf8.count <= 10_000)
    }

    @Test func coordinatesAreNumbers() throws {
        let reader = PageReader(try report.html())
        let numeric = ["x", "y", "x1", "x2", "y1", "y2", "width", "height", "fill-opacity"]
        let commands = CharacterSet(charactersIn: "MLAHVZ ")
        for element in reader.elements where ["path", "rect", "line", "text"].contains(element.name) {
            for key in numeric {
                guard let value = element.attributes[key] else { continue }
                #expect(Double(value)?.isFinite == true, "\(element.name) \(key)=\(value)")
            }
            guard let path = element.attributes["d"] else { continue }
            for part in path.components(separatedBy: commands) where !part.isEmpty {
                #expect(Double(part)?.isFinite == true, "path \(path)")
            }
        }
    }

    @Test func sameModelSameBytes() throws {
        #expect(try report.html() == SampleStudy.report().html())
    }

    @Test func embeddedDataIsTheModel() throws {
        let page = try report.html()
        #expect(try StudyReport(html: page) == report)
        let reader = PageReader(page)
        let json = try #require(reader.text(id: "lavoisier-data"))
        #expect(try StudyReport(json: json) == report)
        #expect(json.contains("\"schemaVersion\":1"))
    }

    @Test func embeddedDataKeepsNumbersThatAreNotFinite() throws {
        var report = report
        report.trials[3].objective = .value(.infinity)
        report.trials[4].wallTime = .value(-.infinity)
        let page = try report.html()
        #expect(PageReader(page).failure == nil)
        #expect(try StudyReport(html: page) == report)
        report.trials[3].objective = .value(.nan)
        let back = try StudyReport(html: report.html())
        #expect(back.trials[3].objective.value?.isNaN == true)
    }

    @Test func foreignPagesAreRefused() {
        #expect(throws: ReportError.self) { try StudyReport(html: "<html></html>") }
        #expect(throws: ReportError.self) { try StudyReport(json: "{\"schemaVersion\":1}") }
        #expect {
            try StudyReport(json: report.json().replacing("\"schemaVersion\":1", with: "\"schemaVersion\":99"))
        } throws: { error in
            (error as? ReportError)?.code == .newerSchema && "\(error)".contains("99")
        }
    }

    @Test func hostileTextStaysText() throws {
        let hostile = "</script><script>alert(1)</script> \"'&<b>\u{0}\u{B}\u{2028}\u{FFFE} ]]> <!-- \\"
        var report = report
        report.title = hostile
        report.studyID = hostile
        report.trials[1].reason = hostile
        report.trials[1].phase = hostile
        report.parameters[0].text = hostile
        report.parameters[0].name = hostile
        report.parameters[4].values[0].text = hostile
        report.environment.machine[0].value = .unavailable(reason: hostile)
        report.reproduce[0].command = hostile
        report.verdict = .failed(reason: hostile)
        report.environment.workloads[0].name = hostile
        let page = try report.html()
        let reader = PageReader(page)
        #expect(reader.failure == nil)
        #expect(reader.all("script").count == 2)
        #expect(reader.all("b").isEmpty)
        #expect(page.ranges(of: "</script>").count == 2)
        #expect(page.ranges(of: "<!--").isEmpty)
        #expect(try StudyReport(html: page) == report)
    }

    @Test func policyAllowsOnlyThisScript() throws {
        let reader = PageReader(try report.html())
        let script = try #require(reader.all("script").last?.text)
        #expect(script == PageScript.source)
        #expect(!script.contains("<") && !script.contains("&"), "would break the page as XML")
        let known = tinySHA256(Array("abc".utf8)).map { String($0, radix: 16) }.joined()
        #expect(known.hasPrefix("ba7816bf"))
        let hash = "sha256-" + Data(tinySHA256(Array(script.utf8))).base64EncodedString()
        #expect(PageScript.integrity == hash, "set PageScript.integrity to \(hash)")
        let policy = try #require(
            reader.all("meta").first { $0.attributes["http-equiv"] == "Content-Security-Policy" }?.attributes["content"]
        )
        #expect(policy.contains("default-src 'none'"))
        #expect(policy.contains("script-src '\(hash)'"))
    }

    @Test func whatOtherLoadDidIsShown() throws {
        var report = report
        report.trials[1].cpuPressure = .value(0.123)
        report.trials[1].steal = .value(0.0456)
        var confirmation = try #require(report.confirmation.value)
        confirmation.note = "2 of 12 rows were disturbed."
        report.confirmation = .value(confirmation)
        let page = try report.html()
        for text in [">CPU pressure (%)<", ">Steal (%)<", ">12.3<", ">4.6<", ">2 of 12 rows were disturbed.<"] {
            #expect(page.contains(text), "\(text)")
        }
        #expect(try StudyReport(html: page) == report)
    }

    /// Energy has its row, its column and its factor where runs have it, and no empty ones elsewhere.
    @Test func energyIsShownWhereItWasMeasured() throws {
        #expect(!(try report.html()).contains("CPU energy"))
        var report = report
        var confirmation = try #require(report.confirmation.value)
        for arm in confirmation.arms.indices {
            for run in confirmation.arms[arm].runs.indices {
                confirmation.arms[arm].runs[run].energy = .value(arm == 2 ? 10 : 20)
            }
        }
        let known = confirmation.arms[0].runs.map { _ in 20.0 }
        confirmation.comparisons.append(
            .init(
                metric: .energy, reference: .before, candidate: .best,
                ratio: .value(PairedRatio(before: known, after: known.map { $0 / 2 }, resamples: 100))))
        confirmation.headlineMetric = .energy
        report.confirmation = .value(confirmation)
        report.verdict = .improved
        #expect(report.sentence.hasPrefix("2.00\u{00D7} less energy than"), "\(report.sentence)")
        let page = try report.html()
        #expect(page.contains("CPU energy") && page.contains("CPU energy (J)"))
        #expect(PageReader(page).failure == nil)
    }

    /// `LAVOISIER_UPDATE_GOLDEN=1 swift test` writes the page anew; read the difference before committing it.
    @Test func smallPageIsAsAgreed() throws {
        var small = report
        small.trials = Array(small.trials.prefix(6))
        small.parameters = Array(small.parameters.prefix(2))
        var confirmation = try #require(small.confirmation.value)
        for index in confirmation.arms.indices {
            confirmation.arms[index].runs = Array(confirmation.arms[index].runs.prefix(3))
        }
        small.confirmation = .value(confirmation)
        let page = try small.html()
        let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/small-study.html")
        if ProcessInfo.processInfo.environment["LAVOISIER_UPDATE_GOLDEN"] != nil {
            try page.write(to: golden, atomically: true, encoding: .utf8)
        }
        let expected = try String(contentsOf: golden, encoding: .utf8)
        let difference = zip(page.split(separator: "<"), expected.split(separator: "<")).first { $0 != $1 }
        #expect(page == expected, "first difference: \(String(describing: difference))")
    }
}
