import HostEnvironment
import Testing

@testable import Benchmarking

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

private let orphanFile = "LAVOISIER_TEST_ORPHAN_FILE"

@Suite struct OrphanTests {
    /// The "tuner": runs only inside the process that `noEngineSurvivesAKilledTuner` starts, and kills that.
    @Test(.enabled(if: getenv(orphanFile) != nil))
    func killedTuner() throws {
        let path = String(cString: try #require(getenv(orphanFile)))
        // The engine and a grandchild in its group; both ids are on file before the tuner dies.
        let script =
            "sleep 1000 & echo $$ $! > '\(path).part' && mv '\(path).part' '\(path)' && kill -KILL \(getpid()); wait"
        // With a limit, so that there is a cgroup to remove where this machine allows one.
        _ = shell(script, limits: ChildLimits(timeoutSeconds: 60, memoryBytes: 1 << 30)).run()
        Issue.record("the tuner outlived its SIGKILL")
    }

    @Test(.enabled(if: getenv(orphanFile) == nil))
    func noEngineSurvivesAKilledTuner() throws {
        let path = "/tmp/lavoisier-orphan-\(getpid())"
        defer { unlink(path) }
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        let program = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var environment = [orphanFile: path, "PATH": "/usr/bin:/bin"]
        if let libraries = getenv("LD_LIBRARY_PATH") { environment["LD_LIBRARY_PATH"] = String(cString: libraries) }
        let tuner = ChildProcess(
            executable: program, arguments: ["--testing-library", "swift-testing", "--filter", "killedTuner"],
            environment: environment, limits: ChildLimits(timeoutSeconds: 60))
        let run = tuner.run()
        try #require(run.termination == .signalled(number: SIGKILL), "\(run)")
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 64)
        _ = fgets(&line, 64, file)
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pids = text.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        try #require(pids.count == 2)
        #expect(vanishes(pids[0]), "the engine survived")
        #expect(vanishes(pids[1]), "the engine's child survived")
        #expect(eventually { groupsOfTheDead().isEmpty }, "\(groupsOfTheDead())")
    }
}

/// Control groups whose maker has ended.
private func groupsOfTheDead() -> [String] {
    guard let parent = MemoryControlGroup.parent.value else { return [] }
    return folderNames(parent.folder).filter { name in
        guard name.hasPrefix("lavoisier-"), let pid = Int32(name.split(separator: "-")[1]) else { return false }
        return !isAlive(pid)
    }
}

/// Polls; bounded, and as fast as the kernel is.
private func eventually(_ condition: () -> Bool) -> Bool {
    for _ in 0..<5000 {
        if condition() { return true }
        usleep(1000)
    }
    return false
}
