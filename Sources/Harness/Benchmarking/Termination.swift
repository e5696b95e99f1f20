/// How a child process ended.
public enum Termination: Sendable, Hashable, Codable {
    case exited(code: Int32)
    /// By a signal that the harness did not send.
    case signalled(number: Int32)
    /// Killed by the harness after the time limit.
    case timedOut(seconds: Double)
    /// Killed by the harness when resident memory passed the limit.
    case memoryLimitExceeded(residentBytes: Int)
    /// Killed by the harness because the user or the system asked the harness to stop.
    case interrupted(signal: Int32)
    /// The program never ran; `step` says what failed (`exec`, `working directory`, ...).
    case startFailed(errorNumber: Int32, step: String, message: String)

    /// Whether the program exited with status 0.
    public var isSuccess: Bool { self == .exited(code: 0) }
}

extension Termination: CustomStringConvertible {
    public var description: String {
        switch self {
        case .exited(let code): "exited with status \(code)"
        case .signalled(let number): "ended by signal \(number) (\(signalName(number)))"
        case .timedOut(let seconds): "killed after the time limit of \(seconds) s"
        case .memoryLimitExceeded(let bytes): "killed at \(bytes) bytes of resident memory, above the limit"
        case .interrupted(let number): "killed because \(signalName(number)) asked to stop"
        case .startFailed(_, let step, let message): "did not start (\(step)): \(message)"
        }
    }
}
