/// Which CPUs share a core, a cache or a memory controller, as far as the system tells.
public struct MachineTopology: Sendable, Hashable, Codable {
    /// A logical CPU that this process may use.
    public struct CPU: Sendable, Hashable, Codable {
        public let number: Int
        /// Its physical core, by the lowest number of the CPUs on it (usable or not); its own where that is unknown.
        public let core: Int
        /// `nil` where it is unknown.
        public let package: Int?
        /// CPUs that share a third-level cache, by the lowest number of them; `nil` where it is unknown.
        public let sharedCache: Int?
        /// Number of its memory node.
        public let node: Int

        public init(number: Int, core: Int, package: Int?, sharedCache: Int?, node: Int) {
            self.number = number
            self.core = core
            self.package = package
            self.sharedCache = sharedCache
            self.node = node
        }
    }

    /// A NUMA node that is online; it may have no CPUs, or no memory.
    public struct Node: Sendable, Hashable, Codable {
        public let number: Int
        /// Bytes; the reason where they are unknown.
        public let memoryBytes: Measured<Int>
        /// Whether it has memory that this process may use.
        public let hasUsableMemory: Bool
        /// Relative distance by node number, 10 for the node itself; empty where it is unknown.
        public let distances: [Int: Int]

        public init(number: Int, memoryBytes: Measured<Int>, hasUsableMemory: Bool, distances: [Int: Int]) {
            self.number = number
            self.memoryBytes = memoryBytes
            self.hasUsableMemory = hasUsableMemory
            self.distances = distances
        }
    }

    /// By number.
    public let cpus: [CPU]
    /// By number; at least one.
    public let nodes: [Node]

    public init(cpus: [CPU], nodes: [Node]) {
        self.cpus = cpus
        self.nodes = nodes
    }

    /// Numbers of the nodes with CPUs that this process may use, ascending.
    public var nodesInReach: [Int] { Set(cpus.map(\.node)).sorted() }

    /// Physical cores that this process may use of each node in reach, by node number.
    public var coresPerNode: [Int: Int] {
        Dictionary(grouping: cpus, by: \.node).mapValues { Set($0.map(\.core)).count }
    }

    /// Whether there are cores of which this process may use more than one hardware thread.
    public var hasHardwareThreads: Bool { Set(cpus.map(\.core)).count < cpus.count }

    /// Relative distance of two nodes; the same for all others where the system does not tell.
    func distance(_ from: Int, _ to: Int) -> Int {
        if from == to { return 10 }
        return nodes.first { $0.number == from }?.distances[to] ?? 20
    }
}
