import BayesianTuning
import Benchmarking
import EngineRuns
import HostEnvironment
import Parameters
import Reporting
import ResultStore
import Statistics
import StudyRunner

extension StudyReport {
    static func environment(_ history: StudyHistory) -> Environment {
        let plan = history.record.plan
        let identity = plan.machine
        func fact(_ name: String, _ value: String?, _ reason: String = "not known") -> Fact {
            Fact(name: name, value: value.map { .value($0) } ?? .unavailable(reason: reason))
        }
        let parts = history.trials.flatMap(\.runs).flatMap(\.run.parts)
        return Environment(
            machine: [
                fact("Machine identity", identity.id), fact("CPU", identity.cpuModel),
                fact("Architecture", identity.architecture),
                fact("Usable CPUs", identity.usableCPUs.map { String($0) }),
                fact(
                    "Usable memory, rounded down",
                    identity.usableMemoryBytes.map { ByteSize(bytes: $0).description }),
                fact("GPU", identity.gpuModel),
            ],
            versions: [fact("Engine", "\(plan.enginePath), SHA-256 \(plan.engineSHA256)")]
                + plan.versions.sorted { $0.key < $1.key }.map { fact($0.key, $0.value) },
            workloads: plan.workloads.map { reference in
                let part = parts.first { $0.workload == reference.name }
                let items = parts.lazy.filter { $0.workload == reference.name }.compactMap(\.itemCount).first
                return Environment.Workload(
                    name: reference.name, sha256: reference.sha256, bytes: part?.inputBytes ?? 0,
                    spectra: items.map { .value($0) } ?? .unavailable(reason: "no run counted them"))
            },
            noise: noise(history),
            notMeasured: [
                Environment.Gap(
                    what: "cold page cache", reason: "the files were in the page cache: workloads run warm")
            ] + Environment.Gap.list(parts, sources: history.inputs.sources),
            sources: history.inputs.sources.map(Fact.list))
    }

    private static func noise(_ history: StudyHistory) -> [Fact] {
        let target = history.options.target
        let plain = history.trials.map { $0.candidateRuns.compactMap { target.value(of: $0).value } }
        let runs = history.trials.flatMap(\.runs).map(\.run) + confirmationRuns(history)
        func share(_ name: String, _ value: (ProgramRun) -> Measured<Double>) -> Fact {
            let shares = runs.compactMap { value($0).value }
            guard !shares.isEmpty else {
                return Fact(
                    name: name, value: .unavailable(reason: runs.first.flatMap { value($0).reason } ?? "nothing ran"))
            }
            return Fact(
                name: name,
                value: .value("median \(percent(median(shares))), 95th percentile \(percent(quantile(shares, 0.95)))"))
        }
        return [
            spread("Repeats of one configuration, seconds apart, differ by", plain),
            spread(
                "Pairs of one configuration differ in their ratio to the default by",
                history.judged.map(\.pairObjectives)),
            drift(history),
            share("Share of a run in which some task waited for a CPU", \.pressureShare),
            share("CPU time taken by other guests, per second", \.stealShare),
        ]
    }

    /// Range over median of the values of one configuration, over all configurations.
    private static func spread(_ name: String, _ groups: [[Double]]) -> Fact {
        let spreads = groups.compactMap { values -> Double? in
            guard values.count > 1, let low = values.min(), let high = values.max(), median(values) > 0 else {
                return nil
            }
            return (high - low) / median(values)
        }
        guard !spreads.isEmpty else {
            return Fact(name: name, value: .unavailable(reason: "no configuration ran twice"))
        }
        return Fact(
            name: name,
            value: .value("median \(percent(median(spreads))), 95th percentile \(percent(quantile(spreads, 0.95)))"))
    }

    /// How the machine changed: the default's runs beside every configuration.
    private static func drift(_ history: StudyHistory) -> Fact {
        let target = history.options.target
        let scale = ObjectiveScale(target)
        let groups = history.trials.map { trial in
            (trial.configuration == history.space.defaultConfiguration ? trial.candidateRuns : trial.referenceRuns)
                .compactMap { target.value(of: $0).value }
        }.filter { !$0.isEmpty }
        let values = groups.flatMap { $0 }
        let name = "The default again during the study, \(scale.unit)"
        let centers = groups.map { median($0) }
        guard values.count > 1, let low = values.min(), let high = values.max(), let slow = centers.min(),
            let fast = centers.max(), slow > 0
        else { return Fact(name: name, value: .unavailable(reason: "it ran once")) }
        func text(_ value: Double) -> String { rounded(value * scale.factor) }
        return Fact(
            name: name,
            value: .value(
                "median \(text(median(values))), lowest \(text(low)), highest \(text(high)) over \(values.count) runs; "
                    + "from trial to trial it drifted by a factor of up to \(rounded(fast / slow))"))
    }

    private static func confirmationRuns(_ history: StudyHistory) -> [ProgramRun] {
        history.confirmation.map { confirmed in confirmed.arms.flatMap { confirmed.runs(of: $0) }.map(\.run) } ?? []
    }

    // MARK: Search

