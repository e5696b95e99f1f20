import ArgumentParser
import Console
import Foundation
import HostEnvironment
import Parameters
import Pipeline

struct ConfigSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show, check, compare and explain settings.",
        discussion: """
            Start with:   lavoisier config docs execution         what can be set, and what it means
            Then:         lavoisier config check settings.yaml    is the file right, and does all of it have an effect here?
                          lavoisier config show --config settings.yaml --only-changed
                          lavoisier config diff default settings.yaml
            """,
        subcommands: [ShowSubcommand.self, CheckFilesSubcommand.self, DiffSubcommand.self, DocsSubcommand.self])

    struct ShowSubcommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print the settings that analyze would use, as YAML.",
            discussion: """
                Every setting with its value, unit and default, and where the value was given when it was: this machine's \
                tuned profile, --config, an environment variable or --set, the later of which wins. The output is a \
                configuration file that --config reads.

                Example:   lavoisier config show --config settings.yaml --set execution.workers=4 --only-changed
                """)

        @OptionGroup var settings: SettingOptions

        @Flag(help: "Leave out settings that have their default.")
        var onlyChanged = false

        @Flag(
            help: "Print a JSON object: value, default, unit, group and source of each setting, and whether it matters."
        )
        var json = false

        func run() throws {
            try reportingFailures {
                let outcome = try settings.request(inputs: []).resolve(host: HostReader().read())
                for notice in outcome.notices { Console.note("lavoisier: \(notice)") }
                if json {
                    try Console.output(jsonText(ShownConfiguration(outcome, onlyChanged: onlyChanged)))
                } else {
                    try Console.output(outcome.configuration.yaml(onlyChanged: onlyChanged, showsOrigins: true))
                }
            }
        }
    }

    struct DocsSubcommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "docs", abstract: "Explain settings: range, default on this machine, meaning.",
            discussion: """
                All settings, or those that are named: by name or another spelling, by section (execution), or by a \
                pattern with * for any text ('*buffer*').

                Example:   lavoisier config docs execution.workers 'storage.*'
                """)

        @Argument(help: "Settings, sections or patterns. Default: all, and the names that are built in.")
        var names: [String] = []

        @Flag(help: "Say in words how a default follows from the machine, so that the page is the same everywhere.")
        var machineIndependent = false

        @Flag(help: "Print a JSON object with a description of each setting.")
        var json = false

        func run() throws {
            try reportingFailures {
                let catalog = EngineParameters.catalog(host: HostReader().read())
                let selected = names.isEmpty ? nil : try Self.select(names, of: catalog)
                if json {
                    try Console.output(
                        jsonText(
                            DescribedSettings(
                                settings: (selected ?? catalog.descriptions).map { ParameterSummary($0, of: catalog) },
                                lists: selected == nil ? catalog.lists.map(SwitchListSummary.init) : nil,
                                builtIn: selected == nil ? catalog.builtIn.map(BuiltInSummary.init) : nil)))
                } else {
                    try Console.output(
                        SettingsReference.markdown(
                            catalog, machine: machineIndependent ? .any : .this, only: selected))
                }
            }
        }

        /// In the order of the descriptions, each once.
        private static func select(
            _ names: [String], of catalog: ParameterCatalog
        ) throws(ParameterError) -> [ParameterDescription] {
            var wanted: Set<String> = []
            for name in names {
                if case .builtIn(let setting) = catalog.meaning(of: name) {
                    throw ParameterError(
                        .malformed, parameter: name,
                        expected: "\(name) is built in and not switchable: \(setting.reason)")
                }
                let found = catalog.matching(name)
                guard !found.isEmpty else { throw catalog.unknown(name, at: nil) }
                wanted.formUnion(found.map(\.name))
            }
            return catalog.descriptions.filter { wanted.contains($0.name) }
        }
    }
}

/// What `config show --json` prints.
private struct ShownConfiguration: Codable {
    struct Setting: Codable {
        var name: String
        var value: String
        var defaultValue: String
        var unit: String?
        var group: ParameterGroup
        /// `default`, `machine profile`, `--config`, `environment` or `command line`.
        var source: String
        var location: String?
        /// The spelling that was used there.
        var spelling: String?
        /// Whether its condition holds.
        var isActive: Bool
    }

    var schema = "lavoisier-config/1"
    var machineProfile: String?
    var notices: [String]
    var settings: [Setting]

    init(_ outcome: ConfigurationRequest.Outcome, onlyChanged: Bool) {
        machineProfile = outcome.machineProfile
        notices = outcome.notices
        settings = outcome.configuration.settings.filter { !onlyChanged || $0.value != $0.description.defaultValue }.map
        {
            let description = $0.description
            return Setting(
                name: description.name, value: $0.text, defaultValue: description.text(of: description.defaultValue),
                unit: description.unit.isEmpty ? nil : description.unit, group: description.group, source: $0.source,
                location: $0.location, spelling: $0.spelling, isActive: outcome.configuration.isActive(description.name)
            )
        }
    }
}

/// What `config docs --json` prints.
private struct DescribedSettings: Codable {
    var schema = "lavoisier-settings/1"
    var settings: [ParameterSummary]
    var lists: [SwitchListSummary]?
    var builtIn: [BuiltInSummary]?
}

/// A value as JSON for people and programs, ending in a line break.
func jsonText(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}
