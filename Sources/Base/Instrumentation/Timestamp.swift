#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How a point in time is written, in UTC.
public enum TimestampFormat: String, Sendable {
    /// `2026-11-28T03:30:00Z`
    case iso8601 = "%Y-%m-%dT%H:%M:%SZ"
    /// `2026-11-28 03:30:00 UTC`
    case plain = "%Y-%m-%d %H:%M:%S UTC"
}

/// A point in time as text, to the second before it. Foundation's formatters take a millisecond to get ready.
public func timestamp(secondsSince1970 seconds: Double, _ format: TimestampFormat) -> String {
    var time = time_t(seconds.rounded(.down))
    var parts = tm()
    guard gmtime_r(&time, &parts) != nil else { return "\(seconds)" }
    var text = [CChar](repeating: 0, count: 64)
    let length = strftime(&text, text.count, format.rawValue, &parts)
    return String(decoding: text[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
