import Parameters
import Statistics

/// The configurations that a tuner may try: the legal combinations of the levels of each parameter.
///
/// A parameter whose condition does not hold is inactive: it takes its default, so that configurations which would run
/// alike are one point.
public struct SearchSpace: Sendable {
    public let descriptions: [ParameterDescription]
    /// How many distinct legal configurations there are, `nil` when more than `enumerationLimit`.
    public var count: Int? { enumerated?.count }

    public static let enumerationLimit = 20_000

    /// The parameters' names, in the order of the descriptions.
    public let names: [String]

    let dimensions: [SearchDimension]
    /// Dimensions with more than one level, which the model sees, in order.
    let modelled: [Int]
    let enumerated: [LatticePoint]?
    private let conditions: [Condition]
    private let hasConditions: Bool
    /// Parents before children.
    private let order: [Int]
    private let isLegal: (@Sendable (Configuration) -> Bool)?

    private enum Condition: Sendable {
        case always
        case never
        case when(parent: Int, values: [ParameterValue])
    }

    /// - Parameter fixed: values of parameters that are not searched but that conditions name.
    /// - Parameter isLegal: known restrictions between parameters; `nil` allows everything. Must be pure.
    /// - Throws: `SearchSpaceError` for no or duplicate parameters, values outside their domain, conditions on unknown
    ///   parameters or in a circle, or a default and every other configuration being illegal.
    /// - Complexity: O(min(size, limit) * d) for the enumeration.
    public init(
        _ descriptions: [ParameterDescription], fixed: [String: ParameterValue] = [:],
        isLegal: (@Sendable (Configuration) -> Bool)? = nil
    ) throws(SearchSpaceError) {
        guard !descriptions.isEmpty else {
            throw SearchSpaceError(.noParameters, reason: "there is nothing to tune; name at least one parameter")
        }
        self.descriptions = descriptions
        self.isLegal = isLegal
        names = descriptions.map(\.name)
        var positions: [String: Int] = [:]
        var dimensions: [SearchDimension] = []
        for (position, description) in descriptions.enumerated() {
            guard positions.updateValue(position, forKey: description.name) == nil else {
                throw SearchSpaceError(.duplicateParameter, parameter: description.name, reason: "is described twice")
            }
            dimensions.append(try SearchDimension(description))
        }
        var conditions: [Condition] = []
        for description in descriptions {
            conditions.append(try Self.condition(of: description, positions, fixed))
        }
        self.dimensions = dimensions
        self.conditions = conditions
        hasConditions = conditions.contains { if case .always = $0 { false } else { true } }
        modelled = dimensions.indices.filter { dimensions[$0].count > 1 }
        order = try Self.parentsFirst(conditions, names)
        enumerated = Self.enumerate(dimensions, conditions, order, names, isLegal)
        if enumerated?.isEmpty == true {
            throw SearchSpaceError(.noLegalConfiguration, reason: "no configuration is legal; relax the restrictions")
        }
    }

    private static func condition(
        of description: ParameterDescription, _ positions: [String: Int], _ fixed: [String: ParameterValue]
    ) throws(SearchSpaceError) -> Condition {
        guard let condition = description.condition else { return .always }
        if let parent = positions[condition.parameter] { return .when(parent: parent, values: condition.values) }
        guard let value = fixed[condition.parameter] else {
            throw SearchSpaceError(
                .unknownParameter, parameter: description.name,
                reason: "depends on '\(condition.parameter)', which is neither searched nor fixed")
        }
        return condition.values.contains(value) ? .always : .never
    }

    private static func parentsFirst(
        _ conditions: [Condition], _ names: [String]
    ) throws(SearchSpaceError) -> [Int] {
        var order: [Int] = []
        var isPlaced = [Bool](repeating: false, count: conditions.count)
        while order.count < conditions.count {
            let before = order.count
            for (child, condition) in conditions.enumerated() where !isPlaced[child] {
                if case .when(let parent, _) = condition, !isPlaced[parent] { continue }
                isPlaced[child] = true
                order.append(child)
            }
            guard order.count > before else {
                let stuck = isPlaced.firstIndex(of: false) ?? 0
                throw SearchSpaceError(
                    .conditionCycle, parameter: names[stuck], reason: "depends on itself through its condition")
            }
        }
        return order
    }

    // MARK: Configurations

    /// Every parameter at its default.
    public var defaultConfiguration: Configuration {
        configuration(LatticePoint(levels: dimensions.map { Int32($0.defaultLevel) }))
    }

