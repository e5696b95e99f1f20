import ContentHash
import Testing

@testable import Workloads

/// A small tiled workload over one committed run.
private func tiledCatalog(in folder: TemporaryFolder, targetBytes: String = "3MB") throws -> WorkloadCatalog {
    let source = try WorkloadCatalog(root: repositoryRoot + "/workloads").find("tof")
    let path = try #require(source.filePaths(cacheDirectory: "").first)
    let facts = try #require(source.sourceFiles.first)
    let head = """
        title: t
        tier: extra
        instrument: i
        polarity: positive
        representation: centroid
        ms_levels: [1, 2]
        description: d

        """
    try folder.write(
        "name: base\n" + head + "files:\n  - {path: run.mzML, bytes: \(facts.bytes), sha256: \(facts.sha256), "
            + "origin: o, licence: l}\n", to: "base/workload.yaml")
    try folder.link(path, as: "base/run.mzML")
    try folder.write(
        "name: tiled\n" + head
            + "tile: {workload: base, file: t.mzML, target_bytes: \(targetBytes), compression: zlib}\n",
        to: "tiled/workload.yaml")
    return try WorkloadCatalog(root: folder.path)
}

@Suite struct TiledWorkloadTests {
    @Test func isMadeOnceAndTheSameEachTime() throws {
        let folder = try TemporaryFolder()
        let workload = try tiledCatalog(in: folder).find("tiled")
        let first = folder.path + "/cache/one"
        #expect(workload.verify(cacheDirectory: first).map(\.code) == [.notPrepared])
        let paths = try workload.prepare(cacheDirectory: first)
        #expect(paths == workload.filePaths(cacheDirectory: first))
        let path = try #require(paths.first)
        let made = try sha256(file: path)
        #expect(workload.verify(cacheDirectory: first).isEmpty)
        #expect(PreparedRecord(for: path)?.sha256 == made)
        #expect((1_500_000...4_500_000).contains(PreparedRecord(for: path)?.bytes ?? 0))
        let left = TemporaryFolder.entries(workload.preparedFolder(first))
        #expect(left == ["t.mzML", "t.mzML.sha256"], "nothing temporary stays")

        let second = try #require(try workload.prepare(cacheDirectory: folder.path + "/cache/two").first)
        #expect(try sha256(file: second) == made)

        try folder.write("a mark", to: String(path.dropFirst(folder.path.count + 1)))
        #expect(workload.verify(cacheDirectory: first).map(\.code) == [.wrongSize])
        #expect(try workload.prepare(cacheDirectory: first) == paths)
        #expect(try sha256(file: path) == made, "a damaged file is made again")
    }

    @Test func aWholeFileIsNotMadeAgain() throws {
        let folder = try TemporaryFolder()
        let workload = try tiledCatalog(in: folder).find("tiled")
        let path = try #require(workload.filePaths(cacheDirectory: folder.path).first)
        try folder.write("whole", to: String(path.dropFirst(folder.path.count + 1)))
        try PreparedRecord(bytes: 5, sha256: sha256("whole")).write(for: path)
        _ = try workload.prepare(cacheDirectory: folder.path)
        #expect(try sha256(file: path) == sha256("whole"))
    }

    @Test func aDamagedSourceIsRefused() throws {
        let folder = try TemporaryFolder()
        let workload = try tiledCatalog(in: folder).find("tiled")
        try folder.unlink("base/run.mzML")
        try folder.write("not it", to: "base/run.mzML")
        let error = #expect(throws: WorkloadError.self) { try workload.prepare(cacheDirectory: folder.path) }
        #expect(error?.code == .wrongSize)
        #expect(TemporaryFolder.entries(workload.preparedFolder(folder.path)).isEmpty)
    }

    @Test func anUnwritableCacheIsNamed() throws {
        let folder = try TemporaryFolder()
        let workload = try tiledCatalog(in: folder).find("tiled")
        try folder.write("a file", to: "blocked")
        let error = #expect(throws: WorkloadError.self) {
            try workload.prepare(cacheDirectory: folder.path + "/blocked")
        }
        #expect(error?.code == .cannotPrepare)
        #expect(error?.path.contains("/blocked/") == true)
    }

    @Test func theTargetIsPartOfTheHash() throws {
        let (a, b) = (try TemporaryFolder(), try TemporaryFolder())
        let first = try tiledCatalog(in: a).find("tiled")
        let second = try tiledCatalog(in: b, targetBytes: "4MB").find("tiled")
        #expect(first.hash != second.hash)
        #expect(first.totalBytes == 3_000_000)
    }
}
