import Foundation
import TestSupport
import Testing

@testable import HostEnvironment

/// Recorded topologies of real machines, with changes.
func recordedTopology(
    _ name: String, _ changes: [String: String] = [:], without missing: String? = nil
) throws -> MachineTopology {
    var files = try RecordedMachine.files(name).merging(changes) { $1 }
    if let missing { files[missing] = nil }
    let tree = try RecordedTree(files)
    return withExtendedLifetime(tree) { tree.reader().read().topology }
}

@Suite struct TopologyTests {
    @Test func twoSocketsNumberedInTurn() throws {
        let topology = try recordedTopology(RecordedMachine.twoNodes)
        #expect(topology.cpus.map(\.number) == Array(0..<24))
        #expect(topology.nodes.map(\.number) == [0, 1] && topology.nodesInReach == [0, 1])
        for cpu in topology.cpus {
            #expect(cpu.node == cpu.number % 2 && cpu.package == cpu.node && cpu.sharedCache == cpu.node)
            #expect(cpu.core == cpu.number % 12)
        }
        #expect(topology.hasHardwareThreads)
        #expect(topology.coresPerNode == [0: 6, 1: 6])
        #expect(topology.nodes[1].memoryBytes == .available(19_327_348_736))
        #expect(topology.nodes[0].distances == [0: 10, 1: 20] && topology.distance(1, 0) == 20)
    }

    @Test func eightNodesWithSixteenCaches() throws {
        let topology = try recordedTopology(RecordedMachine.eightNodes)
        #expect(topology.nodesInReach == Array(0..<8))
        #expect(topology.cpus.filter { $0.node == 3 }.map(\.number) == Array(18..<24) + Array(66..<72))
        #expect(topology.coresPerNode == Dictionary(uniqueKeysWithValues: (0..<8).map { ($0, 6) }))
        #expect(Set(topology.cpus.compactMap(\.sharedCache)).count == 16)
        #expect(topology.cpus.first { $0.number == 71 }?.sharedCache == 21)
        #expect(topology.cpus.first { $0.number == 71 }?.package == 0)
        // Not recorded: all others are as far as each other, and memory counts as there.
        #expect(topology.nodes[0].distances.isEmpty && topology.distance(0, 7) == topology.distance(0, 1))
        #expect(topology.nodes.allSatisfy { $0.hasUsableMemory && $0.memoryBytes.value == nil })
    }

    /// A cpuset takes away CPUs and the memory of nodes; CPUs of nodes without memory stay usable.
    @Test func aCpusetNarrowsCpusAndMemory() throws {
        let topology = try recordedTopology("eight-nodes-s4881-cpuset")
        #expect(topology.cpus.map(\.number) == [0, 1, 2, 3, 5, 6, 12, 13, 14, 15])
        #expect(topology.nodes.count == 8 && topology.nodesInReach == [0, 1, 2, 3, 6, 7])
        #expect(topology.nodes.filter(\.hasUsableMemory).map(\.number) == [1, 2, 3, 4, 5])
        #expect(!topology.hasHardwareThreads)
        #expect(topology.coresPerNode.values.reduce(0, +) == 10 && topology.coresPerNode[4] == nil)
        let host = try RecordedTree(RecordedMachine.files("eight-nodes-s4881-cpuset"))
        #expect(withExtendedLifetime(host) { host.reader().read() }.recommendedWorkers == 10)
    }

    /// Node numbers have gaps, one node has memory only, and CPUs that are offline are nowhere.
    @Test func aNodeMayHaveMemoryOnly() throws {
        let topology = try recordedTopology("memory-only-node-itanium")
        #expect(topology.nodes.map(\.number) == [0, 2, 16] && topology.nodesInReach == [0, 2])
        #expect(topology.cpus.map(\.node) == [0, 0, 0, 0, 2, 2, 2, 2])
        #expect(topology.nodes.map(\.hasUsableMemory) == [true, true, true])
        #expect(topology.nodes[2].memoryBytes == .available(1_044_660_224))
        // A node is at home in itself, whatever its row says.
        #expect(topology.distance(2, 2) == 10 && topology.distance(16, 16) == 10 && topology.distance(0, 2) == 17)
    }

    @Test func sixOfEightNodesHaveNoMemory() throws {
        let topology = try recordedTopology("two-of-eight-nodes-with-memory-epyc-7551")
        #expect(topology.nodes.filter(\.hasUsableMemory).map(\.number) == [1, 5])
        #expect(topology.nodesInReach.count == 8)
        #expect(topology.distance(0, 1) == 16 && topology.distance(0, 5) == 32)
    }

    @Test func oneNodeOrNoneIsOneNode() throws {
        let without = try RecordedTree(virtualMachine)
        let none = withExtendedLifetime(without) { without.reader().read().topology }
        #expect(none.nodes.map(\.number) == [0] && none.nodesInReach == [0] && none.cpus.map(\.number) == [0, 1])
        #expect(none.nodes[0].hasUsableMemory && none.nodes[0].memoryBytes.value == nil)
        var files = virtualMachine
        files["/sys/devices/system/node/online"] = "0\n"
        files["/sys/devices/system/node/node0/cpulist"] = "0-1\n"
        let one = try RecordedTree(files)
        #expect(withExtendedLifetime(one) { one.reader().read().topology }.nodesInReach == [0])
        let nothing = try RecordedTree(["/proc/none": ""])
        let unknown = withExtendedLifetime(nothing) { nothing.reader().read().topology }
        #expect(unknown.cpus.map(\.number) == [0] && unknown.nodes.count == 1)
    }

    /// Without the list of nodes their folders tell; what is no topology is as if it were not there.
    @Test func missingAndBrokenFilesAreLeftOut() throws {
        let folder = "/sys/devices/system/node"
        let listed = try recordedTopology(RecordedMachine.twoNodes, without: "\(folder)/online")
        let whole = try recordedTopology(RecordedMachine.twoNodes)
        #expect(listed == whole)
        for text in ["", "x\n", "5-1\n", "0-99999999\n"] {
            let broken = try recordedTopology(
                RecordedMachine.twoNodes,
                [
                    "\(folder)/node0/cpulist": text, "\(folder)/node0/distance": "10 20 30\n",
                    "\(folder)/node0/meminfo": "Node 0 MemTotal: -5 kB\n",
                    "/sys/devices/system/cpu/cpu4/topology/core_cpus_list": text,
                ])
            #expect(broken.nodes[0].distances.isEmpty && broken.nodes[0].memoryBytes.value == nil)
            #expect(broken.cpus.count == 24 && broken.cpus[4].core == 4)
            #expect(broken.cpus[3].node == 1 && broken.cpus[2].node == 0)
        }
    }

    @Test func thisMachineHasATopology() {
        let host = HostReader().read()
        #expect(!host.topology.cpus.isEmpty && !host.topology.nodesInReach.isEmpty)
        #expect(host.topology.cpus.count >= host.usableCPUs.value ?? 0)
    }
}
