/// What `/proc/cpuinfo` says.
struct CPUInformation: Sendable, Equatable {
    var logicalCPUs = 0
    var model: Measured<String> = .unavailable(reason: "/proc/cpuinfo names no CPU model")
    var hypervisor: Measured<Bool> = .unavailable(reason: "/proc/cpuinfo has no flags line")
    /// (package, core) of each logical CPU by number, where the kernel says so.
    var cores: [Int: CoreName] = [:]

    struct CoreName: Hashable, Sendable {
        let package: Int
        let core: Int
    }

    /// Parses the blocks of `/proc/cpuinfo` (x86 and Arm spelling).
    init(_ text: String) {
        var number: Int?
        var package: Int?
        var implementer: String?
        var part: String?
        for line in text.lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon].trimmed
            let value = line[line.index(after: colon)...].trimmed
            switch key {
            case "processor":
                guard let parsed = Int(value) else { continue }
                number = parsed
                package = nil
                logicalCPUs += 1
            case "physical id": package = Int(value)
            case "core id":
                if let number, let package, let core = Int(value) {
                    cores[number] = CoreName(package: package, core: core)
                }
            case "model name":
                if model.value == nil { model = .available(value.fields.joined(separator: " ")) }
            case "flags":
                if hypervisor.value == nil { hypervisor = .available(value.fields.contains("hypervisor")) }
            case "CPU implementer": implementer = implementer ?? value
            case "CPU part": part = part ?? value
            default: break
            }
        }
        if model.value == nil, let implementer, let part { model = .available(Self.armModel(implementer, part)) }
    }

    /// Main ID Register fields by name where known. Source: Arm technical reference manuals, MIDR_EL1.
    private static func armModel(_ implementer: String, _ part: String) -> String {
        let neoverse = ["0xd0c": "N1", "0xd40": "V1", "0xd49": "N2", "0xd4f": "V2", "0xd4a": "E1"]
        if implementer == "0x41", let name = neoverse[part] { return "Arm Neoverse \(name)" }
        return "Arm implementer \(implementer) part \(part)"
    }
}

/// The CPU numbers of a kernel list such as `0-3,8,10-11`; nil when it is not one.
///
/// - Complexity: refuses lists that name more than 65,536 CPUs.
func parseCPUList(_ text: String) -> [Int]? {
    var numbers: [Int] = []
    for range in text.trimmed.split(separator: ",") {
        let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard let first = ends.first.flatMap({ $0 }), let last = ends.last.flatMap({ $0 }), ends.count <= 2 else {
            return nil
        }
        guard first >= 0, first <= last, last - first < 65_536, numbers.count < 65_536 else { return nil }
        numbers.append(contentsOf: first...last)
    }
    return numbers.isEmpty ? nil : numbers
}

/// A value of `Key: 123 kB` lines (`/proc/meminfo`, `/proc/PID/status`) in bytes.
public func parseKibibytes(_ key: String, in text: String) -> Int? {
    for line in text.lines where line.hasPrefix(key) {
        let rest = line.dropFirst(key.count)
        guard rest.first == ":" else { continue }
        let words = rest.dropFirst().fields
        guard let number = words.first.flatMap({ Int($0) }), number >= 0, number < 1 << 50 else { return nil }
        return words.count > 1 && words[1] == "kB" ? number * 1024 : number
    }
    return nil
}

/// The text after `Key:` in a `/proc/PID/status`-like file.
func parseField(_ key: String, in text: String) -> String? {
    for line in text.lines where line.hasPrefix(key + ":") { return line.dropFirst(key.count + 1).trimmed }
    return nil
}
