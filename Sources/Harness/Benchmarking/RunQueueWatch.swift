#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How long the threads of a process were ready to run and had no CPU: `/proc/PID/task/*/schedstat`, polled.
///
/// Threads that end between two readings keep their last value, so the sum is a lower bound.
struct RunQueueWatch {
    private var threads: [pid_t: UInt64] = [:]
    private var endedNanoseconds: UInt64 = 0
    private(set) var isKnown = false

    mutating func sample(_ pid: pid_t) {
        let folder = "/proc/\(pid)/task"
        record(
            folderNames(folder).compactMap { name in
                guard let thread = pid_t(name), case .success(let text) = readSmallFile("\(folder)/\(name)/schedstat")
                else { return nil }
                return Self.delay(text).map { (thread, $0) }
            })
    }

    mutating func record(_ values: [(thread: pid_t, nanoseconds: UInt64)]) {
        for (thread, value) in values {
            // A value that goes back belongs to a new thread with the number of one that ended.
            if let last = threads[thread], value < last { endedNanoseconds += last }
            threads[thread] = value
            isKnown = true
        }
    }

    var seconds: Double { Double(threads.values.reduce(endedNanoseconds, +)) / 1e9 }

    /// The second of three numbers: time on a CPU, time waiting for one (ns), turns.
    static func delay(_ text: String) -> UInt64? {
        let fields = text.split(whereSeparator: \.isWhitespace)
        return fields.count == 3 ? UInt64(fields[1]) : nil
    }
}
