import Console
import Foundation
import MzML

/// What `inspect` prints: a block of text per file, or one JSON list.
struct InspectionOutput {
    let isJSON: Bool
    private var count = 0

    init(isJSON: Bool) { self.isJSON = isJSON }

    mutating func add(_ run: RunInspection, name: String) throws {
        defer { count += 1 }
        if isJSON {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let text = String(decoding: try encoder.encode(run), as: UTF8.self)
            try Console.output((count == 0 ? "[\n" : ",\n") + text)
        } else {
            try Console.output((count == 0 ? "" : "\n") + InspectionText(run: run, name: name).text)
        }
    }

    func finish() throws {
        if isJSON { try Console.output(count == 0 ? "[]\n" : "\n]\n") }
    }
}

/// The block of text for one file.
struct InspectionText {
    let run: RunInspection
    let name: String

    private static let labelWidth = 15

    var text: String {
        var text = "\(name)\n"
        for (label, lines) in entries {
            for (i, line) in lines.enumerated() {
                let title = i == 0 ? label : ""
                text += "  " + title + String(repeating: " ", count: Self.labelWidth - title.count) + line + "\n"
            }
        }
        return text
    }

    private var entries: [(String, [String])] {
        var entries: [(String, [String])] = [("file", [file])]
        func add(_ label: String, _ lines: [String]) {
            let lines = lines.filter { !$0.isEmpty }
            if !lines.isEmpty { entries.append((label, lines)) }
        }
        add("instrument", instrument)
        add("software", [run.software.map { words($0.name, $0.version) }.joined(separator: ", ")])
        add("processing", shortened(run.dataProcessing))
        add("source", shortened(run.sourceFiles.map { words($0.name, $0.format.map { "(\($0))" }) }))
        add("sample", [run.samples.joined(separator: ", ")])
        add("run", [[run.runID, run.started.map { "started \($0)" }].compactMap { $0 }.joined(separator: ", ")])
        guard run.failure == nil || run.spectra > 0 || run.instrument != nil else { return entries + problems }
        add("spectra", [spectra])
        add("", levelTable)
        add("precursors", [precursors])
        add("arrays", run.encodings.map { "\(number($0.arrays)) of \($0.content): \($0.type), \($0.compression)" })
        add("other arrays", run.extraArrays.map { "\(number($0.arrays)) of \($0.name)" })
        add(
            "chromatograms",
            run.chromatograms.map { "\(number($0.count)) \($0.kind), \(counted($0.points, "point"))" })
        add(
            "index", [check(run.index, more: run.index.spectra.map { ", \(counted($0, "spectrum", "spectra"))" } ?? "")]
        )
        add("checksum", [check(run.checksum, more: "")])
        return entries + problems
    }

