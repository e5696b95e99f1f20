/// A value that was measured, or the reason why there is none.
///
/// Coded as `{"value": ...}` or `{"unavailable": "reason"}`, so that a reader never mistakes a missing number for 0.
public enum Measured<Value> {
    case available(Value)
    case unavailable(reason: String)

    /// The value, nil when unavailable.
    public var value: Value? {
        if case .available(let value) = self { value } else { nil }
    }

    /// Why there is no value, nil when there is one.
    public var reason: String? {
        if case .unavailable(let reason) = self { reason } else { nil }
    }

    public func map<Other>(_ transform: (Value) -> Other) -> Measured<Other> {
        switch self {
        case .available(let value): .available(transform(value))
        case .unavailable(let reason): .unavailable(reason: reason)
        }
    }

    public func flatMap<Other>(_ transform: (Value) -> Measured<Other>) -> Measured<Other> {
        switch self {
        case .available(let value): transform(value)
        case .unavailable(let reason): .unavailable(reason: reason)
        }
    }

    /// Both values combined; unavailable with the first reason when either is missing.
    public func combined<Other, Result>(
        with other: Measured<Other>, _ combine: (Value, Other) -> Result
    ) -> Measured<Result> {
        flatMap { value in other.map { combine(value, $0) } }
    }
}

extension Measured {
    /// An optional with the reason for its absence.
    public init(_ value: Value?, otherwise reason: @autoclosure () -> String) {
        self = value.map { .available($0) } ?? .unavailable(reason: reason())
    }
}

extension Measured: Sendable where Value: Sendable {}
extension Measured: Equatable where Value: Equatable {}
extension Measured: Hashable where Value: Hashable {}

private enum MeasuredKey: String, CodingKey {
    case value
    case unavailable
}

extension Measured: Encodable where Value: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: MeasuredKey.self)
        switch self {
        case .available(let value): try container.encode(value, forKey: .value)
        case .unavailable(let reason): try container.encode(reason, forKey: .unavailable)
        }
    }
}

extension Measured: Decodable where Value: Decodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: MeasuredKey.self)
        if let reason = try container.decodeIfPresent(String.self, forKey: .unavailable) {
            self = .unavailable(reason: reason)
        } else {
            self = .available(try container.decode(Value.self, forKey: .value))
        }
    }
}
