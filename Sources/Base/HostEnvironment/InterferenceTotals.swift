/// Seconds in which some or all tasks of the machine waited for a resource, since the machine started.
public struct PressureTotals: Sendable, Hashable, Codable {
    public let someSeconds: Double
    /// Missing where the kernel does not define it (CPU, before Linux 5.13).
    public let fullSeconds: Measured<Double>

    /// Parses `/proc/pressure/*`: `some avg10=0.00 avg60=0.00 avg300=0.00 total=12345` (microseconds), then `full ...`.
    init?(_ text: String) {
        func total(_ kind: String) -> Double? {
            guard let line = text.lines.first(where: { $0.hasPrefix(kind + " ") }),
                let field = line.fields.first(where: { $0.hasPrefix("total=") })
            else { return nil }
            return Double(field.dropFirst(6)).map { $0 / 1e6 }
        }
        guard let some = total("some") else { return nil }
        someSeconds = some
        fullSeconds = Measured(total("full"), otherwise: "this kernel reports no full pressure")
    }
}

/// Running totals of what neighbours take from this machine; differences of two readings belong to a run.
public struct InterferenceTotals: Sendable, Hashable, Codable {
    public let cpuPressure: Measured<PressureTotals>
    public let memoryPressure: Measured<PressureTotals>
    public let ioPressure: Measured<PressureTotals>
    /// CPU time that the hypervisor gave to others, summed over CPUs, in seconds.
    public let stealSeconds: Measured<Double>
}

/// `/proc/loadavg`.
public struct LoadAverage: Sendable, Hashable, Codable {
    public let oneMinute: Double
    public let fiveMinutes: Double
    public let fifteenMinutes: Double

    init?(_ text: String) {
        let numbers = text.fields.prefix(3).compactMap { Double($0) }
        guard numbers.count == 3 else { return nil }
        (oneMinute, fiveMinutes, fifteenMinutes) = (numbers[0], numbers[1], numbers[2])
    }
}

/// Steal time in seconds from `/proc/stat`: field 8 of the `cpu` line, in clock ticks.
func parseSteal(_ text: String, ticksPerSecond: Double) -> Double? {
    guard let line = text.lines.first(where: { $0.hasPrefix("cpu ") }) else { return nil }
    let words = line.fields
    guard words.count > 8, let ticks = Double(words[8]) else { return nil }
    return ticks / ticksPerSecond
}
