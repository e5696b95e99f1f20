#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A folder of its own below the system's temporary folder, removed with its files when the value goes.
final class WorkFolder: Sendable {
    let path: String

    /// - Parameter name: letters of the folder's name; the length of the path is the same in every run.
    init(name: String) throws(BenchmarkingError) {
        let base = getenv("TMPDIR").map { String(cString: $0) }.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp"
        var template = Array("\(base)/\(name)-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw BenchmarkingError(code: .workFile, context: "cannot make a folder in \(base)", errno)
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in folderNames(path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}

/// The names in a folder, sorted; empty when it cannot be read.
func folderNames(_ path: String) -> [String] {
    guard let folder = opendir(path) else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            let capacity = MemoryLayout.size(ofValue: pointer.pointee)
            return pointer.withMemoryRebound(to: CChar.self, capacity: capacity) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

/// Makes a folder and those above it. Returns whether it is there afterwards.
func makeFolder(_ path: String) -> Bool {
    var partial = ""
    for part in path.split(separator: "/") {
        partial += "/" + part
        mkdir(partial, 0o777)
    }
    var information = stat()
    return stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFDIR
}

/// A program of this name in the folders of a search path (`/usr/bin:/bin`), the first that may be executed.
func findProgram(_ name: String, in searchPath: String) -> String? {
    searchPath.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { path in
        var information = stat()
        return path.hasPrefix("/") && stat(path, &information) == 0 && information.st_mode & S_IFMT == S_IFREG
            && access(path, X_OK) == 0
    }
}

/// A whole text file; nil when it cannot be read or has more than 64 MiB.
func readTextFile(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= 64 << 20 {
        let count = read(descriptor, &block, block.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { return nil }
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes.append(contentsOf: block[..<count])
    }
    return nil
}
