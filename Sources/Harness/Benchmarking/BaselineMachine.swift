public import HostEnvironment

/// The machine that a baseline was measured on.
///
/// Identity is what decides speed and is stable over reboots; only that is hashed. What changes from day to day is kept and
/// shown as a difference, because it may explain one, but it does not make another machine: identities that held clock
/// rates split one type of runner into several (folo-rs/folo#429).
public struct BaselineMachine: Sendable, Hashable, Codable {
    public var identity: MachineIdentity
    /// Kernel, governor, load, microcode, quota ... by name; what could not be read is left out.
    public var volatile: [String: String]

    public init(identity: MachineIdentity, volatile: [String: String]) {
        self.identity = identity
        self.volatile = volatile
    }

    /// - Parameter conditions: read when the runs began.
    public init(_ host: HostDescription, _ conditions: HostConditions) {
        func text(_ limits: [ResourceLimit]) -> String {
            limits.isEmpty ? "none" : limits.map { "\($0.value) (\($0.source))" }.joined(separator: ", ")
        }
        let facts: [String: String?] = [
            "kernel": conditions.kernel.value, "frequency governor": conditions.frequencyGovernor.value,
            "boost": conditions.boost.value.map { $0 ? "on" : "off" }, "microcode": conditions.microcode.value,
            "transparent huge pages": conditions.transparentHugePages.value,
            "load average, 1 min": conditions.loadAverage.value.map { "\(($0.oneMinute * 10).rounded() / 10)" },
            "total memory": host.totalMemoryBytes.value.map { "\($0 >> 20) MiB" },
            "CPU limits": text(host.cpuLimits), "memory limits": text(host.memoryLimits),
            "virtual machine": host.hypervisor.value.map { $0 ? "yes" : "no" },
        ]
        self.init(identity: host.identity, volatile: facts.compactMapValues { $0 })
    }

    /// Whether times measured on one say something about the other. By the fields, not by the id in the file.
    public func isSame(as other: BaselineMachine) -> Bool {
        identity.canonicalText == other.identity.canonicalText
    }

    /// One field in which two machines differ.
    public struct Difference: Sendable, Hashable, Codable {
        public var name: String
        public var baseline: String
        public var here: String
        /// Part of the identity: stored times do not carry over.
        public var isStable: Bool
    }

    /// Field by field, stable ones first, then by name.
    public func differences(here: BaselineMachine) -> [Difference] {
        let stable = zip(Self.fields(identity), Self.fields(here.identity)).compactMap { before, after in
            before.value == after.value
                ? nil : Difference(name: before.name, baseline: before.value, here: after.value, isStable: true)
        }
        let names = Set(volatile.keys).union(here.volatile.keys).sorted()
        return stable
            + names.compactMap { name in
                let (before, after) = (volatile[name] ?? "unknown", here.volatile[name] ?? "unknown")
                return before == after
                    ? nil : Difference(name: name, baseline: before, here: after, isStable: false)
            }
    }

    private static func fields(_ identity: MachineIdentity) -> [(name: String, value: String)] {
        [
            ("architecture", identity.architecture), ("CPU model", identity.cpuModel),
            ("usable CPUs", identity.usableCPUs.map(String.init) ?? "unknown"),
            (
                "usable memory, rounded down to a power of two",
                identity.usableMemoryBytes.map { "\($0 >> 20) MiB" } ?? "unknown"
            ), ("GPU", identity.gpuModel),
        ]
    }
}
