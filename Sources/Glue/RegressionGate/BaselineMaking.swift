import Benchmarking
import ContentHash
import EngineRuns
import Foundation
import HostEnvironment
import Instrumentation
import Parameters
import Pipeline

/// What a baseline is to be made of.
public struct BaselineRequest: Sendable {
    public var workloads = ["medium"]
    /// Configuration file that holds in every run.
    public var configurationFile: String?
    /// `key=value`, over the file.
    public var assignments: [String] = []
    /// The program `lavoisier`; `nil` takes the one beside this program.
    public var engine: String?
    /// Measured runs; one more fills the page cache and does not count.
    public var runs = 5
    public var countsInstructions = true
    /// Counted runs per workload: their spread tells what a change must exceed.
    public var instructionRuns = 2
    public var reason = "created"
    public var buildCommand = ReferenceBuild.standardCommand
    /// A folder inside the repository that the engine was built from.
    public var repository = FileManager.default.currentDirectoryPath
    public var environment: [String: String] = ProcessInfo.processInfo.environment
    public var lockPath = StudyLock.machineWidePath
    public var interrupt: InterruptFlag?

    public init() {}
}

/// Measures a reference and describes it.
public enum BaselineMaking {
    /// - Parameters:
    ///   - progress: what runs now. - note: what a user should know.
    /// - Throws: `GateError`.
    public static func measure(
        _ request: BaselineRequest, progress: (String) -> Void, note: (String) -> Void
    ) throws(GateError) -> BaselineEntry {
        guard request.runs >= 1, request.instructionRuns >= 1 else {
            throw GateError(.usage, "--runs and --instruction-runs must be at least 1")
        }
        guard ReferenceBuild.words(of: request.buildCommand) != nil else {
            throw GateError(
                .usage,
                "--build-command '\(request.buildCommand)' is not a 'swift build' that puts the program into .build/release"
            )
        }
        let setup = try GateSetup(
            workloads: request.workloads, environment: request.environment, interrupt: request.interrupt, note: note)
        let engine = try GateSetup.engine(request.engine, option: "--engine")
        let given = try setup.settings(file: request.configurationFile, assignments: request.assignments)
        let configuration = BaselineConfiguration(
            settings: given, sha256: sha256(given.map { $0 + "\n" }.joined()))
        let revision = SourceRevision.read(at: request.repository)
        if revision.value?.isDirty == true {
            note("the working tree has changes that its commit does not hold: nobody can rebuild this reference")
        } else if let reason = revision.reason {
            note("this reference names no commit, so nobody can rebuild it (\(reason))")
        } else if let root = revision.value?.root, !engine.path.hasPrefix(root + "/") {
            note("\(engine.path) lies outside of \(root): whether it was built from that commit is not known")
        }
        let lock = try GateSetup.lock("baseline of \(setup.label)", path: request.lockPath)
        let arm = try setup.arm("reference", engine, settings: configuration.settings)
        let runs = try run(arm, setup, request, progress: progress)
        var unavailable = runs.unavailable
        var instructions: [BaselineInstructions] = []
        if request.countsInstructions {
            let counted = try count(
                engine, configuration.settings, setup, request, digests: runs.workloads, progress: progress)
            instructions = counted.instructions
            unavailable.merge(counted.unavailable) { first, _ in first }
        } else {
            unavailable["instructions"] = "not asked for"
        }
        withExtendedLifetime(lock) {}
        let noise = setup.storedNoise(settings: configuration.settings)
        if let reason = noise.reason { unavailable["noise"] = reason }
        let version = SourceRevision.swiftVersion()
        if let reason = version.reason { unavailable["swift version"] = reason }
        var versions = ["lavoisier": runs.engineVersion]
        versions["swift"] = version.value
        // `fftw-3.3.10-sse2-avx`: name and version.
        for library in runs.libraries {
            let parts = library.split(separator: "-", maxSplits: 1).map(String.init)
            versions[parts.first ?? library] = parts.count > 1 ? parts[1] : library
        }
        return BaselineEntry(
            created: timestamp(secondsSince1970: Date().timeIntervalSince1970, .plain), reason: request.reason,
            reference: BaselineReference(
                commit: revision.value?.commit, isDirty: revision.value?.isDirty ?? false,
                binarySHA256: engine.sha256, buildCommand: request.buildCommand),
            configuration: configuration, workloads: runs.workloads, machine: setup.machine, versions: versions,
            noise: noise.value, instructions: instructions, runs: runs.runs, unavailable: unavailable)
    }

