import ArgumentParser
import Console
import Evaluation
import Foundation
import Pipeline

struct EvaluateSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Hold a result against a table of what is known to be in the data.",
        discussion: """
            RESULT is an output folder of analyze, or a features.tsv or traces.tsv. Rows are matched one to one within their m/z \
            tolerance and retention-time window; a row without a window takes the apex within --window seconds. Beside that \
            count stands how many rows are covered when a feature, or an isotopologue of one, may stand for any number of \
            them: for tables whose rows overlap.
            """)

    @Argument(help: "Output folder of analyze, or a feature table.") var result: String

    @Option(help: "Truth table (truth.tsv of a workload).") var truth: String

    @Option(help: "Table of identified compounds to hold identifications.tsv against.") var identifications: String?

    @Option(help: "Half window in seconds for rows that state only an apex.") var window: Double = 6

    @Flag(help: "Print the evaluation as JSON.") var json = false

    @Flag(help: "List every row that was not found.") var missed = false

    func validate() throws {
        guard window > 0, window.isFinite else {
            throw ValidationError("--window must be a positive number of seconds")
        }
    }

    func run() throws {
        try reportingFailures {
            let (featurePath, identificationPath) = resultPaths()
            let evaluation = EvaluationResult(
                truth: try TruthTable(path: truth), features: try FeatureTable(path: featurePath),
                rule: MatchingRule(halfWindowSeconds: window))
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                try Console.output(String(decoding: try encoder.encode(evaluation), as: UTF8.self) + "\n")
            } else {
                try Console.output("\(evaluation)\n")
                if missed { for miss in evaluation.missed { try Console.output("  missed \(miss)\n") } }
            }
            if let identifications {
                let found = IdentificationEvaluation(
                    truth: try IdentificationTruthTable(path: identifications),
                    identifications: try ResultIdentification.read(path: identificationPath))
                try Console.output("identified \(found.found)/\(found.expected)\n")
                for row in found.missed { try Console.output("  not identified: \(row.name), m/z \(row.mz)\n") }
            }
        }
    }

    private func resultPaths() -> (features: String, identifications: String) {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: result, isDirectory: &isFolder), isFolder.boolValue {
            return ("\(result)/features.tsv", "\(result)/identifications.tsv")
        }
        let folder = result.lastIndex(of: "/").map { String(result[..<$0]) } ?? "."
        return (result, "\(folder)/identifications.tsv")
    }
}
