import Benchmarking
import HostEnvironment
import Testing

@testable import RegressionGate

/// What stored numbers alone say of two entries.
@Suite struct DriftTests {
    private func entry(
        instructions: Int? = 1_000_000, wall: Double = 1, digest: String = "aa", cpu: String = "Example",
        tool: String = "valgrind-3.19.0", sha256: String = "11"
    ) -> BaselineEntry {
        BaselineEntry(
            created: "2026-11-28 23:00:00 UTC", reason: "r",
            reference: BaselineReference(commit: "c0", isDirty: false, binarySHA256: "b", buildCommand: "swift build"),
            configuration: BaselineConfiguration(settings: [], sha256: "s"),
            workloads: [
                BaselineWorkload(
                    name: "medium", sha256: sha256, bytes: 1, items: 1, digest: digest, truthFound: 9,
                    truthExpected: 10,
                    features: 3)
            ],
            machine: BaselineMachine(
                identity: MachineIdentity(
                    architecture: "x86_64", cpuModel: cpu, usableCPUs: 2, usableMemoryBytes: 1 << 30, gpuModel: "none"),
                volatile: [:]), versions: [:],
            instructions: instructions.map {
                [
                    BaselineInstructions(
                        workload: "medium",
                        key: InstructionKey(
                            architecture: "x86_64", cpuLevel: "x86-64-v3", tool: tool, toolchain: "clang",
                            library: "glibc"),
                        settings: [], counts: [$0])
                ]
            } ?? [],
            runs: [
                BaselineRun(
                    order: 0, workload: "medium", startedAt: 0,
                    values: ["wall": wall, "cpu": wall, "peak_memory": 50e6],
                    digest: digest)
            ])
    }

    private func line(_ name: String, _ old: BaselineEntry, _ new: BaselineEntry) -> String? {
        BaselineDrift(from: old, to: new).lines.first { $0.name == name }?.text
    }

    /// Many losses of 1 %, each within the tolerance, show as the 10 % that they are.
    @Test func smallLossesAddUp() {
        let pinned = entry()
        let latest = entry(instructions: 1_104_622, wall: 1.104_622)
        #expect(line("instructions on medium", pinned, latest) == "1000000 to 1104622 (+10.5 %)")
        #expect(line("wall time on medium", pinned, latest) == "+10.5 %, measured at two different hours")
        #expect(line("peak memory on medium", pinned, latest) == "+0.0 %")
        #expect(line("results on medium", pinned, latest) == "identical")
        #expect(line("truth found on medium", pinned, latest) == "9 of 10 to 9 of 10")
    }

    @Test func whatDoesNotCompareSaysWhy() {
        #expect(
            line("wall time on medium", entry(), entry(cpu: "Other")) == "not comparable: measured on two machines")
        #expect(
            line("instructions on medium", entry(), entry(tool: "valgrind-3.22.0"))?.contains("valgrind-3.22.0") == true
        )
        #expect(line("instructions on medium", entry(), entry(instructions: nil)) == "not counted in both entries")
        #expect(line("results on medium", entry(), entry(digest: "bb")) == "changed: digest aa to bb")
        #expect(line("medium", entry(), entry(sha256: "22")) == "the workload itself has changed: nothing compares")
    }
}
