import ArgumentParser
import Console
import Evaluation
import Foundation

struct CheckSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-mztab", abstract: "Hold mzTab-M files against the specification (2.0.0).",
        discussion: """
            Checks sections and their order, mandatory keys and columns, types and null, parameters, and the references between \
            the tables. Prints a line per finding. Exit status 65 when a file has one or cannot be read.
            """)

    @Argument(help: "mzTab-M files.") var files: [String]

    func run() throws {
        var isGood = true
        for file in files {
            guard let data = FileManager.default.contents(atPath: file) else {
                Console.note("lavoisier: cannot read \(file)")
                isGood = false
                continue
            }
            let findings = MzTabChecker.check(String(decoding: data, as: UTF8.self))
            for finding in findings { try Console.output("\(file): \(finding)\n") }
            if findings.isEmpty { try Console.output("\(file): valid\n") }
            isGood = isGood && findings.isEmpty
        }
        if !isGood { throw ExitCode(65) }
    }
}
