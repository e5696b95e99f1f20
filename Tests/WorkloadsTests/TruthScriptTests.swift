import ContentHash
import TestSupport
import Testing

@testable import Workloads

@Suite struct TruthScriptTests {
    @Test(.enabled(if: TestData.extra != nil, "needs LAVOISIER_EXTRA_DATA"))
    func theCommittedTruthIsWhatTheScriptWrites() throws {
        let folder = try TemporaryDirectory()
        let data = try #require(TestData.extra)
        let outcome = try Program.run(
            "/usr/bin/env",
            [
                "python3", "-B", TestData.repository + "/scripts/make_truth.py", "--data", data, "--output",
                folder.path, "--here-only",
            ])
        #expect(outcome.status == 0, "\(outcome.error)")
        for workload in try WorkloadCatalog(root: TestData.repository + "/workloads").workloads {
            for path in [workload.truthPath, workload.identificationTruthPath].compactMap({ $0 }) {
                let made = folder.path + "/\(workload.name)/" + (path.split(separator: "/").last ?? "")
                #expect(try sha256(file: made) == sha256(file: path), "\(path)")
            }
        }
        #expect(try lineCount("\(folder.path)/mm14/truth.tsv") == 13)
    }
}
