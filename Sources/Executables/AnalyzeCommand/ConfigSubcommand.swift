import ArgumentParser
import Console
import Foundation
import HostEnvironment
import Parameters
import Pipeline

struct ConfigSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show and explain settings.",
        subcommands: [ShowSubcommand.self, DocsSubcommand.self])

    struct ShowSubcommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print the settings that analyze would use, as YAML.")

        @OptionGroup var settings: SettingOptions

        func run() throws {
            try reportingFailures {
                let outcome = try settings.request(inputs: []).resolve(host: HostReader().read())
                for notice in outcome.notices { Console.note("lavoisier: \(notice)") }
                try Console.output(outcome.configuration.yaml())
            }
        }
    }

    struct DocsSubcommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "docs", abstract: "Explain every setting: range, default on this machine, meaning.")

        func run() throws {
            try reportingFailures {
                try Console.output(
                    SettingsReference.markdown(EngineParameters.descriptions(host: HostReader().read())))
            }
        }
    }
}
