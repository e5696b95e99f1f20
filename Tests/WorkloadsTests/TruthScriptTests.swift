import ContentHash
import Testing

@testable import Workloads

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A folder with the published tables, which are not part of the repository.
private let extraData: String? = getenv("LAVOISIER_EXTRA_DATA").map { String(cString: $0) }

@Suite struct TruthScriptTests {
    @Test(.enabled(if: extraData != nil, "needs LAVOISIER_EXTRA_DATA"))
    func theCommittedTruthIsWhatTheScriptWrites() throws {
        let folder = try TemporaryFolder()
        let data = try #require(extraData)
        let status = run(
            "python3 -B '\(repositoryRoot)/scripts/make_truth.py' --data '\(data)' --output '\(folder.path)' --here-only"
        )
        #expect(status == 0)
        for workload in try WorkloadCatalog(root: repositoryRoot + "/workloads").workloads {
            for path in [workload.truthPath, workload.identificationTruthPath].compactMap({ $0 }) {
                let made = folder.path + "/\(workload.name)/" + (path.split(separator: "/").last ?? "")
                #expect(try sha256(file: made) == sha256(file: path), "\(path)")
            }
        }
        #expect(try lineCount("\(folder.path)/mm14/truth.tsv") == 13)
    }

    /// Exit status of a shell command whose output is discarded.
    private func run(_ command: String) -> Int32 {
        guard let pipe = popen(command + " >/dev/null", "r") else { return -1 }
        return pclose(pipe)
    }
}
