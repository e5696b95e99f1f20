#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Numbers as text: a point as decimal separator, a narrow no-break space between thousands, a true minus sign.
enum NumberText {
    /// `value` with `digits` decimals; `n/a` for a number that is not finite.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "n/a" }
        let scale = pow(10, Double(digits))
        let scaled = (abs(value) * scale).rounded()
        guard scaled < 1e15 else { return "\(value)" }
        let units = Int(scaled)
        let divisor = Int(scale)
        var text = grouped(units / divisor)
        if digits > 0 {
            let fraction = String(units % divisor)
            text += "." + String(repeating: "0", count: digits - fraction.count) + fraction
        }
        return (value < 0 && units != 0 ? "\u{2212}" : "") + text
    }

    /// `value` with `digits` decimals for programs: an ASCII minus and nothing between thousands.
    static func plain(_ value: Double, _ digits: Int) -> String {
        fixed(value, digits).replacing("\u{202F}", with: "").replacing("\u{2212}", with: "-")
    }

    /// About `digits` significant digits, never in exponent form below 10^15; whole numbers keep all their digits.
    static func significant(_ value: Double, _ digits: Int = 3) -> String {
        guard value.isFinite else { return "n/a" }
        guard value != 0 else { return "0" }
        let magnitude = Int(floor(log10(abs(value))))
        return fixed(value, min(max(digits - 1 - magnitude, 0), 9))
    }

    /// A factor: two decimals, three where it is within 0.5 % of 1.
    static func factor(_ value: Double) -> String { fixed(value, value != 1 && abs(value - 1) < 0.005 ? 3 : 2) }

    /// A share as percent, with its sign: `+42.1 %`.
    static func change(_ ratio: Double) -> String {
        let percent = (ratio - 1) * 100
        let text = abs(percent) < 100 ? fixed(percent, 1) : fixed(percent, 0)
        return (percent > 0 && text != "0.0" ? "+" : "") + text + "\u{202F}%"
    }

    static func percent(_ share: Double, _ digits: Int = 0) -> String { fixed(share * 100, digits) + "\u{202F}%" }

    /// A tick's label with as many decimals as its step needs.
    static func tick(_ value: Double, step: Double) -> String {
        guard step.isFinite, step > 0 else { return significant(value) }
        var digits = 0
        var scaled = step
        while digits < 9 && abs(scaled - scaled.rounded()) > 1e-6 * scaled {
            digits += 1
            scaled *= 10
        }
        return fixed(value, digits)
    }

    /// A coordinate in an SVG: two decimals at most, never an exponent or `nan`.
    static func coordinate(_ value: Double) -> String {
        precondition(value.isFinite, "a chart was given a coordinate that is not finite")
        let hundredths = Int((min(max(value, -1e6), 1e6) * 100).rounded())
        let whole = abs(hundredths) / 100
        let fraction = abs(hundredths) % 100
        var text = hundredths < 0 ? "-" : ""
        text += String(whole)
        if fraction > 0 {
            text += fraction % 10 == 0 ? ".\(fraction / 10)" : fraction < 10 ? ".0\(fraction)" : ".\(fraction)"
        }
        return text
    }

    private static func grouped(_ value: Int) -> String {
        let digits = Array(String(value))
        guard digits.count > 4 else { return String(digits) }
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { text += "\u{202F}" }
            text.append(digit)
        }
        return text
    }
}
