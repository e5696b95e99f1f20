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
    /// Set when only listed configurations are legal; `enumerated` then holds all of them, however many.
    let list: CandidateList?
    let rules: ActivityRules
    private let isLegal: (@Sendable (Configuration) -> Bool)?

    /// - Parameter fixed: values of parameters that are not searched but that conditions name.
    /// - Parameter isLegal: known restrictions between parameters; `nil` allows everything. Must be pure.
    /// - Throws: `SearchSpaceError` for no or duplicate parameters, values outside their domain, conditions on unknown
    ///   parameters or in a circle, or a default and every other configuration being illegal.
    /// - Complexity: O(min(size, limit) * d) for the enumeration.
    public init(
        _ descriptions: [ParameterDescription], fixed: [String: ParameterValue] = [:],
        isLegal: (@Sendable (Configuration) -> Bool)? = nil
    ) throws(SearchSpaceError) {
        try self.init(descriptions, fixed: fixed, listing: nil, isLegal: isLegal)
    }

    /// A space of listed configurations alone: what an earlier campaign measured, or what a generator made.
    ///
    /// - Parameter candidates: one value per description, in that order; those that would run alike count once.
    /// - Throws: `SearchSpaceError` as above, for an empty list, and for a candidate outside the domains.
    /// - Complexity: O(candidates * d); any number of candidates is allowed.
    public init(
        _ descriptions: [ParameterDescription], candidates: [[ParameterValue]]
    ) throws(SearchSpaceError) {
        try self.init(descriptions, fixed: [:], listing: candidates, isLegal: nil)
    }

    private init(
        _ descriptions: [ParameterDescription], fixed: [String: ParameterValue],
        listing candidates: [[ParameterValue]]?, isLegal: (@Sendable (Configuration) -> Bool)?
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
            dimensions.append(
                try SearchDimension(description, listed: try Self.column(position, of: candidates, description)))
        }
        self.dimensions = dimensions
        let modelled = dimensions.indices.filter { dimensions[$0].count > 1 }
        self.modelled = modelled
        rules = try ActivityRules(descriptions, positions: positions, fixed: fixed)
        if let candidates {
            let points = Self.points(candidates, dimensions, rules)
            let list = CandidateList(points, dimensions: dimensions, modelled: modelled)
            self.list = list
            enumerated = list.points
        } else {
            list = nil
            enumerated = Self.enumerate(dimensions, rules, names, isLegal)
        }
        if enumerated?.isEmpty == true {
            throw SearchSpaceError(.noLegalConfiguration, reason: "no configuration is legal; relax the restrictions")
        }
    }

    /// The values of one parameter in a list of candidates.
    private static func column(
        _ position: Int, of candidates: [[ParameterValue]]?, _ description: ParameterDescription
    ) throws(SearchSpaceError) -> [ParameterValue]? {
        guard let candidates else { return nil }
        var values: Set<ParameterValue> = []
        for (row, candidate) in candidates.enumerated() {
            guard candidate.indices.contains(position), description.accepts(candidate[position]) else {
                throw SearchSpaceError(
                    .invalidValue, parameter: description.name,
                    reason: "in candidate \(row) must be \(description.allowedText)")
            }
            values.insert(candidate[position])
        }
        return Array(values)
    }

    /// Listed configurations as points, inactive parameters at their default.
    private static func points(
        _ candidates: [[ParameterValue]], _ dimensions: [SearchDimension], _ rules: ActivityRules
    ) -> [LatticePoint] {
        let levels = dimensions.map { dimension in
            Dictionary(uniqueKeysWithValues: dimension.values.enumerated().map { ($1, Int32($0)) })
        }
        return candidates.map { candidate in
            var point = LatticePoint(levels: dimensions.indices.map { levels[$0][candidate[$0]] ?? 0 })
            if !rules.isTrivial {
                let active = rules.activity { candidate[$0] }
                for d in dimensions.indices where !active[d] { point.levels[d] = Int32(dimensions[d].defaultLevel) }
            }
            return point
        }
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
        return canonical(values)
    }

    /// A configuration from one value per parameter, in the space's order; inactive parameters take their default.
    /// - Throws: `SearchSpaceError` for a missing value or one outside its domain.
    public func configuration(values: [ParameterValue]) throws(SearchSpaceError) -> Configuration {
        for (position, description) in descriptions.enumerated() {
            guard values.indices.contains(position), description.accepts(values[position]) else {
                throw SearchSpaceError(
                    .invalidValue, parameter: description.name, reason: "must be \(description.allowedText)")
            }
        }
        return canonical(values)
    }

    private func canonical(_ values: [ParameterValue]) -> Configuration {
        var values = values
        if !rules.isTrivial {
            let active = rules.activity { values[$0] }
            for position in values.indices where !active[position] {
                values[position] = descriptions[position].defaultValue
            }
        }
        return Configuration(names: names, values: values)
    }

    /// Whether the parameter's condition holds in this configuration; `false` for an unknown name.
    public func isActive(_ name: String, in configuration: Configuration) -> Bool {
        guard let position = names.firstIndex(of: name) else { return false }
        return rules.activity { configuration.values[$0] }[position]
    }

    /// Whether a configuration has this space's parameters and meets its restrictions.
    public func contains(_ configuration: Configuration) -> Bool {
        configuration.names == names
            && zip(descriptions, configuration.values).allSatisfy { $0.accepts($1) }
            && (isLegal?(configuration) ?? true)
            && (list.map { list in point(configuration).map(list.contains) ?? false } ?? true)
    }

    func configuration(_ point: LatticePoint) -> Configuration {
        Configuration(
            names: names, values: dimensions.indices.map { dimensions[$0].values[Int(point.levels[$0])] })
    }

    /// The level nearest to each value, `nil` when that is illegal.
    func nearestPoint(to configuration: Configuration) -> LatticePoint? {
        canonical(
            LatticePoint(
                levels: zip(dimensions, configuration.values).map { dimension, value in
                    if let level = dimension.values.firstIndex(of: value) { return Int32(level) }
                    return Int32(dimension.level(nearest: dimension.position(of: value)))
                }))
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

    /// Sets inactive dimensions to their default; `nil` when the result is illegal.
    func canonical(_ point: LatticePoint) -> LatticePoint? {
        var point = point
        if !rules.isTrivial {
            let active = rules.activity { dimensions[$0].values[Int(point.levels[$0])] }
            for d in dimensions.indices where !active[d] { point.levels[d] = Int32(dimensions[d].defaultLevel) }
        }
        if let list { return list.contains(point) ? point : nil }
        if let isLegal, !isLegal(configuration(point)) { return nil }
        return point
    }

    /// All legal points in lexical order of levels, or `nil` beyond the limit.
    private static func enumerate(
        _ dimensions: [SearchDimension], _ rules: ActivityRules, _ names: [String],
        _ isLegal: (@Sendable (Configuration) -> Bool)?
    ) -> [LatticePoint]? {
        var points = [LatticePoint(levels: dimensions.map { Int32($0.defaultLevel) })]
        var active: [[Bool]] = [[Bool](repeating: true, count: dimensions.count)]
        // Restrictions are checked at the end, so an illegal combination counts here; ten times the limit is the room.
        let room = isLegal == nil ? enumerationLimit : 10 * enumerationLimit
        for d in rules.order {
            var next: [LatticePoint] = []
            var nextActive: [[Bool]] = []
            for (point, flags) in zip(points, active) {
                var flags = flags
                flags[d] = rules.conditions[d].holds(active: flags) { dimensions[$0].values[Int(point.levels[$0])] }
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
