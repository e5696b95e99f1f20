extension ResolvedConfiguration {
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
