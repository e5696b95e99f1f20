import Benchmarking
import EngineRuns
import Foundation
import HostEnvironment
import Pipeline
import Reporting

/// Holds a candidate against a baseline and says whether it may pass.
///
/// Accuracy is looked at first: a faster wrong answer is never ranked. Whatever happens becomes part of the report, so that a
/// CI system has one even where the gate came to no verdict.
public struct Gate {
    let request: GateRequest
    var report: GateReport
    /// Told what runs now.
    let progress: (String) -> Void
    let note: (String) -> Void

    /// Runs the gate. Blocks; takes minutes.
    /// - Parameters:
    ///   - progress: a line that renews itself. - note: what stays.
    public static func run(
        _ request: GateRequest, progress: @escaping (String) -> Void = { _ in },
        note: @escaping (String) -> Void = { _ in }
    ) -> GateReport {
        let start = Date()
        var gate = Gate(request, progress: progress, note: note)
        do throws(GateError) {
            try gate.decide()
        } catch {
            gate.fail(error)
        }
        gate.report.seconds = Date().timeIntervalSince(start)
        return gate.report
    }

    private init(
        _ request: GateRequest, progress: @escaping (String) -> Void, note: @escaping (String) -> Void
    ) {
        self.request = request
        self.progress = progress
        self.note = note
        let name = request.baseline.split(separator: "/").last.map(String.init) ?? request.baseline
        report = GateReport(
            baseline: name.hasSuffix(".json") ? String(name.dropLast(5)) : name, entry: request.role.rawValue,
            created: BaselineMaking.timestamp(), outcome: .failed, exitStatus: 1, sentence: "The gate did not run.",
            method: Self.phrase(request.method))
    }

    private static func phrase(_ method: GateRequest.Method) -> String {
        switch method {
        case .interleaved: "interleaved pairs on this machine"
        case .deterministic: "stored numbers that depend on no clock"
        case .stored: "stored numbers of this machine"
        }
    }

    private mutating func fail(_ error: GateError) {
        report.outcome =
            switch error.code {
            case .notComparable: .notComparable
            case .nothingMeasured: .nothingMeasured
            case .interrupted: .interrupted
            case .usage, .badInput, .outputFailed, .failed: .failed
            }
        report.exitStatus = Int(error.exitStatus)
        report.sentence = error.reason.prefix(1).uppercased() + error.reason.dropFirst()
    }

    private mutating func decide() throws(GateError) {
        _ = try request.rule(workloads: [])
        let baseline = try request.files.read(request.baseline)
        report.baseline = baseline.name
        guard let entry = baseline[request.role] else {
            throw GateError(
                .notComparable,
                "the baseline \(baseline.name) has no pinned entry; 'lavoisier-tune baseline update \(baseline.name) --pin "
                    + "--reason ...' makes one")
        }
        let rule = try request.rule(workloads: entry.workloads.map(\.name))
        let candidate = try GateSetup.engine(request.candidate, option: "--candidate")
        let setup = try GateSetup(
            workloads: entry.workloads.map(\.name), environment: request.environment, interrupt: request.interrupt,
            note: note)
        try compare(entry, setup)
        report.reproduce = [
            .init(purpose: "Run the gate again", command: command(baseline: baseline)),
            .init(
                purpose: "Accept the new behaviour",
                command: "lavoisier-tune baseline update \(baseline.name) --reason \"why\""),
        ]
        describeDrift(baseline)
        switch request.method {
        case .interleaved: try interleaved(entry, candidate, rule, setup)
        case .deterministic, .stored: try stored(entry, candidate, rule, setup)
        }
    }

    /// Whether the baseline is about what lies here.
    private mutating func compare(_ entry: BaselineEntry, _ setup: GateSetup) throws(GateError) {
        report.differences = entry.machine.differences(here: setup.machine).map {
            .init(name: $0.name, baseline: $0.baseline, here: $0.here, isStable: $0.isStable)
        }
        for (known, here) in zip(entry.workloads, setup.workloads) where known.sha256 != here.sha256 {
            throw GateError(
                .notComparable,
                "the workload \(known.name) is not the one of the baseline: SHA-256 \(here.sha256.prefix(12)) instead of "
                    + "\(known.sha256.prefix(12)). Restore it, or update the baseline")
        }
        if request.method == .stored, !entry.machine.isSame(as: setup.machine) {
            let fields = report.differences.filter(\.isStable).map { "\($0.name) \($0.here) instead of \($0.baseline)" }
            throw GateError(
                .notComparable,
                "stored times of another machine say nothing about this one (\(fields.joined(separator: ", "))). Compare with "
                    + "the reference's program (without --stored), or what does not depend on time (--deterministic)")
        }
    }

