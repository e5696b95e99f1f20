public import HostEnvironment

/// What one run of a child process cost, as seen from outside.
///
/// Times are those of the whole process with its threads; children of the child count once it has waited for them.
public struct ChildMeasurement: Sendable, Hashable, Codable {
    public let termination: Termination
    /// Seconds since 1970 at the start, for the record.
    public let startedAt: Double
    /// Monotonic time from just before exec to the end of the process; start-up of the program is included.
    public let wallSeconds: Measured<Double>
    public let userSeconds: Measured<Double>
    public let systemSeconds: Measured<Double>
    /// Largest resident memory of the process.
    public let peakMemoryBytes: Measured<Int>
    public let peakMemorySource: PeakMemorySource?
    public let io: Measured<InputOutput>
    public let minorFaults: Measured<Int>
    public let majorFaults: Measured<Int>
    public let voluntarySwitches: Measured<Int>
    public let involuntarySwitches: Measured<Int>
    /// Growth of the machine's CPU pressure (`some`) during the run: how long any task waited for a CPU.
    public let cpuPressureSeconds: Measured<Double>
    /// Growth of the machine's memory pressure (`some`): how long any task waited for memory to be freed.
    public let memoryPressureSeconds: Measured<Double>
    /// Growth of the machine's I/O pressure (`some`): how long any task waited for storage.
    public let ioPressureSeconds: Measured<Double>
    /// How long threads of this process were ready and had no CPU, summed over threads: a lower bound, since what a
    /// thread waited after it was last looked at (every 0.1 s) is missing.
    public let runQueueSeconds: Measured<Double>
    /// Growth of the machine's steal time during the run, summed over CPUs.
    public let stealSeconds: Measured<Double>
    /// Energy of the CPU packages during the run, idle power and other programs included.
    public let energyJoules: Measured<Double>
    public let memoryTimeline: Measured<MemoryTimeline>
    /// How the memory limit was held; nil: the run had none, or was recorded before this was.
    public let memoryEnforcement: MemoryEnforcement?
    public let standardOutput: OutputTail
    public let standardError: OutputTail

    public init(
        termination: Termination, startedAt: Double, wallSeconds: Measured<Double>, userSeconds: Measured<Double>,
        systemSeconds: Measured<Double>, peakMemoryBytes: Measured<Int>, peakMemorySource: PeakMemorySource?,
        io: Measured<InputOutput>, minorFaults: Measured<Int>, majorFaults: Measured<Int>,
        voluntarySwitches: Measured<Int>, involuntarySwitches: Measured<Int>, cpuPressureSeconds: Measured<Double>,
        stealSeconds: Measured<Double>, energyJoules: Measured<Double>, standardOutput: OutputTail,
        standardError: OutputTail, memoryPressureSeconds: Measured<Double> = notRecorded(),
        ioPressureSeconds: Measured<Double> = notRecorded(), runQueueSeconds: Measured<Double> = notRecorded(),
        memoryTimeline: Measured<MemoryTimeline> = notRecorded(), memoryEnforcement: MemoryEnforcement? = nil
    ) {
        self.termination = termination
        self.startedAt = startedAt
        self.wallSeconds = wallSeconds
        self.userSeconds = userSeconds
        self.systemSeconds = systemSeconds
        self.peakMemoryBytes = peakMemoryBytes
        self.peakMemorySource = peakMemorySource
        self.io = io
        self.minorFaults = minorFaults
        self.majorFaults = majorFaults
        self.voluntarySwitches = voluntarySwitches
        self.involuntarySwitches = involuntarySwitches
        self.cpuPressureSeconds = cpuPressureSeconds
        self.stealSeconds = stealSeconds
        self.energyJoules = energyJoules
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.memoryPressureSeconds = memoryPressureSeconds
        self.ioPressureSeconds = ioPressureSeconds
        self.runQueueSeconds = runQueueSeconds
        self.memoryTimeline = memoryTimeline
        self.memoryEnforcement = memoryEnforcement
    }

