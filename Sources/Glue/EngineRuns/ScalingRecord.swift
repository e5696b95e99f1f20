import Benchmarking
import Foundation
import HostEnvironment
import Parameters
import Pipeline
import Statistics

/// Runs of one engine with several numbers of workers in turn, and what they say about how it scales.
public struct ScalingRecord: Sendable, Codable, Hashable {
    public static let currentSchema = "lavoisier-scaling/3"

    public var schema = ScalingRecord.currentSchema
    /// `2026-11-28 03:30:00 UTC`.
    public var created: String
    public var version: String
    /// One per number of workers.
    public var arms: [EngineArm]
    /// Ascending, the first is 1.
    public var workers: [Int]
    public var workloads: [BenchmarkRecord.Workload]
    public var machine: MachineIdentity
    public var conditionsBefore: HostConditions
    public var conditionsAfter: HostConditions
    public var sources: MeasurementSources
    /// Every run; a pair of it is a round of all numbers of workers.
    public var record: InterleavedRecord
    /// Follows from the runs.
    public var results: [ScalingResult]

    public init(
        created: String, arms: [EngineArm], workers: [Int], workloads: [BenchmarkRecord.Workload],
        machine: MachineIdentity, conditionsBefore: HostConditions, conditionsAfter: HostConditions,
        sources: MeasurementSources = .ofThisMachine, record: InterleavedRecord
    ) {
        precondition(arms.count == workers.count && record.arms == workers.count, "an arm per number of workers")
        self.created = created
        version = LavoisierVersion.current
        self.arms = arms
        self.workers = workers
        self.workloads = workloads
        self.machine = machine
        self.conditionsBefore = conditionsBefore
        self.conditionsAfter = conditionsAfter
        self.sources = sources
        self.record = record
        results = workloads.map { ScalingResult(workload: $0.name, workers: workers, rounds: record.completePairs) }
    }

    /// A workload whose results depend on the number of workers, which nothing excuses; `nil` when there is none.
    public var workloadOfOtherResults: String? {
        workloads.map(\.name).first { name in
            Set(record.completePairs.flatMap(\.runs).compactMap { $0.run.part(name)?.digest }).count > 1
        }
    }
}

/// How one workload scales: as a whole and stage by stage.
public struct ScalingResult: Sendable, Codable, Hashable {
    /// The whole run, one stage of it, or what lies outside of all stages.
    public struct Row: Sendable, Codable, Hashable {
        public var name: String
        /// Median seconds by number of workers.
        public var wallSeconds: [Double]
        /// Median CPU seconds by number of workers.
        public var cpuSeconds: Measured<[Double]>
        /// Times faster than with one worker, by number of workers.
        public var speedUps: [FittedValue]
        /// Speed-up over the number of workers, by number of workers: the share of their time that pays.
        public var efficiencies: [Double]
        public var serialFraction: FittedValue
        /// The time with only one worker at work, as a share of the time with one, if all are or one is: (n w - c) / ((n - 1) w1)
        /// for the most workers n, who took the time w and the CPU time c. Waiting for the disk or for a CPU counts. Unlike `serialFraction` it knows nothing of what workers cost
        /// each other in caches, memory and clocks.
        public var serialByOccupancy: Measured<FittedValue>
        /// Likewise without the time in which threads were ready and had no CPU: what is left had no work, or waited for the disk.
        /// No less than the true share, as that time is read now and then. Of the whole run alone.
        public var serialForWantOfWork: Measured<FittedValue>
    }

    /// What Amdahl's law makes of the measured points for a number of workers that was not measured.
    public struct Projection: Sendable, Codable, Hashable {
        public var workers: Int
        /// Times faster than with four.
        public var relativeToFour: FittedValue
        /// What the project's specification asks for, likewise.
        public var specified: Double
    }

    public var workload: String
    public var rounds: Int
    /// The whole first; empty where nothing ran.
    public var rows: [Row]
    /// The serial part of every stage by its own times, as a share of the whole with one worker.
    public var serialFractionOfStages: Measured<Double>
    /// Contention and coherency of the universal law over the whole run.
    public var contention: Measured<FittedValue>
    public var coherency: Measured<FittedValue>
    public var projections: [Projection]

    /// Speed relative to four cores that the specification asks for.
    static let specification: [(workers: Int, speed: Double)] = [
        (4, 1), (8, 1.9), (16, 3.7), (32, 7.1), (64, 12), (128, 18),
    ]