    /// A configuration from named values; missing and inactive parameters take their default.
    /// - Throws: `SearchSpaceError` for an unknown name or a value outside its domain.
    public func configuration(_ given: [String: ParameterValue]) throws(SearchSpaceError) -> Configuration {
        for name in given.keys.sorted() where !names.contains(name) {
            throw SearchSpaceError(.unknownParameter, parameter: name, reason: "is not part of the search")
        }
        var values = descriptions.map(\.defaultValue)
        for (position, description) in descriptions.enumerated() {
            guard let value = given[description.name] else { continue }
            guard description.accepts(value) else {
                throw SearchSpaceError(
                    .invalidValue, parameter: description.name, reason: "must be \(description.allowedText)")
            }
            values[position] = value
        }
        let active = activity { values[$0] }
        for position in values.indices where !active[position] {
            values[position] = descriptions[position].defaultValue
        }
        return Configuration(names: names, values: values)
    }

    /// Whether the parameter's condition holds in this configuration; `false` for an unknown name.
    public func isActive(_ name: String, in configuration: Configuration) -> Bool {
        guard let position = names.firstIndex(of: name) else { return false }
        return activity { configuration.values[$0] }[position]
    }

    /// Whether a configuration has this space's parameters and meets its restrictions.
    public func contains(_ configuration: Configuration) -> Bool {
        configuration.names == names
            && zip(descriptions, configuration.values).allSatisfy { $0.accepts($1) }
            && (isLegal?(configuration) ?? true)
    }

    func configuration(_ point: LatticePoint) -> Configuration {
        Configuration(
            names: names, values: dimensions.indices.map { dimensions[$0].values[Int(point.levels[$0])] })
    }

    /// The point of a configuration whose values all are levels, otherwise `nil`.
    func point(_ configuration: Configuration) -> LatticePoint? {
        var levels: [Int32] = []
        for (dimension, value) in zip(dimensions, configuration.values) {
            guard let level = dimension.values.firstIndex(of: value) else { return nil }
            levels.append(Int32(level))
        }
        return LatticePoint(levels: levels)
    }

    private func activity(_ value: (Int) -> ParameterValue) -> [Bool] {
        var active = [Bool](repeating: true, count: conditions.count)
        for child in order {
            switch conditions[child] {
            case .always: break
            case .never: active[child] = false
            case .when(let parent, let values): active[child] = active[parent] && values.contains(value(parent))
            }
        }
        return active
    }

    /// Sets inactive dimensions to their default; `nil` when the result is illegal.
    func canonical(_ point: LatticePoint) -> LatticePoint? {
        var point = point
        if hasConditions {
            let active = activity { dimensions[$0].values[Int(point.levels[$0])] }
            for d in dimensions.indices where !active[d] { point.levels[d] = Int32(dimensions[d].defaultLevel) }
        }
        if let isLegal, !isLegal(configuration(point)) { return nil }
        return point
    }

    /// All legal points in lexical order of levels, or `nil` beyond the limit.
    private static func enumerate(
        _ dimensions: [SearchDimension], _ conditions: [Condition], _ order: [Int], _ names: [String],
        _ isLegal: (@Sendable (Configuration) -> Bool)?
    ) -> [LatticePoint]? {
        var points = [LatticePoint(levels: dimensions.map { Int32($0.defaultLevel) })]
        var active: [[Bool]] = [[Bool](repeating: true, count: dimensions.count)]
        // Restrictions are checked at the end, so an illegal combination counts here; ten times the limit is the room.
        let room = isLegal == nil ? enumerationLimit : 10 * enumerationLimit
        for d in order {
            var next: [LatticePoint] = []
            var nextActive: [[Bool]] = []
            for (point, flags) in zip(points, active) {
                var flags = flags
                switch conditions[d] {
                case .always: break
                case .never: flags[d] = false
                case .when(let parent, let values):
                    flags[d] = flags[parent] && values.contains(dimensions[parent].values[Int(point.levels[parent])])
                }
                for level in flags[d] ? 0..<dimensions[d].count : 0..<1 {
                    var extended = point
                    if flags[d] { extended.levels[d] = Int32(level) }
                    next.append(extended)
                    nextActive.append(flags)
                }
                guard next.count <= room else { return nil }
            }
            points = next
            active = nextActive
        }
        if let isLegal {
            points = points.filter { point in
                isLegal(
                    Configuration(
                        names: names, values: dimensions.indices.map { dimensions[$0].values[Int(point.levels[$0])] }))
            }
        }
        return points.count <= enumerationLimit ? points : nil
    }
}
