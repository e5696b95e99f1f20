#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Maps values to positions along an axis, linearly or by logarithm, and chooses its ticks.
struct AxisScale {
    enum Kind { case linear, logarithmic }

    struct Tick: Equatable {
        let value: Double
        let label: String
    }

    let kind: Kind
    let domain: ClosedRange<Double>
    /// Position of the domain's lower end; may lie after `end` (vertical axes grow downwards).
    let start: Double
    let end: Double

    /// - Precondition: a logarithmic domain is positive. An empty domain is widened.
    init(_ kind: Kind, domain: ClosedRange<Double>, start: Double, end: Double) {
        precondition(domain.lowerBound.isFinite && domain.upperBound.isFinite, "axis domain is not finite")
        precondition(kind == .linear || domain.lowerBound > 0, "a logarithmic axis needs positive values")
        self.kind = kind
        if domain.lowerBound < domain.upperBound {
            self.domain = domain
        } else if kind == .logarithmic {
            self.domain = domain.lowerBound / 2...domain.lowerBound * 2
        } else {
            let half = max(abs(domain.lowerBound) * 0.1, 0.5)
            self.domain = domain.lowerBound - half...domain.lowerBound + half
        }
        self.start = start
        self.end = end
    }

    func position(_ value: Double) -> Double {
        let fraction =
            kind == .linear
            ? (value - domain.lowerBound) / (domain.upperBound - domain.lowerBound)
            : log(value / domain.lowerBound) / log(domain.upperBound / domain.lowerBound)
        return start + fraction * (end - start)
    }

    /// Ticks for this axis, about `count` of them.
    func ticks(_ count: Int) -> [Tick] {
        kind == .linear ? Self.linearTicks(in: domain, count: count) : Self.logarithmicTicks(in: domain, count: count)
    }

    /// The step of 1, 2 or 5 times a power of ten that gives about `count` intervals.
    static func niceStep(_ span: Double, count: Int) -> Double {
        precondition(span > 0 && span.isFinite && count > 0, "a step needs a positive span")
        let raw = span / Double(count)
        let power = pow(10, floor(log10(raw)))
        let multiple = raw / power
        return power * (multiple < 1.5 ? 1 : multiple < 3.5 ? 2 : multiple < 7.5 ? 5 : 10)
    }

    /// Multiples of a nice step inside `domain`.
    static func linearTicks(in domain: ClosedRange<Double>, count: Int) -> [Tick] {
        let span = domain.upperBound - domain.lowerBound
        guard span > 0 else { return [] }
        let step = niceStep(span, count: count)
        let first = (domain.lowerBound / step - 1e-9).rounded(.up)
        let last = (domain.upperBound / step + 1e-9).rounded(.down)
        guard first <= last, last - first < 1000, abs(first) < 1e15 else { return [] }
        return stride(from: first, through: last, by: 1).map {
            Tick(value: $0 * step, label: NumberText.tick($0 * step, step: step))
        }
    }

    /// Over more than a decade 1, 2, 5 times powers of ten (or powers alone); below that a linear step is finer.
    static func logarithmicTicks(in domain: ClosedRange<Double>, count: Int) -> [Tick] {
        let decades = log10(domain.upperBound / domain.lowerBound)
        guard decades > 1 else { return linearTicks(in: domain, count: count).filter { $0.value > 0 } }
        let multiples: [Double] = decades * 3 <= Double(count) * 1.5 ? [1, 2, 5] : [1]
        let every = max(1, Int((decades * Double(multiples.count) / Double(max(count, 1))).rounded(.down)))
        let lowest = Int(floor(log10(domain.lowerBound)))
        let highest = Int(ceil(log10(domain.upperBound)))
        var ticks: [Tick] = []
        for exponent in lowest...highest where multiples.count > 1 || (exponent - lowest) % every == 0 {
            for multiple in multiples {
                let value = multiple * pow(10, Double(exponent))
                guard value >= domain.lowerBound * 0.999_999, value <= domain.upperBound * 1.000_001 else { continue }
                ticks.append(Tick(value: value, label: NumberText.significant(value, 1)))
            }
        }
        return ticks
    }

    /// The smallest range that holds `values` with a margin at both ends; `nil` without values.
    static func padded(_ values: [Double], by margin: Double = 0.06) -> ClosedRange<Double>? {
        guard let low = values.min(), let high = values.max() else { return nil }
        let pad = (high - low) * margin
        return low - pad...high + pad
    }

    /// `padded` by a factor, for positive values.
    static func paddedByFactor(_ values: [Double], by margin: Double = 0.06) -> ClosedRange<Double>? {
        guard let low = values.min(), let high = values.max(), low > 0 else { return nil }
        let pad = max(pow(high / low, margin), 1.000_1)
        return low / pad...high * pad
    }
}
