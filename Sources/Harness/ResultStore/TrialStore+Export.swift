import Benchmarking
import Foundation
import HostEnvironment

public enum ExportFormat: String, Sendable, Hashable, CaseIterable {
    /// The whole study: one object, keys sorted.
    case json
    /// One row per measurement (RFC 4180, LF line ends); a trial without one has a row with empty cells.
    case csv
}

extension TrialStore {
    /// A study with its trials and measurements as text. Nothing but the stored values decides the text.
    public func export(study reference: String, format: ExportFormat) throws(ResultStoreError) -> String {
        let study = try study(reference)
        var trials: [(TrialRecord, [MeasurementRecord])] = []
        for trial in try self.trials(of: study.id) {
            trials.append((trial, try measurements(of: trial.number, in: study.id)))
        }
        return try catching { [self] in
            switch format {
            case .json: try json(study, trials, paretoFront(of: study.id))
            case .csv: csv(trials)
            }
        }
    }

    // MARK: JSON

    private func json(
        _ study: StudyRecord, _ trials: [(TrialRecord, [MeasurementRecord])], _ front: [ParetoMember]
    ) throws -> String {
        let plan = study.plan
        let document: [String: JSONValue] = [
            "schema": .string("lavoisier-study/1"), "id": .string(study.id), "machine": try value(plan.machine),
            "target": .string(plan.target), "budget": try parseJSON(plan.budgetJSON, "budget"),
            // As text: readers that hold numbers as doubles would change it.
            "seed": .string(String(plan.seed)), "strategy": .string(plan.strategy),
            "state": .string(study.state.rawValue), "created": .string(formatTime(study.createdAt)),
            "updated": .string(formatTime(study.updatedAt)),
            "engine": .object(["path": .string(plan.enginePath), "sha256": .string(plan.engineSHA256)]),
            "versions": try value(plan.versions), "workloads": try value(plan.workloads),
            "searchSpace": try parseJSON(plan.searchSpaceJSON, "search space"),
            "searchSpaceSHA256": .string(plan.searchSpaceSHA256), "options": try parseJSON(plan.optionsJSON, "options"),
            "incumbentConfiguration": text(study.incumbentConfiguration),
            "verdict": try optionalJSON(study.verdictJSON, "verdict"), "reportPath": text(study.reportPath),
            "configurationPath": text(study.configurationPath),
            "trials": .array(try trials.map { try trial($0.0, $0.1) }),
            // Empty for a study with one objective.
            "paretoFront": .array(
                front.map { member in
                    .object([
                        "trial": .integer(member.trial), "first": .number(member.first),
                        "second": .number(member.second), "chosen": .bool(member.isChosen),
                    ])
                }),
        ]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }

    private func trial(_ trial: TrialRecord, _ measurements: [MeasurementRecord]) throws -> JSONValue {
        .object([
            "number": .integer(trial.number),
            "configuration": try parseJSON(trial.plan.configurationJSON, "configuration"),
            "configurationHash": .string(trial.plan.configurationHash), "phase": .string(trial.plan.phase.rawValue),
            "state": .string(trial.outcome.state.rawValue), "reason": text(trial.outcome.reason),
            "objective": number(trial.outcome.objective), "started": .string(formatTime(trial.startedAt)),
            "finished": text(trial.finishedAt.map(formatTime)), "predictedMean": number(trial.plan.predictedMean),
            "predictedDeviation": number(trial.plan.predictedDeviation),
            "suggestionCPUSeconds": number(trial.plan.suggestionCPUSeconds), "origin": text(trial.plan.origin),
            "measurements": .array(
                try measurements.map { measurement in
                    .object([
                        "repeat": .integer(measurement.repeatIndex), "arm": .string(measurement.arm),
                        "order": .integer(measurement.order), "workload": .string(measurement.workload),
                        "digest": text(measurement.digest), "run": try value(measurement.run),
                        "accuracy": try optionalJSON(measurement.accuracyJSON, "accuracy"),
                        "stages": try optionalJSON(measurement.stagesJSON, "stage times"),
                    ])
                }),
        ])
    }

    private func value(_ value: some Encodable) throws -> JSONValue { try parseJSON(jsonText(value), "value") }

    private func optionalJSON(_ text: String?, _ what: String) throws -> JSONValue {
        try text.map { try parseJSON($0, what) } ?? .null
    }

    private func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }

    private func number(_ number: Double?) -> JSONValue { number.map(JSONValue.number) ?? .null }

    // MARK: CSV

    private static let trialColumns = [
        "study", "trial", "phase", "state", "reason", "objective", "started", "finished", "predicted_mean",
        "predicted_deviation", "suggestion_cpu_seconds", "configuration_hash", "configuration",
    ]
    private static let measurementColumns = [
        "repeat", "arm", "order", "workload", "termination", "wall_seconds", "cpu_seconds", "user_seconds",
        "system_seconds", "peak_memory_bytes", "read_call_bytes", "write_call_bytes", "storage_read_bytes",
        "storage_write_bytes", "cpu_pressure_seconds", "steal_seconds", "energy_joules", "digest", "accuracy", "stages",
    ]

    private func csv(_ trials: [(TrialRecord, [MeasurementRecord])]) -> String {
        var rows = [Self.trialColumns + Self.measurementColumns]
        for (trial, measurements) in trials {
            let left = cells(trial)
            if measurements.isEmpty { rows.append(left + Self.measurementColumns.map { _ in "" }) }
            for measurement in measurements { rows.append(left + cells(measurement)) }
        }
        return rows.map { $0.map(Self.quoted).joined(separator: ",") + "\n" }.joined()
    }

    private func cells(_ trial: TrialRecord) -> [String] {
        [
            trial.study, String(trial.number), trial.plan.phase.rawValue, trial.outcome.state.rawValue,
            trial.outcome.reason ?? "", cell(trial.outcome.objective), formatTime(trial.startedAt),
            trial.finishedAt.map(formatTime) ?? "", cell(trial.plan.predictedMean), cell(trial.plan.predictedDeviation),
            cell(trial.plan.suggestionCPUSeconds), trial.plan.configurationHash, trial.plan.configurationJSON,
        ]
    }

    private func cells(_ measurement: MeasurementRecord) -> [String] {
        let run = measurement.run
        let io = run.io.value
        return [
            String(measurement.repeatIndex), measurement.arm, String(measurement.order), measurement.workload,
            run.termination.description, cell(run.wallSeconds.value), cell(run.cpuSeconds.value),
            cell(run.userSeconds.value), cell(run.systemSeconds.value), cell(run.peakMemoryBytes.value),
            cell(io?.readCallBytes), cell(io?.writeCallBytes), cell(io?.storageReadBytes), cell(io?.storageWriteBytes),
            cell(run.cpuPressureSeconds.value), cell(run.stealSeconds.value), cell(run.energyJoules.value),
            measurement.digest ?? "",
            measurement.accuracyJSON ?? "", measurement.stagesJSON ?? "",
        ]
    }

    private func cell(_ value: (some CustomStringConvertible)?) -> String { value?.description ?? "" }

    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
