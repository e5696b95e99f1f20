import Benchmarking
import Foundation

/// The folder of baselines: one `NAME.json` each.
public struct BaselineFiles: Sendable {
    public let folder: String

    public init(folder: String = "baselines") { self.folder = folder }

    /// The file of a baseline. - Parameter name: a name, or a path that ends in `.json`.
    /// - Throws: `GateError(.usage)` for a name that would leave the folder.
    public func path(_ name: String) throws(GateError) -> String {
        if name.hasSuffix(".json") { return name }
        let allowed = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        guard !name.isEmpty, allowed, !name.hasPrefix(".") else {
            throw GateError(
                .usage,
                "'\(name)' is no name for a baseline: use letters, digits, '.', '_' and '-', or a path to a .json file")
        }
        return "\(folder)/\(name).json"
    }

    public func exists(_ name: String) throws(GateError) -> Bool {
        FileManager.default.fileExists(atPath: try path(name))
    }

    /// - Throws: `GateError(.badInput)` for a file that is missing, unreadable or damaged, `.notComparable` for one of a newer
    ///   version.
    public func read(_ name: String) throws(GateError) -> Baseline {
        let path = try path(name)
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            let known = names
            let hint =
                known.isEmpty
                ? "make one with 'lavoisier-tune baseline create NAME'"
                : "there are \(known.joined(separator: ", "))"
            throw GateError(.badInput, "cannot read the baseline \(path): \(error.localizedDescription) (\(hint))")
        }
        do { return try Baseline(json: text, source: path) } catch {
            throw GateError(error.code == .newerSchema ? .notComparable : .badInput, error.reason)
        }
    }

    /// Writes the file anew, under a temporary name first. - Throws: `GateError(.outputFailed)`.
    @discardableResult
    public func write(_ baseline: Baseline, to name: String) throws(GateError) -> String {
        let path = try path(name)
        let text: String
        do { text = try baseline.json() } catch { throw GateError(.failed, error.reason) }
        try Self.write(text, to: path)
        return path
    }

    /// Names of the baselines in the folder, sorted.
    public var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// Any text file of this program, whole or not at all; folders are made. - Throws: `GateError(.outputFailed)`.
    public static func write(_ text: String, to path: String) throws(GateError) {
        let url = URL(fileURLWithPath: path)
        do {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url, options: .atomic)
        } catch {
            throw GateError(.outputFailed, "cannot write \(path): \(error.localizedDescription)")
        }
    }

    /// Whether a file could be written, so that minutes of measuring are not lost: its folder is made, nothing else.
    /// - Throws: `GateError(.outputFailed)`.
    public static func checkWritable(_ path: String) throws(GateError) {
        let files = FileManager.default
        let url = URL(fileURLWithPath: path)
        let folder = url.deletingLastPathComponent().path
        do { try files.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
            throw GateError(.outputFailed, "cannot write \(path): \(error.localizedDescription)")
        }
        var isFolder: ObjCBool = false
        if files.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
            throw GateError(.outputFailed, "\(path) is a folder; name a file")
        }
        guard files.isWritableFile(atPath: folder) else {
            throw GateError(.outputFailed, "cannot write \(path): the folder \(folder) is not writable")
        }
    }
}
