import ArgumentParser
import Console
import Foundation
import Instrumentation
import Pipeline

/// How far the work on one file is, on a line that renews itself; Ctrl-C ends the work.
struct FileProgress {
    private let line: LiveLine
    /// Of the file, without folders.
    let name: String
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant

    init(_ line: LiveLine, path: String) {
        self.line = line
        name = URL(fileURLWithPath: path).lastPathComponent
        start = clock.now
    }

    /// Shows a fraction, 0...1, with the time that is left; false when the user wants no more.
    func report(_ fraction: Double) -> Bool {
        let seconds = start.duration(to: clock.now) / .seconds(1)
        let remaining = TimeEstimate.remainingSeconds(fraction: fraction, elapsedSeconds: seconds)
        let estimate = remaining.map { ", \(TimeEstimate.text(seconds: $0)) left" } ?? ""
        line.update("\(Int(fraction * 100)) %  \(name)\(estimate)")
        return !StopSignals.cancellation.isCancelled
    }

    /// What the work gave, the line cleared.
    /// - Parameter result: `nil` when it was stopped.
    /// - Throws: the exit status of the signal that stopped it.
    func finish<Result>(_ result: Result?, output: String) throws -> Result {
        line.clear()
        guard let result else {
            Console.note("lavoisier: stopped; \(output) was not written")
            throw ExitCode(StopSignals.exitStatus)
        }
        return result
    }
}
