/// A description as data, for programs that read `config docs --json`.
public struct ParameterSummary: Sendable, Hashable, Codable {
    public struct Alias: Sendable, Hashable, Codable {
        public var name: String
        /// Its own words by the parameter's; absent where the values are the same.
        public var values: [Word]?
    }

    public struct Word: Sendable, Hashable, Codable {
        public var here: String
        public var means: String
    }

    public struct Clause: Sendable, Hashable, Codable {
        public var setting: String
        public var isOneOf: [String]
    }

    /// What a tuner does with it.
    public struct Search: Sendable, Hashable, Codable {
        /// Whether it is searched when nothing is said.
        public var byDefault: Bool
        /// Whether it can be searched when it is asked for.
        public var canBe: Bool
        /// The values that are tried; absent where they follow from the range.
        public var values: [String]?
        /// What must be asked for, one of these, for it to be searched when nothing is said.
        public var saves: [String]?
        /// Why it is not searched, or not without being asked for.
        public var reason: String?
    }

    public var name: String
    public var group: ParameterGroup
    /// `boolean`, `integer`, `number`, `size`, `choice`, `numbers` or `text`.
    public var type: String
    public var minimum: Double?
    public var maximum: Double?
    /// Of numbers that belong together.
    public var count: Int?
    public var choices: [String]?
    /// The values that are allowed, in words.
    public var allowed: String
    public var unit: String?
    public var defaultValue: String
    /// How the default follows from the machine.
    public var defaultRule: String?
    public var text: String
    /// All must hold for the setting to matter.
    public var mattersOnlyWhile: [Clause]?
    public var aliases: [Alias]?
    public var search: Search
    /// Why no value can make a difference on this machine.
    public var noEffectHere: String?

    public init(_ description: ParameterDescription, of catalog: ParameterCatalog) {
        func texts(_ values: [ParameterValue], of name: String) -> [String] {
            catalog.description(of: name).map { parent in values.map { parent.text(of: $0) } } ?? []
        }
        name = description.name
        group = description.group
        allowed = description.allowedText
        unit = description.unit.isEmpty ? nil : description.unit
        defaultValue = description.text(of: description.defaultValue)
        defaultRule = description.defaultRule
        text = description.text
        mattersOnlyWhile = description.condition?.clauses.map {
            Clause(setting: $0.parameter, isOneOf: texts($0.values, of: $0.parameter))
        }
        aliases =
            description.aliases.isEmpty
            ? nil
            : description.aliases.map { alias in
                Alias(
                    name: alias.name,
                    values: alias.words.isEmpty ? nil : alias.words.map { Word(here: $0.spelled, means: $0.canonical) })
            }
        search = Search(
            byDefault: description.reasonNotSearched == nil, canBe: description.searchObstacle == nil,
            values: description.searchValues.flatMap { $0.isEmpty ? nil : $0.map { description.text(of: $0) } },
            saves: description.reasonNotSearched == nil ? description.purposes.names : nil,
            reason: description.reasonNotSearched)
        noEffectHere = description.irrelevance
        switch description.domain {
        case .boolean: type = "boolean"
        case .integer(let range, _):
            type = "integer"
            (minimum, maximum) = (Double(range.lowerBound), Double(range.upperBound))
        case .number(let range, _):
            type = "number"
            (minimum, maximum) = (range.lowerBound, range.upperBound)
        case .size(let range):
            type = "size"
            (minimum, maximum) = (Double(range.lowerBound), Double(range.upperBound))
        case .choice(let names):
            type = "choice"
            choices = names
        case .numbers(let range, let number):
            type = "numbers"
            (minimum, maximum, count) = (range.lowerBound, range.upperBound, number)
        case .text: type = "text"
        }
    }
}

/// A name that is not switchable, as data.
public struct BuiltInSummary: Sendable, Hashable, Codable {
    public var name: String
    public var accepted: [String]
    public var reason: String

    public init(_ setting: BuiltInSetting) {
        (name, accepted, reason) = (setting.name, setting.accepted, setting.reason)
    }
}

/// A list of switches, as data.
public struct SwitchListSummary: Sendable, Hashable, Codable {
    public var name: String
    public var text: String
    public var allowed: String
    public var switches: [String]
    public var builtIn: [String]

    public init(_ list: SwitchList) {
        (name, text, allowed) = (list.name, list.text, list.allowedText)
        (switches, builtIn) = (list.switches, list.builtIn)
    }
}
