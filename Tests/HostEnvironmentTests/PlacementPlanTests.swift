import Statistics
import TestSupport
import Testing

@testable import HostEnvironment

@Suite struct PlacementPlanTests {
    private func plan(
        _ topology: MachineTopology, groups: Int = 1, workers: Int, _ change: (inout PlacementRequest) -> Void
    ) -> PlacementPlan {
        var request = PlacementRequest(groups: groups, workersPerGroup: workers)
        change(&request)
        return PlacementPlan(topology: topology, request: request)
    }

    private func cpus(_ plan: PlacementPlan) -> [[[Int]]] { plan.groups.map { $0.map(\.cpus) } }
    private func nodes(_ plan: PlacementPlan) -> [[Int?]] { plan.groups.map { $0.map(\.node) } }

    @Test func nothingIsPlacedUnlessItIsAskedFor() throws {
        let plan = plan(try recordedTopology(RecordedMachine.eightNodes), groups: 2, workers: 3) { _ in }
        #expect(plan.groups.count == 2 && plan.groups.allSatisfy { $0.count == 3 && $0.allSatisfy(\.isFree) })
        #expect(plan.notices.isEmpty)
    }

    /// Cores first; hardware threads only where they are asked for, and after all cores.
    @Test func pinnedWorkersGetCoresOfTheirOwn() throws {
        let topology = try recordedTopology(RecordedMachine.twoNodes)
        #expect(cpus(plan(topology, workers: 4) { $0.pins = true }) == [[[0], [1], [2], [3]]])
        let cores = plan(topology, workers: 14) { $0.pins = true }
        #expect(cores.groups[0].map(\.cpus) == (Array(0..<12) + Array(0..<2)).map { [$0] })
        #expect(cores.notices == ["parallel.thread_affinity: 14 workers share 12 cores"])
        let threads = plan(topology, workers: 14) {
            $0.pins = true
            $0.usesHardwareThreads = true
        }
        #expect(threads.groups[0].map(\.cpus) == (0..<14).map { [$0] } && threads.notices.isEmpty)
    }

    @Test func filesAtATimeGetDifferentCpus() throws {
        let topology = try recordedTopology(RecordedMachine.twoNodes)
        #expect(cpus(plan(topology, groups: 2, workers: 2) { $0.pins = true }) == [[[0], [1]], [[2], [3]]])
        let apart = plan(topology, groups: 2, workers: 6) {
            $0.pins = true
            $0.isNUMAAware = true
        }
        #expect(nodes(apart) == [Array(repeating: 0, count: 6), Array(repeating: 1, count: 6)])
        #expect(Set(apart.groups.joined().flatMap(\.cpus)).count == 12)
    }

    @Test func highLocalityPacksAndLowSpreads() throws {
        let topology = try recordedTopology(RecordedMachine.twoNodes)
        let packed = plan(topology, workers: 4) { $0.isNUMAAware = true }
        #expect(nodes(packed) == [[0, 0, 0, 0]])
        // Without pinning a worker may run on all usable CPUs of its node.
        #expect(packed.groups[0][0].cpus == stride(from: 0, to: 24, by: 2).map { $0 })
        let spread = plan(topology, workers: 4) {
            $0.isNUMAAware = true
            $0.locality = .low
        }
        #expect(nodes(spread) == [[0, 1, 0, 1]])
        // More than one node holds: the second is used for the rest.
        let larger = plan(topology, workers: 8) { $0.isNUMAAware = true }
        #expect(nodes(larger) == [[0, 0, 0, 0, 0, 0, 1, 1]])
    }

    /// Two files of 9 workers on nodes of 6 cores: each has one node in whole and a part of another that nobody else uses.
    @Test func groupsTakeWholeNodesBeforeTheyShareThem() throws {
        let topology = try recordedTopology(RecordedMachine.eightNodes)
        let plan = plan(topology, groups: 2, workers: 9) {
            $0.isNUMAAware = true
            $0.pins = true
        }
        let used = nodes(plan).map { Set($0.compactMap { $0 }) }
        #expect(used.allSatisfy { $0.count == 2 })
        #expect(Set(plan.groups.joined().flatMap(\.cpus)).count == 18)
        // A small one fits into what is left of a node.
        let small = self.plan(topology, groups: 4, workers: 3) { $0.isNUMAAware = true }
        #expect(nodes(small).map { Set($0) } == [[0], [0], [1], [1]])
    }

    /// The nearest nodes with memory are taken together: 0 to 3 are one socket.
    @Test func neighboursAreTakenTogether() throws {
        let topology = try recordedTopology("eight-nodes-epyc-256-threads")
        let plan = plan(topology, workers: 100) { $0.isNUMAAware = true }
        // Which CPUs share a core is not recorded: 32 a node.
        #expect(Set(nodes(plan)[0].compactMap { $0 }) == [0, 1, 2, 3])
        let spread = self.plan(topology, workers: 16) {
            $0.isNUMAAware = true
            $0.locality = .low
        }
        #expect(nodes(spread)[0].compactMap { $0 } == Array(0..<8) + Array(0..<8))
    }

    /// Within a node, neighbours of a cache come together, or apart where bandwidth counts.
    @Test func cachesDecideWithinANode() throws {
        let topology = try recordedTopology(RecordedMachine.eightNodes)
        func pinned(_ locality: PlacementRequest.DataLocality, _ workers: Int) -> [[Int]] {
            plan(topology, workers: workers) {
                $0.isNUMAAware = true
                $0.pins = true
                $0.locality = locality
            }.groups[0].map(\.cpus)
        }
        #expect(pinned(.high, 4) == [[0], [1], [2], [3]])
        // Two rounds over eight nodes: the second worker of a node takes its other cache.
        #expect(Array(pinned(.low, 16).suffix(8)) == (0..<8).map { [$0 * 6 + 3] })
    }