    /// What the stored numbers say of the pinned entry and the latest: slow drift, one small loss at a time.
    private mutating func describeDrift(_ baseline: Baseline) {
        guard let pinned = baseline.pinned, pinned != baseline.latest else { return }
        let drift = BaselineDrift(from: pinned, to: baseline.latest)
        report.facts += drift.lines.map { .init(name: "Since the pinned entry: \($0.name)", value: .value($0.text)) }
    }

    private func command(baseline: Baseline) -> String {
        var words = ["lavoisier-tune", "gate", "--baseline", request.baseline]
        if request.role != .latest { words += ["--entry", request.role.rawValue] }
        if request.method != .interleaved { words.append("--\(request.method.rawValue)") }
        if let path = request.referenceBinary { words += ["--reference-binary", path] }
        if let path = request.candidate { words += ["--candidate", path] }
        if let pairs = request.pairs { words += ["--pairs", "\(pairs)"] }
        return words.joined(separator: " ")
    }

    // MARK: interleaved

    private mutating func interleaved(
        _ entry: BaselineEntry, _ candidate: EngineBinary, _ rule: GateRule, _ setup: GateSetup
    ) throws(GateError) {
        let (reference, origin) = try reference(entry, setup)
        report.programs = [
            .init(role: "reference", path: reference.path, sha256: reference.sha256, description: origin),
            .init(
                role: "candidate", path: candidate.path, sha256: candidate.sha256, description: candidateDescription),
        ]
        let lock = try GateSetup.lock("gate \(report.baseline)", path: request.lockPath)
        defer { withExtendedLifetime(lock) {} }
        let stored = setup.noiseFiles.read(
            machine: setup.machine.identity, workloads: setup.workloads.map(\.name))
        let noise = stored.value ?? (entry.machine.isSame(as: setup.machine) ? entry.noise : nil)
        report.facts += GateText.facts(rule, noise: noise, otherwise: stored.reason ?? "")
        let instructions = try countBoth(reference, candidate, entry, rule, setup)
        let arms = GateArms(
            setup.program,
            reference: try setup.arm("reference", reference, settings: entry.configuration.settings),
            candidate: try setup.arm("candidate", candidate, settings: entry.configuration.settings))
        var options = InterleavedRuns.Options()
        options.pairs = rule.maximumPairs
        options.seed = GateRequest.seed
        options.timeBudgetSeconds = request.timeBudgetSeconds
        let interrupt = request.interrupt
        var runs = InterleavedRuns(
            arms: 2, options: options, stopSignal: { interrupt?.signal }, run: { try arms.run($0, $1) })
        var session = GateSession(rule: rule, noise: noise)
        defer { report.runs = GateReport.Run.rows(runs.record) }
        let decision = try measure(&session, &runs, instructions: instructions, setup)
        report.runs = GateReport.Run.rows(runs.record)
        try checkReference(arms, entry, isRebuilt: request.referenceBinary == nil)
        conclude(decision, rule: rule, label: setup.label, arms: arms)
    }

    private mutating func reference(
        _ entry: BaselineEntry, _ setup: GateSetup
    ) throws(GateError) -> (EngineBinary, String) {
        let commit = entry.reference.commit.map { "commit \($0.prefix(12))" } ?? "no commit"
        if let path = request.referenceBinary {
            let given = try GateSetup.engine(path, option: "--reference-binary")
            if given.sha256 == entry.reference.binarySHA256 { return (given, "\(commit), the baseline's own program") }
            report.notes.append(
                "The reference given is not the file that the baseline was measured with; it is taken as it is.")
            return (given, "given; the baseline names \(commit)")
        }
        let build = ReferenceBuild(
            repository: request.repository, cache: setup.locations.cache, interrupt: request.interrupt)
        let (path, isCached) = try build.program(for: entry.reference, note: note)
        return (
            try GateSetup.engine(path, option: "--reference-binary"),
            "\(commit), \(isCached ? "built before" : "built now")"
        )
    }

    private var candidateDescription: String {
        SourceRevision.read(at: request.repository).value.map {
            "commit \($0.commit.prefix(12))\($0.isDirty ? " with changes" : "") in \($0.root)"
        } ?? "commit not known"
    }

