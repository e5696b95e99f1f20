import Foundation
import MzML

/// Whether a file may be written where the user says.
enum OutputTarget {
    /// Refuses to overwrite, and to write into what is being read.
    /// - Throws: `cannotWrite`.
    static func check(_ output: String, source: String, mayReplace: Bool) throws(MzMLError) {
        func refused(_ reason: String, _ hint: String) -> MzMLError {
            MzMLError(.cannotWrite, path: output, reason: reason, hint: hint)
        }
        if let source = identity(source), let target = identity(output), source == target {
            throw refused("it is the same file as one that is read", "give another name")
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) else { return }
        if isFolder.boolValue { throw refused("is a folder", "give the name of a file") }
        if !mayReplace { throw refused("exists already", "--force overwrites it") }
        var status = stat()
        // By its own name: a link would be replaced, not what it leads to.
        guard lstat(output, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw refused("is not a regular file", "only regular files are overwritten; give the name of one")
        }
    }

    /// Refuses what cannot be written in the end, before anything is searched.
    /// - Throws: `cannotWrite`.
    static func checkFolder(of output: String) throws(MzMLError) {
        let folder = URL(fileURLWithPath: output).deletingLastPathComponent().path
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw MzMLError(.cannotWrite, path: output, reason: "there is no folder \(folder)", hint: "make it first")
        }
        guard access(folder, W_OK) == 0 else {
            throw MzMLError(
                .cannotWrite, path: output, reason: "the folder \(folder) cannot be written to",
                hint: "choose another one")
        }
    }

    /// Device and number of the file that a path leads to.
    private static func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }
}