    @Test func memoryFollowsTheBinding() throws {
        let topology = try recordedTopology(RecordedMachine.twoNodes)
        func memory(_ binding: PlacementRequest.MemoryBinding, _ locality: PlacementRequest.DataLocality)
            -> [WorkerPlacement.Memory]
        {
            plan(topology, workers: 2) {
                $0.isNUMAAware = true
                $0.binding = binding
                $0.locality = locality
            }.groups[0].map(\.memory)
        }
        #expect(memory(.local, .high) == [.local, .local])
        #expect(memory(.none, .high) == [.unchanged, .unchanged])
        #expect(memory(.interleave, .low) == [.interleaved([0, 1]), .interleaved([0, 1])])
        #expect(memory(.interleave, .high) == [.interleaved([0]), .interleaved([0])])
    }

    /// Nodes with memory are used first; on the others memory comes from the nearest that has some.
    @Test func nodesWithoutMemoryUseTheirNeighbours() throws {
        let topology = try recordedTopology("two-of-eight-nodes-with-memory-epyc-7551")
        let packed = plan(topology, workers: 4) { $0.isNUMAAware = true }
        #expect(nodes(packed) == [[1, 1, 1, 1]] && packed.groups[0][0].memory == .local)
        let spread = plan(topology, workers: 5) {
            $0.isNUMAAware = true
            $0.locality = .low
        }
        #expect(nodes(spread) == [[1, 5, 0, 2, 3]])
        #expect(spread.groups[0].map(\.memory) == [.local, .local, .preferred(1), .preferred(1), .preferred(1)])
        let cpuset = try recordedTopology("eight-nodes-s4881-cpuset")
        let all = plan(cpuset, workers: 10) {
            $0.isNUMAAware = true
            $0.binding = .interleave
        }
        // Nodes 0, 6 and 7 have workers, but their memory is forbidden.
        #expect(Set(all.groups[0].compactMap(\.node)) == [0, 1, 2, 3, 6, 7])
        #expect(all.groups[0].allSatisfy { $0.memory == .interleaved([1, 2, 3]) })
        #expect(Set(all.groups[0].flatMap(\.cpus)) == [0, 1, 2, 3, 5, 6, 12, 13, 14, 15])
    }

    @Test func oneNodeIsANotice() throws {
        let tree = try RecordedTree(virtualMachine)
        let topology = withExtendedLifetime(tree) { tree.reader().read().topology }
        let one = plan(topology, workers: 2) { $0.isNUMAAware = true }
        #expect(one.groups[0].allSatisfy { $0.isFree })
        #expect(one.notices == ["parallel.numa_aware has no effect: the machine has one NUMA node"])
        let masked = try recordedTopology(
            RecordedMachine.twoNodes, ["/proc/self/status": "Cpus_allowed_list:\t1,3,5,13\n"])
        let part = plan(masked, workers: 2) {
            $0.isNUMAAware = true
            $0.pins = true
        }
        #expect(part.notices == ["parallel.numa_aware has no effect: the usable CPUs are all on node 1"])
        #expect(part.groups[0] == [WorkerPlacement(cpus: [1]), WorkerPlacement(cpus: [3])])
    }

    /// Whatever is asked for on whatever machine: only usable CPUs, on the node that is named, evenly taken.
    @Test(arguments: [
        RecordedMachine.twoNodes, RecordedMachine.eightNodes, "eight-nodes-s4881-cpuset", "memory-only-node-itanium",
        "eight-nodes-epyc-256-threads", "two-of-eight-nodes-with-memory-epyc-7551",
    ]) func anyPlanHolds(machine: String) throws {
        let topology = try recordedTopology(machine)
        let usable = Dictionary(uniqueKeysWithValues: topology.cpus.map { ($0.number, $0) })
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            var request = PlacementRequest(
                groups: 1 + random.integer(below: 5), workersPerGroup: 1 + random.integer(below: 40))
            request.usesHardwareThreads = random.integer(below: 2) == 0
            request.pins = random.integer(below: 2) == 0
            request.isNUMAAware = random.integer(below: 4) > 0
            request.locality = random.integer(below: 2) == 0 ? .high : .low
            request.binding = PlacementRequest.MemoryBinding.allCases[random.integer(below: 3)]
            let plan = PlacementPlan(topology: topology, request: request)
            #expect(plan == PlacementPlan(topology: topology, request: request))
            #expect(plan.groups.map(\.count) == Array(repeating: request.workersPerGroup, count: request.groups))
            let all = plan.groups.flatMap { $0 }
            for worker in all {
                #expect(
                    worker.cpus.allSatisfy {
                        usable[$0] != nil && (worker.node ?? usable[$0]?.node) == usable[$0]?.node
                    })
                #expect((worker.node != nil) == request.isNUMAAware)
                #expect(worker.cpus.isEmpty == !(request.pins || request.isNUMAAware))
                if case .preferred(let node) = worker.memory {
                    #expect(topology.nodes.first { $0.number == node }?.hasUsableMemory == true)
                }
            }
            guard request.pins else { continue }
            #expect(all.allSatisfy { $0.cpus.count == 1 })
            // No CPU has two more workers than another of its node.
            let loads = Dictionary(grouping: all) { $0.cpus[0] }.mapValues(\.count)
            for (cpu, load) in loads {
                let others = loads.filter { usable[$0.key]?.node == usable[cpu]?.node }.values
                #expect(load - (others.min() ?? 0) <= 1, "seed \(seed)")
            }
        }
    }
}
