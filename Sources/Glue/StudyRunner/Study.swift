import BayesianTuning
import Benchmarking
import ContentHash
import HostEnvironment
import Instrumentation
import Parameters
import ResultStore

/// A search for good settings of one program on this machine: asks the tuner, runs, judges, stores, and confirms the best.
///
/// Every trial is stored before its process starts and after it ended, so whatever kills the tuner, `resume` goes on with
/// at most that trial lost. A resumed study asks for the same configurations as one that was never stopped.
public struct Study {
    var program: any TunableProgram
    let store: TrialStore
    public let id: String
    public let options: StudyOptions
    let space: SearchSpace
    let before: Configuration?
    let usableMemoryBytes: Int?
    private let lock: StudyLock
    /// Measured in this process, for estimates of the remaining time.
    var clock = StudyClock()

    /// Starts a new study and stores it.
    /// - Parameters:
    ///   - inputs: settings that the search does not know (an older profile) are left out, and values outside the range.
    ///   - lockPath: one study at a time per lock.
    /// - Throws: `BenchmarkingError` when another study runs, `StudyError(.invalidOptions)`, `SearchSpaceError`, and the
    ///   store's errors.
    public static func create(
        program: any TunableProgram, options: StudyOptions, inputs: StudyInputs, host: HostDescription,
        store: TrialStore,
        lockPath: String = StudyLock.machineWidePath
    ) throws -> Study {
        try check(options)
        if let reason = program.obstacle(to: options.target) {
            throw StudyError(
                .invalidOptions, "the target \(options.target.rawValue) cannot be measured on this machine: \(reason)")
        }
        let names = program.identity.workloads.map(\.name).joined(separator: ", ")
        let lock = try StudyLock(study: "\(options.target.rawValue) of \(names)", path: lockPath)
        let document = SearchSpaceDocument(program.parameters)
        let space = try SearchSpace(document.parameters())
        func known(_ settings: [Setting]) throws -> Configuration {
            try StudyHistory.configuration(Self.usable(settings, of: program.parameters) ?? [], in: space)
        }
        var inputs = inputs
        let place = try inputs.before.map(known)
        inputs.before = place.map(space.settings)
        inputs.enqueued = try inputs.enqueued?.map { space.settings(of: try known($0)) }
        let spaceJSON = try document.json()
        let identity = program.identity
        var plan = StudyPlan(
            machine: host.identity, target: options.target.rawValue,
            budgetJSON: Self.budgetJSON(options),
            seed: options.seed, strategy: options.strategy.rawValue, enginePath: identity.path,
            engineSHA256: identity.sha256, versions: identity.versions, workloads: identity.workloads,
            searchSpaceJSON: spaceJSON, searchSpaceSHA256: sha256(spaceJSON),
            optionsJSON: "")
        let informs = options.usesEarlierStudies && options.strategy == .bayesian
        plan.optionsJSON = try StudyDocument(
            options: options, inputs: inputs, earlier: informs ? try EarlierStudies.find(for: plan, in: store) : []
        ).json()
        let record = try store.createStudy(plan)
        return Study(
            program: program, store: store, id: record.id, options: options, space: space, before: place,
            usableMemoryBytes: host.usableMemoryBytes.value, lock: lock)
    }

    /// The settings that the search knows, with values that they can have: an older profile may hold others.
    public static func usable(_ settings: [Setting]?, of parameters: [ParameterDescription]) -> [Setting]? {
        settings?.filter { setting in
            parameters.contains { $0.name == setting.name && (try? $0.parse(setting.text)) != nil }
        }
    }

    /// Opens a study that was stopped.
    /// - Throws: `StudyError(.notTheSame)` when the machine, the program, a workload or the search space has changed,
    ///   `.nothingToResume` when it is finished.
    public static func resume(
        study reference: String, program: any TunableProgram, host: HostDescription, store: TrialStore,
        lockPath: String = StudyLock.machineWidePath
    ) throws -> Study {
        let record = try store.study(reference)
        guard record.state != .finished else {
            throw StudyError(.nothingToResume, "study \(record.id) is finished; `show` and `report` tell its result")
        }
        guard record.state != .failed else {
            throw StudyError(
                .nothingToResume,
                "study \(record.id) has failed: the built-in default does not run. Start a new one once it does")
        }
        let lock = try StudyLock(study: record.id, path: lockPath)
        let spaceJSON = try SearchSpaceDocument(program.parameters).json()
        let plan = record.plan
        let identity = program.identity
        let changed = [
            plan.machine.id == host.identity.id ? nil : "the machine (it ran on \(plan.machine.summary))",
            plan.engineSHA256 == identity.sha256 ? nil : "the program (\(identity.path))",
            plan.workloads == identity.workloads ? nil : "the workloads",
            plan.searchSpaceSHA256 == sha256(spaceJSON) ? nil : "the parameters to search",
        ].compactMap { $0 }
        guard changed.isEmpty else {
            throw StudyError(
                .notTheSame,
                "study \(record.id) cannot go on: \(changed.joined(separator: " and ")) changed since; start a new study"
            )
        }
        let lost = try store.interruptRunningTrials(of: record.id, reason: "the tuner died while it ran")
        let history = try StudyHistory(study: record.id, store: store)
        try store.setState(.running, of: record.id)
        var study = Study(
            program: program, store: store, id: record.id, options: history.options, space: history.space,
            before: history.before, usableMemoryBytes: host.usableMemoryBytes.value, lock: lock)
        study.clock.lostTrials = lost.count
        return study
    }

