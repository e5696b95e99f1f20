import Pipeline

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Ctrl-C and termination requests of this process.
enum StopSignals {
    static let cancellation = CancellationFlag()
    nonisolated(unsafe) private static var received: sig_atomic_t = 0

    /// Takes SIGINT, SIGTERM and SIGHUP as requests to stop; a write beyond a file size limit becomes an error.
    static func install() {
        _ = cancellation
        // A parent may have started this process from a thread that blocks signals, and the mask is inherited.
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&mask, number) }
        sigprocmask(SIG_UNBLOCK, &mask, nil)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                StopSignals.received = number
                StopSignals.cancellation.cancel()
            }
        }
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }

    /// 130 after Ctrl-C, 143 after a request to terminate.
    static var exitStatus: Int32 { received == SIGINT || received == 0 ? 130 : 143 }
}
