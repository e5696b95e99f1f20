/// What may change on one machine from day to day and changes how fast it is: shown as a difference between two
/// measurements, never part of the machine's identity.
public struct HostConditions: Sendable, Hashable, Codable {
    public let kernel: Measured<String>
    /// What chooses the clock rate, for instance `performance`.
    public let frequencyGovernor: Measured<String>
    /// Whether the CPU may run above its nominal clock rate.
    public let boost: Measured<Bool>
    public let microcode: Measured<String>
    /// `always`, `madvise` or `never`.
    public let transparentHugePages: Measured<String>
    public let loadAverage: Measured<LoadAverage>

    /// One condition as text before and after; `nil` where it is not known.
    public struct Difference: Sendable, Hashable, Codable {
        public let name: String
        public let before: String?
        public let after: String?
    }

    private var named: [(name: String, value: String?)] {
        [
            ("kernel", kernel.value), ("frequency governor", frequencyGovernor.value),
            ("boost", boost.value.map { $0 ? "on" : "off" }), ("microcode", microcode.value),
            ("transparent huge pages", transparentHugePages.value),
        ]
    }

    /// What differs, the load left out: it always does.
    public func differences(from before: HostConditions) -> [Difference] {
        zip(before.named, named).filter { $0.value != $1.value }.map {
            Difference(name: $0.name, before: $0.value, after: $1.value)
        }
    }
}

extension HostConditions {
    static func read(_ files: HostFiles, loadAverage: Measured<LoadAverage>) -> HostConditions {
        let cpu = "/sys/devices/system/cpu"
        // Intel's driver counts the other way round.
        let noTurbo = files.text("\(cpu)/intel_pstate/no_turbo").map { $0.trimmed == "0" }
        let boost = files.text("\(cpu)/cpufreq/boost").map { $0.trimmed == "1" }
        let cpuText = files.text("/proc/cpuinfo")
        return HostConditions(
            kernel: files.text("/proc/sys/kernel/osrelease").map(\.trimmed),
            frequencyGovernor: files.text("\(cpu)/cpu0/cpufreq/scaling_governor").map(\.trimmed),
            boost: noTurbo.value == nil ? boost : noTurbo,
            microcode: cpuText.flatMap { text in
                Measured(Self.microcode(text), otherwise: "/proc/cpuinfo names no microcode")
            },
            transparentHugePages: files.text("/sys/kernel/mm/transparent_hugepage/enabled").flatMap { text in
                Measured(Self.chosen(text), otherwise: "the setting of transparent huge pages is malformed")
            }, loadAverage: loadAverage)
    }

    private static func microcode(_ text: String) -> String? {
        for line in text.lines where line.hasPrefix("microcode") {
            if let colon = line.firstIndex(of: ":") { return line[line.index(after: colon)...].trimmed }
        }
        return nil
    }

    /// The word in brackets: `always [madvise] never`.
    private static func chosen(_ text: String) -> String? {
        text.fields.first { $0.hasPrefix("[") && $0.hasSuffix("]") && $0.count > 2 }
            .map { String($0.dropFirst().dropLast()) }
    }
}
