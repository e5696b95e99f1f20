import BayesianTuning
import Parameters
import Testing

/// Descriptions that several suites search over.
enum Spaces {
    static func integer(
        _ name: String, _ range: ClosedRange<Int>, _ scale: ParameterScale = .linear,
        condition: ParameterCondition? = nil,
        searchValues: [Int]? = nil
    ) -> ParameterDescription {
        ParameterDescription(
            name: name, group: .execution, domain: .integer(range, scale), defaultValue: .integer(range.lowerBound),
            text: name, condition: condition, searchValues: searchValues?.map { .integer($0) })
    }

    static func number(
        _ name: String, _ range: ClosedRange<Double> = 0...1, _ scale: ParameterScale = .linear
    ) -> ParameterDescription {
        ParameterDescription(
            name: name, group: .execution, domain: .number(range, scale), defaultValue: .number(range.lowerBound),
            text: name)
    }

    static func choice(
        _ name: String, _ names: [String], condition: ParameterCondition? = nil
    ) -> ParameterDescription {
        ParameterDescription(
            name: name, group: .execution, domain: .choice(names), defaultValue: .choice(names[0]), text: name,
            condition: condition)
    }

    static func boolean(_ name: String) -> ParameterDescription {
        ParameterDescription(
            name: name, group: .execution, domain: .boolean, defaultValue: .boolean(false), text: name)
    }

    /// Two integers of 1...8, a mode and a switch: 384 configurations.
    static func small() throws -> SearchSpace {
        try SearchSpace([
            integer("workers", 1...8), integer("chunk", 1...8), choice("mode", ["map", "read", "stream"]),
            boolean("pin"),
        ])
    }
}

extension Configuration {
    func integer(_ name: String) -> Int {
        if case .integer(let value)? = self[name] { value } else { 0 }
    }
    func number(_ name: String) -> Double {
        if case .number(let value)? = self[name] { value } else { .nan }
    }
    func choice(_ name: String) -> String {
        if case .choice(let value)? = self[name] { value } else { "" }
    }
    func boolean(_ name: String) -> Bool { self[name] == .boolean(true) }
}

extension Tuner {
    /// `ask` where there must be an answer.
    mutating func next(sourceLocation: SourceLocation = #_sourceLocation) throws -> Configuration {
        let suggestion = ask()
        return try #require(suggestion, sourceLocation: sourceLocation)
    }
}
