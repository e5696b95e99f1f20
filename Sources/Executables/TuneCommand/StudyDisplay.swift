import BayesianTuning
import Console
import EngineTuning
import Parameters
import ResultStore
import StudyRunner

/// What a person sees while a study runs: one live line in a terminal, plain lines elsewhere, nothing when quiet.
struct StudyDisplay {
    private let line: LiveLine
    private let isQuiet: Bool
    private let isLive: Bool

    init(quiet: Bool) {
        isQuiet = quiet
        isLive = !quiet && Console.errorIsTerminal
        line = LiveLine(mode: .suitable(quiet: quiet))
    }

    func note(_ text: String) { line.milestone("lavoisier-tune: \(text)") }

    func clear() { line.clear() }

    func opening(_ study: EngineStudy) {
        let options = study.options
        let time = options.tuningSeconds.map { " within \(TimeSpan(seconds: $0))" } ?? ""
        let size = study.spaceSize.map { "\($0) configurations possible" } ?? "many configurations possible"
        line.milestone("Study \(study.id) on \(study.machine)")
        line.milestone(
            "Target \(options.target.rawValue), workload \(study.workloads.joined(separator: ", ")): up to "
                + "\(options.budget) configurations (\(size)), then at least \(options.confirmationRows) interleaved rows\(time). "
                + "Ctrl-C stops; nothing is lost.")
        if study.enqueuedCount > 0 { line.milestone("First come \(study.enqueuedCount) configurations of your own.") }
        line.milestone("Searched: \(study.searched.joined(separator: ", ")).")
        for text in leftOutLines(study.leftOut) { line.milestone(text) }
        if let reason = study.profileObstacle {
            note("this machine's profile stays as it is: \(reason); take the result with --write-config")
        }
    }

    /// One line per reason.
    private func leftOutLines(_ list: [LeftOutParameter]) -> [String] {
        var reasons: [(reason: String, names: [String])] = []
        for item in list {
            if let place = reasons.firstIndex(where: { $0.reason == item.reason }) {
                reasons[place].names.append(item.name)
            } else {
                reasons.append((item.reason, [item.name]))
            }
        }
        return reasons.map { "Left out: \($0.names.joined(separator: ", ")): \($0.reason)." }
    }

    func show(_ event: StudyEvent, _ scale: ObjectiveScale) {
        switch event {
        case .note(let text): note(text)
        case .trialStarted(let number, let position): line.update(progress(number, position, scale))
        case .trialFinished(let trial, let position):
            if isLive {
                line.update(progress(trial.number, position, scale))
                if trial.judgement.objective == nil { line.milestone(finished(trial, position, scale)) }
            } else {
                line.milestone(finished(trial, position, scale))
            }
        case .confirming(let row, let rows, let position):
            let left = position.remainingSeconds.map { ", \(TimeEstimate.text(seconds: $0)) left" } ?? ""
            let text = "confirming: row \(row + 1) of \(rows)\(left)"
            if isLive { line.update(text) } else if row == 0 || (row + 1) % 4 == 0 { line.milestone(text) }
        }
    }

    private func progress(_ number: Int, _ position: StudyPosition, _ scale: ObjectiveScale) -> String {
        func objective(_ value: Double) -> String { "\(number3(value * scale.factor)) \(scale.unit)" }
        var parts = ["trial \(number)  \(position.done)/\(position.budget)"]
        if let best = position.best {
            parts.append("best \(objective(best))" + (position.gain.map { " (\(number3($0))x the default)" } ?? ""))
        }
        if let last = position.last { parts.append("last \(objective(last))") }
        if let seconds = position.remainingSeconds { parts.append("\(TimeEstimate.text(seconds: seconds)) left") }
        return parts.joined(separator: "  ")
    }

    private func finished(
        _ trial: TrialSummary, _ position: StudyPosition, _ scale: ObjectiveScale
    ) -> String {
        let settings = trial.settings.map { "\($0.name.split(separator: ".").last ?? "")=\($0.text)" }
            .joined(separator: " ")
        let result: String
        if let objective = trial.judgement.objective {
            let mark = trial.isBest ? "  best so far" : ""
            let broken = trial.judgement.reason.map { "  (\($0))" } ?? mark
            result = "\(number3(objective * scale.factor)) \(scale.unit)\(broken)"
        } else {
            result = "\(trial.judgement.state.rawValue): \(trial.judgement.reason ?? "")"
        }
        return "trial \(trial.number)  \(position.done)/\(position.budget)  \(settings)  \(result)"
    }

    func closing(_ outcome: EngineStudy.Outcome) {
        guard !isQuiet else {
            // Failures are said whatever was asked for.
            switch outcome.end {
            case .finished(let verdict) where verdict.kind == .noFeasibleConfiguration:
                Console.note("lavoisier-tune: \(verdict.sentence)")
            case .failed(let reason): Console.note("lavoisier-tune: \(reason)")
            case .finished, .interrupted: break
            }
            return
        }
        let history = outcome.history
        switch outcome.end {
        case .finished(let verdict):
            line.milestone(verdict.sentence)
            if let path = outcome.profilePath {
                let target = history.options.target
                let use =
                    target == .throughput
                    ? "'lavoisier analyze' uses it on this machine from now on"
                    : "'lavoisier analyze --profile \(target.rawValue)' uses it on this machine"
                let content = verdict.kind == .improved ? "" : " records the built-in default as the best known"
                line.milestone("Profile: \(path)\(content); \(use)")
            }
            if let path = outcome.configurationPath {
                line.milestone("Configuration: \(path); use it with 'lavoisier analyze --config'")
            }
        case .interrupted:
            line.milestone(
                "Stopped after \(history.judged.count) of \(history.options.budget) configurations; nothing is lost. Go on with: "
                    + "lavoisier-tune resume \(history.record.id)")
        case .failed(let reason): line.milestone("lavoisier-tune: \(reason)")
        }
        line.milestone(
            "\(history.judged.count) configurations, \(history.engineRuns) engine runs, "
                + "\(number3(history.engineCPUSeconds)) s of engine CPU. Report: \(outcome.reportPath)")
    }
}

/// Three significant digits, no exponent for ordinary sizes.
func number3(_ value: Double) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    if abs(value) >= 1e6 { return "\((value / 1e4).rounded() / 100)M" }
    if abs(value) >= 100 { return "\(Int(value.rounded()))" }
    let scale = abs(value) >= 10 ? 10.0 : 100.0
    return "\((value * scale).rounded() / scale)"
}
