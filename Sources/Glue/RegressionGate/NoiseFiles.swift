import Benchmarking
import ContentHash
import EngineRuns
import Foundation
import HostEnvironment

/// The measured A/A noise of machines, kept in the cache: one file per machine identity, set of workloads, and settings.
public struct NoiseFiles: Sendable {
    public let folder: String

    public init(cache: String) { folder = "\(cache)/noise" }

    /// - Parameter workloads: names; their order does not matter. - Parameter settings: `name=value` of every run.
    public func path(machine: MachineIdentity, workloads: [String], settings: [String]) -> String {
        let set = settings.isEmpty ? "" : "-" + sha256(settings.sorted().joined(separator: "\n")).prefix(12)
        return "\(folder)/\(machine.id)/\(workloads.sorted().joined(separator: "+"))\(set).json"
    }

    /// Unavailable where nothing was measured, or by a newer version.
    public func read(machine: MachineIdentity, workloads: [String], settings: [String]) -> Measured<MachineNoise> {
        let path = path(machine: machine, workloads: workloads, settings: settings)
        let command = OutputText.commandLine(
            ["lavoisier-tune", "noise"] + workloads.flatMap { ["--workload", $0] } + settings.flatMap { ["--set", $0] })
        guard let data = FileManager.default.contents(atPath: path) else {
            return .unavailable(reason: "not measured on this machine; '\(command)' does")
        }
        guard let noise = try? JSONDecoder().decode(MachineNoise.self, from: data) else {
            return .unavailable(reason: "\(path) is damaged; '\(command)' makes it anew")
        }
        guard noise.schema <= MachineNoise.currentSchema else {
            return .unavailable(reason: "\(path) was written by a newer version")
        }
        guard noise.machine.canonicalText == machine.canonicalText else {
            return .unavailable(reason: "\(path) is of another machine; '\(command)' makes it anew")
        }
        guard (noise.settings ?? ["unknown"]) == settings.sorted() else {
            return .unavailable(reason: "\(path) is of other settings; '\(command)' makes it anew")
        }
        return .available(noise)
    }

    /// - Returns: the path. - Throws: `GateError(.outputFailed)`.
    @discardableResult
    public func write(_ noise: MachineNoise) throws(GateError) -> String {
        let path = path(machine: noise.machine, workloads: noise.workloads, settings: noise.settings ?? [])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do { data = try encoder.encode(noise) } catch {
            throw GateError(.failed, "the noise cannot be written as JSON: \(error)")
        }
        try BaselineFiles.write(String(decoding: data, as: UTF8.self) + "\n", to: path)
        return path
    }
}
