/// A value for every described parameter, and where each came from.
public struct ResolvedConfiguration: Sendable {
    public struct Setting: Sendable, Hashable {
        public let description: ParameterDescription
        public let value: ParameterValue
        /// The layer that decided, `default` when none did.
        public let source: String
        public var text: String { description.text(of: value) }
    }

    /// In the order of the descriptions.
    public let settings: [Setting]
    private let positions: [String: Int]

    /// Applies layers in order; a later one wins.
    /// - Throws: `ParameterError` for an unknown key (with the nearest known one) or a value outside its domain.
    public init(descriptions: [ParameterDescription], layers: [ConfigurationLayer]) throws(ParameterError) {
        var settings = descriptions.map { Setting(description: $0, value: $0.defaultValue, source: "default") }
        let positions = Dictionary(uniqueKeysWithValues: descriptions.enumerated().map { ($1.name, $0) })
        for layer in layers {
            for entry in layer.entries {
                guard let position = positions[entry.name] else {
                    let nearest = nearestName(to: entry.name, among: descriptions.map(\.name))
                    throw ParameterError(
                        .unknownKey, parameter: entry.name,
                        expected: nearest.map { "did you mean '\($0)'?" } ?? "no known key is similar",
                        location: entry.location)
                }
                let description = descriptions[position]
                do {
                    settings[position] = Setting(
                        description: description, value: try description.parse(entry.text), source: layer.source)
                } catch {
                    throw error.at(entry.location)
                }
            }
        }
        self.settings = settings
        self.positions = positions
    }

    /// The setting of a described parameter.
    /// - Precondition: the name is one of the descriptions.
    public subscript(_ name: String) -> Setting {
        guard let position = positions[name] else { preconditionFailure("parameter '\(name)' is not described") }
        return settings[position]
    }

    public func integer(_ name: String) -> Int {
        guard case .integer(let value) = self[name].value else { preconditionFailure("\(name) is not an integer") }
        return value
    }

    public func number(_ name: String) -> Double {
        guard case .number(let value) = self[name].value else { preconditionFailure("\(name) is not a number") }
        return value
    }

    /// A number, or `nil` when it is left to the program (`auto`).
    public func optionalNumber(_ name: String) -> Double? {
        self[name].value == .automatic ? nil : number(name)
    }

    /// An integer, or `nil` when it is left to the program (`auto`).
    public func optionalInteger(_ name: String) -> Int? {
        self[name].value == .automatic ? nil : integer(name)
    }

    public func choice(_ name: String) -> String {
        guard case .choice(let value) = self[name].value else { preconditionFailure("\(name) is not a choice") }
        return value
    }

    public func boolean(_ name: String) -> Bool {
        guard case .boolean(let value) = self[name].value else { preconditionFailure("\(name) is not a boolean") }
        return value
    }

    /// Several numbers, or `nil` when they are left to the program (`auto`).
    public func optionalNumbers(_ name: String) -> [Double]? {
        guard case .numbers(let values) = self[name].value else { return nil }
        return values
    }

    /// Whether the parameter's condition holds under this configuration.
    public func isActive(_ name: String) -> Bool {
        guard let condition = self[name].description.condition else { return true }
        return condition.clauses.allSatisfy { $0.values.contains(self[$0.parameter].value) }
    }

    /// One `name=value` line per parameter in a fixed order: what a configuration hash is taken over.
    public var canonicalText: String {
        settings.map { "\($0.description.name)=\($0.text)\n" }.sorted().joined()
    }

    /// The configuration as YAML, grouped by the first part of each name, with unit and default as a comment.
    public func yaml(onlyChanged: Bool = false) -> String {
        let shown = settings.filter { !onlyChanged || $0.value != $0.description.defaultValue }
        var lines: [String] = []
        for section in bySection(shown, name: \.description.name) {
            if !section.head.isEmpty { lines.append("\(section.head):") }
            for setting in section.elements {
                let key = setting.description.name.dropFirst(section.head.isEmpty ? 0 : section.head.count + 1)
                let unit = setting.description.unit.isEmpty ? "" : "\(setting.description.unit), "
                lines.append(
                    "\(section.head.isEmpty ? "" : "  ")\(key): \(Self.quoted(setting.text))  # \(unit)default "
                        + setting.description.text(of: setting.description.defaultValue))
            }
        }
        return lines.joined(separator: "\n") + (lines.isEmpty ? "" : "\n")
    }

    /// YAML reads some bare words as other types; values with anything unusual are quoted.
    private static func quoted(_ text: String) -> String {
        let plain =
            !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        return plain ? text : "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}

/// Elements together that have the same first part of a dotted name, sections and elements in order of appearance; a name
/// of one part has no section (""), and these come first.
func bySection<Element>(
    _ elements: [Element], name: (Element) -> String
) -> [(head: String, elements: [Element])] {
    var sections: [(head: String, elements: [Element])] = [("", [])]
    for element in elements {
        let parts = name(element).split(separator: ".", maxSplits: 1)
        let head = parts.count == 2 ? String(parts[0]) : ""
        if let place = sections.firstIndex(where: { $0.head == head }) {
            sections[place].elements.append(element)
        } else {
            sections.append((head, [element]))
        }
    }
    return sections.filter { !$0.elements.isEmpty }
}
