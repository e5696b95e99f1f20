import Foundation
import Pipeline

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Temporary folders of engine runs. Those of programs that were killed are removed by the next one.
struct RunScratch: Sendable {
    private let root: String

    init() throws(AnalysisError) {
        let base = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        root = "\(base)/lavoisier-tune-\(getuid())"
        guard mkdir(root, 0o700) == 0 || errno == EEXIST else { throw Self.failure("create the folder \(root)") }
        var information = stat()
        guard lstat(root, &information) == 0, information.st_mode & S_IFMT == S_IFDIR, information.st_uid == getuid()
        else {
            throw AnalysisError(.outputFailed, "\(root) is not a folder of this user; remove it or set TMPDIR")
        }
        removeOrphans()
    }

    /// An empty folder. Names have the same length, so that no run gets a different environment.
    func makeFolder() throws(AnalysisError) -> String {
        var template = Array("\(root)/\(getpid())-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Self.failure("create a folder in \(root)") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func write(_ text: String, to path: String) throws(AnalysisError) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        } catch {
            throw AnalysisError(.outputFailed, "cannot write \(path): \(error.localizedDescription)")
        }
    }

    func remove(_ folder: String) { try? FileManager.default.removeItem(atPath: folder) }

    private func removeOrphans() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
            guard let pid = name.split(separator: "-").first.flatMap({ pid_t($0) }), pid > 0 else { continue }
            // ESRCH: no such process. Another program's folder is left alone.
            if kill(pid, 0) != 0, errno == ESRCH { remove("\(root)/\(name)") }
        }
    }

    private static func failure(_ action: String) -> AnalysisError {
        AnalysisError(.outputFailed, "cannot \(action): \(String(cString: strerror(errno)))")
    }
}
