import Benchmarking
import Foundation
import HostEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Builds the reference of a baseline from its commit, once per commit, command and compiler; later gates take it from the
/// cache. Built by another compiler than the candidate it would make the gate compare compilers.
public struct ReferenceBuild: Sendable {
    /// What `make build` runs, for the engine alone: programs are compared as they are built.
    public static let standardCommand =
        "swift build -c release -Xswiftc -enable-testing --explicit-target-dependency-import-check error --product lavoisier"

    /// A folder inside the repository that holds the commit.
    public let repository: String
    /// Below this folder of the cache lies one folder per commit.
    public let cache: String
    private let interrupt: InterruptFlag?

    /// - Parameter cache: of prepared data; `references` is made in it.
    public init(repository: String, cache: String, interrupt: InterruptFlag?) {
        self.repository = repository
        self.cache = "\(cache)/references"
        self.interrupt = interrupt
    }

    /// Longest build, in seconds.
    static let timeoutSeconds = 7_200.0

    /// The path of the built program, and whether it was in the cache.
    ///
    /// Building takes minutes. Sources are checked out as a worktree inside the cache, which is removed afterwards; the
    /// repository's own files stay as they are. Two builds at once are safe: the program is renamed into place.
    /// - Throws: `GateError`: `.notComparable` when the baseline cannot be rebuilt or its commit is not here, `.failed` when
    ///   the build fails, with its command and log, `.interrupted`.
    public func program(for reference: BaselineReference, note: (String) -> Void) throws(GateError) -> (
        path: String, isCached: Bool
    ) {
        if let obstacle = reference.obstacle {
            throw GateError(
                .notComparable,
                "the baseline's reference cannot be rebuilt: \(obstacle). Give --reference-binary PATH, compare what does "
                    + "not depend on time with --deterministic, or update the baseline from a clean checkout")
        }
        let commit = reference.commit ?? ""
        guard let words = Self.words(of: reference.buildCommand), commit.allSatisfy(\.isHexDigit) else {
            throw GateError(
                .notComparable, "the baseline's build command is not a 'swift build': \(reference.buildCommand)")
        }
        guard case .available(let compiler) = SourceRevision.swiftVersion() else {
            throw GateError(
                .notComparable,
                "the reference cannot be built from its commit: there is no Swift compiler on PATH. Give --reference-binary "
                    + "PATH, or compare what does not depend on time with --deterministic")
        }
        let folder = "\(cache)/\(commit)-\(Self.shortHash(reference.buildCommand + "\n" + compiler))"
        let program = "\(folder)/lavoisier"
        if FileManager.default.isExecutableFile(atPath: program) { return (program, true) }
        try checkCommit(commit)
        let source = "\(folder)/source-\(ProcessInfo.processInfo.processIdentifier)"
        let log = "\(folder)/build.log"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw GateError(.outputFailed, "cannot create \(folder): \(error.localizedDescription)")
        }
        removeOrphans(in: folder)
        note("building the reference \(commit.prefix(12)), once; this takes some minutes (log: \(log))")
        defer {
            _ = SourceRevision.git(["worktree", "remove", "--force", source], in: repository)
            try? FileManager.default.removeItem(atPath: source)
            _ = SourceRevision.git(["worktree", "prune"], in: repository)
        }
        if let reason = SourceRevision.git(["worktree", "add", "--detach", source, commit], in: repository).reason {
            throw GateError(.failed, "cannot check out the reference \(commit) in \(source): \(reason)")
        }
        try build(words, in: source, log: log)
        try install("\(source)/.build/release/lavoisier", as: program, log: log)
        return (program, false)
    }

    /// The words of a build command; `nil` for what is none, or builds into a place of its own.
    static func words(of command: String) -> [String]? {
        let words = command.split(separator: " ").map(String.init)
        let elsewhere = ["--scratch-path", "--build-path", "--package-path"]
        let isRelease = zip(words, words.dropFirst()).contains {
            ["-c", "--configuration"].contains($0) && $1 == "release"
        }
        guard isRelease, words.starts(with: ["swift", "build"]),
            words.allSatisfy({ word in !elsewhere.contains { word.hasPrefix($0) } })
        else { return nil }
        return words
    }

    /// Sources of builds that were killed.
    private func removeOrphans(in folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        where name.hasPrefix("source-") {
            guard let pid = Int32(name.dropFirst(7)), kill(pid, 0) != 0, errno == ESRCH else { continue }
            // Another container that shares the cache has other process numbers: what is younger than a build may be in use.
            var information = stat()
            guard stat("\(folder)/\(name)", &information) == 0,
                Double(time(nil) - information.st_mtim.tv_sec) > Self.timeoutSeconds
            else { continue }
            try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
        }
    }

    private func checkCommit(_ commit: String) throws(GateError) {
        if let reason = SourceRevision.git(["rev-parse", "--git-dir"], in: repository).reason {
            throw GateError(
                .notComparable,
                "the reference cannot be built from its commit: \(repository) is not in a git repository, or git is missing "
                    + "(\(reason)). Give --repository FOLDER or --reference-binary PATH")
        }
        let found = SourceRevision.git(["cat-file", "-e", "\(commit)^{commit}"], in: repository)
        guard let reason = found.reason else { return }
        throw GateError(
            .notComparable,
            "the baseline's commit \(commit) is not in the repository around \(repository) (\(reason)). Fetch it ('git fetch "
                + "--unshallow', or fetch-depth: 0 in a checkout action), or give --reference-binary PATH")
    }

    private func build(_ words: [String], in source: String, log: String) throws(GateError) {
        let command = "cd \(source) && \(words.joined(separator: " "))"
        let run = ChildProcess(
            executable: "/bin/sh", arguments: ["-c", "exec \"$@\" >\"$0\" 2>&1", log, "/usr/bin/env"] + words,
            environment: SourceRevision.environment, workingDirectory: source,
            limits: ChildLimits(timeoutSeconds: Self.timeoutSeconds)
        ).run(interrupt: interrupt)
        if case .interrupted(let signal) = run.termination {
            throw GateError(.interrupted(signal: signal), "stopped while the reference was being built")
        }
        guard run.termination.isSuccess else {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            let line = text.split(whereSeparator: \.isNewline).last { $0.contains("error") }
            throw GateError(
                .failed,
                "the reference does not build: '\(command)' \(run.termination)"
                    + (line.map { ": \($0.prefix(200))" } ?? "")
                    + ". The log is \(log); --reference-binary PATH takes a program "
                    + "that is built already")
        }
    }

    private func install(_ built: String, as program: String, log: String) throws(GateError) {
        let temporary = "\(program).\(ProcessInfo.processInfo.processIdentifier)"
        let files = FileManager.default
        guard files.isExecutableFile(atPath: built) else {
            throw GateError(.failed, "the reference was built, but \(built) is missing; the log is \(log)")
        }
        do {
            try? files.removeItem(atPath: temporary)
            try files.copyItem(atPath: built, toPath: temporary)
            if files.fileExists(atPath: program) { try files.removeItem(atPath: program) }
            try files.moveItem(atPath: temporary, toPath: program)
        } catch {
            throw GateError(.outputFailed, "cannot write \(program): \(error.localizedDescription)")
        }
    }

    /// FNV-1a over the text: two commands, or compilers, do not share a program.
    private static func shortHash(_ text: String) -> String {
        var hash: UInt32 = 2_166_136_261
        for byte in text.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        return String(hash, radix: 16)
    }
}
