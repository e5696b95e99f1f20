import Benchmarking
import Console
import HostEnvironment
import RegressionGate

extension BaselineReference {
    /// `c48ca2e41085`, with a mark for a working tree that had changes.
    var label: String { (commit.map { String($0.prefix(12)) } ?? "no commit") + (isDirty ? " with changes" : "") }
}

extension BaselineEntry {
    /// One line: what was measured.
    var summary: String {
        "\(reference.label), \(runs.count) runs of \(workloads.map(\.name).joined(separator: ", ")), "
            + (instructions.isEmpty
                ? "no instruction counts" : "\(instructions.flatMap(\.counts).count) instruction counts")
    }

    /// Everything but the raw runs, for people.
    func description(title: String) -> String {
        var lines = [
            title, "  created    \(created): \(reason)",
            "  reference  \(reference.label), SHA-256 \(reference.binarySHA256)",
        ]
        if let obstacle = reference.obstacle { lines.append("             cannot be rebuilt: \(obstacle)") }
        lines.append("  machine    \(machine.identity.summary) (\(machine.identity.id))")
        for (name, value) in machine.volatile.sorted(by: { $0.key < $1.key }) {
            lines.append("             \(name): \(value)")
        }
        lines.append(
            "  settings   "
                + (configuration.settings.isEmpty
                    ? "the built-in default" : configuration.settings.joined(separator: " ")))
        for (name, value) in versions.sorted(by: { $0.key < $1.key }) { lines.append("  version    \(name): \(value)") }
        var table = ConsoleTable(
            header: ["workload", "wall s", "CPU s", "peak MB", "instructions", "truth", "features", "digest"],
            alignments: [.left, .right, .right, .right, .right, .right, .right, .left])
        for workload in workloads {
            func median(_ metric: String, _ scale: Double) -> String {
                let found = self.values(of: metric, workload: workload.name).sorted()
                guard !found.isEmpty else { return "-" }
                let middle = (found[(found.count - 1) / 2] + found[found.count / 2]) / 2
                return GateText.digits(middle * scale)
            }
            table.append([
                workload.name, median("wall", 1), median("cpu", 1), median("peak_memory", 1e-6),
                instructions.first { $0.workload == workload.name }?.median.map(String.init) ?? "-",
                workload.truthExpected == 0 ? "-" : "\(workload.truthFound)/\(workload.truthExpected)",
                "\(workload.features)", String(workload.digest.prefix(12)),
            ])
        }
        lines += table.text.split(separator: "\n").map { "  \($0)" }
        for (name, reason) in unavailable.sorted(by: { $0.key < $1.key }) {
            lines.append("  not measured: \(name) (\(reason))")
        }
        return lines.joined(separator: "\n") + "\n\n"
    }
}
