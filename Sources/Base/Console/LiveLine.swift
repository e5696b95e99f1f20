import Synchronization

/// Progress for people: one line that renews itself in a terminal, plain lines for logs, nothing when quiet.
public final class LiveLine: Sendable {
    public enum Mode: Sendable {
        case live
        case plain
        case quiet

        /// `quiet` when asked for, else what fits standard error.
        public static func suitable(quiet: Bool) -> Mode {
            quiet ? .quiet : Console.errorIsTerminal ? .live : .plain
        }
    }

    private let mode: Mode
    /// What the live line says at the moment.
    private let shown = Mutex<String?>(nil)

    public init(mode: Mode) { self.mode = mode }

    /// Renews the live line when it would read differently. Elsewhere nothing is printed: too many lines help nobody.
    public func update(_ text: @autoclosure () -> String) {
        guard mode == .live else { return }
        let line = String(text().prefix(max(Console.width - 1, 20)))
        shown.withLock { shown in
            guard shown != line else { return }
            shown = line
            Console.errorText("\r\u{1B}[2K\(line)")
        }
    }

    /// Prints a line that stays, in a terminal and in a log.
    public func milestone(_ text: String) {
        guard mode != .quiet else { return }
        clear()
        Console.note(text)
    }

    /// Removes the live line, so that other output starts on a clean one.
    public func clear() {
        shown.withLock { shown in
            if shown != nil { Console.errorText("\r\u{1B}[2K") }
            shown = nil
        }
    }
}

/// Remaining time from the progress so far.
public struct TimeEstimate: Sendable {
    /// Seconds that remain when `fraction` of the work took `elapsedSeconds`; `nil` while too little is done to tell.
    public static func remainingSeconds(fraction: Double, elapsedSeconds: Double) -> Double? {
        guard fraction > 0.01, fraction <= 1 else { return nil }
        return elapsedSeconds * (1 - fraction) / fraction
    }

    /// `45 s`, `3 min 05 s`, `1 h 04 min`.
    public static func text(seconds: Double) -> String {
        let whole = Int(seconds.rounded())
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        if whole < 60 { return "\(whole) s" }
        if whole < 3_600 { return "\(whole / 60) min \(two(whole % 60)) s" }
        return "\(whole / 3_600) h \(two(whole / 60 % 60)) min"
    }
}
