import BayesianTuning
import Benchmarking
import EngineRuns
import Foundation
import HostEnvironment
import Instrumentation
import Parameters
import Pipeline
import Reporting
import ResultStore
import StudyRunner

extension EngineStudy {
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

    /// Writes the best configuration known, complete, so that it gives the same on any day: the best found where it is
    /// better, else the better of what was known. Nothing is written where nothing meets the constraints.
    static func writeConfiguration(
        to path: String, _ history: StudyHistory, _ verdict: StudyVerdict, _ setup: EngineSetup
    ) throws {
        let configuration: Configuration
        let name: String
        switch (verdict.kind, verdict.reference) {
        case (.noFeasibleConfiguration, _): return
        case (.improved, _):
            configuration = try history.configuration(verdict.best)
            name = "the best configuration found: \(verdict.sentence)"
        case (_, .before), (_, .best), (_, nil):
            configuration = history.before ?? history.space.defaultConfiguration
            name =
                "\(history.before == nil ? "the built-in default" : "the configuration in place before"): \(verdict.sentence)"
        case (_, .builtInDefault):
            configuration = history.space.defaultConfiguration
            name = "the built-in default: \(verdict.sentence)"
        }
        let plan = history.record.plan
        var header = [
            "Written by lavoisier-tune. Use it with: lavoisier analyze RUN.mzML --output results --config FILE",
            "what      \(name)", "study     \(history.record.id)", "target    \(plan.target)",
            "workload  \(plan.workloads.map(\.name).joined(separator: ", "))",
            "ratio     \(verdict.ratio?.text ?? "not confirmed: \(verdict.unconfirmedReason ?? "nothing to compare with")")",
            "date      \(timestamp(secondsSince1970: history.record.createdAt, .plain))",
            "machine   \(plan.machine.summary) (\(plan.machine.id))",
            "version   \(plan.versions["lavoisier"] ?? LavoisierVersion.current)",
        ]
        if let base = history.inputs.baseFile { header.append("base      \(base)") }
        let comment = header.map { "# \($0.replacing("\n", with: " "))\n" }.joined()
        let text = try setup.launcher.configurationText(configuration, source: "best known")
        do {
            try Data((comment + text).utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw StudyError(.outputFailed, "cannot write \(path): \(error.localizedDescription)")
        }
    }

    /// Puts settings into this machine's profile, once per class of the workloads; other profiles stay.
    static func writeProfile(
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
            MachineProfile.Assignment("date", timestamp(secondsSince1970: history.record.createdAt, .plain)),
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
