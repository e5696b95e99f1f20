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
    /// Growth of the machine's steal time during the run, summed over CPUs.
    public let stealSeconds: Measured<Double>
    /// Energy of the CPU packages during the run, idle power and other programs included.
    public let energyJoules: Measured<Double>
    public let standardOutput: OutputTail
    public let standardError: OutputTail

    public init(
        termination: Termination, startedAt: Double, wallSeconds: Measured<Double>, userSeconds: Measured<Double>,
        systemSeconds: Measured<Double>, peakMemoryBytes: Measured<Int>, peakMemorySource: PeakMemorySource?,
        io: Measured<InputOutput>, minorFaults: Measured<Int>, majorFaults: Measured<Int>,
        voluntarySwitches: Measured<Int>, involuntarySwitches: Measured<Int>, cpuPressureSeconds: Measured<Double>,
        stealSeconds: Measured<Double>, energyJoules: Measured<Double>, standardOutput: OutputTail,
        standardError: OutputTail
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
