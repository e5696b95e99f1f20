import BayesianTuning
import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import Pipeline
import Reporting
import ResultStore
import StudyRunner

/// A study of the engine on this machine: search, confirmation, machine profile, report.
public struct EngineStudy {
    private let request: EngineStudyRequest
    private let setup: EngineSetup
    private let store: TrialStore
    private var study: Study

    /// What a finished or interrupted study left behind.
    public struct Outcome: Sendable {
        public var end: StudyEnd
        public var history: StudyHistory
        public var reportPath: String
        /// This machine's profile when this study wrote it: the best found, or, where none was in place, the built-in
        /// default that could not be beaten.
        public var profilePath: String?
        /// The complete configuration file that was asked for; `nil` where none was, or nothing meets the constraints.
        public var configurationPath: String?
    }

    /// Prepares everything and stores a new study.
    /// - Throws: `StudyError`, `WorkloadError`, `AnalysisError`, `ResultStoreError`, `BenchmarkingError` (another study
    ///   runs), `SearchSpaceError`.
    public static func start(_ request: EngineStudyRequest, note: (String) -> Void) throws -> EngineStudy {
        var request = request
        try request.chooseWorkload(note: note)
        let setup = try EngineSetup(request, note: note)
        let store = try TrialStore(path: request.storePath)
        let study = try Study.create(
            program: setup.launcher, options: request.options, inputs: setup.inputs, host: setup.host, store: store,
            lockPath: request.lockPath)
        return EngineStudy(request: request, setup: setup, store: store, study: study)
    }

    /// Opens a stopped study; its options and workloads come from the store.
    /// - Throws: as `start`, and `StudyError` with code `notTheSame` or `nothingToResume`.
    public static func resume(
        _ reference: String, _ request: EngineStudyRequest, note: (String) -> Void
    ) throws -> EngineStudy {
        let store = try TrialStore(path: request.storePath)
        let history = try StudyHistory(study: reference, store: store)
        var request = request
        request.options = history.options
        request.workloads = history.record.plan.workloads.map(\.name)
        if request.enginePath == nil { request.enginePath = history.record.plan.enginePath }
        let setup = try EngineSetup(request, resumed: history, note: note)
        let study = try Study.resume(
            study: history.record.id, program: setup.launcher, host: setup.host, store: store,
            lockPath: request.lockPath)
        return EngineStudy(request: request, setup: setup, store: store, study: study)
    }

    private init(request: EngineStudyRequest, setup: EngineSetup, store: TrialStore, study: Study) {
        self.request = request
        self.setup = setup
        self.store = store
        self.study = study
    }

    public var id: String { study.id }
    public var options: StudyOptions { study.options }
    /// Names of the workloads that every run runs.
    public var workloads: [String] { request.workloads }
    /// Configurations that can be tried, `nil` for very many.
    public var spaceSize: Int? { study.spaceSize }
    /// This machine in one line.
    public var machine: String { setup.host.identity.summary }
    /// The user's own configurations that are tried first.
    public var enqueuedCount: Int { setup.inputs.enqueued?.count ?? 0 }
    /// Why this machine's profile stays as it is, whatever is found; `nil` when it is written.
    public var profileObstacle: String? { setup.profileObstacle }
    /// Names of what is searched.
    public var searched: [String] { setup.space.searched.map(\.name) }
    /// What is not searched, and why; nothing that changes results.
    public var leftOut: [LeftOutParameter] { setup.space.leftOut }

    /// Runs to the end or until the request's interrupt flag is raised, and writes profile and report.
    ///
    /// Blocks; call it from a thread that lives as long as the process.
    public mutating func run(progress: (StudyEvent) -> Void) throws -> Outcome {
        let interrupt = request.interrupt
        let (id, store, setup) = (study.id, store, setup)
        let end = try study.run(stopSignal: { interrupt?.signal }, progress: progress) { verdict in
            let history = try StudyHistory(study: id, store: store)
            if let path = setup.inputs.configurationFile {
                try Self.writeConfiguration(to: path, history, verdict, setup)
            }
            guard setup.profileObstacle == nil else { return }
            switch verdict.kind {
            case .improved: try Self.writeProfile(verdict.best, history, verdict, setup)
            case .noImprovement, .inconclusive:
                // What is in place is never replaced by something no better. Where nothing is, the default that could
                // not be beaten is this machine's configuration, and the file says so.
                guard setup.inputs.before == nil else { return }
                try Self.writeProfile(
                    history.space.settings(of: history.space.defaultConfiguration), history, verdict, setup)
            case .noFeasibleConfiguration: return
            }
            try store.setConfigurationPath(setup.profilePath, of: id)
        }
        let history = try StudyHistory(study: id, store: store)
        let reportPath = try Self.writeReport(history, store: store, directory: request.reportsDirectory)
        var written: String?
        if case .finished(let verdict) = end, verdict.kind != .noFeasibleConfiguration {
            written = setup.inputs.configurationFile
        }
        return Outcome(
            end: end, history: history, reportPath: reportPath, profilePath: history.record.configurationPath,
            configurationPath: written)
    }
}
