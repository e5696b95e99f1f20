import CThreadPlacement
import HostEnvironment

/// Where the calling thread runs and where its memory comes from, as the kernel tells it.
struct ThreadPlace: Sendable, Hashable {
    /// Ascending.
    let cpus: [Int]
    /// The kernel's number of the memory policy with its flags, and its nodes; `nil` where the system does not tell.
    private let policy: Policy?

    private struct Policy: Sendable, Hashable {
        let mode: Int32
        let nodes: [Int32]
    }

    /// `nil` where the system does not tell.
    static var current: ThreadPlace? {
        var numbers = [Int32](repeating: 0, count: 4_096)
        let count = thread_get_cpus(&numbers, Int32(numbers.count))
        guard count >= 0 else { return nil }
        var mode: Int32 = 0
        var nodes = [Int32](repeating: 0, count: 1_024)
        let nodeCount = thread_get_memory_policy(&mode, &nodes, Int32(nodes.count))
        return ThreadPlace(
            cpus: numbers.prefix(Int(count)).map { Int($0) },
            policy: nodeCount < 0 ? nil : Policy(mode: mode, nodes: Array(nodes.prefix(Int(nodeCount)))))
    }

    var memory: WorkerPlacement.Memory {
        guard let policy else { return .unchanged }
        let nodes = policy.nodes.map { Int($0) }
        switch Int(policy.mode) {
        case THREAD_MEMORY_LOCAL: return .local
        // Without a node it is the kernel's older way to say local.
        case THREAD_MEMORY_PREFERRED: return nodes.first.map { .preferred($0) } ?? .local
        case THREAD_MEMORY_INTERLEAVE: return .interleaved(nodes)
        default: return .unchanged
        }
    }

    /// Sets it for the calling thread, and reads back whether it holds. - Returns: what went wrong, if anything did.
    static func take(_ placement: WorkerPlacement) -> String? {
        if !placement.cpus.isEmpty {
            let failure = confine(to: placement.cpus)
            if failure != 0 {
                return "a worker could not be confined to CPUs: sched_setaffinity failed (errno \(failure))"
            }
        }
        if placement.memory != .unchanged {
            let (mode, nodes) = request(placement.memory)
            let failure = thread_set_memory_policy(Int32(mode), nodes, Int32(nodes.count))
            if failure != 0 {
                return "the memory of a worker could not be bound: set_mempolicy failed (errno \(failure))"
            }
        }
        guard let now = current else { return "the system does not tell where a worker runs" }
        // The kernel leaves out CPUs that a cpuset has taken away meanwhile.
        guard placement.cpus.isEmpty || Set(now.cpus).isSubset(of: placement.cpus) else {
            return "a worker was to run on CPUs \(numberList(placement.cpus)) and runs on \(numberList(now.cpus))"
        }
        guard placement.memory == .unchanged || now.memory == placement.memory else {
            return "the memory of a worker was to be \(placement.memory) and is \(now.memory)"
        }
        return nil
    }

    /// - Returns: the error number of the failure, 0 without one.
    @discardableResult
    static func confine(to cpus: [Int]) -> Int32 {
        let cpus = cpus.map { Int32($0) }
        return thread_set_cpus(cpus, Int32(cpus.count))
    }

    private static func request(_ memory: WorkerPlacement.Memory) -> (mode: Int, nodes: [Int32]) {
        switch memory {
        case .unchanged: (THREAD_MEMORY_DEFAULT, [])
        case .local: (THREAD_MEMORY_LOCAL, [])
        case .preferred(let node): (THREAD_MEMORY_PREFERRED, [Int32(node)])
        case .interleaved(let nodes): (THREAD_MEMORY_INTERLEAVE, nodes.map { Int32($0) })
        }
    }

    /// Puts the calling thread back where it was before a placement.
    func restore(after placement: WorkerPlacement) {
        if !placement.cpus.isEmpty { Self.confine(to: cpus) }
        if placement.memory != .unchanged, let policy {
            _ = thread_set_memory_policy(policy.mode, policy.nodes, Int32(policy.nodes.count))
        }
    }
}
