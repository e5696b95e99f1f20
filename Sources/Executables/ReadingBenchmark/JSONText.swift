/// Just enough JSON for figures: Foundation would add its start-up to the process that is measured.
indirect enum JSONText: CustomStringConvertible {
    case text(String)
    case number(Double)
    case integer(Int)
    case missing
    case list([JSONText])
    /// In the order given.
    case fields([(String, JSONText)])

    static func numbers(_ values: [Double]) -> JSONText { .list(values.map { .number($0) }) }

    static func optional(_ value: Int?) -> JSONText { value.map { .integer($0) } ?? .missing }

    var description: String {
        switch self {
        case .text(let value): quoted(value)
        case .number(let value): value.isFinite ? "\(value)" : "null"
        case .integer(let value): "\(value)"
        case .missing: "null"
        case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
        case .fields(let values):
            "{" + values.map { quoted($0.0) + ": " + $0.1.description }.joined(separator: ", ") + "}"
        }
    }
}

private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\" + String(scalar)
        case _ where scalar.value < 0x20:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
