/// What is asked of a plan: how many workers, and what may decide where they run.
public struct PlacementRequest: Sendable, Hashable {
    /// Whether workers and files are packed on as few nodes as hold them, or spread evenly over all for more bandwidth.
    public enum DataLocality: String, Sendable, CaseIterable { case high, low }

    /// Where memory comes from that a worker is the first to touch: from its own node, from all nodes in use in turn, or from
    /// wherever the process gets it.
    public enum MemoryBinding: String, Sendable, CaseIterable { case local, interleave, none }

    /// Groups of workers that each work on a file of their own.
    public var groups: Int
    public var workersPerGroup: Int
    /// Whether the further hardware threads of a core get workers before the first ones get a second worker.
    public var usesHardwareThreads = false
    /// Whether each worker gets a CPU of its own.
    public var pins = false
    public var isNUMAAware = false
    public var locality = DataLocality.high
    public var binding = MemoryBinding.local

    public init(groups: Int, workersPerGroup: Int) {
        self.groups = max(groups, 1)
        self.workersPerGroup = max(workersPerGroup, 1)
    }
}

/// Where one worker runs, and where its memory comes from.
public struct WorkerPlacement: Sendable, Hashable {
    public enum Memory: Sendable, Hashable {
        /// As the process has it.
        case unchanged
        /// Of the node that it runs on, others when that has no more.
        case local
        /// Of this node first: the nearest one with memory, for a worker on a node without.
        case preferred(Int)
        /// Of these nodes, page by page in turn.
        case interleaved([Int])
    }

    /// The CPUs that it may run on, ascending; empty where the process's stay.
    public var cpus: [Int]
    /// `nil` where nodes do not count.
    public var node: Int?
    public var memory: Memory

    public init(cpus: [Int] = [], node: Int? = nil, memory: Memory = .unchanged) {
        self.cpus = cpus
        self.node = node
        self.memory = memory
    }

    /// Whether there is nothing to apply.
    public var isFree: Bool { cpus.isEmpty && memory == .unchanged }
}

/// Where the workers of a run run. A pure function of topology and request.
///
/// A node is taken before its neighbours, the nearest of them first; within a node the first hardware threads of its cores come before
/// their second ones. More workers than CPUs start again from the first.
public struct PlacementPlan: Sendable, Hashable {
    /// By group, then by worker.
    public let groups: [[WorkerPlacement]]
    /// What a user should know: settings without effect here, CPUs with several workers.
    public let notices: [String]

    public init(topology: MachineTopology, request: PlacementRequest) {
        let reach = topology.nodesInReach
        let countsNodes = request.isNUMAAware && reach.count > 1
        var notices: [String] = []
        if request.isNUMAAware, !countsNodes {
            notices.append(
                "parallel.numa_aware has no effect: "
                    + (topology.nodes.count > 1
                        ? "the usable CPUs are all on node \(reach.first.map(String.init) ?? "unknown")"
                        : "the machine has one NUMA node"))
        }
        guard countsNodes || request.pins, !topology.cpus.isEmpty else {
            groups = Array(
                repeating: Array(repeating: WorkerPlacement(), count: request.workersPerGroup), count: request.groups)
            self.notices = notices
            return
        }
        var places = NodePlaces(topology: topology, request: request, countsNodes: countsNodes)
        let numbers = (0..<request.groups).map { places.nodes(ofGroup: $0) }
        let usedNodes = Set(numbers.joined()).sorted()
        groups = numbers.map { group in
            group.map { node in
                let cpu = places.nextCPU(of: node)
                guard countsNodes else { return WorkerPlacement(cpus: [cpu]) }
                return WorkerPlacement(
                    cpus: request.pins ? [cpu] : topology.cpus.filter { $0.node == node }.map(\.number), node: node,
                    memory: Self.memory(request.binding, node: node, used: usedNodes, topology))
            }
        }
        let workers = request.groups * request.workersPerGroup
        if request.pins, workers > places.capacity {
            notices.append(
                "parallel.thread_affinity: \(workers) workers share \(places.capacity) "
                    + (request.usesHardwareThreads ? "CPUs" : "cores"))
        }
        self.notices = notices
    }

    private static func memory(
        _ binding: PlacementRequest.MemoryBinding, node: Int, used: [Int], _ topology: MachineTopology
    ) -> WorkerPlacement.Memory {
        let withMemory = topology.nodes.filter(\.hasUsableMemory).map(\.number)
        switch binding {
        case .none: return .unchanged
        case .local:
            if withMemory.contains(node) { return .local }
            let nearest = withMemory.min { (topology.distance(node, $0), $0) < (topology.distance(node, $1), $1) }
            return nearest.map { .preferred($0) } ?? .local
        case .interleave:
            let among = used.filter(withMemory.contains)
            return among.isEmpty ? .interleaved(withMemory) : .interleaved(among)
        }
    }
}

