import Benchmarking
import Statistics

/// What stored numbers alone say of two references: whether small losses, each within the tolerance, have added up.
///
/// Digest, truth and instructions compare by themselves; times only where both were measured on one machine, and even there
/// they come from two different hours, which is said.
public struct BaselineDrift: Sendable, Hashable {
    public struct Line: Sendable, Hashable {
        public var name: String
        public var text: String
    }

    public private(set) var lines: [Line] = []

    public init(from old: BaselineEntry, to new: BaselineEntry) {
        for workload in new.workloads {
            guard let before = old.workload(workload.name) else {
                add(workload.name, "not in the older entry")
                continue
            }
            guard before.sha256 == workload.sha256 else {
                add(workload.name, "the workload itself has changed: nothing compares")
                continue
            }
            add(
                "results on \(workload.name)",
                before.digest == workload.digest
                    ? "identical" : "changed: digest \(before.digest.prefix(12)) to \(workload.digest.prefix(12))")
            if workload.truthExpected > 0 || before.truthExpected > 0 {
                add(
                    "truth found on \(workload.name)",
                    "\(before.truthFound) of \(before.truthExpected) to \(workload.truthFound) of \(workload.truthExpected)"
                )
            }
            addInstructions(workload.name, old, new)
            addTimes(workload.name, old, new)
        }
    }

    private mutating func add(_ name: String, _ text: String) { lines.append(Line(name: name, text: text)) }

    private mutating func addInstructions(_ workload: String, _ old: BaselineEntry, _ new: BaselineEntry) {
        let name = "instructions on \(workload)"
        guard let before = old.instructions.first(where: { $0.workload == workload }),
            let after = new.instructions.first(where: { $0.workload == workload }), let first = before.median,
            let second = after.median, first > 0
        else {
            add(name, "not counted in both entries")
            return
        }
        let obstacles = before.obstacles(key: after.key, settings: after.settings)
        guard obstacles.isEmpty else {
            add(name, "not comparable: \(obstacles.joined(separator: ", "))")
            return
        }
        add(name, "\(first) to \(second) (\(Self.change(Double(second) / Double(first))))")
    }

    private mutating func addTimes(_ workload: String, _ old: BaselineEntry, _ new: BaselineEntry) {
        for (metric, title) in [("wall", "wall time"), ("cpu", "CPU time"), ("peak_memory", "peak memory")] {
            let before = old.values(of: metric, workload: workload)
            let after = new.values(of: metric, workload: workload)
            let name = "\(title) on \(workload)"
            guard !before.isEmpty, !after.isEmpty, median(before) > 0 else {
                add(name, "not measured in both entries")
                continue
            }
            guard old.machine.isSame(as: new.machine) else {
                add(name, "not comparable: measured on two machines")
                continue
            }
            let change = Self.change(median(after) / median(before))
            add(name, metric == "peak_memory" ? change : "\(change), measured at two different hours")
        }
    }

    private static func change(_ ratio: Double) -> String {
        (ratio >= 1 ? "+" : "") + GateText.percent(ratio - 1)
    }
}