    /// Reads runs of every version: what one did not record yet is unavailable.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func later<Value: Decodable>(_ key: CodingKeys) throws -> Measured<Value> {
            try fields.decodeIfPresent(Measured<Value>.self, forKey: key) ?? Self.notRecorded()
        }
        self.init(
            termination: try fields.decode(Termination.self, forKey: .termination),
            startedAt: try fields.decode(Double.self, forKey: .startedAt),
            wallSeconds: try fields.decode(Measured<Double>.self, forKey: .wallSeconds),
            userSeconds: try fields.decode(Measured<Double>.self, forKey: .userSeconds),
            systemSeconds: try fields.decode(Measured<Double>.self, forKey: .systemSeconds),
            peakMemoryBytes: try fields.decode(Measured<Int>.self, forKey: .peakMemoryBytes),
            peakMemorySource: try fields.decodeIfPresent(PeakMemorySource.self, forKey: .peakMemorySource),
            io: try fields.decode(Measured<InputOutput>.self, forKey: .io),
            minorFaults: try fields.decode(Measured<Int>.self, forKey: .minorFaults),
            majorFaults: try fields.decode(Measured<Int>.self, forKey: .majorFaults),
            voluntarySwitches: try fields.decode(Measured<Int>.self, forKey: .voluntarySwitches),
            involuntarySwitches: try fields.decode(Measured<Int>.self, forKey: .involuntarySwitches),
            cpuPressureSeconds: try fields.decode(Measured<Double>.self, forKey: .cpuPressureSeconds),
            stealSeconds: try fields.decode(Measured<Double>.self, forKey: .stealSeconds),
            energyJoules: try fields.decode(Measured<Double>.self, forKey: .energyJoules),
            standardOutput: try fields.decode(OutputTail.self, forKey: .standardOutput),
            standardError: try fields.decode(OutputTail.self, forKey: .standardError),
            memoryPressureSeconds: try later(.memoryPressureSeconds),
            ioPressureSeconds: try later(.ioPressureSeconds), runQueueSeconds: try later(.runQueueSeconds),
            memoryTimeline: try later(.memoryTimeline),
            memoryEnforcement: try fields.decodeIfPresent(MemoryEnforcement.self, forKey: .memoryEnforcement))
    }

    /// What a run says of a quantity that was not measured when it was recorded.
    public static func notRecorded<Value>() -> Measured<Value> {
        .unavailable(reason: "not recorded for this run")
    }

    /// A run that did not come about.
    static func neverRan(_ termination: Termination, startedAt: Double) -> ChildMeasurement {
        func none<Value>() -> Measured<Value> { .unavailable(reason: "the program did not run") }
        return ChildMeasurement(
            termination: termination, startedAt: startedAt, wallSeconds: none(), userSeconds: none(),
            systemSeconds: none(), peakMemoryBytes: none(), peakMemorySource: nil, io: none(), minorFaults: none(),
            majorFaults: none(), voluntarySwitches: none(), involuntarySwitches: none(), cpuPressureSeconds: none(),
            stealSeconds: none(), energyJoules: none(), standardOutput: OutputTail(text: "", totalBytes: 0),
            standardError: OutputTail(text: "", totalBytes: 0), memoryPressureSeconds: none(),
            ioPressureSeconds: none(), runQueueSeconds: none(), memoryTimeline: none())
    }

    /// A run that an instruction counter could not start.
    static func neverRan(counter reason: String) -> ChildMeasurement {
        neverRan(
            .startFailed(errorNumber: 0, step: "instruction counter", message: reason), startedAt: wallClockSeconds())
    }

    /// User plus system time.
    public var cpuSeconds: Measured<Double> { userSeconds.combined(with: systemSeconds, +) }
}

/// Where a peak comes from.
public enum PeakMemorySource: String, Sendable, Hashable, Codable {
    /// The kernel's figure at exit: exact. Used when it is above this process's own peak,
    /// which the kernel counts in.
    case resourceUsage
    /// The kernel's running maximum (VmHWM), polled: growth after the last poll is missed.
    case polled
    /// The bound of the run's cgroup, which the kernel ended it at.
    case controlGroup
}

/// `/proc/PID/io` at the end of the process.
public struct InputOutput: Sendable, Hashable, Codable {
    /// Bytes passed to read and write calls, page cache and pipes included.
    public let readCallBytes: Int
    public let writeCallBytes: Int
    /// Bytes that storage had to deliver or will have to take; 0 read bytes means everything was cached.
    public let storageReadBytes: Int
    public let storageWriteBytes: Int

    public init(readCallBytes: Int, writeCallBytes: Int, storageReadBytes: Int, storageWriteBytes: Int) {
        self.readCallBytes = readCallBytes
        self.writeCallBytes = writeCallBytes
        self.storageReadBytes = storageReadBytes
        self.storageWriteBytes = storageWriteBytes
    }

    /// Parses `rchar: 123` lines; nil when one is missing.
    init?(_ text: String) {
        var values: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":")
            if parts.count == 2 { values[String(parts[0])] = Int(parts[1].drop { $0 == " " }) }
        }
        guard let readCalls = values["rchar"], let writeCalls = values["wchar"], let reads = values["read_bytes"],
            let writes = values["write_bytes"]
        else { return nil }
        self.init(
            readCallBytes: readCalls, writeCallBytes: writeCalls, storageReadBytes: reads, storageWriteBytes: writes)
    }
}

/// The last bytes of an output stream.
public struct OutputTail: Sendable, Hashable, Codable {
    /// Invalid UTF-8 is replaced.
    public let text: String
    /// All bytes that the child wrote to the stream.
    public let totalBytes: Int

    public init(text: String, totalBytes: Int) {
        self.text = text
        self.totalBytes = totalBytes
    }
}
