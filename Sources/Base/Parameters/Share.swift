/// A share: `2%` or `0.02`.
public struct Share: Sendable, Hashable, CustomStringConvertible {
    /// 0.02 for 2 %; not negative, and may be above 1.
    public let fraction: Double

    public init(parsing text: String) throws(QuantityError) {
        let quantity = try NumberWithUnit(text)
        guard quantity.unit.isEmpty || quantity.unit == "%" else {
            throw QuantityError(text: text, reason: "unknown unit '\(quantity.unit)'; give a share like 2% or 0.02")
        }
        fraction = quantity.unit == "%" ? quantity.number / 100 : quantity.number
    }

    public var description: String { "\(fraction * 100)%" }
}

/// A quantity that an option gives, with the option's name in its error.
/// - Throws: `ParameterError(.malformed)`.
public func quantity<Value>(
    _ option: String, _ value: @autoclosure () throws(QuantityError) -> Value
) throws(ParameterError) -> Value {
    do throws(QuantityError) {
        return try value()
    } catch {
        throw ParameterError(.malformed, parameter: option, expected: "\(error)", location: option)
    }
}
