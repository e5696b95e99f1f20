/// The reference page of all settings, made from their descriptions.
public enum SettingsReference {
    /// Markdown: one section per first part of the names, one entry per setting.
    public static func markdown(_ descriptions: [ParameterDescription]) -> String {
        var lines = ["# Settings", ""]
        var section = ""
        for description in descriptions {
            let head = description.name.split(separator: ".").first.map(String.init) ?? ""
            if head != section {
                section = head
                lines += ["## \(head)", ""]
            }
            let unit = description.unit.isEmpty ? "" : " (\(description.unit))"
            lines.append("- **`\(description.name)`**\(unit): \(description.text)")
            lines.append(
                "  Allowed: \(description.allowedText). Default: `\(description.text(of: description.defaultValue))`. "
                    + "Group: \(description.group.rawValue).")
            if let condition = description.condition {
                let clauses = condition.clauses.map { clause in
                    let values = clause.values.map { value in
                        descriptions.first { $0.name == clause.parameter }?.text(of: value) ?? ""
                    }
                    return "`\(clause.parameter)` is \(values.joined(separator: " or "))"
                }
                lines.append("  Matters only while \(clauses.joined(separator: " and ")).")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
