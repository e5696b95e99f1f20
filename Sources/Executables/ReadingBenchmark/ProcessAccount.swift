#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Seconds that a clock shows.
func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// CPU time of the process, all threads, user and system.
func processSeconds() -> Double { seconds(of: CLOCK_PROCESS_CPUTIME_ID) }

/// CPU time of the calling thread, user and system.
func threadSeconds() -> Double { seconds(of: CLOCK_THREAD_CPUTIME_ID) }

/// Elapsed time from a fixed but unknown origin.
func elapsedSeconds() -> Double { seconds(of: CLOCK_MONOTONIC) }

/// Highest resident memory of the process so far, in bytes; `nil` where the kernel does not say.
func peakResidentBytes() -> Int? {
    for line in textLines(of: "/proc/self/status") where line.hasPrefix("VmHWM:") {
        return Int(line.filter(\.isNumber)).map { $0 * 1024 }
    }
    return nil
}

/// Microseconds for which some task waited for a CPU since boot (pressure stall information); `nil` where unknown.
func cpuPressureMicroseconds() -> Int? {
    for line in textLines(of: "/proc/pressure/cpu") where line.hasPrefix("some ") {
        for field in line.split(separator: " ") where field.hasPrefix("total=") {
            return Int(field.dropFirst("total=".count))
        }
    }
    return nil
}

private func textLines(of path: String) -> [Substring] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 16384)
    let count = fread(&bytes, 1, bytes.count, file)
    let text = String(
        decoding: bytes[..<count].map { $0 == UInt8(ascii: "\t") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    return text.split(separator: "\n")
}
