import Benchmarking
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite struct StudyLockTests {
    @Test func theSecondStudyIsToldWhoHoldsTheLock() throws {
        let path = "/tmp/lavoisier-lock-test-\(getpid())"
        defer { unlink(path) }
        do {
            let first = try StudyLock(study: "first\nstudy", path: path)
            #expect(first.path == path)
            let error = #expect(throws: BenchmarkingError.self) { try StudyLock(study: "second", path: path) }
            #expect(error?.code == .lockHeld)
            #expect(error?.description.contains("first study") == true)
            #expect(error?.description.contains("process \(getpid())") == true)
            withExtendedLifetime(first) {}
        }
        _ = try StudyLock(study: "second", path: path)
    }

    @Test func aChildDoesNotKeepTheLock() throws {
        let path = "/tmp/lavoisier-lock-child-\(getpid())"
        defer { unlink(path) }
        // A process that holds a copy of the descriptor would still hold the lock.
        var lock: StudyLock? = try StudyLock(study: "first", path: path)
        let run = shell("ls -l /proc/self/fd | grep -c lavoisier-lock-child").run()
        #expect(run.standardOutput.text == "0\n")
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try StudyLock(study: "second", path: path)
    }

    @Test func aLockThatCannotBeWrittenIsAnError() {
        let error = #expect(throws: BenchmarkingError.self) { try StudyLock(study: "s", path: "/nowhere/lock") }
        #expect(error?.code == .lockFile)
        #expect(error?.description.contains("/nowhere/lock") == true)
    }

    @Test func symbolicLinksAreNotFollowed() {
        let path = "/tmp/lavoisier-lock-link-\(getpid())"
        symlink("/tmp/lavoisier-lock-target-\(getpid())", path)
        defer { unlink(path) }
        #expect(throws: BenchmarkingError.self) { try StudyLock(study: "s", path: path) }
    }
}
