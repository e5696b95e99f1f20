public import HostEnvironment

/// What can be measured of a child process on this machine, and why the rest cannot: probed once, reported once.
public struct MeasurementSources: Sendable, Hashable, Codable {
    public enum Status: Sendable, Hashable {
        case measured
        /// A number that stands for the quantity under a stated model.
        case estimated(model: String)
        case unavailable(reason: String)
    }

    public struct Source: Sendable, Hashable, Codable {
        /// Stable key, for instance `energy`.
        public let name: String
        /// For people, with where it comes from: `CPU energy (RAPL)`.
        public let title: String
        public let status: Status

        public init(name: String, title: String, status: Status) {
            self.name = name
            self.title = title
            self.status = status
        }
    }

    /// In a fixed order.
    public let sources: [Source]

    public init(sources: [Source]) { self.sources = sources }

    /// The machine this process runs on, probed at the first use.
    public static let ofThisMachine = readings.adding(memoryGroup: MemoryControlGroup.parent)

    /// What needs reading only, without the memory limit, whose probe makes a cgroup.
    static let readings = MeasurementSources.probe(host: HostReader())

    /// Nil for a name that is no source.
    public subscript(name: String) -> Status? { sources.first { $0.name == name }?.status }

    public func isAvailable(_ name: String) -> Bool {
        if case .unavailable = self[name] ?? .unavailable(reason: "") { false } else { true }
    }

    /// With the instruction counter, whose probe runs programs and is therefore made only where counts are wanted.
    public func adding(_ counter: Measured<InstructionCounter>) -> MeasurementSources {
        let title = counter.value.map { "instructions (\($0.tool.version))" } ?? "instructions (valgrind or perf)"
        return MeasurementSources(
            sources: sources + [Source(name: "instructions", title: title, status: Self.status(counter))])
    }

    func adding(memoryGroup: Measured<MemoryGroupParent>) -> MeasurementSources {
        let title = memoryGroup.value.map { "memory limit (cgroup v\($0.version))" } ?? "memory limit (polling)"
        let status: Status =
            memoryGroup.value != nil
            ? .measured
            : .estimated(model: "polled every 20 ms and RLIMIT_DATA, since \(memoryGroup.reason ?? "")")
        return MeasurementSources(sources: sources + [Source(name: "memory_limit", title: title, status: status)])
    }

    static func probe(host: HostReader) -> MeasurementSources {
        let interference = host.readInterference()
        func file(_ path: String, _ holds: (String) -> Bool) -> Status {
            status(
                host.hostText(path).flatMap { text in
                    Measured(holds(text) ? true : nil, otherwise: "\(path) does not hold what it should")
                })
        }
        let polled = "lower bound: what a thread waits after the last look at it is missing"
        let delay = file("/proc/self/schedstat") { RunQueueWatch.delay($0) != nil }
        return MeasurementSources(sources: [
            Source(name: "wall", title: "wall time (CLOCK_MONOTONIC)", status: .measured),
            Source(name: "cpu", title: "user and system time (wait4)", status: .measured),
            Source(
                name: "peak_memory", title: "peak memory (VmHWM)",
                status: file("/proc/self/status") { parseKibibytes("VmHWM", in: $0) != nil }),
            Source(
                name: "memory_timeline", title: "resident memory over time (/proc/PID/status)",
                status: file("/proc/self/status") { parseKibibytes("VmRSS", in: $0) != nil }),
            Source(
                name: "memory_shares", title: "proportional and private memory over time (smaps_rollup)",
                status: file("/proc/self/smaps_rollup") { MemoryShareReading($0) != nil }),
            Source(
                name: "io", title: "bytes read and written (/proc/PID/io)",
                status: file("/proc/self/io") { InputOutput($0) != nil }),
            Source(
                name: "run_queue", title: "waiting for a CPU (schedstat)",
                status: delay == .measured ? .estimated(model: polled) : delay),
            Source(
                name: "cpu_pressure", title: "CPU pressure of the machine (PSI)",
                status: status(interference.cpuPressure)),
            Source(
                name: "memory_pressure", title: "memory pressure of the machine (PSI)",
                status: status(interference.memoryPressure)),
            Source(
                name: "io_pressure", title: "I/O pressure of the machine (PSI)", status: status(interference.ioPressure)
            ),
            Source(
                name: "steal", title: "CPU time given to other guests (/proc/stat)",
                status: status(interference.stealSeconds)),
            Source(
                name: "energy", title: "energy of the CPU packages, idle power included (RAPL)",
                status: status(host.readEnergy())),
        ])
    }

    private static func status<Value>(_ measured: Measured<Value>) -> Status {
        measured.reason.map { .unavailable(reason: $0) } ?? .measured
    }
}

/// `{"measured": true}`, `{"estimated": "model"}` or `{"unavailable": "reason"}`.
extension MeasurementSources.Status: Codable {
    private enum Key: String, CodingKey {
        case measured, estimated, unavailable
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        switch self {
        case .measured: try container.encode(true, forKey: .measured)
        case .estimated(let model): try container.encode(model, forKey: .estimated)
        case .unavailable(let reason): try container.encode(reason, forKey: .unavailable)
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        if let model = try container.decodeIfPresent(String.self, forKey: .estimated) {
            self = .estimated(model: model)
        } else if let reason = try container.decodeIfPresent(String.self, forKey: .unavailable) {
            self = .unavailable(reason: reason)
        } else {
            _ = try container.decode(Bool.self, forKey: .measured)
            self = .measured
        }
    }
}