    private func words(_ first: String, _ second: String?) -> String {
        [first, second ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The first lines of a long list, without repetitions.
    private func shortened(_ lines: [String]) -> [String] {
        var different: [String] = []
        for line in lines where !different.contains(line) { different.append(line) }
        guard different.count > 4 else { return different }
        return different.prefix(3) + ["and \(different.count - 3) more"]
    }

    private var problems: [(String, [String])] {
        guard run.problems.isEmpty else { return [("problems", run.problems)] }
        return [("problems", [run.valuesRead ? "none" : "none in the metadata; --sums reads the values too"])]
    }

    private var file: String {
        let container =
            switch run.container {
            case .plain: ""
            case .gzip: ", gzip"
            case .bgzip: ", bgzip"
            case .pipe: ", from a pipe"
            }
        let size = run.container == .pipe ? "" : "\(byteText), "
        guard run.instrument != nil else { return size + "not readable" + container }
        let kind = run.isIndexed ? "indexed mzML" : "mzML"
        return size + kind + (run.mzMLVersion.map { " \($0)" } ?? "") + container
            + (run.reader == .reference ? ", read by the reference reader" : "")
    }

    private var byteText: String {
        for (unit, size) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where Double(run.bytes) >= size {
            return "\((Double(run.bytes) / size * 10).rounded() / 10) \(unit)"
        }
        return "\(run.bytes) bytes"
    }

    private var instrument: [String] {
        guard let instrument = run.instrument else { return [] }
        let parts = [instrument.ionSources, instrument.analyzers, instrument.detectors]
            .map { $0.joined(separator: ", ") }.filter { !$0.isEmpty }
        let kind = instrument.kind == "unknown" ? nil : "class \(instrument.kind)"
        let serial = instrument.serialNumber.map { "serial number \($0)" }
        return [
            ([instrument.name ?? "not stated", kind, serial] as [String?]).compactMap { $0 }.joined(separator: ", "),
            parts.joined(separator: " > "),
        ]
    }

    private var spectra: String {
        var text = number(run.spectra)
        if let declared = run.declaredSpectra, declared != run.spectra { text += " of \(number(declared)) declared" }
        let empty = run.levels.reduce(0) { $0 + $1.emptySpectra }
        if empty > 0 { text += ", \(number(empty)) without points" }
        return text
    }

    private var precursors: String {
        let found = run.precursors
        guard found.spectra > 0 else { return "" }
        var text = "\(counted(found.spectra, "spectrum", "spectra")) with a precursor"
        if found.several > 0 { text += ", \(number(found.several)) with several" }
        if found.windowOnly > 0 { text += ", \(number(found.windowOnly)) with an isolation window only" }
        return text
    }

    private func check(_ check: RunInspection.Check, more: String) -> String {
        let state = check.state == .notChecked ? "not checked" : check.state.rawValue
        // What is wrong stands among the problems.
        return state + (check.state == .wrong ? "" : check.reason.map { ": \($0)" } ?? "") + more
    }

    // MARK: Levels

    private var levelTable: [String] {
        guard !run.levels.isEmpty else { return [] }
        var header = ["level", "spectra", "polarity", "form", "time (s)", "m/z", "points"]
        if run.valuesRead { header += ["sum of m/z", "sum of intensity"] }
        let alignments: [ConsoleTable.Alignment] = [
            .left, .right, .left, .left, .right, .right, .right, .right, .right,
        ]
        var table = ConsoleTable(header: header, alignments: Array(alignments.prefix(header.count)))
        for level in run.levels {
            let sums = level.sums
            var row = [
                level.level == 0 ? "0 (no mass)" : "\(level.level)", number(level.spectra),
                shares([
                    ("+", level.polarities.positive), ("-", level.polarities.negative),
                    ("not stated", level.polarities.unknown),
                ]),
                shares([
                    ("profile", level.representations.profile), ("centroid", level.representations.centroid),
                    ("not stated", level.representations.unknown),
                ]),
                extent(level.retentionTimeSeconds, digits: 1),
                extent(run.valuesRead ? sums?.mzRange : level.statedMZ, digits: 4),
                number(run.valuesRead ? sums?.points ?? 0 : level.declaredPoints),
            ]
            if run.valuesRead { row += ["\(sums?.mz ?? 0)", "\(sums?.intensity ?? 0)"] }
            table.append(row)
        }
        return table.text.split(separator: "\n").map(String.init)
    }

    /// One name where there is one, else each with its number.
    private func shares(_ counts: [(name: String, count: Int)]) -> String {
        let present = counts.filter { $0.count > 0 }
        guard present.count != 1 else { return present[0].name }
        return present.map { "\(number($0.count)) \($0.name)" }.joined(separator: ", ")
    }

    private func extent(_ extent: RunInspection.Extent?, digits: Int) -> String {
        guard let extent else { return "-" }
        return "\(rounded(extent.lowest, digits)) to \(rounded(extent.highest, digits))"
    }

    private func rounded(_ value: Double, _ digits: Int) -> String {
        let scale = digits == 1 ? 10.0 : 10_000
        let text = "\((value * scale).rounded() / scale)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    private func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
        "\(number(count)) \(count == 1 ? one : many ?? one + "s")"
    }

    /// With a comma between thousands.
    private func number(_ value: Int) -> String {
        var text = ""
        for (i, digit) in String(value).reversed().enumerated() {
            if i > 0, i % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }
}