    /// Instructions of both arms, by key of the metric; empty where they are not asked for.
    private func countBoth(
        _ reference: EngineBinary, _ candidate: EngineBinary, _ entry: BaselineEntry, _ rule: GateRule,
        _ setup: GateSetup
    ) throws(GateError) -> [String: PairedValue] {
        guard request.countsInstructions else { return [:] }
        let counts = InstructionCounts(setup, interrupt: request.interrupt)
        let settings = entry.configuration.settings
        var values: [String: PairedValue] = [:]
        for metric in rule.metrics where metric.metric.name == "instructions" && metric.role != .informational {
            guard let workload = setup.workloads.first(where: { metric.workload == nil || $0.name == metric.workload })
            else { continue }
            if counts.counter.value != nil { progress("counting instructions of \(workload.name), reference") }
            let before = try counts.count(reference, settings: settings, workload: workload)
            if counts.counter.value != nil { progress("counting instructions of \(workload.name), candidate") }
            let after = try counts.count(candidate, settings: settings, workload: workload)
            var value = PairedValue(
                before: before.map { Double($0.instructions) }, after: after.map { Double($0.instructions) })
            if let old = before.value?.key, let new = after.value?.key, old != new {
                let reason = "not comparable: \(old.differences(from: new).joined(separator: ", "))"
                value = PairedValue(before: .unavailable(reason: reason), after: .unavailable(reason: reason))
            }
            values[metric.key] = value
        }
        return values
    }

    /// Runs pairs until the rule has seen enough.
    private mutating func measure(
        _ session: inout GateSession, _ runs: inout InterleavedRuns, instructions: [String: PairedValue],
        _ setup: GateSetup
    ) throws(GateError) -> GateDecision {
        let digestsCount = session.rule.accuracyDrop == 0
        let rule = session.rule
        do {
            progress("warming up")
            switch try runs.warmUp() {
            case .complete: break
            case .failed(let arm, let failure):
                return .failed("the \(GateArms.name(arm)) failed: \(failure.reason)")
            case .interrupted(let signal):
                throw GateError(.interrupted(signal: signal), "stopped before the first pair")
            }
            let runsPerPair =
                request.runsPerPair ?? rule.runsPerPair(secondsPerRun: runs.record.warmUps.map(\.run).secondsPerRun)
            report.facts.append(
                .init(name: "Runs of each program in a pair", value: .value("\(runsPerPair)")))
            while case .run(let wanted, let purpose) = session.next() {
                if !session.pairs.isEmpty, runs.isOutOfTime {
                    note("the time budget is used up: the decision stands on \(session.counted.count) pairs")
                    return session.stop()
                }
                progress(
                    GateText.position(
                        session, wanted: wanted, purpose: purpose,
                        secondsPerPair: runs.secondsPerPair.map { $0 * Double(runsPerPair) }))
                let first = runs.record.pairs.count
                for _ in 0..<runsPerPair {
                    if case .interrupted(let signal) = try runs.runPair(runs.nextIndex) {
                        throw GateError(
                            .interrupted(signal: signal),
                            "stopped after \(session.pairs.count) pairs, before a decision; run the gate again")
                    }
                }
                let pairs = runs.record.pairs[first...]
                session.add(
                    GatePair(
                        before: pairs.flatMap { $0.runs(of: GateArms.reference) },
                        after: pairs.flatMap { $0.runs(of: GateArms.candidate) }, metrics: rule.metrics,
                        digestsCount: digestsCount, instructions: session.pairs.isEmpty ? instructions : [:],
                        usableCPUs: setup.host.usableCPUs.value))
            }
        } catch {
            throw GateError(engine: error)
        }
        guard case .decide(let decision) = session.next() else {
            throw GateError(.failed, "the gate ended without a decision")
        }
        return decision
    }

    /// A reference that was built from the baseline's commit must still find what the baseline says.
    private func checkReference(
        _ arms: GateArms, _ entry: BaselineEntry, isRebuilt: Bool
    ) throws(GateError) {
        guard isRebuilt, let first = arms.firstReference else { return }
        for part in first.parts {
            guard let known = entry.workload(part.workload), let digest = part.digest, digest != known.digest else {
                continue
            }
            throw GateError(
                .notComparable,
                "the rebuilt reference gives digest \(digest.prefix(12)) on \(known.name), the baseline says "
                    + "\(known.digest.prefix(12)): libraries or the build differ. Update the baseline here")
        }
    }
}

extension [ProgramRun] {
    /// CPU seconds of the longest of these runs. A program that hardly uses the CPU counts for an eighth of its wall time, so
    /// that a pair of it does not take hours.
    var secondsPerRun: Double {
        let seconds = map { Swift.max($0.cpuSeconds.value ?? 0, ($0.wallSeconds.value ?? 0) / 8) }.max() ?? 0
        return seconds > 0 ? Swift.max(seconds, 0.001) : 1
    }
}
