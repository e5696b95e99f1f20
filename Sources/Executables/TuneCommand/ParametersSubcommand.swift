import ArgumentParser
import BayesianTuning
import Console
import EngineTuning
import Foundation
import HostEnvironment
import Parameters
import StudyRunner

struct ParametersSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parameters", abstract: "List what a study would search on this machine, and what it leaves out.",
        discussion: """
            Runs nothing. Takes the options of a study that decide what is searched: what can save memory only is \
            searched where memory is the target or has a bound, and likewise for time. Settings that change results (the \
            group analysis) are never searched and not listed; 'lavoisier config docs' explains all.

            Examples:  lavoisier-tune parameters --target memory
                       lavoisier-tune parameters --parameters basic,execution.file_access
            """)

    @OptionGroup var aim: AimOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "As for a study: names, sections, patterns, default, all or basic, with '-' to take away and '+' to add.",
            valueName: "list"))
    var parameters: String?

    @Option(
        name: .customLong("workload"),
        help: "Bundled workload of the study; may be repeated. What cannot matter for it is left out. Default: medium.")
    var workloads: [String] = []

    @Option(help: ArgumentHelp("Configuration file whose settings hold in every run.", valueName: "file"))
    var base: String?

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
        try reportingFailures {
            var request = EngineStudyRequest()
            try aim.apply(to: &request.options)
            request.parameters = parameters
            request.baseFile = base
            if !workloads.isEmpty { request.workloads = workloads }
            let list = try SearchedParameters(
                request.space(host: HostReader().read()), request)
            try Console.output(json ? list.json() : list.text)
        }
    }
}

/// What `lavoisier-tune parameters` prints.
private struct SearchedParameters: Codable {
    struct Item: Codable {
        var name: String
        var defaultValue: String
        /// The values that are tried; absent where the whole range is.
        var values: [String]?
        /// The range in words.
        var allowed: String
        var unit: String?
        var group: ParameterGroup
        /// Each clause in words; all must hold for the parameter to be searched in a configuration.
        var onlyWhile: [String]?
    }

    var schema = "lavoisier-tune-parameters/1"
    var target: String
    var workloads: [String]
    /// How many configurations there are; absent for very many.
    var configurations: Int?
    var searched: [Item]
    var leftOut: [LeftOutParameter]

    init(_ space: EngineSpace, _ request: EngineStudyRequest) throws {
        target = request.options.target.rawValue
        workloads = request.workloads
        configurations = try space.size()
        leftOut = space.leftOut
        let names = Set(space.searched.map(\.name))
        searched = space.searched.map { description in
            let clauses = (description.condition?.clauses ?? []).filter { names.contains($0.parameter) }
            return Item(
                name: description.name, defaultValue: description.text(of: description.defaultValue),
                values: Self.values(description).map { $0.map { description.text(of: $0) } },
                allowed: description.allowedText, unit: description.unit.isEmpty ? nil : description.unit,
                group: description.group,
                onlyWhile: clauses.isEmpty
                    ? nil
                    : clauses.map { clause in
                        let values = space.catalog.description(of: clause.parameter).map { parent in
                            clause.values.map { parent.text(of: $0) }
                        }
                        return "\(clause.parameter) is \(Self.short(values ?? [], separator: " or "))"
                    })
        }
    }

    /// What a list of values, a choice or a switch has; `nil` for a range.
    private static func values(_ description: ParameterDescription) -> [ParameterValue]? {
        if let listed = description.searchValues {
            return listed.contains(description.defaultValue) ? listed : listed + [description.defaultValue]
        }
        switch description.domain {
        case .boolean: return [.boolean(false), .boolean(true)]
        case .choice(let names): return names.map { .choice($0) }
        case .integer, .number, .size, .numbers, .text: return nil
        }
    }

    /// A long list as its ends.
    private static func short(_ values: [String], separator: String) -> String {
        values.count > 12 || (separator != " " && values.count > 4)
            ? "\(values[0]) to \(values[values.count - 1])" : values.joined(separator: separator)
    }

    var text: String {
        var table = ConsoleTable(
            header: ["Searched", "Default", "Values", "Only while"], alignments: [.left, .right, .left, .left])
        for item in searched {
            table.append([
                item.name, item.defaultValue, item.values.map { Self.short($0, separator: " ") } ?? item.allowed,
                item.onlyWhile?.joined(separator: " and ") ?? "",
            ])
        }
        var text = table.text + "\n"
        text += configurations.map { "\($0) configurations" } ?? "more configurations than are worth counting"
        text += " for \(target) on workload \(workloads.joined(separator: ", ")).\n"
        guard !leftOut.isEmpty else { return text }
        var rest = ConsoleTable(header: ["Left out", "Why"], alignments: [.left, .left])
        for item in leftOut { rest.append([item.name, item.reason]) }
        return text + "\n" + rest.text
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
