import Benchmarking
import Foundation
import HostEnvironment
import Instrumentation
import Pipeline
import Statistics

/// Runs one engine with one configuration again and again until its figures are tight.
///
/// A warm-up that does not count, then runs until half the interval of every figure's median is within the precision, or a
/// limit is reached. The stopping rule looks at the intervals, so they hold their level only nearly.
public struct BenchmarkSession {
    public struct Progress: Sendable, Hashable {
        public var runs: Int
        public var maximumRuns: Int
        public var isWarmUp: Bool
        /// The widest interval that matters: half its width over the median; `nil` with too few runs.
        public var precision: Double?
        /// Until the limits, at most; `nil` before the first run is done.
        public var remainingSeconds: Double?
    }

    public let arm: EngineArm
    public let algorithms: [EngineAlgorithm]
    public let metrics: [BenchmarkMetric]
    public let rule: BenchmarkRecord.Rule
    private let workloads: [EngineWorkload]
    private var runs: InterleavedRuns
    /// Why this program could not go on, where it could not.
    public private(set) var error: (any Error)?
    private let before = HostReader().readConditions()

    /// - Parameters:
    ///   - program: over the workloads that every run runs.
    ///   - algorithms: those that the arm's configuration runs and whose throughput is wanted.
    ///   - interrupt: the one that the program was made with.
    public init(
        program: EngineProgram, arm: EngineArm, algorithms: [EngineAlgorithm], metrics: [BenchmarkMetric],
        rule: BenchmarkRecord.Rule, limits: RunLimits, interrupt: InterruptFlag?
    ) {
        self.arm = arm
        self.algorithms = algorithms
        self.metrics = metrics
        self.rule = rule
        workloads = program.workloads
        var options = InterleavedRuns.Options(limits: limits)
        options.pairs = rule.maximumRuns
        options.timeBudgetSeconds = rule.timeBudgetSeconds
        runs = InterleavedRuns(program: program, arms: [arm], options: options, interrupt: interrupt)
    }

    /// Runs to the end and gives the record of what ran, also when it was interrupted, the engine failed, or this program itself
    /// cannot go on (a full disk): then `error` says why.
    /// - Throws: `AnalysisError` when that happens before the first run that counts.
    public mutating func run(host: HostDescription, progress: (Progress) -> Void) throws -> BenchmarkRecord {
        let end: BenchmarkRecord.End
        do { end = try measure(progress) } catch {
            guard !runs.record.completePairs.isEmpty else { throw error }
            self.error = error
            end = .interrupted
        }
        var record = BenchmarkRecord(
            created: timestamp(secondsSince1970: Date().timeIntervalSince1970, .plain),
            version: LavoisierVersion.current, engine: arm.engine,
            configuration: arm.settings, algorithms: algorithms, metrics: metrics,
            workloads: workloads.map { BenchmarkRecord.Workload($0) },
            machine: host.identity, conditionsBefore: before, conditionsAfter: HostReader().readConditions(),
            sources: .ofThisMachine, rule: rule, end: end, record: runs.record, summary: [])
        record.summary = BenchmarkRecord.summary(record)
        return record
    }

    private mutating func measure(_ progress: (Progress) -> Void) throws -> BenchmarkRecord.End {
        let rule = rule
        func show(_ position: InterleavedRuns.Progress, _ precision: Double?) {
            progress(
                Progress(
                    runs: position.completePairs, maximumRuns: rule.maximumRuns, isWarmUp: position.isWarmUp,
                    precision: precision, remainingSeconds: position.remainingSeconds))
        }
        switch try runs.warmUp(progress: { show($0, nil) }) {
        case .complete: break
        case .failed: return .failed
        case .interrupted: return .interrupted
        }
        while runs.nextIndex < rule.maximumRuns {
            if runs.nextIndex > 0, runs.isOutOfTime() { return .outOfTime }
            let widest = widestInterval
            if runs.nextIndex >= rule.minimumRuns, let widest, widest <= rule.precision { return .tight }
            switch try runs.runPair(runs.nextIndex, progress: { show($0, widest) }) {
            case .complete: break
            case .failed: return .failed
            case .interrupted: return .interrupted
            }
        }
        return (widestInterval ?? .infinity) <= rule.precision ? .tight : .maximumRuns
    }

    /// The widest interval of a figure that decides and was measured; `nil` while some have too few values.
    private var widestInterval: Double? {
        var widest = 0.0
        for workload in workloads {
            let parts = runs.record.completePairs.flatMap { $0.runs(of: 0) }.compactMap { $0.part(workload.name) }
            for metric in BenchmarkMetric.deciding(metrics) {
                let values = parts.compactMap { $0.value(of: metric).value }.filter { $0.isFinite && $0 > 0 }
                if values.isEmpty, !parts.isEmpty { continue }
                guard !values.isEmpty, let width = MedianInterval(values).relativeHalfWidth else { return nil }
                widest = max(widest, width)
            }
        }
        return widest
    }
}
