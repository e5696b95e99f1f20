import Benchmarking
import Foundation
import HostEnvironment

/// The commit that a program was built from, as far as the repository around it tells.
public struct SourceRevision: Sendable, Hashable {
    /// Full hash.
    public var commit: String
    /// Tracked files differ from the commit, or there are sources that it does not hold.
    public var isDirty: Bool
    /// Top folder of the working tree.
    public var root: String

    public init(commit: String, isDirty: Bool, root: String) {
        self.commit = commit
        self.isDirty = isDirty
        self.root = root
    }

    /// The repository that a folder is in; unavailable outside of one, or without git.
    public static func read(at folder: String) -> Measured<SourceRevision> {
        git(["rev-parse", "--show-toplevel"], in: folder).flatMap { root in
            git(["rev-parse", "HEAD"], in: folder).flatMap { commit in
                git(["status", "--porcelain", "--untracked-files=no"], in: folder).flatMap { changes in
                    // The build takes every source below its folders, tracked or not.
                    git(
                        ["ls-files", "--others", "--exclude-standard", "--", ":/*.swift", ":/*.c", ":/*.h"], in: folder
                    )
                    .map { others in
                        SourceRevision(commit: commit, isDirty: !changes.isEmpty || !others.isEmpty, root: root)
                    }
                }
            }
        }
    }

    /// What a git command prints, without the last line break; unavailable with what it complains about.
    static func git(_ arguments: [String], in folder: String) -> Measured<String> {
        let run = ChildProcess(
            executable: "/usr/bin/env", arguments: ["git", "-C", folder] + arguments, environment: Self.environment,
            limits: ChildLimits(timeoutSeconds: 120)
        ).run()
        guard run.termination.isSuccess else {
            let last = run.standardError.text.split(whereSeparator: \.isNewline).last.map(String.init)
            return .unavailable(reason: last ?? "git \(arguments.first ?? "") \(run.termination)")
        }
        return .available(run.standardOutput.text.trimmingCharacters(in: .newlines))
    }

    /// What git, the compiler and the package manager need of this process's environment.
    static var environment: [String: String] {
        let inherited = ProcessInfo.processInfo.environment
        var environment = ["GIT_TERMINAL_PROMPT": "0"]
        for name in [
            "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PKG_CONFIG_PATH", "XDG_CACHE_HOME",
            "SWIFTPM_MODULECACHE_OVERRIDE", "http_proxy", "https_proxy", "no_proxy",
        ] { environment[name] = inherited[name] }
        return environment
    }

    /// `swift --version` of the compiler on PATH, its first line.
    public static func swiftVersion() -> Measured<String> {
        let run = ChildProcess(
            executable: "/usr/bin/env", arguments: ["swift", "--version"], environment: environment,
            limits: ChildLimits(timeoutSeconds: 60)
        ).run()
        let line = run.standardOutput.text.split(whereSeparator: \.isNewline).first.map(String.init)
        return Measured(run.termination.isSuccess ? line : nil, otherwise: "no Swift compiler on PATH")
    }
}
