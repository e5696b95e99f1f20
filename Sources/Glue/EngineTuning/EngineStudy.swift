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
            program: setup.launcher, options: request.options, before: setup.before, host: setup.host, store: store,
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
        let setup = try EngineSetup(request, note: note)
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
    public var hasProfile: Bool { setup.before != nil }

    /// Runs to the end or until the request's interrupt flag is raised, and writes profile and report.
    ///
    /// Blocks; call it from a thread that lives as long as the process.
    public mutating func run(progress: (StudyEvent) -> Void) throws -> Outcome {
        let interrupt = request.interrupt
        let (id, store, setup) = (study.id, store, setup)
        let end = try study.run(stopSignal: { interrupt?.signal }, progress: progress) { verdict in
            let history = try StudyHistory(study: id, store: store)
            switch verdict.kind {
            case .improved: try Self.writeProfile(verdict.best, history, verdict, setup)
            case .noImprovement, .inconclusive:
                // What is in place is never replaced by something no better. Where nothing is, the default that could
                // not be beaten is this machine's configuration, and the file says so.
                guard setup.before == nil else { return }
                try Self.writeProfile(
                    history.space.settings(of: history.space.defaultConfiguration), history, verdict, setup)
            case .noFeasibleConfiguration: return
            }
            try store.setConfigurationPath(setup.profilePath, of: id)
        }
        let history = try StudyHistory(study: id, store: store)
        let reportPath = try Self.writeReport(history, store: store, directory: request.reportsDirectory)
        return Outcome(
            end: end, history: history, reportPath: reportPath, profilePath: history.record.configurationPath)
    }

    /// Writes `<directory>/<study>.html` and notes its path in the store.
    /// - Returns: the path.
    public static func writeReport(
        _ history: StudyHistory, store: TrialStore, directory: String
    ) throws -> String {
        let path = "\(directory)/\(history.record.id).html"
        let html = try StudyReport(history).html()
        do {
            _ = try OutputDirectory(directory)
            try Data(html.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw StudyError(.outputFailed, "cannot write \(path): \(error.localizedDescription)")
        }
        try store.setReportPath(path, of: history.record.id)
        return path
    }

    /// Puts settings into this machine's profile, once per class of the workloads; other profiles stay.
    private static func writeProfile(
        _ settings: [Setting], _ history: StudyHistory, _ verdict: StudyVerdict, _ setup: EngineSetup
    ) throws {
        let identity = setup.host.identity
        let machine = identity.canonicalText.split(separator: "\n").map { line in
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            return MachineProfile.Assignment(parts[0], parts.count > 1 ? parts[1] : "")
        }
        var profile = MachineProfile(machineID: identity.id, machine: machine, profiles: [])
        if FileManager.default.fileExists(atPath: setup.profilePath) {
            profile = try MachineProfile(
                yaml: ConfigurationLayer.readText(setup.profilePath), file: setup.profilePath)
        }
        let plan = history.record.plan
        let ratio =
            switch (verdict.kind, verdict.ratio) {
            case (.improved, let ratio?): "\(ratio.text), against \(verdict.reference?.phrase ?? "the default")"
            case (.improved, nil): verdict.sentence
            case (_, let ratio?): "the built-in default stays: the best of the others measured \(ratio.text)"
            case (_, nil): "the built-in default stays: nothing else that was tried measured better"
            }
        let provenance = [
            MachineProfile.Assignment("study", history.record.id),
            MachineProfile.Assignment("workload", plan.workloads.map(\.name).joined(separator: ", ")),
            MachineProfile.Assignment("ratio", ratio),
            MachineProfile.Assignment("date", timestampText(history.record.createdAt)),
            MachineProfile.Assignment("version", plan.versions["lavoisier"] ?? LavoisierVersion.current),
        ]
        var bytes: [String: Int] = [:]
        for part in history.trials.flatMap(\.candidateRuns).flatMap(\.parts) { bytes[part.workload] = part.inputBytes }
        for size in Set(bytes.values.map(MachineProfile.workloadClass)).sorted() {
            profile.set(
                MachineProfile.Profile(
                    target: plan.target, workloadClass: size,
                    settings: settings.map { MachineProfile.Assignment($0.name, $0.text) }, provenance: provenance))
        }
        try profile.write(
            to: setup.profilePath, descriptions: EngineParameters.descriptions(host: setup.host))
    }
}

/// `2026-11-28 03:30:00 UTC`.
public func timestampText(_ seconds: Double) -> String {
    let text = Date(timeIntervalSince1970: seconds.rounded(.down)).formatted(Date.ISO8601FormatStyle())
    return text.replacing("T", with: " ").replacing("Z", with: " UTC")
}
