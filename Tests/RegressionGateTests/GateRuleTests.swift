import Benchmarking
import Testing

@testable import RegressionGate

/// What the options of a gate make of the rule.
@Suite struct GateRuleTests {
    private func rule(_ change: (inout GateRequest) -> Void) throws -> GateRule {
        var request = GateRequest(baseline: "main")
        change(&request)
        return try request.rule(workloads: ["medium"])
    }

    @Test func withoutOptionsTheRuleIsTheShippedOne() throws {
        let rule = try rule { _ in }
        let standard = GateRule.standard(.shared, workloads: ["medium"])
        #expect(rule.looks == standard.looks && rule.alphas == standard.alphas)
        #expect(rule.metrics.prefix(standard.metrics.count) == standard.metrics[...])
        #expect(rule.metrics.last?.metric.name == "throughput" && rule.metrics.last?.role == .informational)
    }

    @Test(arguments: [(8, [8]), (12, [8, 12]), (16, [8, 16]), (24, [8, 16, 24]), (40, [8, 16, 24, 40])])
    func pairsSetTheLastLook(pairs: Int, looks: [Int]) throws {
        let rule = try rule { $0.pairs = pairs }
        #expect(rule.looks == looks)
        #expect(rule.alphas.count == looks.count)
        // Looking more often does not cost level.
        let standard = GateRule.standard(.shared).alphas.reduce(0, +)
        #expect(rule.alphas.reduce(0, +) <= standard + 1e-12)
    }

    @Test func tooFewPairsAreRefused() {
        #expect { try rule { $0.pairs = 7 } } throws: { ($0 as? GateError)?.exitStatus == 64 }
    }

    @Test func tolerancesApplyToTheirMetric() throws {
        let rule = try rule {
            $0.tolerances = [
                ToleranceOverride(metric: "wall", relative: 0.3),
                ToleranceOverride(metric: "peak_memory", absolute: 1e6),
                ToleranceOverride(metric: "energy", isOff: true),
                ToleranceOverride(metric: "accuracy", relative: 0.001),
            ]
        }
        func metric(_ name: String) -> GateMetric? { rule.metrics.first { $0.metric.name == name } }
        let standard = GateRule.standard(.shared)
        #expect(metric("wall")?.tolerance.relative == 0.3)
        #expect(metric("peak_memory")?.tolerance.absolute == 1e6)
        #expect(metric("peak_memory")?.tolerance.relative == 0.05)
        #expect(metric("energy")?.role == .informational)
        #expect(metric("cpu") == standard.metrics.first { $0.metric.name == "cpu" })
        #expect(rule.accuracyDrop == 0.001)
    }

    /// Before the baseline is read a key of a workload is only held against the metrics.
    @Test func tolerancesOfAWorkloadApplyWhereItIsOne() throws {
        var request = GateRequest(baseline: "main")
        request.tolerances = [ToleranceOverride(metric: "cpu@medium", relative: 0.03)]
        #expect(try request.rule(workloads: nil).metrics[0].metric.name == "cpu")
        let rule = try request.rule(workloads: ["ident", "medium"])
        #expect(rule.metrics.filter { $0.tolerance.relative == 0.03 }.map(\.key) == ["cpu@medium"])
        #expect { try request.rule(workloads: ["ident", "large"]) } throws: {
            ($0 as? GateError)?.reason.contains("'cpu@medium'") == true
        }
    }

    @Test func tolerancesAreWrittenAsTheyAreRead() {
        var memory = ToleranceOverride(metric: "peak_memory", relative: 0.05, absolute: 16 * 1_048_576)
        memory.absoluteUnit = "B"
        #expect(memory.text == "peak_memory=0.05,16MiB")
        #expect(ToleranceOverride(metric: "wall", relative: 0.1, absolute: 0.2).text.hasPrefix("wall=0.1,"))
        #expect(ToleranceOverride(metric: "cpu", relative: 100).text == "cpu=10000.0%")
        #expect(ToleranceOverride(metric: "energy", isOff: true).text == "energy=off")
    }

    @Test func aMetricThatThereIsNotIsNamed() {
        #expect {
            try rule { $0.tolerances = [ToleranceOverride(metric: "speed", relative: 1)] }
        } throws: {
            let error = $0 as? GateError
            return error?.exitStatus == 64 && error?.reason.contains("one of accuracy, cpu, peak_memory, wall") == true
        }
    }

    @Test func aDedicatedMachineHasTighterTolerances() throws {
        let shared = try rule { $0.use = .shared }
        let dedicated = try rule { $0.use = .dedicated }
        #expect(shared.metrics[0].tolerance.relative > dedicated.metrics[0].tolerance.relative)
    }
}
