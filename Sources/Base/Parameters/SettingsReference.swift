/// The reference page of all settings, made from their descriptions.
public enum SettingsReference {
    /// Markdown: one section per first part of the names, one entry per setting.
    public static func markdown(_ all: [ParameterDescription]) -> String {
        var lines = ["# Settings", ""]
        for (head, descriptions) in bySection(all, name: \.name) {
            if !head.isEmpty { lines += ["## \(head)", ""] }
            for description in descriptions { append(description, of: all, to: &lines) }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func append(
        _ description: ParameterDescription, of all: [ParameterDescription], to lines: inout [String]
    ) {
        let unit = description.unit.isEmpty ? "" : " (\(description.unit))"
        lines.append("- **`\(description.name)`**\(unit): \(description.text)")
        lines.append(
            "  Allowed: \(description.allowedText). Default: `\(description.text(of: description.defaultValue))`. "
                + "Group: \(description.group.rawValue).")
        if let condition = description.condition {
            let clauses = condition.clauses.map { clause in
                let values = clause.values.map { value in
                    all.first { $0.name == clause.parameter }?.text(of: value) ?? ""
                }
                return "`\(clause.parameter)` is \(values.joined(separator: " or "))"
            }
            lines.append("  Matters only while \(clauses.joined(separator: " and ")).")
        }
    }
}
