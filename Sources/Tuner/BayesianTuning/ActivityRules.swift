import Parameters

/// Which parameters matter in a configuration: each is active always, never, or while its parent has certain values.
struct ActivityRules: Sendable {
    enum Condition: Sendable {
        case always
        case never
        case when(parent: Int, values: [ParameterValue])
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
            switch conditions[child] {
            case .always: break
            case .never: active[child] = false
            case .when(let parent, let values): active[child] = active[parent] && values.contains(value(parent))
            }
        }
        return active
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
}
