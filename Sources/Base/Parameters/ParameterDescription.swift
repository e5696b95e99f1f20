/// What a parameter may change, see the design's configuration rules.
public enum ParameterGroup: String, Sendable, Hashable, Codable, CaseIterable {
    /// Never changes a result: workers, chunk size, buffers.
    case execution
    /// May change results within a stated bound: precision.
    case numeric
    /// Changes results: tolerances, peak widths. Never tuned silently.
    case analysis
}

/// A value of a parameter. Sizes are integers of bytes.
public enum ParameterValue: Sendable, Hashable {
    case boolean(Bool)
    case integer(Int)
    case number(Double)
    case choice(String)
    /// Several numbers that belong together: `[20, 50]`.
    case numbers([Double])
    /// Decided when the program sees its input, for example by the instrument's preset; written `auto`.
    case automatic
}

/// How steps of an ordered parameter are compared: by difference or by ratio.
public enum ParameterScale: String, Sendable, Hashable, Codable {
    case linear
    case logarithmic
}

/// The values that a parameter accepts.
public enum ParameterDomain: Sendable, Hashable {
    case boolean
    case integer(ClosedRange<Int>, ParameterScale)
    case number(ClosedRange<Double>, ParameterScale)
    /// Bytes; written as `64MiB`, compared by ratio.
    case size(ClosedRange<Int>)
    case choice([String])
    /// This many numbers, each in the range; written `[20, 50]` or `20,50`. Never searched by a tuner.
    case numbers(ClosedRange<Double>, count: Int)
    /// Text of a form that its reader checks; the words say which form. Its value is a choice. Never searched by a tuner.
    case text(form: String)
}

/// A parameter is active only while each of its parents has one of certain values.
public struct ParameterCondition: Sendable, Hashable {
    /// What one parent must be.
    public struct Clause: Sendable, Hashable {
        public let parameter: String
        public let values: [ParameterValue]

        public init(parameter: String, values: [ParameterValue]) {
            self.parameter = parameter
            self.values = values
        }
    }

    /// All must hold.
    public let clauses: [Clause]

    public init(all clauses: [Clause]) { self.clauses = clauses }

    public init(parameter: String, values: [ParameterValue]) {
        self.init(all: [Clause(parameter: parameter, values: values)])
    }
}

/// Everything that is known about one parameter, said once.
public struct ParameterDescription: Sendable, Hashable {
    /// Dotted path, lower case with underscores: `execution.chunk_size`.
    public let name: String
    public let group: ParameterGroup
    public let domain: ParameterDomain
    /// What an expert would set on this machine.
    public let defaultValue: ParameterValue
    /// `spectra`, `s`, `ppm`, `bytes` ...; empty for counts and choices.
    public let unit: String
    /// One or two sentences for help and documentation.
    public let text: String
    public let condition: ParameterCondition?
    /// Values worth trying, for a tuner; `nil` leaves the whole domain.
    public let searchValues: [ParameterValue]?
    /// For sizes given in percent: 100 % in bytes.
    public let percentBase: Int?

    public init(
        name: String, group: ParameterGroup, domain: ParameterDomain, defaultValue: ParameterValue, unit: String = "",
        text: String, condition: ParameterCondition? = nil, searchValues: [ParameterValue]? = nil,
        percentBase: Int? = nil
    ) {
        self.name = name
        self.group = group
        self.domain = domain
        self.defaultValue = defaultValue
        self.unit = unit
        self.text = text
        self.condition = condition
        self.searchValues = searchValues
        self.percentBase = percentBase
    }
}

extension ParameterDescription {
    /// Reads a value as a user writes it; `auto` means the default, unless a choice has this name.
    /// - Throws: `ParameterError` with the parameter, the text and what is allowed.
    public func parse(_ text: String) throws(ParameterError) -> ParameterValue {
        if text == "auto" {
            if case .choice(let names) = domain, names.contains(text) { return .choice(text) }
            return defaultValue
        }
        let value: ParameterValue
        switch domain {
        case .boolean:
            switch text {
            case "true", "yes", "on": value = .boolean(true)
            case "false", "no", "off": value = .boolean(false)
            default: throw invalid(text)
            }
        case .integer:
            guard let integer = Int(text) else { throw invalid(text) }
            value = .integer(integer)
        case .number:
            guard let number = Double(text), number.isFinite else { throw invalid(text) }
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
            guard let numbers = Self.list(text) else { throw invalid(text) }
            value = .numbers(numbers)
        }
        guard accepts(value) else { throw invalid(text) }
        return value
    }

    /// Whether a value lies in the domain.
    public func accepts(_ value: ParameterValue) -> Bool {
        switch (domain, value) {
        case (_, .automatic): defaultValue == .automatic
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
    public var allowedText: String {
        switch domain {
        case .boolean: "true or false"
        case .integer(let range, _): "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .number(let range, _): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .size(let range):
            "a size from \(ByteSize(bytes: range.lowerBound)) to \(ByteSize(bytes: range.upperBound)), like 64MiB or 500MB"
                + (percentBase == nil ? "" : ", or a percentage like 80%")
        case .choice(let names): "one of " + names.joined(separator: ", ")
        case .numbers(let range, let count):
            "\(count) numbers from \(range.lowerBound) to \(range.upperBound), like "
                + "[\(repeatElement("1", count: count).joined(separator: ", "))]"
        case .text(let form): form
        }
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    }

    /// The numbers of `[20, 50]` or `20,50`; `nil` for anything else.
    private static func list(_ text: String) -> [Double]? {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]") && text.count >= 2
        var numbers: [Double] = []
        for part in (isBracketed ? text.dropFirst().dropLast() : text[...]).split(
            separator: ",", omittingEmptySubsequences: false)
        {
            let words = part.split(separator: " ")
            guard words.count == 1, let number = Double(words[0]), number.isFinite else { return nil }
            numbers.append(number)
        }
        return numbers
    }

    private func invalid(_ text: String) -> ParameterError {
        ParameterError(.invalidValue, parameter: name, value: text, expected: allowedText)
    }
}
