import HostEnvironment

extension RunRecord {
    /// How the work of a run was spread over its workers.
    public struct Scheduling: Sendable, Codable, Hashable {
        public struct Stage: Sendable, Codable, Hashable {
            public var name: String
            public var pieces: Int
            /// Pieces that each worker did, by worker of the run.
            public var shares: [Int]
            /// Pieces that were dealt to one worker and done by another.
            public var stolen: Int
            /// Times that a worker went to the common queue, or to the share of another, and came back with pieces.
            public var visits: Int
            /// Sum of the estimated costs that pieces were dealt or ordered by: points, peaks or elements; `nil` where costs did
            /// not count.
            public var estimatedCost: Double?

            /// Pieces of the worker that did most.
            public var largestShare: Int { shares.max() ?? 0 }
        }

        /// How several files at a time shared the workers; `nil` where each had its own.
        public struct Sharing: Sendable, Codable, Hashable {
            /// Workers that may run at a time, and most that did.
            public var slots: Int
            public var mostAtOnce: Int
            /// Times that a worker made way for an earlier file.
            public var passes: Int
        }

        public var workers: Int
        public var stages: [Stage]
        public var sharing: Sharing?
    }

    /// Where workers ran.
    public struct Placement: Sendable, Codable, Hashable {
        public struct Worker: Sendable, Codable, Hashable {
            /// CPUs that it was confined to, as a list like `0-3,8`; empty where it was not.
            public var cpus: String
            public var node: Int?
            /// `unchanged`, `local`, `preferred 1` or `interleaved 0-1`.
            public var memory: String
        }

        /// NUMA nodes with CPUs that the process may use.
        public var nodes: [Int]
        /// Physical cores that the process may use of each of `nodes`; `nil` in records of earlier versions.
        public var coresPerNode: [Int]?
        /// Files at a time, each with as many workers of its own.
        public var groups: Int
        public var workersPerGroup: Int
        /// By group and worker; empty when all may run anywhere.
        public var workers: [Worker]
    }
}

extension RunRecord.Placement {
    init(_ plan: PlacementPlan, topology: MachineTopology) {
        nodes = topology.nodesInReach
        coresPerNode = nodes.map { topology.coresPerNode[$0, default: 0] }
        groups = plan.groups.count
        workersPerGroup = plan.groups.first?.count ?? 0
        let all = plan.groups.flatMap { $0 }
        workers =
            all.allSatisfy(\.isFree)
            ? [] : all.map { Worker(cpus: numberList($0.cpus), node: $0.node, memory: Self.text($0.memory)) }
    }

    private static func text(_ memory: WorkerPlacement.Memory) -> String {
        switch memory {
        case .unchanged: "unchanged"
        case .local: "local"
        case .preferred(let node): "preferred \(node)"
        case .interleaved(let nodes): "interleaved \(numberList(nodes))"
        }
    }
}

/// Ascending numbers as the kernel writes them: `0-3,8`.
func numberList(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers {
        if let last = ranges.last, last.upperBound + 1 == number {
            ranges[ranges.count - 1] = last.lowerBound...number
        } else {
            ranges.append(number...number)
        }
    }
    return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        .joined(separator: ",")
}