/// The CPUs of each node in the order in which they get workers, and how many have one.
private struct NodePlaces {
    private let request: PlacementRequest
    private let topology: MachineTopology
    /// Those with usable memory first, then by number.
    private let numbers: [Int]
    private var cpus: [Int: [Int]] = [:]
    private var free: [Int: Int] = [:]
    private var next: [Int: Int] = [:]
    private var turn = 0

    init(topology: MachineTopology, request: PlacementRequest, countsNodes: Bool) {
        self.request = request
        self.topology = topology
        let groups = countsNodes ? Dictionary(grouping: topology.cpus, by: \.node) : [0: topology.cpus]
        for (node, members) in groups { cpus[node] = Self.order(members, request, byCache: countsNodes) }
        let withMemory = Set(topology.nodes.filter(\.hasUsableMemory).map(\.number))
        numbers = groups.keys.sorted {
            (withMemory.contains($0) ? 0 : 1, $0) < (withMemory.contains($1) ? 0 : 1, $1)
        }
        refill()
    }

    /// CPUs that get a worker each before one gets two.
    var capacity: Int { cpus.values.reduce(0) { $0 + $1.count } }

    private mutating func refill() { for (node, list) in cpus { free[node] = list.count } }

    /// First hardware threads before second ones; neighbours of a cache together, or apart where bandwidth counts.
    private static func order(_ cpus: [MachineTopology.CPU], _ request: PlacementRequest, byCache: Bool) -> [Int] {
        var threads: [[MachineTopology.CPU]] = []
        var seen: [Int: Int] = [:]
        for cpu in cpus.sorted(by: { $0.number < $1.number }) {
            let thread = seen[cpu.core, default: 0]
            seen[cpu.core] = thread + 1
            if thread == threads.count { threads.append([]) }
            threads[thread].append(cpu)
        }
        if !request.usesHardwareThreads { threads = Array(threads.prefix(1)) }
        return threads.flatMap { thread -> [Int] in
            guard byCache else { return thread.map(\.number) }
            let caches = Dictionary(grouping: thread) { $0.sharedCache ?? -1 }.sorted { $0.key < $1.key }.map(\.value)
            guard request.locality == .low else { return caches.joined().map(\.number) }
            let longest = caches.map(\.count).max() ?? 0
            return (0..<longest).flatMap { rank in caches.compactMap { rank < $0.count ? $0[rank].number : nil } }
        }
    }

    /// The node of each worker of a group.
    mutating func nodes(ofGroup group: Int) -> [Int] {
        if request.locality == .low, numbers.count > 1 {
            return (0..<request.workersPerGroup).map { _ in nextInTurn() }
        }
        var found: [Int] = []
        while found.count < request.workersPerGroup {
            if free.values.allSatisfy({ $0 == 0 }) { refill() }
            let node = nextPacked(need: request.workersPerGroup - found.count, near: found.first)
            let count = min(free[node, default: 0], request.workersPerGroup - found.count)
            free[node, default: 0] -= count
            found += Array(repeating: node, count: count)
        }
        return found
    }

    private mutating func nextInTurn() -> Int {
        if free.values.allSatisfy({ $0 == 0 }) { refill() }
        while free[numbers[turn % numbers.count], default: 0] == 0 { turn += 1 }
        let node = numbers[turn % numbers.count]
        free[node, default: 0] -= 1
        turn += 1
        return node
    }

    /// The node that is filled best by what is needed, else the one with the most room; beside one in use, the nearest.
    private func nextPacked(need: Int, near first: Int?) -> Int {
        let open = numbers.filter { free[$0, default: 0] > 0 }
        func key(_ node: Int) -> (Int, Int, Int) {
            let room = free[node, default: 0]
            return (first.map { topology.distance($0, node) } ?? 0, room >= need ? 0 : 1, room >= need ? room : -room)
        }
        // The first of equals, so that the order of `numbers` decides.
        return open.reduce(open[0]) { key($1) < key($0) ? $1 : $0 }
    }

    mutating func nextCPU(of node: Int) -> Int {
        let list = cpus[node, default: []]
        let position = next[node, default: 0]
        next[node] = position + 1
        return list[position % list.count]
    }
}
