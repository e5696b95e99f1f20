import ArgumentParser
import Console
import Foundation
import HostEnvironment
import Parameters
import Pipeline

extension ConfigSubcommand {
    struct CheckFilesSubcommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Find everything that is wrong with configuration files.",
            discussion: """
                Reads each file as --config does, over the built-in default alone, and prints all that is found, one line \
                each: FILE:LINE: error, warning or notice, and what to do.

                Errors are what analyze refuses: an unknown setting, with the nearest known one; a value that is not \
                allowed; settings that contradict each other. Warnings are settings without an effect: their condition \
                does not hold, or this machine has nothing for them to change. Machine profiles are checked too.

                Example:   lavoisier config check config/*.yaml

                Exit status: 0 all files can be used, 65 one or more cannot (with --strict also for warnings).
                """)

        @Argument(help: "Configuration files in YAML.")
        var files: [String]

        @Flag(help: "Also fail for warnings.")
        var strict = false

        @Flag(help: "Print a JSON object with the findings of each file.")
        var json = false

        func run() throws {
            try reportingFailures {
                let host = HostReader().read()
                let checks = files.map { ConfigurationCheck(path: $0, host: host) }
                func isGood(_ check: ConfigurationCheck) -> Bool {
                    check.count(.error) == 0 && !(strict && check.count(.warning) > 0)
                }
                try Console.output(
                    json
                        ? jsonText(
                            CheckedFiles(
                                files: checks.map {
                                    CheckedFiles.File(path: $0.path, isGood: isGood($0), findings: $0.findings)
                                }))
                        : checks.map(Self.text).joined())
                if !checks.allSatisfy(isGood) { throw ExitCode(65) }
            }
        }

        private static func text(_ check: ConfigurationCheck) -> String {
            let counts: [String] = [
                (ConfigurationCheck.Severity.error, "error"), (.warning, "warning"), (.notice, "notice"),
            ].compactMap { severity, word in
                let count = check.count(severity)
                return count == 0 ? nil : "\(count) \(word)\(count == 1 ? "" : "s")"
            }
            let lines =
                check.findings.map { "\($0)" } + [
                    "\(check.path): \(counts.isEmpty ? "good" : counts.joined(separator: ", "))"
                ]
            return lines.map { $0 + "\n" }.joined()
        }
    }

    struct DiffSubcommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "diff", abstract: "Print where two configurations differ on this machine.",
            discussion: """
                A and B are each a configuration file, 'default' (what analyze does without any setting), 'profile' (this \
                machine's tuned profile for throughput) or 'profile=TARGET' or 'profile=TARGET/CLASS'. Both are completed \
                by the built-in default of this machine and then compared by value: other spellings, units and comments \
                make no difference. Environment variables are left aside.

                Example:   lavoisier config diff default profile=memory

                Exit status: 0 whether they differ or not (--json tells), 64 no such profile, 65 a file that cannot be used.
                """)

        @Argument(help: "File, 'default', or 'profile[=TARGET[/CLASS]]'.")
        var a: String

        @Argument(help: "The same.")
        var b: String

        @Option(help: "Folder with this machine's tuned profile.")
        var configDir: String?

        @Flag(help: "Print a JSON object with the differences.")
        var json = false

        func run() throws {
            try reportingFailures {
                let host = HostReader().read()
                let both = try [a, b].map { try resolve($0, host: host) }
                let differences = ConfigurationDifference.between(both[0], both[1])
                if json {
                    try Console.output(jsonText(ComparedConfigurations(a: a, b: b, differences: differences)))
                } else if differences.isEmpty {
                    Console.note("lavoisier: \(a) and \(b) are the same on this machine")
                } else {
                    var table = ConsoleTable(
                        header: ["Setting", a, b, "Default", "Unit"],
                        alignments: [.left, .right, .right, .right, .left])
                    for difference in differences {
                        table.append(
                            [
                                difference.name, difference.a, difference.b, difference.defaultValue,
                                difference.unit ?? "",
                            ])
                    }
                    try Console.output(table.text)
                }
            }
        }

        private func resolve(_ name: String, host: HostDescription) throws -> ResolvedConfiguration {
            let choice = ConfigurationChoice(name)
            do {
                let outcome = try choice.resolve(
                    host: host, configurationDirectory: configDir, environment: ProcessInfo.processInfo.environment)
                for notice in outcome.notices { Console.note("lavoisier: \(notice)") }
                return outcome.configuration
            } catch {
                guard choice.isFile else { throw error }
                Console.note("lavoisier: \(error)")
                throw ExitCode(65)
            }
        }
    }
}

/// What `config check --json` prints.
private struct CheckedFiles: Codable {
    struct File: Codable {
        var path: String
        var isGood: Bool
        var findings: [ConfigurationCheck.Finding]
    }

    var schema = "lavoisier-config-check/1"
    var files: [File]
}

/// What `config diff --json` prints.
private struct ComparedConfigurations: Codable {
    var schema = "lavoisier-config-diff/1"
    var a: String
    var b: String
    var differences: [ConfigurationDifference]
}
