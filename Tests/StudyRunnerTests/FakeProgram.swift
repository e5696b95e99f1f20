import BayesianTuning
import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import ResultStore
import Statistics
import Synchronization
import Testing

@testable import StudyRunner

/// What the fake program does in one run.
struct FakeRun {
    var wall = 1.0
    var cpu = 1.0
    var memory = 100 << 20
    var termination = Termination.exited(code: 0)
    var failure: RunFailure?
    var accuracy = ResultAccuracy(f1: 1, truthFound: 3, truthExpected: 3, digestEqual: true)
    var steal = 0.0
    var pressure = 0.0
    /// Joules; `nil` on a machine without counters.
    var energy: Double?
}

/// A program in this process with a known cost function.
struct FakeProgram: TunableProgram {
    /// What was run, in order, over all copies of the program.
    final class Log: Sendable {
        private let entries = Mutex<[Configuration]>([])
        var runs: [Configuration] { entries.withLock { $0 } }

        /// - Returns: how often this configuration ran before, and how many runs there were.
        func add(_ configuration: Configuration) -> (earlier: Int, total: Int) {
            entries.withLock { entries in
                let earlier = entries.count { $0 == configuration }
                entries.append(configuration)
                return (earlier, entries.count - 1)
            }
        }
    }

    var identity = ProgramIdentity(
        path: "/fake", sha256: "f00d", versions: ["fake": "1"],
        workloads: [WorkloadReference(name: "one", sha256: "1111")])
    var parameters = FakeProgram.standardParameters
    var log = Log()
    var noEnergyReason: String?
    /// From the configuration, how often it ran before, and how many runs there were.
    var behaviour: @Sendable (Configuration, Int, Int) throws -> FakeRun

    static let standardParameters = [
        ParameterDescription(
            name: "execution.workers", group: .execution, domain: .integer(1...8, .linear), defaultValue: .integer(2),
            text: "threads"),
        ParameterDescription(
            name: "execution.chunk_size", group: .execution, domain: .integer(1...4096, .logarithmic),
            defaultValue: .integer(16), text: "grain", searchValues: (0...8).map { .integer(4 << $0) }),
        ParameterDescription(
            name: "numeric.precision", group: .numeric, domain: .choice(["float64", "float32"]),
            defaultValue: .choice("float64"), text: "arithmetic"),
    ]

    func settings(of configuration: Configuration) -> [Setting] {
        zip(parameters, configuration.values).map { Setting($0.name, $0.text(of: $1)) } + [
            Setting("analysis.fixed", "1")
        ]
    }

    func obstacle(to target: StudyTarget) -> String? { target == .energy ? noEnergyReason : nil }

    mutating func run(_ configuration: Configuration, limits: RunLimits) throws -> ProgramRun {
        let (earlier, total) = log.add(configuration)
        var fake = try behaviour(configuration, earlier, total)
        if fake.wall > limits.timeoutSeconds {
            fake.wall = limits.timeoutSeconds
            fake.termination = .timedOut(seconds: limits.timeoutSeconds)
        }
        let measurement = ChildMeasurement(
            termination: fake.termination, startedAt: 0, wallSeconds: .available(fake.wall),
            userSeconds: .available(fake.cpu), systemSeconds: .available(0), peakMemoryBytes: .available(fake.memory),
            peakMemorySource: .polled, io: .unavailable(reason: "fake"), minorFaults: .available(0),
            majorFaults: .available(0), voluntarySwitches: .available(0), involuntarySwitches: .available(0),
            cpuPressureSeconds: .available(fake.pressure), stealSeconds: .available(fake.steal),
            energyJoules: Measured(fake.energy, otherwise: "fake"), standardOutput: OutputTail(text: "", totalBytes: 0),
            standardError: OutputTail(text: "first line\nthe engine says why\n", totalBytes: 32))
        let part = WorkloadRun(
            workload: "one", measurement: measurement, inputBytes: 10_000_000, itemCount: 7,
            peakMemoryBytes: .available(fake.memory), digest: "d",
            stages: [StageSeconds(name: "read", wall: 0.5, cpu: 0.4)])
        let failure = fake.failure ?? RunFailure(measurement)
        return ProgramRun(parts: [part], failure: failure, accuracy: failure == nil ? fake.accuracy : nil)
    }
}

extension Configuration {
    var workers: Int { integer("execution.workers") }
    var chunkSize: Int { integer("execution.chunk_size") }
    var precision: String {
        if case .choice(let name)? = self["numeric.precision"] { name } else { "" }
    }

    var isFakeDefault: Bool { workers == 2 && chunkSize == 16 && precision == "float64" }

    private func integer(_ name: String) -> Int {
        if case .integer(let value)? = self[name] { value } else { 0 }
    }
}

/// Best at 6 workers and chunks of 128; the default takes 1.73 times as long. Runs differ by up to 2 %.
func bowl(_ configuration: Configuration, _ earlier: Int) -> Double {
    let chunk = log2(Double(configuration.chunkSize) / 128)
    let workers = Double(configuration.workers - 6)
    let seconds = 1 + 0.04 * chunk * chunk + 0.023 * workers * workers
    var generator = SeededGenerator(
        seed: UInt64(configuration.workers * 100_000 + configuration.chunkSize * 10 + earlier))
    return seconds * (1 + 0.02 * (generator.uniform() - 0.5) * 2)
}

/// A store and a lock of their own, removed with the fixture.
final class StudyFixture {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("study-\(UUID())").path
    let store: TrialStore
    var lockPath: String { "\(folder)/lock" }

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        store = try TrialStore(path: "\(folder)/trials.sqlite")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static let host = HostReader().read()

    static func options(budget: Int = 12, _ change: (inout StudyOptions) -> Void = { _ in }) -> StudyOptions {
        var options = StudyOptions()
        options.budget = budget
        options.maximumRepeats = 3
        options.measuredSeconds = 0
        options.maximumConfirmationRows = 12
        change(&options)
        return options
    }

    func create(
        _ program: FakeProgram, _ options: StudyOptions = StudyFixture.options(), before: [Setting]? = nil,
        enqueued: [[Setting]]? = nil
    ) throws -> Study {
        try Study.create(
            program: program, options: options, inputs: StudyInputs(before: before, enqueued: enqueued),
            host: Self.host,
            store: store, lockPath: lockPath)
    }

    func resume(_ id: String, _ program: FakeProgram) throws -> Study {
        try Study.resume(study: id, program: program, host: Self.host, store: store, lockPath: lockPath)
    }

    func history(_ id: String) throws -> StudyHistory { try StudyHistory(study: id, store: store) }

    /// Runs a new study to its end.
    func run(
        _ options: StudyOptions = StudyFixture.options(), before: [Setting]? = nil, enqueued: [[Setting]]? = nil,
        _ program: FakeProgram
    ) throws -> (end: StudyEnd, history: StudyHistory) {
        var study = try create(program, options, before: before, enqueued: enqueued)
        let end = try study.run(stopSignal: { nil }, progress: { _ in })
        return (end, try history(study.id))
    }
}

/// A trial that must be there. Not `#require`: see `docs/workarounds.md`.
func present(_ trial: StudyTrial?, sourceLocation: SourceLocation = #_sourceLocation) throws -> StudyTrial {
    guard let trial else {
        Issue.record("there is no such trial", sourceLocation: sourceLocation)
        throw StudyError(.corruptStudy, "there is no such trial")
    }
    return trial
}

extension StudyEnd {
    var verdict: StudyVerdict? {
        if case .finished(let verdict) = self { verdict } else { nil }
    }
}
