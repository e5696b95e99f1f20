import Parameters

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The levels that a search tries for one parameter, and where each lies on the model's axis.
///
/// - Value lists (`searchValues`): equally spaced by index. - Integers: every value, or 1001 of a wider range.
/// - Sizes: powers of two and one and a half times those. - Numbers: 1001 values rounded to four digits.
/// Ranges keep their linear or logarithmic positions. The default is always a level. A class, because candidates are made
/// by the thousand and copies of seven arrays would cost more than what is done with them.
final class SearchDimension: Sendable {
    let description: ParameterDescription
    let values: [ParameterValue]
    /// In 0...1 for ordered parameters; the index of the name for choices; 0 or 1 for booleans.
    let positions: [Double]
    let isCategorical: Bool
    /// Neighbours are at fractions of the range, not at adjacent levels.
    let isContinuous: Bool
    let defaultLevel: Int
    /// Level l is drawn for u in `bounds[l] ..< bounds[l + 1]`.
    private let bounds: [Double]
    private let axis: Axis

    private enum Axis: Sendable {
        case categories([ParameterValue])
        /// Numeric level values in ascending order; the position is the interpolated index.
        case index([Double])
        case range(lower: Double, upper: Double, isLogarithmic: Bool)
    }

    static let maximumLevels = 1001

    /// - Parameter listed: the only values that will be searched, when configurations are listed; the axis stays that of
    ///   the description.
    init(_ description: ParameterDescription, listed: [ParameterValue]? = nil) throws(SearchSpaceError) {
        self.description = description
        guard description.accepts(description.defaultValue) else {
            throw SearchSpaceError(
                .invalidValue, parameter: description.name, reason: "has a default outside \(description.allowedText)")
        }
        for value in description.searchValues ?? [] where !description.accepts(value) {
            throw SearchSpaceError(
                .invalidValue, parameter: description.name,
                reason: "has a search value that is not \(description.allowedText)")
        }
        switch description.domain {
        case .boolean: axis = .categories([.boolean(false), .boolean(true)])
        case .choice(let names): axis = .categories(names.map { .choice($0) })
        case .numbers, .text: axis = .categories(description.searchValues ?? [description.defaultValue])
        case .integer, .number, .size:
            if let listed = description.searchValues {
                axis = .index(Set((listed + [description.defaultValue]).map(Self.number)).sorted())
            } else {
                axis = Self.range(of: description.domain)
            }
        }
        let axis = self.axis
        let levels =
            listed.map { Self.levels(listed: $0 + [description.defaultValue], axis) }
            ?? Self.levels(of: description, axis)
        values = levels
        positions = levels.map { Self.position(of: $0, on: axis) }
        if case .categories = axis { isCategorical = true } else { isCategorical = false }
        if case (.number, nil) = (description.domain, description.searchValues) {
            isContinuous = true
        } else {
            isContinuous = false
        }
        defaultLevel = levels.firstIndex(of: description.defaultValue) ?? 0
        bounds = Self.bounds(of: description, positions, axis)
    }

    var count: Int { values.count }

    /// The position of any accepted value, also of one that is not a level.
    func position(of value: ParameterValue) -> Double { Self.position(of: value, on: axis) }

    /// The level whose share of [0, 1) holds u.
    func level(at u: Double) -> Int {
        var lower = 0
        var upper = count
        while upper - lower > 1 {
            let middle = (lower + upper) / 2
            if bounds[middle] <= u { lower = middle } else { upper = middle }
        }
        return lower
    }

    /// The level nearest to a position of an ordered dimension.
    func level(nearest position: Double) -> Int {
        var lower = 0
        var upper = count
        while upper - lower > 1 {
            let middle = (lower + upper) / 2
            if (positions[middle - 1] + positions[middle]) / 2 <= position { lower = middle } else { upper = middle }
        }
        return lower
    }

    private static func number(_ value: ParameterValue) -> Double {
        switch value {
        case .integer(let integer): Double(integer)
        case .number(let number): number
        case .boolean(let flag): flag ? 1 : 0
        case .choice, .numbers, .automatic: 0
        }
    }

    private static func range(of domain: ParameterDomain) -> Axis {
        switch domain {
        case .integer(let range, let scale):
            .range(
                lower: Double(range.lowerBound), upper: Double(range.upperBound), isLogarithmic: scale == .logarithmic)
        case .number(let range, let scale):
            .range(lower: range.lowerBound, upper: range.upperBound, isLogarithmic: scale == .logarithmic)
        case .size(let range):
            .range(lower: Double(range.lowerBound), upper: Double(range.upperBound), isLogarithmic: true)
        case .boolean, .choice, .numbers, .text: .categories([])
        }
    }

