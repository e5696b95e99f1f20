/// Running energy counters of the CPU packages (RAPL through powercap), root-only on most systems.
///
/// They count the whole package: other programs and idle power included. Source: Linux power capping framework,
/// Documentation/power/powercap/powercap.rst.
public struct EnergyTotals: Sendable, Hashable, Codable {
    /// One package's counter, which starts again from 0 at `rangeMicrojoules`.
    struct Zone: Sendable, Hashable, Codable {
        let name: String
        let microjoules: Double
        let rangeMicrojoules: Double
    }

    let zones: [Zone]

    /// Energy between two readings.
    ///
    /// Unavailable when the counter may have started again more than once: at 500 W per package, above any there is.
    public func joules(since earlier: EnergyTotals, seconds: Double) -> Measured<Double> {
        guard zones.map(\.name) == earlier.zones.map(\.name) else {
            return .unavailable(reason: "the machine's energy counters changed during the run")
        }
        var total = 0.0
        for (now, before) in zip(zones, earlier.zones) {
            guard seconds * 500e6 < now.rangeMicrojoules else {
                return .unavailable(reason: "the run is longer than the energy counter of \(now.name) can tell")
            }
            let difference = now.microjoules - before.microjoules
            total += difference < 0 ? difference + now.rangeMicrojoules : difference
        }
        return .available(total / 1e6)
    }
}

extension EnergyTotals {
    /// Reads the package zones (`intel-rapl:0`, `intel-rapl:1`, ...; AMD has the same names). Subzones are parts of
    /// them, and `psys` counts them again.
    static func read(_ files: HostFiles) -> Measured<EnergyTotals> {
        let folder = "/sys/class/powercap"
        var zones: [Zone] = []
        for name in files.names(in: folder) where name.hasPrefix("intel-rapl:") && name.split(separator: ":").count == 2
        {
            let zone = "\(folder)/\(name)"
            guard let title = files.text(zone + "/name").value?.trimmed, title.hasPrefix("package") else { continue }
            let counter = files.text(zone + "/energy_uj")
            if let reason = counter.reason { return .unavailable(reason: reason) }
            guard let energy = counter.value.flatMap({ Double($0.trimmed) }),
                let range = files.text(zone + "/max_energy_range_uj").value.flatMap({ Double($0.trimmed) }), range > 0
            else { return .unavailable(reason: "\(zone) is malformed") }
            zones.append(Zone(name: title, microjoules: energy, rangeMicrojoules: range))
        }
        return Measured(
            zones.isEmpty ? nil : EnergyTotals(zones: zones),
            otherwise: "no energy counters: \(folder) lists no CPU package (usual in virtual machines)")
    }
}
