extension ResolvedConfiguration {
    /// The configuration as YAML, grouped by the first part of each name, with unit and default as a comment.
    /// - Parameter onlyChanged: leaves out what has its default.
    /// - Parameter showsOrigins: also says of each setting that was given where that was.
    public func yaml(onlyChanged: Bool = false, showsOrigins: Bool = false) -> String {
        let shown = settings.filter { !onlyChanged || $0.value != $0.description.defaultValue }
        var lines: [String] = []
        for section in bySection(shown, name: \.description.name) {
            if !section.head.isEmpty { lines.append("\(section.head):") }
            for setting in section.elements {
                let description = setting.description
                let key = description.name.dropFirst(section.head.isEmpty ? 0 : section.head.count + 1)
                let unit = description.unit.isEmpty ? "" : "\(description.unit), "
                let origin = showsOrigins ? setting.origin.map { ", \($0)" } ?? "" : ""
                lines.append(
                    "\(section.head.isEmpty ? "" : "  ")\(key): \(Self.quoted(setting.text))  # \(unit)default "
                        + description.text(of: description.defaultValue) + origin)
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

extension ResolvedConfiguration.Setting {
    /// Where the value was given, for people: `from --config a.yaml:3, as parallel.workers`; `nil` for a default.
    public var origin: String? {
        guard let location else { return nil }
        let place = location.hasPrefix(source) || location == "--set" ? location : "\(source) \(location)"
        let other = spelling.flatMap { $0 == description.name ? nil : ", as \($0)" } ?? ""
        return "from \(place.replacing("\n", with: " "))\(other)"
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
