import Benchmarking
import EngineRuns
import HostEnvironment
import Reporting

/// Against the numbers of the baseline, without the reference's program.
extension Gate {
    /// Fresh runs against stored times.
    private static let storedRuns = 8

    mutating func stored(
        _ entry: BaselineEntry, _ candidate: EngineBinary, _ rule: GateRule, _ setup: GateSetup
    ) throws(GateError) {
        report.programs = [
            .init(
                role: "candidate", path: candidate.path, sha256: candidate.sha256, description: candidateDescription)
        ]
        report.sources = Self.sources(setup, request)
        let lock = try GateSetup.lock("gate \(report.baseline)", path: request.lockPath)
        defer { withExtendedLifetime(lock) {} }
        let arm = try setup.arm("candidate", candidate, settings: entry.configuration.settings)
        let wantsTimes = request.method == .stored
        if wantsTimes {
            report.notes.append(
                "Stored times were measured at another hour. On a shared machine equal programs then differ in every fourth "
                    + "comparison; the reference's program beside the candidate (without --stored) tells more.")
        }
        let count = wantsTimes ? request.pairs ?? Self.storedRuns : 1
        var runs = try measure(arm, count: count + (wantsTimes ? 1 : 0), setup)
        let first = runs[0]
        if let empty = first.parts.first(where: \.isEmpty) {
            throw GateError(
                .nothingMeasured, "nothing was measured: the candidate read no spectra of \(empty.workload).")
        }
        report.checks = try accuracyChecks(first, entry, rule)
        report.checks += try instructionChecks(entry, candidate, first, rule, setup)
        if wantsTimes {
            // The first one filled the page cache, as it did in the baseline.
            let warm = Array(runs.dropFirst())
            var times = timeChecks(warm, entry, rule, setup)
            let suspected = times.indices.filter { times[$0].decides && times[$0].state == .failed }
            if !suspected.isEmpty {
                let again = try measure(arm, count: count, setup)
                runs += again
                let fresh = timeChecks(again, entry, rule, setup)
                for index in suspected {
                    if fresh[index].state == .failed {
                        times[index].detail += ", and again on \(count) fresh runs"
                    } else {
                        times[index].state = fresh[index].state == .inconclusive ? .inconclusive : .passed
                        times[index].detail = "looked worse at first and did not on fresh runs"
                    }
                }
            }
            report.checks += times
        }
        report.runs = runs.enumerated().flatMap { index, run in
            run.parts.map {
                GateReport.Run(
                    order: index, pair: index, role: "candidate", workload: $0.workload,
                    values: GateValues.all(of: $0).values)
            }
        }
        concludeStored()
    }

    private func measure(_ arm: EngineArm, count: Int, _ setup: GateSetup) throws(GateError) -> [ProgramRun] {
        var runs: [ProgramRun] = []
        for index in 0..<count {
            progress("run \(index + 1) of \(count)")
            let run: ProgramRun
            do {
                run = try setup.program.run(arm, limits: RunLimits(timeoutSeconds: 3_600, memoryBytes: nil)).run
            } catch {
                throw GateError(engine: error)
            }
            if let failure = run.failure {
                if failure.kind == .interrupted {
                    throw GateError(.interrupted(signal: request.interrupt?.signal ?? 2), "stopped before a decision")
                }
                throw GateError(.failed, "the candidate failed: \(failure.reason)")
            }
            if let first = runs.first, zip(first.parts, run.parts).contains(where: { $0.digest != $1.digest }) {
                throw GateError(.failed, "the candidate's results change from run to run")
            }
            runs.append(run)
        }
        return runs
    }

    private func accuracyChecks(
        _ run: ProgramRun, _ entry: BaselineEntry, _ rule: GateRule
    ) throws(GateError) -> [GateReport.Check] {
        var checks: [GateReport.Check] = []
        let digestsCount = rule.accuracyDrop == 0
        for part in run.parts {
            guard let known = entry.workload(part.workload) else { continue }
            let isSame = part.digest == known.digest
            let hasTruth = known.truthExpected > 0
            checks.append(
                GateReport.Check(
                    workload: known.name, metric: "digest", title: "result digest",
                    // Without truth and without the reference's tables nothing can tell whether other results are as good.
                    state: isSame ? .passed : digestsCount || !hasTruth ? .failed : .notComparable,
                    decides: digestsCount || !hasTruth,
                    higherIsBetter: true, reference: Self.text(known.digest), candidate: Self.text(part.digest),
                    ratio: .unavailable(reason: "not a number"),
                    detail: isSame
                        ? "the result tables are identical"
                        : "the result tables differ (\(part.counts["features"] ?? 0) features instead of \(known.features))"
                            + (digestsCount || hasTruth
                                ? "" : "; there is no truth to judge them by: run the reference's program beside it")))
            guard hasTruth else { continue }
            let found = part.foundTruth
            guard found.expected == known.truthExpected else {
                throw GateError(
                    .notComparable,
                    "the truth of \(known.name) is not the baseline's: \(found.expected) entries instead of "
                        + "\(known.truthExpected). Restore it, or update the baseline")
            }
            let drop =
                Double(known.truthFound) / Double(known.truthExpected)
                - Double(found.found) / Double(max(found.expected, 1))
            checks.append(
                GateReport.Check(
                    workload: known.name, metric: "truth", title: "known compounds found",
                    state: drop > rule.accuracyDrop + 1e-12 ? .failed : drop < -1e-12 ? .improved : .passed,
                    decides: true, higherIsBetter: true,
                    reference: .value("\(known.truthFound) of \(known.truthExpected)"),
                    candidate: .value("\(found.found) of \(found.expected)"),
                    ratio: .unavailable(reason: "not a ratio"), tolerance: rule.accuracyDrop,
                    detail: drop > rule.accuracyDrop + 1e-12
                        ? "fewer known compounds are found" : "as many known compounds are found"))
        }
        return checks
    }

