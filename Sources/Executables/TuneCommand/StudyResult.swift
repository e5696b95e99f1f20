import EngineTuning
import Foundation
import ResultStore
import StudyRunner

/// The result of a study as `--json` prints it.
struct StudyResult: Codable {
    var schema = "lavoisier-tune-result/1"
    var study: String
    /// `running`, `finished`, `interrupted` or `failed`.
    var state: String
    var target: String
    /// `improved`, `noImprovement`, `inconclusive`, `noFeasibleConfiguration`; absent while it is not finished.
    var verdict: String?
    var sentence: String
    /// Why the search stopped before its budget was used up; absent when it was.
    var searchEnd: String?
    var configurations: Int
    var budget: Int
    var engineRuns: Int
    var engineCPUSeconds: Double
    /// MB/s, bytes or seconds of the best trial.
    var bestObjective: Double?
    var defaultObjective: Double?
    /// The best found, or the closest when none meets the constraints.
    var configuration: [String: String]
    /// Best against the better known configuration, from interleaved runs.
    var ratio: ImprovementRatio?
    var reference: String?
    /// Where it was written; absent when nothing was replaced.
    var profile: String?
    var report: String?

    init(_ outcome: EngineStudy.Outcome) {
        self.init(outcome.history)
        report = outcome.reportPath
        profile = outcome.profilePath
        if case .failed(let reason) = outcome.end { sentence = reason }
    }

    init(_ history: StudyHistory) {
        let best = history.verdict.map(\.best) ?? history.bestTrial.map { history.settings(of: $0.configuration) } ?? []
        study = history.record.id
        state = history.record.state.rawValue
        target = history.options.target.rawValue
        verdict = history.verdict?.kind.rawValue
        sentence =
            history.verdict?.sentence
            ?? "\(history.judged.count) of \(history.options.budget) configurations are done."
        searchEnd = history.verdict?.searchEnd
        configurations = history.judged.count
        budget = history.options.budget
        engineRuns = history.engineRuns
        engineCPUSeconds = history.engineCPUSeconds
        bestObjective = history.bestTrial?.judgement?.objective
        defaultObjective = history.defaultTrial?.judgement?.objective
        configuration = Dictionary(best.map { ($0.name, $0.text) }) { first, _ in first }
        ratio = history.verdict?.ratio
        reference = history.verdict?.reference?.rawValue
        profile = history.record.configurationPath
        report = history.record.reportPath
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}
