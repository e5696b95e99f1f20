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

/// What a search can be about. Results are left alone in any case. (Bits, because there is one in every description, and those
/// are made whenever a program starts.)
public struct ParameterPurposes: OptionSet, Sendable, Hashable {
    /// Wall and CPU time, and the energy that they take.
    public static let time = Self(rawValue: 1)
    /// Peak resident memory.
    public static let memory = Self(rawValue: 2)
    public static let all: Self = [.time, .memory]

    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public var names: [String] { (contains(.time) ? ["time"] : []) + (contains(.memory) ? ["memory"] : []) }
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

/// What this machine has of what a parameter asks for.
public struct HostCapacity: Sendable, Hashable {
    /// In the parameter's unit.
    public let amount: Int
    /// What it is, for messages: `usable memory`, `usable CPUs`.
    public let name: String
    /// Whether a larger value is taken down to the amount (a budget of memory), or allowed (more threads than CPUs).
    public let isBound: Bool

    public init(_ amount: Int, of name: String, isBound: Bool) {
        self.amount = amount
        self.name = name
        self.isBound = isBound
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
    /// One or two sentences for help and documentation. The same on every machine.
    public let text: String
    public let condition: ParameterCondition?
    /// Values worth trying, for a tuner; `nil` leaves the whole domain, and an empty list means that it cannot be searched.
    public let searchValues: [ParameterValue]?
    /// For sizes given in percent: 100 % in bytes.
    public let percentBase: Int?
    /// Other spellings, each read wherever the name is. What is written and stored has the name.
    public let aliases: [ParameterAlias]
    /// How the default follows from the machine, in words, where it does: `one per usable physical core`.
    public let defaultRule: String?
    /// Why a tuner leaves it alone unless it is asked for by name; `nil` for one that it searches.
    public let notSearched: String?
    /// What another value than the default saves where it was measured, or can on machines that have what it is about; a tuner that is asked for nothing
    /// of it leaves the parameter alone unless it is named.
    public let purposes: ParameterPurposes
    /// Why no value can make a difference on this machine; `nil` where one can.
    public let irrelevance: String?
    /// What the machine has of it; `nil` where that is no question.
    public let capacity: HostCapacity?
    /// What `auto` stands for, in words, where the program can decide by itself and the default is not to: `auto` is a value of
    /// its own then (`ParameterValue.automatic`). `nil` where `auto` is the default.
    public let automaticRule: String?

    public init(
        name: String, group: ParameterGroup, domain: ParameterDomain, defaultValue: ParameterValue, unit: String = "",
        text: String, condition: ParameterCondition? = nil, searchValues: [ParameterValue]? = nil,
        percentBase: Int? = nil, aliases: [ParameterAlias] = [], defaultRule: String? = nil,
        notSearched: String? = nil, purposes: ParameterPurposes = .all,
        irrelevance: String? = nil, capacity: HostCapacity? = nil,
        automaticRule: String? = nil
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
        self.aliases = aliases
        self.defaultRule = defaultRule
        self.notSearched = notSearched
        self.purposes = purposes
        self.irrelevance = irrelevance
        self.capacity = capacity
        self.automaticRule = automaticRule
    }
}

extension ParameterDescription {
    /// Why a tuner cannot search it, even when it is asked to; `nil` where it can.
    public var searchObstacle: String? {
        if group == .analysis { return "it changes results, and no speed is worth that" }
        if let searchValues {
            return searchValues.isEmpty ? notSearched ?? "there are no values that are worth trying" : nil
        }
        switch domain {
        case .numbers, .text: return notSearched ?? "there is no list of values to try"
        case .boolean, .integer, .number, .size, .choice: return nil
        }
    }

    /// Why a tuner leaves it out when nothing is said; `nil` for one that it searches.
    public var reasonNotSearched: String? { searchObstacle ?? irrelevance ?? notSearched }

    /// Why a tuner that is asked for certain things leaves it alone unless it is named; `nil` where it does not.
    public func reluctance(asked: ParameterPurposes) -> String? {
        if let notSearched { return notSearched }
        guard purposes.isDisjoint(with: asked) else { return nil }
        let saved = purposes.names.joined(separator: " and ")
        return "it can save \(saved) only, and \(saved) is not asked for"
    }

    /// The name and all other spellings.
    public var spellings: [String] { [name] + aliases.map(\.name) }
}
