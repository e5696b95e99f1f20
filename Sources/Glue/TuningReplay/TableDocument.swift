import Parameters

/// The JSON description of a recorded table.
struct TableDocument: Decodable {
    struct Parameter: Decodable {
        enum Kind: String, Decodable {
            case int
            case logint
            case float
            case logfloat
            case cat
            case bool
        }

        let name: String
        let type: Kind
        let values: [Scalar]?
        let low: Double?
        let high: Double?
    }

    struct Objective: Decodable {
        enum Direction: String, Decodable {
            case min
            case max
        }

        let column: String
        let direction: Direction
    }

    struct Condition: Decodable {
        let param: String
        let activeIf: [String: [Scalar]]

        enum CodingKeys: String, CodingKey {
            case param
            case activeIf = "active_if"
        }
    }

    /// A value as JSON has it, kept as text: what the same value looks like in the CSV file.
    struct Scalar: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let flag = try? container.decode(Bool.self) {
                text = flag ? "1" : "0"
            } else if let integer = try? container.decode(Int.self) {
                text = String(integer)
            } else if let number = try? container.decode(Double.self) {
                text = String(number)
            } else {
                text = try container.decode(String.self)
            }
        }
    }

    let name: String
    let params: [Parameter]
    let objectives: [Objective]
    let conditions: [Condition]?
    let optimum: Double?
    let median: Double?
}

extension TableDocument.Parameter {
    /// A value as the CSV file writes it, `nil` when it is not one; an empty field is the value of an inactive
    /// parameter.
    func value(_ text: String) -> ParameterValue? {
        let text = text.isEmpty ? (values?.first?.text ?? low.map { String($0) } ?? "") : text
        switch type {
        case .int, .logint:
            if let integer = Int(text) { return .integer(integer) }
            return Double(text).flatMap { Int(exactly: $0) }.map { .integer($0) }
        case .float, .logfloat: return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
        case .bool:
            switch text.lowercased() {
            case "0", "0.0", "false": return .boolean(false)
            case "1", "1.0", "true": return .boolean(true)
            default: return nil
            }
        case .cat:
            // Numbers in JSON and CSV may be written differently.
            if let known = values?.first(where: { $0.text == text }) { return .choice(known.text) }
            let number = Double(text)
            return values?.first { number != nil && Double($0.text) == number }.map { .choice($0.text) }
        }
    }
}

extension TableDocument {
    /// What the tuner is told about the parameters: types, ranges and value lists. The first value is the default, which
    /// an inactive parameter has.
    func descriptions(_ rows: [RecordedTable.Row], file: String) throws(ReplayError) -> [ParameterDescription] {
        try checkConditions(file: file)
        var descriptions: [ParameterDescription] = []
        for (position, parameter) in params.enumerated() {
            let listed = (parameter.values ?? []).compactMap { parameter.value($0.text) }
            guard listed.count == parameter.values?.count ?? 0 else {
                throw ReplayError(.badTable, file: file, "'\(parameter.name)' lists a value of another type")
            }
            let domain = try domain(of: parameter, listed + rows.map { $0.values[position] }, file: file)
            let initial: ParameterValue =
                switch domain {
                case .boolean: listed.first ?? .boolean(false)
                case .integer(let range, _): listed.first ?? .integer(range.lowerBound)
                case .number(let range, _): listed.first ?? .number(range.lowerBound)
                case .choice(let names): .choice(names.first ?? "")
                case .text(let form): .choice(form)
                case .numbers(let range, let count): .numbers(Array(repeating: range.lowerBound, count: count))
                case .size(let range): .integer(range.lowerBound)
                }
            let isOrdered = parameter.type != .cat && parameter.type != .bool
            descriptions.append(
                ParameterDescription(
                    name: parameter.name, group: .execution, domain: domain, defaultValue: initial,
                    text: parameter.name, condition: try condition(of: parameter.name, file: file),
                    searchValues: isOrdered && !listed.isEmpty ? listed : nil))
        }
        return descriptions
    }

    private func domain(
        of parameter: Parameter, _ values: [ParameterValue], file: String
    ) throws(ReplayError) -> ParameterDomain {
        let scale: ParameterScale =
            parameter.type == .logint || parameter.type == .logfloat ? .logarithmic : .linear
        switch parameter.type {
        case .bool: return .boolean
        case .cat: return .choice((parameter.values ?? []).map(\.text))
        case .int, .logint, .float, .logfloat:
            let numbers =
                values.compactMap { value -> Double? in
                    switch value {
                    case .integer(let integer): Double(integer)
                    case .number(let number): number
                    case .boolean, .choice, .numbers, .automatic: nil
                    }
                } + [parameter.low, parameter.high].compactMap { $0 }
            guard let low = numbers.min(), let high = numbers.max(), low.isFinite, high.isFinite else {
                throw ReplayError(.badTable, file: file, "'\(parameter.name)' has neither values nor a range")
            }
            if parameter.type == .float || parameter.type == .logfloat { return .number(low...high, scale) }
            guard let lower = Int(exactly: low.rounded(.up)), let upper = Int(exactly: high.rounded(.down)),
                lower <= upper
            else { throw ReplayError(.badTable, file: file, "'\(parameter.name)' has no range of integers") }
            return .integer(lower...upper, scale)
        }
    }

    /// All entries about one parameter hold together, and all parents of each.
    /// - Throws: `ReplayError` for a parent that is no parameter of the table, or a value that it does not take.
    private func condition(of name: String, file: String) throws(ReplayError) -> ParameterCondition? {
        var clauses: [ParameterCondition.Clause] = []
        for condition in conditions ?? [] where condition.param == name {
            for (parent, texts) in condition.activeIf.sorted(by: { $0.key < $1.key }) {
                guard let owner = params.first(where: { $0.name == parent }) else {
                    throw ReplayError(
                        .badTable, file: file, "'\(name)' depends on '\(parent)', which is no parameter of the table")
                }
                var values: [ParameterValue] = []
                for text in texts {
                    guard let value = owner.value(text.text) else {
                        throw ReplayError(
                            .badTable, file: file,
                            "'\(name)' depends on '\(parent)' being '\(text.text)', which it never is")
                    }
                    values.append(value)
                }
                clauses.append(ParameterCondition.Clause(parameter: parent, values: values))
            }
        }
        return clauses.isEmpty ? nil : ParameterCondition(all: clauses)
    }

    /// A condition of something that is not a parameter is a misspelling that would be ignored.
    func checkConditions(file: String) throws(ReplayError) {
        for condition in conditions ?? [] where !params.contains(where: { $0.name == condition.param }) {
            throw ReplayError(.badTable, file: file, "has a condition of '\(condition.param)', which is no parameter")
        }
    }
}