    private func instructionChecks(
        _ entry: BaselineEntry, _ candidate: EngineBinary, _ run: ProgramRun, _ rule: GateRule, _ setup: GateSetup
    ) throws(GateError) -> [GateReport.Check] {
        guard request.countsInstructions,
            let anyMetric = rule.metrics.first(where: { $0.metric.name == "instructions" })
        else { return [] }
        let counts = InstructionCounts(setup, interrupt: request.interrupt)
        var checks: [GateReport.Check] = []
        for workload in setup.workloads {
            let metric =
                rule.metrics.first { $0.metric.name == "instructions" && $0.workload == workload.name } ?? anyMetric
            var check = GateReport.Check(
                workload: workload.name, metric: "instructions", title: "instructions", state: .notComparable,
                decides: metric.role != .informational,
                reference: .unavailable(reason: entry.unavailable["instructions"] ?? "not counted"),
                candidate: .unavailable(reason: "not counted"), ratio: .unavailable(reason: "not comparable"),
                tolerance: metric.tolerance.relative, detail: "")
            guard let known = entry.instructions.first(where: { $0.workload == workload.name }),
                let before = known.median
            else {
                check.detail = "not comparable: the baseline has no count (\(check.reference.reason ?? ""))"
                checks.append(check)
                continue
            }
            check.reference = .value("\(before)")
            progress("counting instructions of \(workload.name)")
            let counted = try counts.count(
                candidate, settings: entry.configuration.settings, workload: workload,
                digest: run.part(workload.name)?.digest)
            switch counted {
            case .unavailable(let reason):
                check.candidate = .unavailable(reason: reason)
                check.detail = "not comparable: \(reason)"
            case .available(let count):
                check.candidate = .value("\(count.instructions)")
                let obstacles = known.obstacles(
                    key: count.key, settings: InstructionCounts.settings(entry.configuration.settings))
                if obstacles.isEmpty {
                    Self.judge(&check, count.instructions, known, tolerance: metric.tolerance.relative)
                } else {
                    check.detail = "not comparable: \(obstacles.joined(separator: ", "))"
                }
            }
            checks.append(check)
        }
        return checks
    }

    /// Worse when above every count of the baseline and beyond the tolerance.
    private static func judge(
        _ check: inout GateReport.Check, _ count: Int, _ known: BaselineInstructions, tolerance: Double
    ) {
        let ratio = Double(count) / Double(known.median ?? count)
        check.ratio = .value(ChangeRatio(exact: ratio, count: "\(known.counts.count) and 1 counts"))
        if ratio > 1 + tolerance, count > known.counts.max() ?? 0 {
            check.state = .failed
            check.detail = "\(GateText.percent(ratio - 1)) more instructions"
        } else if ratio < 1 / (1 + tolerance), count < known.counts.min() ?? 0 {
            check.state = .improved
            check.detail = "\(GateText.percent(1 - ratio)) fewer instructions"
        } else {
            check.state = .passed
            check.detail = "within the tolerance"
        }
    }

    private mutating func concludeStored() {
        let deciding = report.checks.filter(\.decides)
        func named(_ checks: [GateReport.Check]) -> String {
            checks.map { "\($0.title) on \($0.workload): \($0.detail)" }.joined(separator: "; ")
        }
        let lost = deciding.filter { $0.state == .failed && ["digest", "truth"].contains($0.metric) }
        let worse = deciding.filter { $0.state == .failed && !["digest", "truth"].contains($0.metric) }
        let better = deciding.filter { $0.state == .improved }
        let untold = deciding.filter { $0.state == .notComparable || $0.state == .notMeasured }
        if !lost.isEmpty {
            set(.accuracyLost, 5, "Results are not the baseline's: \(named(lost))")
        } else if !worse.isEmpty {
            set(.regression, 2, named(worse))
        } else if deciding.contains(where: { $0.state == .inconclusive }) {
            let unclear = deciding.filter { $0.state == .inconclusive }
            set(.inconclusive, request.passesWhenInconclusive ? 0 : 3, "Too noisy to tell: \(named(unclear))")
            noteThatNothingCanBeTold()
        } else if !better.isEmpty {
            set(.improved, request.reportsImprovement ? 4 : 0, "Better than the baseline: \(named(better))")
        } else if deciding.count == untold.count {
            set(.nothingMeasured, 7, "Nothing could be compared: \(named(untold))")
        } else {
            set(.passed, 0, "Nothing is worse than the baseline")
        }
        for check in untold {
            report.notes.append("Not compared: \(check.title) on \(check.workload), \(check.detail).")
        }
    }

    private mutating func set(_ outcome: GateReport.Outcome, _ status: Int, _ sentence: String) {
        report.outcome = outcome
        report.exitStatus = status
        report.sentence = sentence.prefix(1).uppercased() + sentence.dropFirst() + "."
    }
}