    /// - Parameter rounds: complete ones.
    init(workload: String, workers: [Int], rounds: [RunPair]) {
        self.workload = workload
        let parts: [[WorkloadRun]] = rounds.compactMap { round in
            let found = workers.indices.compactMap { round.runs(of: $0).first?.part(workload) }
            return found.count == workers.count ? found : nil
        }
        self.rounds = parts.count
        let nothing = "no round is complete"
        rows = []
        projections = []
        serialFractionOfStages = .unavailable(reason: nothing)
        contention = .unavailable(reason: nothing)
        coherency = .unavailable(reason: nothing)
        let walls = parts.map { $0.compactMap(\.measurement.wallSeconds.value) }
        guard !walls.isEmpty, walls.allSatisfy({ $0.count == workers.count && $0.allSatisfy { $0 > 0 } }) else {
            return
        }
        let whole = ScalabilityLaw(workers: workers, rounds: walls)
        rows = [
            Self.row(
                "whole run", whole, walls, cpu: parts.map { $0.compactMap(\.measurement.cpuSeconds.value) },
                ready: parts.map { $0.compactMap(\.measurement.runQueueSeconds.value) })
        ]
        let stages = Self.stages(parts, workers)
        rows += stages.rows
        serialFractionOfStages =
            stages.obstacle.map { .unavailable(reason: $0) } ?? Self.serialFraction(of: stages.rows)
        if let law = whole.universal {
            contention = .available(law.contention)
            coherency = .available(law.coherency)
        } else {
            let reason = "\(workers.count) numbers of workers cannot tell contention from coherency; three can"
            contention = .unavailable(reason: reason)
            coherency = .unavailable(reason: reason)
        }
        projections = Self.specification.map { workers, speed in
            Projection(
                workers: workers, relativeToFour: whole.projection(workers, relativeTo: 4), specified: speed)
        }
    }

    /// - Parameter ready: seconds in which threads waited for a CPU, as far as known.
    private static func row(
        _ name: String, _ law: ScalabilityLaw, _ walls: [[Double]], cpu: [[Double]], ready: [[Double]]? = nil
    ) -> Row {
        let positions = law.workers.indices
        let isWhole = cpu.allSatisfy { $0.count == law.workers.count }
        let speedUps = positions.map(law.speedUp)
        return Row(
            name: name, wallSeconds: positions.map { position in median(walls.map { $0[position] }) },
            cpuSeconds: isWhole
                ? .available(positions.map { position in median(cpu.map { $0[position] }) })
                : .unavailable(
                    reason: "not measured in every run"),
            speedUps: speedUps, efficiencies: zip(speedUps, law.workers).map { $0.estimate / Double($1) },
            serialFraction: law.serialFraction,
            serialByOccupancy: occupancy(law.workers, walls, busy: [cpu]),
            serialForWantOfWork: ready.map { occupancy(law.workers, walls, busy: [cpu, $0]) }
                ?? .unavailable(reason: "waiting for a CPU is known of the whole run only"))
    }

    /// - Parameter busy: what each kind of seconds comes to in every run, CPU time first.
    private static func occupancy(
        _ workers: [Int], _ walls: [[Double]], busy: [[[Double]]]
    ) -> Measured<FittedValue> {
        guard let most = workers.last, most > 1 else { return .unavailable(reason: "one worker is always at work") }
        for (kind, what) in zip(busy, ["CPU time", "waiting for a CPU"]) {
            guard kind.allSatisfy({ $0.count == workers.count }) else {
                return .unavailable(reason: "\(what) was not measured in every run")
            }
        }
        let shares = walls.indices.map { round in
            let spent = busy.reduce(0) { $0 + $1[round][workers.count - 1] }
            return (Double(most) * walls[round][workers.count - 1] - spent) / (Double(most - 1) * walls[round][0])
        }
        let interval = MedianInterval(shares)
        return .available(
            FittedValue(
                estimate: interval.estimate, lower: interval.isSure ? interval.lower : nil,
                upper: interval.isSure ? interval.upper : nil))
    }

    /// A row per stage that takes time in every run, and one for what lies outside of them: start and end of the program.
    private static func stages(_ parts: [[WorkloadRun]], _ workers: [Int]) -> (rows: [Row], obstacle: String?) {
        func seconds(_ run: WorkloadRun, _ name: String, _ value: KeyPath<StageSeconds, Double>) -> Double {
            run.stages.first { $0.name == name }?[keyPath: value] ?? 0
        }
        var rows: [Row] = []
        for name in parts[0][0].stages.map(\.name) {
            let walls = parts.map { $0.map { seconds($0, name, \.wall) } }
            guard walls.joined().allSatisfy({ $0 > 0 }) else { continue }
            rows.append(
                row(
                    name, ScalabilityLaw(workers: workers, rounds: walls), walls,
                    cpu: parts.map { $0.map { seconds($0, name, \.cpu) } }))
        }
        guard !rows.isEmpty else { return ([], "the engine states no stages") }
        let outside = parts.map { round in
            round.map { run in
                (run.measurement.wallSeconds.value ?? 0) - run.stages.reduce(0) { $0 + $1.wall }
            }
        }
        guard outside.joined().allSatisfy({ $0 > 0 }) else {
            return (rows, "stages overlap: together they take longer than the run (execution.concurrent_files)")
        }
        let outsideCPU = parts.map { round in
            round.compactMap { run in
                run.measurement.cpuSeconds.value.map { max($0 - run.stages.reduce(0) { $0 + $1.cpu }, 0) }
            }
        }
        rows.append(
            row(
                "outside of stages", ScalabilityLaw(workers: workers, rounds: outside), outside, cpu: outsideCPU))
        return (rows, nil)
    }

    /// Each stage's own serial fraction, between 0 and 1, weighed by its time with one worker.
    private static func serialFraction(of rows: [Row]) -> Measured<Double> {
        let total = rows.reduce(0) { $0 + $1.wallSeconds[0] }
        let serial = rows.reduce(0) { $0 + $1.wallSeconds[0] * min(max($1.serialFraction.estimate, 0), 1) }
        return Measured(total > 0 ? serial / total : nil, otherwise: "the stages take no time")
    }
}
