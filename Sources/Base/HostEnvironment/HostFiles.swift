#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Text files below a root folder: `/` on the real machine, a recorded tree in tests.
struct HostFiles: Sendable {
    let root: String

    init(root: String) {
        self.root = root == "/" ? "" : root
    }

    /// The file's text, or the operating system's reason. Reads until the end, because /proc and /sys give no length.
    func text(_ path: String) -> Measured<String> {
        let descriptor = open(root + path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .unavailable(reason: "\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16_384)
        while bytes.count < 16 << 20 {
            let count = read(descriptor, &block, block.count)
            if count < 0 {
                if errno == EINTR { continue }
                return .unavailable(reason: "\(path): \(String(cString: strerror(errno)))")
            }
            if count == 0 { break }
            bytes.append(contentsOf: block[..<count])
        }
        return .available(String(decoding: bytes, as: UTF8.self))
    }

    /// The names in a folder, sorted; empty when there is no such folder.
    func names(in path: String) -> [String] {
        guard let folder = opendir(root + path) else { return [] }
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
}

extension StringProtocol {
    /// Without spaces, tabs and line ends on both sides.
    var trimmed: String {
        var view = self[...]
        while let first = view.first, first.isWhitespace { view = view.dropFirst() }
        while let last = view.last, last.isWhitespace { view = view.dropLast() }
        return String(view)
    }

    var fields: [SubSequence] { split(whereSeparator: \.isWhitespace) }
    var lines: [SubSequence] { split(whereSeparator: \.isNewline) }
}
