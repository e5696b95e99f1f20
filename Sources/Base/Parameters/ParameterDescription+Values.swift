extension ParameterDescription {
    /// Reads a value as a user writes it; `auto` means the default, unless a choice has this name or the program can decide.
    /// - Throws: `ParameterError` with the parameter, the text and what is allowed.
    public func parse(_ text: String) throws(ParameterError) -> ParameterValue {
        if text == "auto" {
            if case .choice(let names) = domain, names.contains(text) { return .choice(text) }
            return automaticRule == nil ? defaultValue : .automatic
        }
        let value: ParameterValue
        switch domain {
        case .boolean:
            guard let flag = booleanValue(text) else { throw invalid(text) }
            value = .boolean(flag)
        case .integer:
            guard let integer = Int(text) else { throw invalid(text) }
            value = .integer(integer)
        case .number:
            guard let number = number(text) else { throw invalid(text) }
            value = .number(number)
        case .size:
            do {
                value = .integer(try ByteSize(parsing: text, percentBase: percentBase).bytes)
            } catch {
                throw ParameterError(
                    .invalidValue, parameter: name, value: text, expected: "\(error.reason); allowed is \(allowedText)")
            }
        case .choice, .text: value = .choice(text)
        case .numbers:
            guard let numbers = list(text) else { throw invalid(text) }
            value = .numbers(numbers)
        }
        guard accepts(value) else { throw invalid(text) }
        return value
    }

    /// Whether a value lies in the domain.
    public func accepts(_ value: ParameterValue) -> Bool {
        switch (domain, value) {
        case (_, .automatic): defaultValue == .automatic || automaticRule != nil
        case (.boolean, .boolean): true
        case (.integer(let range, _), .integer(let integer)): range.contains(integer)
        case (.size(let range), .integer(let integer)): range.contains(integer)
        case (.number(let range, _), .number(let number)): range.contains(number)
        case (.choice(let names), .choice(let name)): names.contains(name)
        case (.text, .choice(let text)): text.contains { !$0.isWhitespace }
        case (.numbers(let range, let count), .numbers(let numbers)):
            numbers.count == count && numbers.allSatisfy(range.contains)
        default: false
        }
    }

    /// The value as a user writes it, read back by `parse`.
    public func text(of value: ParameterValue) -> String {
        switch value {
        case .boolean(let flag): flag ? "true" : "false"
        case .integer(let integer):
            if case .size = domain { ByteSize(bytes: integer).description } else { String(integer) }
        case .number(let number): Self.text(number)
        case .numbers(let numbers): "[" + numbers.map(Self.text).joined(separator: ", ") + "]"
        case .choice(let name): name
        case .automatic: "auto"
        }
    }

    /// The domain in words, for help and errors.
    public var allowedText: String { domainText + (automaticRule.map { ", or auto (\($0))" } ?? "") }

    private var domainText: String {
        switch domain {
        case .boolean: "true or false"
        case .integer(let range, _): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range, _): "a number from \(range.lowerBound) to \(range.upperBound)\(timeText)"
        case .size(let range):
            "a size from \(ByteSize(bytes: range.lowerBound)) to \(ByteSize(bytes: range.upperBound)), like 64MiB or 500MB"
                + (percentBase == nil ? "" : ", or a percentage like 80%")
        case .choice(let names): "one of " + names.joined(separator: ", ")
        case .numbers(let range, let count):
            "\(count) numbers from \(range.lowerBound) to \(range.upperBound), like "
                + "[\(repeatElement("1", count: count).joined(separator: ", "))]" + timeText
        case .text(let form): form
        }
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    }

    private var isTime: Bool { unit == "s" }

    private var timeText: String { isTime ? ", or with a unit, like 250ms, 90s or 2m" : "" }

    /// A number, which for a time may have a unit; `nil` for anything else.
    private func number(_ text: String) -> Double? {
        if let number = Double(text) { return number.isFinite ? number : nil }
        guard isTime else { return nil }
        // A span has no sign, a point in time may have one.
        let isNegative = text.hasPrefix("-")
        guard let span = try? TimeSpan(parsing: String(isNegative ? text.dropFirst() : text[...])) else { return nil }
        return isNegative ? -span.seconds : span.seconds
    }

    /// The numbers of `[20, 50]` or `20,50`; `nil` for anything else.
    private func list(_ text: String) -> [Double]? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]") && text.count >= 2
        var numbers: [Double] = []
        for part in (isBracketed ? text.dropFirst().dropLast() : text[...]).split(
            separator: ",", omittingEmptySubsequences: false)
        {
            let words = part.split(separator: " ")
            guard let number = number(words.joined(separator: " ")) else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    private func invalid(_ text: String) -> ParameterError {
        ParameterError(.invalidValue, parameter: name, value: text, expected: allowedText)
    }
}
