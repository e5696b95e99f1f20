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

/// Kernel files are ASCII but for names, so their bytes are looked at: taking them for characters was 6.5 of the 10.5 million
/// instructions that it took to read a machine with two CPUs.
extension StringProtocol {
    /// Without spaces, tabs and line ends on both sides.
    var trimmed: String {
        let bytes = utf8
        guard let start = bytes.firstIndex(where: { !$0.isSpace }) else { return "" }
        var (end, index) = (start, start)
        while index < bytes.endIndex {
            let isSpace = bytes[index].isSpace
            bytes.formIndex(after: &index)
            if !isSpace { end = index }
        }
        return String(self[start..<end])
    }

    /// What lies between spaces, tabs and line ends.
    var fields: [SubSequence] { pieces(between: \.isSpace) }
    /// Lines that are not empty.
    var lines: [SubSequence] { pieces { (0x0A...0x0D).contains($0) } }

    private func pieces(between isSeparator: (UInt8) -> Bool) -> [SubSequence] {
        let bytes = utf8
        var pieces: [SubSequence] = []
        var start = bytes.startIndex
        while let first = bytes[start...].firstIndex(where: { !isSeparator($0) }) {
            let end = bytes[first...].firstIndex(where: isSeparator) ?? bytes.endIndex
            pieces.append(self[first..<end])
            start = end
        }
        return pieces
    }
}

extension UInt8 {
    /// Space, tab, line feed, vertical tab, form feed, carriage return.
    fileprivate var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
}
