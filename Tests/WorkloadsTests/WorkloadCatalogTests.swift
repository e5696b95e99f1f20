import ContentHash
import MzML
import TestSupport
import Testing

@testable import Workloads

private func manifest(_ name: String, files: String) -> String {
    """
    name: \(name)
    title: t
    tier: extra
    instrument: i
    polarity: positive
    representation: centroid
    ms_levels: [1]
    description: d

    """ + files
}

private func fileEntry(_ content: String, name: String = "a.txt") -> String {
    "files:\n  - {path: \(name), bytes: \(content.utf8.count), sha256: \(sha256(content)), origin: o, licence: l}\n"
}

private let tileEntry = "tile: {workload: base, file: t.mzML, target_bytes: 1MB, compression: none}\n"

@Suite struct WorkloadCatalogTests {
    @Test func listsInOrderOfNameAndFinds() throws {
        let folder = try TemporaryDirectory()
        try folder.write("beta/workload.yaml", manifest("beta", files: fileEntry("b")))
        try folder.write("alpha/workload.yaml", manifest("alpha", files: fileEntry("a")))
        try folder.write("libraries/notes.txt", "no manifest here")
        let catalog = try WorkloadCatalog(root: folder.path)
        #expect(catalog.workloads.map(\.name) == ["alpha", "beta"])
        #expect(try catalog.find("beta").folder == "\(folder.path)/beta")
        let error = #expect(throws: WorkloadError.self) { try catalog.find("alhpa") }
        #expect(error?.description == "alhpa: no such workload; did you mean 'alpha'?")
        let far = #expect(throws: WorkloadError.self) { try catalog.find("something else") }
        #expect(far?.reason.contains("known are alpha, beta") == true)
    }

    @Test func aFolderWithoutWorkloadsIsAnError() throws {
        let folder = try TemporaryDirectory()
        #expect(throws: WorkloadError.self) { try WorkloadCatalog(root: folder.path) }
        let error = #expect(throws: WorkloadError.self) { try WorkloadCatalog(root: folder.path + "/none") }
        #expect(error?.code == .unreadableFolder)
    }

    @Test func theNameIsThatOfTheFolder() throws {
        let folder = try TemporaryDirectory()
        try folder.write("beta/workload.yaml", manifest("alpha", files: fileEntry("a")))
        let error = #expect(throws: WorkloadError.self) { try WorkloadCatalog(root: folder.path) }
        #expect(error?.reason.contains("'alpha' is not that of its folder, 'beta'") == true)
    }

    @Test func aTileNamesAWorkloadWithFiles() throws {
        let folder = try TemporaryDirectory()
        try folder.write("bade/workload.yaml", manifest("bade", files: fileEntry("a")))
        try folder.write("tiled/workload.yaml", manifest("tiled", files: tileEntry))
        let error = #expect(throws: WorkloadError.self) { try WorkloadCatalog(root: folder.path) }
        #expect(error?.line == 9)
        #expect(error?.reason.contains("did you mean 'bade'?") == true)
    }

    @Test func verifyFindsEveryFault() throws {
        let folder = try TemporaryDirectory()
        try folder.write("w/workload.yaml", manifest("w", files: fileEntry("content")))
        let workload = try WorkloadCatalog(root: folder.path).find("w")
        #expect(workload.verify(cacheDirectory: folder.path).map(\.code) == [.missingFile])
        try folder.write("w/a.txt", "longer content")
        #expect(workload.verify(cacheDirectory: folder.path).map(\.code) == [.wrongSize])
        try folder.write("w/a.txt", "c0ntent")
        #expect(workload.verify(cacheDirectory: folder.path).map(\.code) == [.wrongChecksum])
        #expect(throws: Never.self) { try workload.prepare(cacheDirectory: folder.path) }
        try folder.write("w/a.txt", "content")
        #expect(workload.verify(cacheDirectory: folder.path).isEmpty)
        #expect(try workload.prepare(cacheDirectory: folder.path) == ["\(folder.path)/w/a.txt"])
    }

    @Test func theHashFollowsTheDataOnly() throws {
        func hash(_ text: String) throws -> String {
            let folder = try TemporaryDirectory()
            try folder.write("w/workload.yaml", text)
            return try WorkloadCatalog(root: folder.path).find("w").hash
        }
        let base = manifest("w", files: fileEntry("a"))
        let reference = try hash(base)
        func replacing(_ old: String, _ new: String) throws -> String {
            var text = base
            text.replaceSubrange(try #require(text.firstRange(of: old)), with: new)
            return text
        }
        #expect(try hash(try replacing("title: t", "title: other")) == reference)
        #expect(try hash(try replacing("licence: l", "licence: other")) == reference)
        #expect(try hash(try replacing("polarity: positive", "polarity: negative")) != reference)
        #expect(try hash(try replacing("representation: centroid", "representation: profile")) != reference)
        #expect(try hash(try replacing("ms_levels: [1]", "ms_levels: [1, 2]")) != reference)
        #expect(try hash(manifest("w", files: fileEntry("b"))) != reference)
        #expect(try hash(manifest("w", files: fileEntry("a", name: "b.txt"))) != reference)
    }
}
