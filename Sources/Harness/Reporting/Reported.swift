/// A value, or the reason why there is none; a report never shows a silent gap.
///
/// In JSON a value stands for itself and a gap is `{"unavailable": "reason"}`.
public enum Reported<Value: Codable & Sendable & Hashable>: Codable, Sendable, Hashable {
    case value(Value)
    case unavailable(reason: String)

    private enum CodingKeys: String, CodingKey { case unavailable }

    public init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: CodingKeys.self), container.contains(.unavailable) {
            self = .unavailable(reason: try container.decode(String.self, forKey: .unavailable))
        } else {
            self = .value(try Value(from: decoder))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .value(let value): try value.encode(to: encoder)
        case .unavailable(let reason):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(reason, forKey: .unavailable)
        }
    }

    /// The value, or `nil` when it is unavailable.
    public var value: Value? {
        if case .value(let value) = self { value } else { nil }
    }

    /// Why there is no value, or `nil` when there is one.
    public var reason: String? {
        if case .unavailable(let reason) = self { reason } else { nil }
    }
}

extension Reported<Double> {
    /// The value if a chart can draw it: finite, and of a size that a measurement can have.
    var finite: Double? {
        guard let value, value.isDrawable else { return nil }
        return value
    }
}

extension Double {
    /// Finite, and far from where differences and factors of values overflow.
    var isDrawable: Bool { isFinite && magnitude < 1e15 }
}