    // MARK: runs

    private struct ReferenceRuns {
        var workloads: [BaselineWorkload]
        var runs: [BaselineRun]
        var engineVersion: String
        var libraries: [String]
        var unavailable: [String: String]
    }

    private static func run(
        _ arm: EngineArm, _ setup: GateSetup, _ request: BaselineRequest, progress: (String) -> Void
    ) throws(GateError) -> ReferenceRuns {
        var runs: [BaselineRun] = []
        var first: ProgramRun?
        var engineVersion = "unknown"
        var libraries: [String] = []
        var unavailable: [String: String] = [:]
        for index in 0...request.runs {
            progress(index == 0 ? "warming up" : "run \(index) of \(request.runs)")
            let outcome: EngineProgram.Outcome
            do {
                outcome = try setup.program.run(arm, limits: RunLimits(timeoutSeconds: 3_600, memoryBytes: nil))
            } catch {
                throw GateError(engine: error)
            }
            let run = outcome.run
            if let failure = run.failure {
                if failure.kind == .interrupted {
                    throw GateError(.interrupted(signal: request.interrupt?.signal ?? 2), "stopped; nothing is written")
                }
                throw GateError(.failed, "the engine \(arm.engine.path) does not run: \(failure.reason)")
            }
            if let first {
                let changed = zip(first.parts, run.parts).first { $0.digest != $1.digest }
                if let changed {
                    throw GateError(
                        .failed,
                        "the results of \(changed.0.workload) differ from run to run; a baseline needs a deterministic engine"
                    )
                }
            } else {
                first = run
                libraries = outcome.results.first?.libraries ?? []
                engineVersion = outcome.results.first?.engineVersion ?? engineVersion
            }
            guard index > 0 else { continue }
            for part in run.parts {
                let (values, missing) = GateValues.all(of: part)
                unavailable.merge(missing) { first, _ in first }
                runs.append(
                    BaselineRun(
                        order: runs.count, workload: part.workload, startedAt: part.measurement.startedAt,
                        values: values, digest: part.digest ?? ""))
            }
        }
        let parts = first?.parts ?? []
        let workloads = zip(setup.workloads, parts).map { workload, part in
            BaselineWorkload(
                name: workload.name, sha256: workload.sha256, bytes: workload.bytes, items: part.itemCount,
                digest: part.digest ?? "", truthFound: part.foundTruth.found,
                truthExpected: part.foundTruth.expected, features: part.counts["features"] ?? 0)
        }
        if let empty = parts.first(where: \.isEmpty) {
            throw GateError(
                .nothingMeasured, "the engine read no spectra of \(empty.workload); a baseline of nothing gates nothing"
            )
        }
        return ReferenceRuns(
            workloads: workloads, runs: runs, engineVersion: engineVersion, libraries: libraries,
            unavailable: unavailable)
    }

    private static func count(
        _ engine: EngineBinary, _ settings: [String], _ setup: GateSetup, _ request: BaselineRequest,
        digests: [BaselineWorkload], progress: (String) -> Void
    ) throws(GateError) -> (instructions: [BaselineInstructions], unavailable: [String: String]) {
        let counts = InstructionCounts(setup, interrupt: request.interrupt)
        if let reason = counts.counter.reason { return ([], ["instructions": reason]) }
        var found: [BaselineInstructions] = []
        var unavailable: [String: String] = [:]
        for workload in setup.workloads {
            var key: InstructionKey?
            var numbers: [Int] = []
            for index in 0..<request.instructionRuns {
                progress("counting instructions of \(workload.name), run \(index + 1) of \(request.instructionRuns)")
                let digest = digests.first { $0.name == workload.name }?.digest
                switch try counts.count(engine, settings: settings, workload: workload, digest: digest) {
                case .available(let count):
                    key = count.key
                    numbers.append(count.instructions)
                case .unavailable(let reason): unavailable["instructions of \(workload.name)"] = reason
                }
            }
            if let key, !numbers.isEmpty {
                found.append(
                    BaselineInstructions(
                        workload: workload.name, key: key, settings: InstructionCounts.settings(settings),
                        counts: numbers))
            }
        }
        return (found, unavailable)
    }
}