    private static func position(of value: ParameterValue, on axis: Axis) -> Double {
        switch axis {
        case .categories(let names): return Double(names.firstIndex(of: value) ?? 0)
        case .index(let numbers):
            guard numbers.count > 1 else { return 0 }
            let x = number(value)
            guard let next = numbers.firstIndex(where: { $0 >= x }) else { return 1 }
            guard next > 0 else { return 0 }
            let fraction = (x - numbers[next - 1]) / (numbers[next] - numbers[next - 1])
            return (Double(next - 1) + fraction) / Double(numbers.count - 1)
        case .range(let lower, let upper, let isLogarithmic):
            guard upper > lower else { return 0 }
            let x = number(value)
            if !isLogarithmic { return (x - lower) / (upper - lower) }
            // A range that reaches zero has no logarithm; its steps are counted from one above the lower end.
            if lower <= 0 { return log1p(x - lower) / log1p(upper - lower) }
            return log(x / lower) / log(upper / lower)
        }
    }

    private static func levels(of description: ParameterDescription, _ axis: Axis) -> [ParameterValue] {
        let initial = description.defaultValue
        switch (axis, description.domain) {
        case (.categories(let names), _):
            let wanted = Set((description.searchValues ?? names) + [initial])
            return names.filter(wanted.contains)
        case (.index(let numbers), .number): return numbers.map { .number($0) }
        case (.index(let numbers), _): return numbers.map { .integer(Int($0)) }
        case (.range, .size(let range)):
            return Set(sizes(in: range) + [integer(initial)]).sorted().map { .integer($0) }
        case (.range, .integer(let range, _)):
            let isWide = UInt(bitPattern: range.upperBound &- range.lowerBound) >= UInt(maximumLevels)
            let integers =
                isWide
                ? fractions().map { clamp(point(at: $0, on: axis).rounded(), to: range) } : Array(range)
            return Set(integers + [integer(initial)]).sorted().map { .integer($0) }
        case (.range, .number(let range, _)):
            let numbers = fractions().map { fraction in
                min(max(fourDigits(point(at: fraction, on: axis)), range.lowerBound), range.upperBound)
            }
            return Set(numbers + [number(initial)]).sorted().map { .number($0) }
        case (.range, _): return [initial]
        }
    }

    private static func levels(listed: [ParameterValue], _ axis: Axis) -> [ParameterValue] {
        if case .categories(let names) = axis { return names.filter(Set(listed).contains) }
        return Set(listed).sorted { number($0) < number($1) }
    }

    private static func integer(_ value: ParameterValue) -> Int {
        if case .integer(let integer) = value { integer } else { 0 }
    }

    private static func clamp(_ x: Double, to range: ClosedRange<Int>) -> Int {
        x <= Double(range.lowerBound)
            ? range.lowerBound : x >= Double(range.upperBound) ? range.upperBound : Int(x)
    }

    private static func fractions() -> [Double] {
        (0..<maximumLevels).map { Double($0) / Double(maximumLevels - 1) }
    }

    private static func point(at fraction: Double, on axis: Axis) -> Double {
        guard case .range(let lower, let upper, let isLogarithmic) = axis else { return fraction }
        if !isLogarithmic { return lower + fraction * (upper - lower) }
        if lower <= 0 { return lower + expm1(fraction * log1p(upper - lower)) }
        return lower * exp(fraction * log(upper / lower))
    }

    private static func fourDigits(_ x: Double) -> Double {
        guard x != 0 else { return 0 }
        let digits = 3 - log10(abs(x)).rounded(.down)
        let scale = pow(10, digits)
        return scale.isFinite && scale > 0 ? (x * scale).rounded() / scale : x
    }

    private static func sizes(in range: ClosedRange<Int>) -> [Int] {
        var sizes = [range.lowerBound, range.upperBound]
        for shift in 0..<62 {
            let power = 1 << shift
            if range.contains(power) { sizes.append(power) }
            if shift > 0, range.contains(power + power / 2) { sizes.append(power + power / 2) }
        }
        return sizes
    }

    /// Equal shares for lists, categories and plain integers, midpoints of positions for the rest.
    private static func bounds(of description: ParameterDescription, _ positions: [Double], _ axis: Axis) -> [Double] {
        let count = positions.count
        var isEven = true
        if case .range = axis {
            isEven = false
            if case .integer(_, .linear) = description.domain { isEven = true }
        }
        if isEven { return (0...count).map { Double($0) / Double(count) } }
        return (0...count).map { level in
            level == 0 ? 0 : level == count ? 1 : (positions[level - 1] + positions[level]) / 2
        }
    }
}
