import Benchmarking
import EngineRuns
import HostEnvironment
import Pipeline
import Reporting

/// The reference's program and the candidate, in turn.
extension Gate {
    mutating func interleaved(
        _ entry: BaselineEntry, _ candidate: EngineBinary, _ rule: GateRule, _ setup: GateSetup
    ) throws(GateError) {
        let (reference, origin) = try reference(entry, setup)
        report.sources = Self.sources(setup, request)
        report.programs = [
            .init(role: "reference", path: reference.path, sha256: reference.sha256, description: origin),
            .init(
                role: "candidate", path: candidate.path, sha256: candidate.sha256, description: candidateDescription),
        ]
        let lock = try GateSetup.lock("gate \(report.baseline)", path: request.lockPath)
        defer { withExtendedLifetime(lock) {} }
        let stored = setup.storedNoise(settings: entry.configuration.settings)
        let noise = stored.value ?? (entry.machine.isSame(as: setup.machine) ? entry.noise : nil)
        report.facts += GateText.facts(rule, noise: noise, otherwise: stored.reason ?? "")
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
        var runsPerPair = 1
        var session = GateSession(rule: rule, noise: noise)
        defer {
            report.runs = GateReport.Run.rows(runs.record, runsPerPair: runsPerPair)
        }
        let decision: GateDecision
        if let failed = try warmUp(&runs) {
            decision = failed
        } else {
            try checkReference(arms, entry, isRebuilt: request.referenceBinary == nil)
            let instructions = try countBoth(reference, candidate, arms, entry, rule, setup)
            let warmUps = runs.record.warmUps.map(\.run)
            runsPerPair = request.runsPerPair ?? rule.runsPerPair(secondsPerRun: warmUps.secondsPerRun)
            report.facts.append(.init(name: "Runs of each program in a pair", value: .value("\(runsPerPair)")))
            noteShortBudget(rule, secondsPerPair: warmUps.wallSeconds * Double(runsPerPair))
            session = GateSession(rule: rule, noise: noise?.forPairs(ofRuns: runsPerPair))
            runs.restartClock()
            decision = try measure(&session, &runs, runsPerPair: runsPerPair, instructions: instructions, setup)
        }
        report.facts += GateText.load(session.pairs)
        conclude(decision, rule: rule, label: setup.label, arms: arms)
    }

    static func sources(_ setup: GateSetup, _ request: GateRequest) -> [StudyReport.Fact] {
        let sources = MeasurementSources.ofThisMachine
        return StudyReport.Fact.list(
            request.countsInstructions
                ? sources.adding(InstructionCounter.probe(cacheFolder: setup.locations.cache)) : sources)
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

    /// Of the candidate beside this program the working tree tells something; of another one nothing.
    var candidateDescription: String {
        guard request.candidate == nil else { return "given" }
        return SourceRevision.read(at: request.repository).value.map {
            "working tree \($0.root), commit \($0.commit.prefix(12))\($0.isDirty ? " with changes" : "")"
        } ?? "commit not known"
    }

    /// A budget in which no failure can be confirmed is said before it is spent.
    private func noteShortBudget(_ rule: GateRule, secondsPerPair: Double) {
        let fewest = (rule.looks.first ?? 0) + rule.confirmationPairs
        guard let budget = request.timeBudgetSeconds, secondsPerPair * Double(fewest) > budget else { return }
        note(
            "the time budget allows about \(GateText.pairs(Int(budget / secondsPerPair))), and a failure needs \(fewest) to be shown and "
                + "confirmed: only a change whose whole interval is beyond its tolerance will fail (--time-budget)")
    }

    /// Instructions of both arms, by key of the metric; empty where they are not asked for.
    private func countBoth(
        _ reference: EngineBinary, _ candidate: EngineBinary, _ arms: GateArms, _ entry: BaselineEntry,
        _ rule: GateRule, _ setup: GateSetup
    ) throws(GateError) -> [String: PairedValue] {
        // Other results end the gate at its first pair, whatever they cost.
        let digests = [arms.firstReference, arms.firstCandidate].map { $0?.parts.map(\.digest) }
        guard request.countsInstructions, rule.accuracyDrop > 0 || digests[0] == digests[1] else { return [:] }
        let counts = InstructionCounts(setup, interrupt: request.interrupt)
        let settings = entry.configuration.settings
        var values: [String: PairedValue] = [:]
        for metric in rule.metrics where metric.metric.name == "instructions" && metric.role != .informational {
            guard let workload = setup.workloads.first(where: { metric.workload == nil || $0.name == metric.workload })
            else { continue }
            if counts.counter.value != nil { progress("counting instructions of \(workload.name), reference") }
            let before = try counts.count(
                reference, settings: settings, workload: workload,
                digest: arms.firstReference?.part(workload.name)?.digest)
            if counts.counter.value != nil { progress("counting instructions of \(workload.name), candidate") }
            let after = try counts.count(
                candidate, settings: settings, workload: workload,
                digest: arms.firstCandidate?.part(workload.name)?.digest)
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

    /// One run of each program that does not count. - Returns: the gate's decision when a program fails.
    private func warmUp(_ runs: inout InterleavedRuns) throws(GateError) -> GateDecision? {
        progress("warming up")
        let step: InterleavedRuns.Step
        do { step = try runs.warmUp() } catch { throw GateError(engine: error) }
        switch step {
        case .complete: return nil
        case .failed(let arm, let failure): return .failed("the \(GateArms.name(arm)) failed: \(failure.reason)")
        case .interrupted(let signal): throw GateError(.interrupted(signal: signal), "stopped before the first pair")
        }
    }

    /// Runs pairs until the rule has seen enough.
    private mutating func measure(
        _ session: inout GateSession, _ runs: inout InterleavedRuns, runsPerPair: Int,
        instructions: [String: PairedValue], _ setup: GateSetup
    ) throws(GateError) -> GateDecision {
        let digestsCount = session.rule.accuracyDrop == 0
        let rule = session.rule
        do {
            while case .run(let wanted, let purpose) = session.next() {
                if !session.pairs.isEmpty, runs.isOutOfTime(forPairs: runsPerPair) {
                    let text =
                        "the time budget is used up: the decision stands on \(GateText.pairs(session.pairs.count))"
                    note(text)
                    report.notes.append(text.prefix(1).uppercased() + text.dropFirst() + ".")
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
                            "stopped after \(GateText.pairs(session.pairs.count)), before a decision; run the gate again"
                        )
                    }
                }
                let pairs = runs.record.pairs[first...]
                session.add(
                    GatePair(
                        before: pairs.flatMap { $0.runs(of: GateArms.reference) },
                        after: pairs.flatMap { $0.runs(of: GateArms.candidate) }, metrics: rule.metrics,
                        digestsCount: digestsCount, instructions: instructions,
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
    /// Wall seconds of all of them, of those that know.
    var wallSeconds: Double { compactMap(\.wallSeconds.value).reduce(0, +) }

    /// CPU seconds of the longest of these runs. A program that hardly uses the CPU counts for an eighth of its wall time, so
    /// that a pair of it does not take hours.
    var secondsPerRun: Double {
        let seconds = map { Swift.max($0.cpuSeconds.value ?? 0, ($0.wallSeconds.value ?? 0) / 8) }.max() ?? 0
        return seconds > 0 ? Swift.max(seconds, 0.001) : 1
    }
}
