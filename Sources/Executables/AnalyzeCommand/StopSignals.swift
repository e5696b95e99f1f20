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

    nonisolated(unsafe) private static var secondsOfGrace: UInt32 = 0

    /// Takes SIGINT, SIGTERM and SIGHUP as requests to stop; a write beyond a file size limit becomes an error.
    /// - Parameter secondsOfGrace: the process ends by itself when it has not stopped by then; 0 for never.
    static func install(secondsOfGrace: UInt32 = 0) {
        _ = cancellation
        Self.secondsOfGrace = secondsOfGrace
        // A parent may have started this process from a thread that blocks signals, and the mask is inherited.
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&mask, number) }
        sigprocmask(SIG_UNBLOCK, &mask, nil)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { number in
                StopSignals.received = number
                StopSignals.cancellation.cancel()
                if StopSignals.secondsOfGrace > 0 { alarm(StopSignals.secondsOfGrace) }
            }
        }
        // Work looks at the request between its pieces. What waits for a pipe without a writer, or a disk that does not answer, never does.
        signal(SIGALRM) { _ in
            let text: StaticString = "lavoisier: a file or pipe did not answer; stopped without waiting for it\n"
            _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
            _exit(StopSignals.exitStatus)
        }
        signal(SIGXFSZ, SIG_IGN)
        signal(SIGPIPE, SIG_IGN)
    }

    /// 130 after Ctrl-C, 143 after a request to terminate.
    static var exitStatus: Int32 { received == SIGINT || received == 0 ? 130 : 143 }
}
