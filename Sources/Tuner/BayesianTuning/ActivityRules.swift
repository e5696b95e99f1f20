import Parameters

/// Which parameters matter in a configuration: each is active always, never, or while all of its parents are active and have
/// certain values.
struct ActivityRules: Sendable {
    enum Condition: Sendable {
        case always
        case never
        /// All parents must have one of their values; at least one parent.
        case when([(parent: Int, values: [ParameterValue])])

        func holds(active: [Bool], _ value: (Int) -> ParameterValue) -> Bool {
            switch self {
            case .always: true
            case .never: false
            case .when(let parents): parents.allSatisfy { active[$0.parent] && $0.values.contains(value($0.parent)) }
            }
        }
    }

    /// One per parameter.
    let conditions: [Condition]
    /// Parents before children.
    let order: [Int]
    let isTrivial: Bool

    /// - Throws: `SearchSpaceError` for conditions on parameters that are neither described nor fixed, or in a circle.
    init(
        _ descriptions: [ParameterDescription], positions: [String: Int], fixed: [String: ParameterValue]
    ) throws(SearchSpaceError) {
        var conditions: [Condition] = []
        for description in descriptions {
            conditions.append(try Self.condition(of: description, positions, fixed))
        }
        self.conditions = conditions
        order = try Self.parentsFirst(conditions, descriptions.map(\.name))
        isTrivial = conditions.allSatisfy { if case .always = $0 { true } else { false } }
    }

    /// Whether each parameter is active when parameter `i` has `value(i)`.
    func activity(_ value: (Int) -> ParameterValue) -> [Bool] {
        var active = [Bool](repeating: true, count: conditions.count)
        for child in order {
            active[child] = conditions[child].holds(active: active, value)
        }
        return active
    }

    private static func condition(
        of description: ParameterDescription, _ positions: [String: Int], _ fixed: [String: ParameterValue]
    ) throws(SearchSpaceError) -> Condition {
        var parents: [(parent: Int, values: [ParameterValue])] = []
        var isPossible = true
        for clause in description.condition?.clauses ?? [] {
            if let parent = positions[clause.parameter] {
                parents.append((parent, clause.values))
            } else if let value = fixed[clause.parameter] {
                if !clause.values.contains(value) { isPossible = false }
            } else {
                throw SearchSpaceError(
                    .unknownParameter, parameter: description.name,
                    reason: "depends on '\(clause.parameter)', which is neither searched nor fixed")
            }
        }
        return isPossible ? (parents.isEmpty ? .always : .when(parents)) : .never
    }

    private static func parentsFirst(
        _ conditions: [Condition], _ names: [String]
    ) throws(SearchSpaceError) -> [Int] {
        var order: [Int] = []
        var isPlaced = [Bool](repeating: false, count: conditions.count)
        while order.count < conditions.count {
            let before = order.count
            for (child, condition) in conditions.enumerated() where !isPlaced[child] {
                if case .when(let parents) = condition, !parents.allSatisfy({ isPlaced[$0.parent] }) { continue }
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
}