    private init(
        program: any TunableProgram, store: TrialStore, id: String, options: StudyOptions, space: SearchSpace,
        before: Configuration?, usableMemoryBytes: Int?, lock: StudyLock
    ) {
        self.program = program
        self.store = store
        self.id = id
        self.options = options
        self.space = space
        self.before = before
        self.usableMemoryBytes = usableMemoryBytes
        self.lock = lock
    }

    private static func check(_ options: StudyOptions) throws(StudyError) {
        let problem: String? =
            if options.budget < 1 {
                "the budget must be at least 1 configuration"
            } else if !(0...1).contains(options.minimumAccuracy) {
                "the accuracy floor is an F1 value from 0 to 1"
            } else if options.minimumRepeats < 1 || options.maximumRepeats < options.minimumRepeats {
                "repeats: the smallest number must be at least 1 and at most the largest"
            } else if options.confirmationRows < Comparison.minimumPairs {
                "the confirmation needs at least \(Comparison.minimumPairs) rows to be able to show anything"
            } else if (options.tuningSeconds ?? 1) <= 0 {
                "the tuning time must be above 0"
            } else if (options.maximumMemoryBytes ?? 1) < 1 || (options.maximumSeconds ?? 1) <= 0 {
                "a limit of memory or time must be above 0"
            } else {
                nil
            }
        if let problem { throw StudyError(.invalidOptions, problem) }
    }

    private static func budgetJSON(_ options: StudyOptions) -> String {
        let seconds = options.tuningSeconds.map { ",\"seconds\":\($0)" } ?? ""
        return "{\"configurations\":\(options.budget)\(seconds)}"
    }

    /// How many configurations can be tried, `nil` for very many.
    public var spaceSize: Int? { space.count }

    /// Runs the study to its end, or until `stopSignal` gives a signal.
    ///
    /// Blocks the calling thread, which must live as long as the process: the kernel ties children to the thread that
    /// started them.
    /// - Parameter beforeFinish: acts on the verdict (writes a profile); should it fail or the process die in it, the study
    ///   is not finished, and resuming confirms once more.
    /// - Throws: the store's errors and the program's; the study is then `interrupted` and can be resumed.
    public mutating func run(
        stopSignal: () -> Int32?, progress: (StudyEvent) -> Void, beforeFinish: (StudyVerdict) throws -> Void = { _ in }
    ) throws -> StudyEnd {
        do {
            let end = try search(stopSignal: stopSignal, progress: progress)
            switch end {
            case .finished(let verdict):
                try store.setVerdict(json: try verdict.json(), of: id)
                try beforeFinish(verdict)
                try store.setState(.finished, of: id)
            case .interrupted: try store.setState(.interrupted, of: id)
            case .failed: try store.setState(.failed, of: id)
            }
            return end
        } catch {
            _ = try? store.interruptRunningTrials(of: id, reason: "the study stopped: \(error)")
            try? store.setState(.interrupted, of: id)
            throw error
        }
    }

    private mutating func search(
        stopSignal: () -> Int32?, progress: (StudyEvent) -> Void
    ) throws -> StudyEnd {
        var history = try StudyHistory(study: id, store: store)
        var tuner = history.newTuner()
        history.replay(into: &tuner)
        var search = SearchState(history: history)
        if clock.lostTrials > 0 {
            progress(.note("\(clock.lostTrials) trial was under way when the tuner stopped; it is lost"))
        }
        if let first = history.defaultTrial, let signal = try warmUp(first, &search) {
            return .interrupted(signal: signal)
        }
        while true {
            if let signal = stopSignal() { return .interrupted(signal: signal) }
            let start = threadCPUSeconds()
            guard let next = nextTrial(&tuner, &search) else { break }
            let configuration = next.configuration
            var suggestion = next.suggestion
            suggestion.seconds = threadCPUSeconds() - start
            let judgement: TrialJudgement
            switch try runTrial(configuration, suggestion, &search, progress) {
            case .interrupted(let signal): return .interrupted(signal: signal)
            case .judged(let value): judgement = value
            }
            tuner.tell(configuration, judgement.tunerOutcome)
            if configuration == space.defaultConfiguration, judgement.objective == nil {
                return .failed(reason: "the built-in default does not run: \(judgement.reason ?? "no reason known")")
            }
        }
        if let reason = search.end { progress(.note(reason)) }
        history = try StudyHistory(study: id, store: store)
        let end = try conclude(history, tuner, search, stopSignal: stopSignal, progress: progress)
        guard case .finished(var verdict) = end else { return end }
        verdict.searchEnd = search.end
        return .finished(verdict)
    }
}

/// Time that runs took in this process.
struct StudyClock {
    private let start = ContinuousClock.now
    private(set) var trials = 0
    var lostTrials = 0

    mutating func trialDone() { trials += 1 }

    var elapsedSeconds: Double {
        let elapsed = start.duration(to: .now).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }

    /// Seconds per configuration so far.
    var secondsPerTrial: Double? { trials > 0 ? elapsedSeconds / Double(trials) : nil }
}
