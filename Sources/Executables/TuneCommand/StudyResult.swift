import BayesianTuning
import Benchmarking
import EngineTuning
import Foundation
import Parameters
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
    /// Names of the parameters that were searched.
    var searched: [String]
    /// What was not searched, and why; absent in studies of older versions.
    var leftOut: [LeftOutParameter]?
    /// MB/s, bytes, seconds, joules or MB/s per GB of the configuration.
    var bestObjective: Double?
    var defaultObjective: Double?
    /// The best found, or the closest when none meets the constraints.
    var configuration: [String: String]
    /// Of the target `balanced`: MB/s and bytes of peak memory, the chosen one marked.
    var front: [FrontPoint]?
    /// Trials that measured a configuration again; they do not count against the budget.
    var repeats: Int
    /// Ids of the earlier studies that informed the search.
    var earlierStudies: [String]
    /// Best against the better known configuration, from interleaved runs.
    var ratio: ImprovementRatio?
    var reference: String?
    /// Where it was written; absent when nothing was replaced.
    var profile: String?
    /// The complete configuration file that was asked for; absent where none was, or nothing meets the constraints.
    var configurationFile: String?
    var report: String?
    /// What could be measured, how, and why the rest could not; absent in studies of older versions.
    var sources: MeasurementSources?

    struct FrontPoint: Codable {
        var trial: Int
        var throughput: Double
        var peakMemoryBytes: Double
        var isChosen: Bool
    }

    init(_ outcome: EngineStudy.Outcome) {
        self.init(outcome.history)
        report = outcome.reportPath
        profile = outcome.profilePath
        configurationFile = outcome.configurationPath
        if case .failed(let reason) = outcome.end { sentence = reason }
    }

    init(_ history: StudyHistory) {
        let best = history.verdict.map(\.best) ?? history.bestTrial.map { history.settings(of: $0.configuration) } ?? []
        study = history.record.id
        sources = history.inputs.sources
        state = history.record.state.rawValue
        target = history.options.target.rawValue
        verdict = history.verdict?.kind.rawValue
        sentence =
            history.verdict?.sentence
            ?? "\(history.judged.count) of \(history.options.budget) configurations are done."
        searchEnd = history.verdict?.searchEnd
        configurations = history.judged.count
        budget = history.options.budget
        searched = history.space.names
        leftOut = history.inputs.leftOut
        engineRuns = history.engineRuns
        engineCPUSeconds = history.engineCPUSeconds
        bestObjective = history.objective(ofTrial: history.verdict?.bestTrial) ?? history.bestObjective
        defaultObjective = history.defaultTrial?.judgement?.objective
        configuration = Dictionary(best.map { ($0.name, $0.text) }) { first, _ in first }
        front =
            history.front.isEmpty
            ? nil
            : history.front.map {
                FrontPoint(
                    trial: $0.trial, throughput: $0.first, peakMemoryBytes: $0.second, isChosen: $0.isChosen)
            }
        repeats = history.trials.count { $0.repeats != nil }
        earlierStudies = history.earlierStudies
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
