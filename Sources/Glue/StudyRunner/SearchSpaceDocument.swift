import ContentHash
import Foundation
import Parameters

/// The searched parameters as stored with a study, so that a report can be made on any machine.
struct SearchSpaceDocument: Codable, Hashable {
    private struct Clause: Codable, Hashable {
        var parameter: String
        var values: [String]
    }

    private struct Item: Codable, Hashable {
        var name: String
        var group: ParameterGroup
        var kind: String
        var lower: Double?
        var upper: Double?
        var scale: ParameterScale?
        var names: [String]?
        var count: Int?
        var defaultValue: String
        var unit: String
        var text: String
        var searchValues: [String]?
        var conditionParameter: String?
        var conditionValues: [String]?
        /// Further parents that must hold as well; absent in studies from before there could be any.
        var moreConditions: [Clause]?
        var percentBase: Int?
    }

    private var items: [Item]

    init(_ parameters: [ParameterDescription]) {
        let described = Dictionary(parameters.map { ($0.name, $0) }) { first, _ in first }
        items = parameters.map { parameter in
            var item = Item(
                name: parameter.name, group: parameter.group, kind: "",
                defaultValue: parameter.text(of: parameter.defaultValue),
                unit: parameter.unit, text: parameter.text,
                searchValues: parameter.searchValues?.map { parameter.text(of: $0) },
                percentBase: parameter.percentBase)
            let clauses = (parameter.condition?.clauses ?? []).map { clause in
                Clause(
                    parameter: clause.parameter,
                    values: described[clause.parameter].map { parent in clause.values.map { parent.text(of: $0) } }
                        ?? [])
            }
            item.conditionParameter = clauses.first?.parameter
            item.conditionValues = clauses.first.flatMap { $0.values.isEmpty ? nil : $0.values }
            if clauses.count > 1 { item.moreConditions = Array(clauses.dropFirst()) }
            switch parameter.domain {
            case .boolean: item.kind = "boolean"
            case .integer(let range, let scale):
                item.kind = "integer"
                (item.lower, item.upper, item.scale) = (Double(range.lowerBound), Double(range.upperBound), scale)
            case .number(let range, let scale):
                item.kind = "number"
                (item.lower, item.upper, item.scale) = (range.lowerBound, range.upperBound, scale)
            case .size(let range):
                item.kind = "size"
                (item.lower, item.upper) = (Double(range.lowerBound), Double(range.upperBound))
            case .choice(let names):
                item.kind = "choice"
                item.names = names
            case .numbers(let range, let count):
                item.kind = "numbers"
                (item.lower, item.upper, item.count) = (range.lowerBound, range.upperBound, count)
            case .text(let form):
                item.kind = "text"
                item.names = [form]
            }
            return item
        }
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    init(json: String) throws { self = try JSONDecoder().decode(Self.self, from: Data(json.utf8)) }

    /// The descriptions again. Conditions on parameters outside the search are dropped: they are constant within a study.
    func parameters() throws -> [ParameterDescription] {
        var described: [String: ParameterDescription] = [:]
        for item in items { described[item.name] = try Self.description(item, condition: nil) }
        return try items.map { item in
            let first = item.conditionParameter.map { Clause(parameter: $0, values: item.conditionValues ?? []) }
            let clauses = try ([first].compactMap { $0 } + (item.moreConditions ?? [])).compactMap { clause in
                try described[clause.parameter].map { parent in
                    ParameterCondition.Clause(
                        parameter: parent.name, values: try clause.values.map { try parent.parse($0) })
                }
            }
            return try Self.description(item, condition: clauses.isEmpty ? nil : ParameterCondition(all: clauses))
        }
    }

    private static func description(_ item: Item, condition: ParameterCondition?) throws -> ParameterDescription {
        let lower = item.lower ?? 0
        let upper = max(item.upper ?? 0, lower)
        let domain: ParameterDomain
        switch item.kind {
        case "boolean": domain = .boolean
        case "integer": domain = .integer(integer(lower)...integer(upper), item.scale ?? .linear)
        case "number": domain = .number(lower...upper, item.scale ?? .linear)
        case "size": domain = .size(integer(lower)...integer(upper))
        case "choice": domain = .choice(item.names ?? [])
        case "numbers": domain = .numbers(lower...upper, count: item.count ?? 1)
        case "text": domain = .text(form: item.names?.first ?? "text")
        default:
            throw StudyError(.corruptStudy, "the stored search space has a parameter of unknown kind '\(item.kind)'")
        }
        func build(_ value: ParameterValue, _ searched: [ParameterValue]?) -> ParameterDescription {
            ParameterDescription(
                name: item.name, group: item.group, domain: domain, defaultValue: value, unit: item.unit,
                text: item.text,
                condition: condition, searchValues: searched, percentBase: item.percentBase)
        }
        // Parsing needs a description; its own default does not take part in it.
        let reader = build(.boolean(false), nil)
        return build(try reader.parse(item.defaultValue), try item.searchValues?.map { try reader.parse($0) })
    }

    private static func integer(_ value: Double) -> Int { Int(exactly: value.rounded()) ?? (value > 0 ? .max : .min) }
}

/// The name of a set of settings: SHA-256 over sorted `name=text` lines.
func settingsHash(_ settings: [Setting]) -> String {
    sha256(settings.map { "\($0.name)=\($0.text)\n" }.sorted().joined())
}

/// Settings as a JSON object with sorted keys.
func settingsJSON(_ settings: [Setting]) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let object = Dictionary(settings.map { ($0.name, $0.text) }) { _, last in last }
    return String(decoding: try encoder.encode(object), as: UTF8.self)
}

func settingsTexts(json: String) throws -> [String: String] {
    try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
}