    static func search(_ history: StudyHistory) -> SearchSettings {
        let options = history.options
        func fact(_ name: String, _ value: String) -> Fact { Fact(name: name, value: .value(value)) }
        let tuning = history.trials.compactMap(\.record.plan.suggestionCPUSeconds).reduce(0, +)
        var more = [
            fact("Configurations tried", "\(history.judged.count)"),
            fact(
                "Trials that repeat a configuration, where that told more than a new one",
                "\(history.trials.count { $0.repeats != nil })"),
            fact(
                "Earlier studies that inform the search",
                history.earlierStudies.isEmpty ? "none" : history.earlierStudies.joined(separator: ", ")),
            fact(
                "Engine runs",
                "\(history.engineRuns) (the default beside each, repeats, warm-up and confirmation included), "
                    + "\(rounded(history.engineCPUSeconds)) s of CPU; \(history.failedRuns) failed"),
            fact("CPU time of all suggestions", "\(rounded(tuning)) s"),
            fact(
                "Pairs of runs per configuration",
                "\(options.minimumRepeats), up to \(options.maximumRepeats) when they are short, disagree or were disturbed; "
                    + "1 when the first rules it out. Each is the default and the configuration in alternating order"),
            fact("Accuracy floor", "F1 \(options.minimumAccuracy) against the default's results, and no truth lost"),
        ]
        more.append(
            fact(
                "Search space",
                history.space.count.map { "\($0) configurations" } ?? "more configurations than are worth counting"))
        more.append(fact("Parameters that are searched", history.space.names.joined(separator: ", ")))
        if let lost = history.inputs.notInPlace {
            more.append(
                fact(
                    "Settings of this machine's profile that the study does without",
                    lost.map { "\($0.name)=\($0.text)" }.joined(separator: " ")))
        }
        if let base = history.inputs.base, !base.isEmpty {
            more.append(
                fact("Settings that hold in every run", base.map { "\($0.name)=\($0.text)" }.joined(separator: " ")))
        }
        if !history.enqueued.isEmpty {
            more.append(fact("Configurations that the user enqueued", "\(history.enqueued.count)"))
        }
        if let limit = options.tuningSeconds {
            more.append(
                fact("Tuning time", "\(TimeSpan(seconds: limit)); \(rounded(history.spentSeconds)) s were used"))
        }
        if let reason = history.verdict?.searchEnd { more.append(fact("End of the search", reason)) }
        if let limit = options.maximumMemoryBytes {
            more.append(fact("Memory limit", ByteSize(bytes: limit).description))
        }
        if let limit = options.maximumSeconds { more.append(fact("Time limit", "\(rounded(limit)) s per run")) }
        return SearchSettings(
            seed: options.seed, budget: options.budget, strategy: options.strategy.rawValue,
            acquisition: options.strategy == .bayesian
                ? (options.target.objectives.count > 1
                    ? "log expected hypervolume improvement" : "log expected improvement")
                    + "; every fourth suggestion of the model comes from a random forest" : "none",
            more: more,
            leftOut: history.inputs.leftOut.map { list in
                list.map { SearchSettings.LeftOut(parameter: $0.name, reason: $0.reason) }
            })
    }

    static func commands(_ history: StudyHistory) -> [Command] {
        let options = history.options
        let plan = history.record.plan
        var words = [
            "lavoisier-tune", "--target", options.target.rawValue, "--budget", "\(options.budget)", "--seed",
            "\(options.seed)",
        ]
        for workload in plan.workloads { words += ["--workload", workload.name] }
        if let list = history.inputs.parameters { words += ["--parameters", "'\(list)'"] }
        if let path = history.inputs.baseFile { words += ["--base", path] }
        if let path = history.inputs.enqueueFile { words += ["--enqueue", path] }
        if let path = history.inputs.configurationFile { words += ["--write-config", path] }
        if let limit = options.maximumMemoryBytes { words += ["--max-memory", ByteSize(bytes: limit).description] }
        if let limit = options.maximumSeconds { words += ["--max-time", TimeSpan(seconds: limit).description] }
        if let limit = options.tuningSeconds { words += ["--tuning-time", TimeSpan(seconds: limit).description] }
        if options.minimumAccuracy != 0.999 { words += ["--min-accuracy", "\(options.minimumAccuracy)"] }
        if options.worthwhileGain != StudyOptions().worthwhileGain {
            words += ["--stop-below", "\((options.worthwhileGain * 1e6).rounded() / 1e4)%"]
        }
        // By now this study is an earlier one itself.
        if history.earlierStudies.isEmpty { words.append("--fresh") }
        if options.maximumConfirmationRows == options.confirmationRows {
            words += ["--rows", "\(options.confirmationRows)"]
        }
        if options.strategy != .bayesian { words += ["--strategy", options.strategy.rawValue] }
        var commands = [Command(purpose: "Run the same study again", command: words.joined(separator: " "))]
        if let best = history.verdict?.best, !best.isEmpty {
            let sets = (best + (history.inputs.base ?? [])).map { "--set \($0.name)=\($0.text)" }.joined(separator: " ")
            commands.append(
                Command(
                    purpose: "Analyse with the best configuration found",
                    command: "lavoisier analyze RUN.mzML --output results \(sets)"))
        }
        commands.append(
            Command(
                purpose: "Export every run", command: "lavoisier-tune export \(history.record.id) --format csv"))
        return commands
    }

    private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

    private static func rounded(_ value: Double) -> String {
        let scale = abs(value) >= 100 ? 1.0 : 100.0
        return "\((value * scale).rounded() / scale)"
    }
}
