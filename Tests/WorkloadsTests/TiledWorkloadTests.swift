import ContentHash
import Foundation
import TestSupport
import Testing

@testable import Workloads

/// A small tiled workload over one committed run.
///
/// - Parameter files: how many are made, and the workload whose runs they repeat.
private func tiledCatalog(
    in folder: TemporaryDirectory, targetBytes: String = "3MB", files: String = "", of name: String = "tof"
) throws -> WorkloadCatalog {
    let source = try WorkloadCatalog(root: TestData.repository + "/workloads").find(name)
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
        "base/workload.yaml",
        "name: base\n" + head + "files:\n"
            + source.sourceFiles.enumerated().map { number, facts in
                "  - {path: run\(number).mzML, bytes: \(facts.bytes), sha256: \(facts.sha256), origin: o, licence: l}\n"
            }.joined())
    for (number, path) in source.filePaths(cacheDirectory: "").enumerated() {
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("base/run\(number).mzML"), withDestinationPath: path)
    }
    try folder.write(
        "tiled/workload.yaml",
        "name: tiled\n" + head
            + "tile: {workload: base, file: t.mzML,\(files) target_bytes: \(targetBytes), compression: zlib}\n")
    return try WorkloadCatalog(root: folder.path)
}

@Suite struct TiledWorkloadTests {
    @Test func isMadeOnceAndTheSameEachTime() throws {
        let folder = try TemporaryDirectory()
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
        let left = try FileManager.default.contentsOfDirectory(atPath: workload.preparedFolder(first)).sorted()
        #expect(left == ["t.mzML", "t.mzML.sha256"], "nothing temporary stays")

        let second = try #require(try workload.prepare(cacheDirectory: folder.path + "/cache/two").first)
        #expect(try sha256(file: second) == made)

        try folder.write(String(path.dropFirst(folder.path.count + 1)), "a mark")
        #expect(workload.verify(cacheDirectory: first).map(\.code) == [.wrongSize])
        #expect(try workload.prepare(cacheDirectory: first) == paths)
        #expect(try sha256(file: path) == made, "a damaged file is made again")
    }

    @Test func severalFilesShareTheTargetAndBeginInTurn() throws {
        let folder = try TemporaryDirectory()
        let catalog = try tiledCatalog(in: folder, targetBytes: "24MB", files: " files: 3,", of: "medium")
        let workload = try catalog.find("tiled")
        let paths = try workload.prepare(cacheDirectory: folder.path)
        #expect(paths.map { ($0 as NSString).lastPathComponent } == ["t-1.mzML", "t-2.mzML", "t-3.mzML"])
        #expect(workload.verify(cacheDirectory: folder.path).isEmpty && workload.totalBytes == 24_000_000)
        let hashes = try paths.map { try sha256(file: $0) }
        #expect(hashes[0] == hashes[2] && hashes[0] != hashes[1], "two sources take turns")
        for path in paths { #expect((4_000_000...12_000_000).contains(PreparedRecord(for: path)?.bytes ?? 0)) }
        #expect(workload.hash != (try tiledCatalog(in: TemporaryDirectory(), targetBytes: "24MB").find("tiled").hash))
        let error = #expect(throws: WorkloadError.self) {
            try tiledCatalog(in: TemporaryDirectory(), files: " files: 0,")
        }
        #expect(error?.code == .malformedManifest)
    }

    @Test func aWholeFileIsNotMadeAgain() throws {
        let folder = try TemporaryDirectory()
        let workload = try tiledCatalog(in: folder).find("tiled")
        let path = try #require(workload.filePaths(cacheDirectory: folder.path).first)
        try folder.write(String(path.dropFirst(folder.path.count + 1)), "whole")
        try PreparedRecord(bytes: 5, sha256: sha256("whole")).write(for: path)
        _ = try workload.prepare(cacheDirectory: folder.path)
        #expect(try sha256(file: path) == sha256("whole"))
    }

    @Test func aDamagedSourceIsRefused() throws {
        let folder = try TemporaryDirectory()
        let workload = try tiledCatalog(in: folder).find("tiled")
        try FileManager.default.removeItem(atPath: folder.file("base/run0.mzML"))
        try folder.write("base/run0.mzML", "not it")
        let error = #expect(throws: WorkloadError.self) { try workload.prepare(cacheDirectory: folder.path) }
        #expect(error?.code == .wrongSize)
        let prepared = try? FileManager.default.contentsOfDirectory(atPath: workload.preparedFolder(folder.path))
        #expect(prepared ?? [] == [], "nothing half-made stays")
    }

    @Test func anUnwritableCacheIsNamed() throws {
        let folder = try TemporaryDirectory()
        let workload = try tiledCatalog(in: folder).find("tiled")
        try folder.write("blocked", "a file")
        let error = #expect(throws: WorkloadError.self) {
            try workload.prepare(cacheDirectory: folder.path + "/blocked")
        }
        #expect(error?.code == .cannotPrepare)
        #expect(error?.path.contains("/blocked/") == true)
    }

    @Test func theTargetIsPartOfTheHash() throws {
        let (a, b) = (try TemporaryDirectory(), try TemporaryDirectory())
        let first = try tiledCatalog(in: a).find("tiled")
        let second = try tiledCatalog(in: b, targetBytes: "4MB").find("tiled")
        #expect(first.hash != second.hash)
        #expect(first.totalBytes == 3_000_000)
    }
}
