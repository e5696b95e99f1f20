#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A folder that is removed with everything in it at the end of its scope.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/lavoisier-workloads-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(reason: String(cString: strerror(errno))) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    struct Failure: Error { let reason: String }

    deinit { Self.removeAll(path) }

    func write(_ text: String, to name: String) throws {
        let parts = name.split(separator: "/")
        var folder = path
        for part in parts.dropLast() {
            folder += "/\(part)"
            mkdir(folder, 0o755)
        }
        guard let stream = fopen("\(path)/\(name)", "wb") else { throw Failure(reason: name) }
        fputs(text, stream)
        fclose(stream)
    }

    func link(_ target: String, as name: String) throws {
        guard symlink(target, "\(path)/\(name)") == 0 else { throw Failure(reason: name) }
    }

    func unlink(_ name: String) throws {
        guard remove("\(path)/\(name)") == 0 else { throw Failure(reason: name) }
    }

    static func entries(_ folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    private static func removeAll(_ path: String) {
        for name in entries(path) { removeAll("\(path)/\(name)") }
        remove(path)
    }
}

/// The repository: this file lies three levels below it.
let repositoryRoot = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(
    separator: "/")

/// Lines of a text file.
func lineCount(_ path: String) throws -> Int {
    guard let stream = fopen(path, "rb") else { throw TemporaryFolder.Failure(reason: path) }
    defer { fclose(stream) }
    var count = 0
    while true {
        let byte = fgetc(stream)
        if byte == EOF { return count }
        if byte == 0x0A { count += 1 }
    }
}
