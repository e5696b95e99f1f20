#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Standard output and standard error, with failures noticed: a full disk behind `> file` is an error, not silence.
public enum Console {
    /// Writes all of `text` to standard output.
    /// - Throws: `ConsoleError` with the operating system's reason.
    public static func output(_ text: String) throws(ConsoleError) {
        try write(text, to: STDOUT_FILENO)
    }

    /// Writes a line to standard error. A failure there has nowhere to be reported.
    public static func note(_ text: String) {
        try? write(text + "\n", to: STDERR_FILENO)
    }

    /// Writes text to standard error as it is, without a line break.
    static func errorText(_ text: String) {
        try? write(text, to: STDERR_FILENO)
    }

    public static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Columns of the terminal behind standard error, 80 when unknown.
    public static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    private static func write(_ text: String, to descriptor: Int32) throws(ConsoleError) {
        var failure: Int32?
        var text = text
        text.withUTF8 { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, UnsafeBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written < 0 {
                    if errno == EINTR { continue }
                    failure = errno
                    return
                }
                rest = rest.dropFirst(written)
            }
        }
        if let failure { throw ConsoleError(errorNumber: failure) }
    }
}

/// Standard output could not be written.
public struct ConsoleError: Error, Sendable, CustomStringConvertible {
    public let errorNumber: Int32
    public var description: String { "cannot write to standard output: \(String(cString: strerror(errorNumber)))" }
}
