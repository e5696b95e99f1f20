internal import CChildLauncher

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whether SIGINT, SIGTERM or SIGHUP has asked this process to stop.
///
/// The first signal raises the flag (a running child is killed, the study saves and stops); a second one of the same
/// kind has its default action. A signal that was ignored at start (nohup) stays so. There is one flag per process.
public struct InterruptFlag: Sendable {
    /// Installs the handlers; further calls change nothing.
    /// - Throws: `BenchmarkingError` when the system refuses.
    public static func install() throws(BenchmarkingError) -> InterruptFlag {
        guard interrupt_flag_install() == 0 else {
            throw BenchmarkingError(code: .signalHandlers, context: "cannot handle SIGINT, SIGTERM and SIGHUP", errno)
        }
        return InterruptFlag()
    }

    private init() {}

    public var isRaised: Bool { signal != nil }

    /// The first signal that came, nil while none has.
    public var signal: Int32? {
        let number = interrupt_flag_signal()
        return number == 0 ? nil : number
    }

    /// Raises the flag as the signal would.
    public func raise(signal: Int32) { interrupt_flag_raise(signal) }

    /// Lowers the flag and handles signals again.
    public func reset() { interrupt_flag_reset() }

    /// Readable while the flag is raised.
    var descriptor: Int32 { interrupt_flag_descriptor() }
}
