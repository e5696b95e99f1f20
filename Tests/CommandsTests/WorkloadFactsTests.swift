import Foundation
import Pipeline
import TestSupport
import Testing

/// What the manifests declare is what the engine measures.
@Suite struct WorkloadFactsTests {
    /// Columns of `lavoisier workload list` by workload.
    private static func declared() throws -> [String: (type: String, complexity: String)] {
        let outcome = try Program.run("lavoisier", ["workload", "list"], environment: SmallCommandTests.data)
        let rows = outcome.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let header = try #require(rows.first)
        #expect(Array(header.prefix(5)) == ["name", "tier", "type", "size", "complexity"])
        return Dictionary(uniqueKeysWithValues: rows.dropFirst().map { ($0[0], ($0[2], $0[4])) })
    }

    /// Seconds from the first to the last scan, by another way than the engine's reader: the text of the file.
    private static func seconds(of path: String) throws -> Double {
        var times: [Double] = []
        for line in try String(contentsOfFile: path, encoding: .isoLatin1).split(separator: "\n")
        where line.contains("MS:1000016") {
            let value = try #require(line.split(separator: "value=\"").last?.split(separator: "\"").first)
            times.append((Double(value) ?? 0) * (line.contains("\"minute\"") ? 60 : 1))
        }
        return (times.max() ?? 0) - (times.min() ?? 0)
    }

    @Test(arguments: ["gnps", "ident", "medium", "metabo", "small", "tof", "traces"])
    func typeAndComplexityAreMeasured(name: String) throws {
        let folder = try TemporaryDirectory()
        let data = TestData.repository + "/workloads/" + name
        let outcome = try Program.run(
            "lavoisier", ["analyze", data, "--output", folder.path, "--profile", "none", "--quiet", "--json"],
            environment: SmallCommandTests.data)
        let inputs = try RunRecord(json: outcome.output).inputs
        let features = inputs.reduce(0) { $0 + $1.features }
        let fragments = inputs.reduce(0) { $0 + $1.fragmentSpectra }
        let minutes = try inputs.reduce(0) { try $0 + Self.seconds(of: $1.path) / 60 }
        let rate = Double(features) / minutes
        let complexity = rate < 100 ? "low" : rate < 1_000 ? "medium" : "high"
        let type =
            fragments == 0
            ? "feature_detection" : fragments > features ? "spectral_matching" : "metabolomics_analysis"
        let declared = try #require(try Self.declared()[name])
        #expect(declared.type == type, "\(fragments) MS/MS spectra, \(features) features")
        #expect(declared.complexity == complexity, "\(rate) features per minute")
    }
}
