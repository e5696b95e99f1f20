extension HostReader {
    private static let nodeFolder = "/sys/devices/system/node"

    /// Cores, caches and memory nodes of the given CPUs.
    ///
    /// Sources: `Documentation/ABI/stable/sysfs-devices-node` and `sysfs-devices-system-cpu` of the kernel. Nodes that are not online
    /// have no part in it. Without nodes there is one with everything.
    /// - Complexity: three files per CPU and four per node.
    func topology(cpus: [Int]) -> MachineTopology {
        let numbers = onlineNodes()
        var nodeOfCPU: [Int: Int] = [:]
        for node in numbers {
            let list = files.text("\(Self.nodeFolder)/node\(node)/cpulist").value.flatMap(parseCPUList) ?? []
            for cpu in list { nodeOfCPU[cpu] = node }
        }
        let described = cpus.sorted().map { cpu in
            let folder = "/sys/devices/system/cpu/cpu\(cpu)"
            return MachineTopology.CPU(
                number: cpu,
                core: lowest("\(folder)/topology/core_cpus_list") ?? lowest("\(folder)/topology/thread_siblings_list")
                    ?? cpu,
                package: files.text("\(folder)/topology/physical_package_id").value.flatMap { Int($0.trimmed) },
                sharedCache: lowest("\(folder)/cache/index3/shared_cpu_list"),
                // A CPU that no node lists is counted to the first.
                node: nodeOfCPU[cpu] ?? numbers.first ?? 0)
        }
        guard !numbers.isEmpty else {
            return MachineTopology(
                cpus: described,
                nodes: [
                    MachineTopology.Node(
                        number: 0, memoryBytes: .unavailable(reason: "\(Self.nodeFolder) lists no nodes"),
                        hasUsableMemory: true, distances: [:])
                ])
        }
        let allowed = files.text("/proc/self/status").value
            .flatMap { parseField("Mems_allowed_list", in: $0) }.flatMap(parseCPUList)
        let withMemory = files.text("\(Self.nodeFolder)/has_memory").value.flatMap(parseCPUList)
        return MachineTopology(
            cpus: described, nodes: numbers.map { node($0, among: numbers, allowed: allowed, withMemory: withMemory) })
    }

    private func node(
        _ number: Int, among online: [Int], allowed: [Int]?, withMemory: [Int]?
    ) -> MachineTopology.Node {
        let folder = "\(Self.nodeFolder)/node\(number)"
        let memory = files.text("\(folder)/meminfo").flatMap { text in
            Measured(
                parseKibibytes("Node \(number) MemTotal", in: text), otherwise: "\(folder)/meminfo has no MemTotal")
        }
        let isAllowed = allowed.map { $0.contains(number) } ?? true
        let hasMemory = withMemory.map { $0.contains(number) } ?? (memory.value.map { $0 > 0 } ?? true)
        // One number for each node that is online, in their order.
        let distances = files.text("\(folder)/distance").value?.fields.compactMap { Int($0) } ?? []
        return MachineTopology.Node(
            number: number, memoryBytes: memory, hasUsableMemory: isAllowed && hasMemory && memory.value != 0,
            distances: distances.count == online.count ? Dictionary(uniqueKeysWithValues: zip(online, distances)) : [:])
    }

    /// Ascending; empty where the system does not tell.
    private func onlineNodes() -> [Int] {
        if let list = files.text("\(Self.nodeFolder)/online").value.flatMap(parseCPUList) {
            return Array(Set(list)).sorted()
        }
        return files.names(in: Self.nodeFolder).compactMap { name in
            name.hasPrefix("node") ? Int(name.dropFirst(4)) : nil
        }.sorted()
    }

    private func lowest(_ path: String) -> Int? { files.text(path).value.flatMap(parseCPUList)?.min() }
}
