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
            throw refused("IN and OUT are the same file", "give another name")
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: output, isDirectory: &isFolder) else { return }
        if isFolder.boolValue { throw refused("is a folder", "give the name of a file") }
        if !mayReplace { throw refused("exists already", "--force overwrites it") }
        var status = stat()
        // By its own name: a link would be replaced, not what it leads to.
        guard lstat(output, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw refused("is not a regular file", "--force overwrites regular files only; give the name of one")
        }
    }

    /// Device and number of the file that a path leads to.
    private static func identity(_ path: String) -> [UInt64]? {
        var status = stat()
        return stat(path, &status) == 0 ? [UInt64(status.st_dev), UInt64(status.st_ino)] : nil
    }
}
