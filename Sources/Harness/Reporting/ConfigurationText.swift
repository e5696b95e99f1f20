/// A configuration as YAML that `--config` takes: dotted names become nested mappings.
struct ConfigurationText {
    let settings: [StudyReport.Setting]

    /// Settings in the order of their names, so that each section appears once.
    var yaml: String {
        var lines: [String] = []
        var open: [Substring] = []
        for setting in settings.sorted(by: { $0.parameter < $1.parameter }) {
            let path = setting.parameter.split(separator: ".", omittingEmptySubsequences: false)
            let sections = path.dropLast()
            let shared = zip(open, sections).prefix { $0 == $1 }.count
            for depth in shared..<max(sections.count, shared) {
                lines.append(String(repeating: "  ", count: depth) + Self.scalar(String(sections[depth])) + ":")
            }
            open = Array(sections)
            lines.append(
                String(repeating: "  ", count: sections.count) + Self.scalar(String(path.last ?? "")) + ": "
                    + Self.scalar(setting.value.text))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A plain scalar where that is safe in YAML, else double-quoted.
    static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
                    UInt8(ascii: "/"), UInt8(ascii: "+"):
                    true
                default: false
                }
            } && !text.hasPrefix("-") && text != "null"
        if isPlain || text.hasSuffix("%") && text.dropLast().allSatisfy(\.isNumber) && text.count > 1 { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\u{0}"..<"\u{20}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + (digits.count < 2 ? "0" : "") + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
