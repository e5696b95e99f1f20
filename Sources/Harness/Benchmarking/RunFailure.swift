/// Why a run does not count.
public struct RunFailure: Error, Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable {
        /// It ended with an error or by a signal, or wrote no result.
        case crashed
        case timedOut
        case outOfMemory
        /// Results that differ although the settings must not change them.
        case wrongResult
        /// Results below the accuracy floor.
        case inaccurate
        /// The user or the system asked the study to stop.
        case interrupted
    }

    public var kind: Kind
    public var reason: String

    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The failure of a child process; `nil` when it exited with status 0.
    public init?(_ measurement: ChildMeasurement) {
        switch measurement.termination {
        case .exited(code: 0): return nil
        case .timedOut: self.init(.timedOut, measurement.termination.description)
        case .memoryLimitExceeded: self.init(.outOfMemory, measurement.termination.description)
        case .interrupted: self.init(.interrupted, measurement.termination.description)
        case .exited, .signalled, .startFailed:
            let lines = measurement.standardError.text.split(whereSeparator: \.isNewline)
            let last = lines.last.map { ": \($0.prefix(300))" } ?? ""
            self.init(.crashed, measurement.termination.description + last)
        }
    }
}

/// How a run's results compare with those of the default configuration.
public struct ResultAccuracy: Sendable, Hashable, Codable {
    /// F1 of the result table against the default's, 0...1.
    public var f1: Double
    public var truthFound: Int
    /// 0 when the workloads have no truth.
    public var truthExpected: Int
    public var digestEqual: Bool

    public init(f1: Double, truthFound: Int, truthExpected: Int, digestEqual: Bool) {
        self.f1 = f1
        self.truthFound = truthFound
        self.truthExpected = truthExpected
        self.digestEqual = digestEqual
    }
}
