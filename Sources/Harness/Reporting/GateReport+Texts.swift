#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension GateReport {
    /// `lavoisier-tune gate` in JSON: sorted keys, indented. - Throws: `ReportError` with code `cannotEncode`.
    public func json() throws(ReportError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        do { return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n" } catch {
            throw ReportError(code: .cannotEncode, reason: "the gate's report cannot be written as JSON: \(error)")
        }
    }

    /// Reads what `json()` wrote. - Throws: `ReportError` with code `cannotDecode` or `newerSchema`.
    public init(json: String) throws(ReportError) {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        let report: GateReport
        do { report = try decoder.decode(GateReport.self, from: Data(json.utf8)) } catch {
            if let version = try? decoder.decode(SchemaVersion.self, from: Data(json.utf8)).schemaVersion,
                version < Self.currentSchemaVersion
            {
                throw ReportError(
                    code: .cannotDecode,
                    reason: "the gate's report has schema \(version), of an older version; run the gate again")
            }
            throw ReportError(code: .cannotDecode, reason: "this is not a gate's report: \(error)")
        }
        guard report.schemaVersion <= Self.currentSchemaVersion else {
            throw ReportError(
                code: .newerSchema,
                reason: "the gate's report has schema \(report.schemaVersion), this version reads up to "
                    + "\(Self.currentSchemaVersion); use a newer version")
        }
        self = report
    }

    private struct SchemaVersion: Decodable { let schemaVersion: Int }

    /// For a pull request: a heading, the sentence, one table, and the rest folded.
    public var markdown: String {
        var lines = ["### Lavoisier gate: \(outcome.word)", "", Self.escape(sentence), ""]
        if !checks.isEmpty {
            lines.append(Self.row(Check.headings))
            lines.append(Self.row(["---", "---", "--:", "--:", "--:", "--:", "--:", "---"]))
            lines += checks.map { Self.row($0.cells.map(Self.escape)) }
            lines.append("")
        }
        let reasons = checks.filter { $0.state != .passed }.map { check in
            "- \(Self.escape("\(check.title) on \(check.workload): \(check.detail)"))"
        }
        if !reasons.isEmpty { lines += reasons + [""] }
        lines += notes.map { "- \(Self.escape($0))" }
        if !notes.isEmpty { lines.append("") }
        lines += ["<details><summary>How it was compared</summary>", ""]
        lines.append(
            "- Baseline \(Self.code(baseline)), entry \(Self.code(entry)); \(Self.escape(method)); exit status "
                + "\(exitStatus)")
        lines += programs.map {
            "- \(Self.escape($0.role)): \(Self.escape($0.description)), SHA-256 \(Self.code(String($0.sha256.prefix(12))))"
        }
        lines += facts.map { "- \(Self.escape($0.name)): \(Self.escape($0.value.value ?? $0.value.reason ?? ""))" }
        lines += differences.map { difference in
            "- This machine differs in \(Self.escape(difference.name)): \(Self.escape(difference.baseline)) in the baseline, "
                + Self.escape(difference.here) + " here"
        }
        lines += reproduce.map { "- \(Self.escape($0.purpose)): \(Self.code($0.command))" }
        lines += ["", "</details>"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

    /// Text that Markdown leaves as it is, on one line.
    static func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "\\", "`", "*", "_", "{", "}", "[", "]", "<", ">", "#", "|", "~", "&": result += "\\\(character)"
            case _ where character.isNewline: result += " "
            default: result.append(character)
            }
        }
        return result
    }

    /// In backticks where that is safe: they end at the next one, and a cell of a table at a bar.
    private static func code(_ text: String) -> String {
        text.contains { "`|<>".contains($0) || $0.isNewline } ? escape(text) : "`\(text)`"
    }

    /// JUnit as CI systems read it: a test case per check, failures for what got worse, `skipped` for what could not be
    /// told, and an error where the gate itself did not come to a verdict.
    public var junitXML: String {
        var cases = checks.map(testCase)
        // The gate as a whole is a case too, so that a report without checks cannot pass for a green one.
        let whole: [Markup]
        switch outcome {
        case .passed, .improved: whole = []
        case .regression, .accuracyLost:
            whole = [.element("failure", ["type": outcome.rawValue, "message": sentence], sentence)]
        case .inconclusive:
            whole =
                exitStatus == 0
                ? [.element("skipped", ["message": sentence], "")]
                : [.element("failure", ["type": outcome.rawValue, "message": sentence], sentence)]
        case .notComparable, .nothingMeasured, .failed, .interrupted:
            whole = [.element("error", ["type": outcome.rawValue, "message": sentence], sentence)]
        }
        cases.append(
            .element(
                "testcase",
                ["classname": "gate.\(baseline)", "name": "verdict", "time": NumberText.plain(seconds, 3)], whole))
        let failures = checks.count { $0.isFailure } + (whole.first?.source.hasPrefix("<failure") == true ? 1 : 0)
        let errors = whole.first?.source.hasPrefix("<error") == true ? 1 : 0
        let skipped = checks.count { $0.isSkipped } + (whole.first?.source.hasPrefix("<skipped") == true ? 1 : 0)
        let properties = [
            ("exit_status", "\(exitStatus)"), ("outcome", outcome.rawValue), ("method", method), ("entry", entry),
        ].map { Markup.element("property", ["name": $0.0, "value": $0.1], []) }
        let suite = Markup.element(
            "testsuite",
            [
                "name": "lavoisier gate \(baseline)", "tests": "\(cases.count)", "failures": "\(failures)",
                "errors": "\(errors)", "skipped": "\(skipped)", "time": NumberText.plain(seconds, 3),
            ], [.element("properties", [:], properties)] + cases + [.element("system-out", [:], sentence)])
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            + Markup.element(
                "testsuites",
                [
                    "name": "lavoisier gate", "tests": "\(cases.count)", "failures": "\(failures)",
                    "errors": "\(errors)", "skipped": "\(skipped)", "time": NumberText.plain(seconds, 3),
                ], suite
            ).source + "\n"
    }

    private func testCase(_ check: Check) -> Markup {
        var children: [Markup] = []
        if check.isFailure {
            let type = check.isAccuracy ? "accuracy" : "regression"
            children.append(.element("failure", ["type": type, "message": check.detail], text(of: check)))
        } else if check.isSkipped {
            children.append(.element("skipped", ["message": check.detail], ""))
        }
        children.append(.element("system-out", [:], text(of: check)))
        return .element(
            "testcase", ["classname": "gate.\(baseline).\(check.workload)", "name": check.title], children)
    }

    private func text(of check: Check) -> String {
        zip(Check.headings, check.cells).map { "\($0): \($1)" }.joined(separator: "\n") + "\n" + check.detail
    }
}

extension GateReport.Check {
    var isAccuracy: Bool { ["digest", "truth", "identifications", "accuracy"].contains(metric) }
    /// What does not decide never fails.
    var isFailure: Bool { decides && state == .failed }
    var isSkipped: Bool { state == .notComparable || state == .notMeasured || state == .inconclusive }
}
