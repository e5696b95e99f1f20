#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What an ELF executable says of itself. Source: System V ABI, chapters 4 and 5 (64 bits, little endian).
struct ExecutableFile: Sendable, Hashable {
    /// The compilers that made it (`.comment`), sorted; empty when they left no note.
    let compilers: [String]
    let hasDebugInformation: Bool
    /// Whether it is started through a dynamic linker.
    let isDynamic: Bool

    /// Nil when the file cannot be read or is no ELF file of this kind.
    init?(path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let file = Image(descriptor: descriptor)
        guard let header = file.bytes(at: 0, count: 64), Array(header[0..<6]) == [0x7f, 0x45, 0x4c, 0x46, 2, 1] else {
            return nil
        }
        let segments = Image.number(header, 32, 8)
        let segmentSize = Image.number(header, 54, 2)
        let segmentCount = Image.number(header, 56, 2)
        let sections = Image.number(header, 40, 8)
        let sectionSize = Image.number(header, 58, 2)
        let sectionCount = Image.number(header, 60, 2)
        let nameSection = Image.number(header, 62, 2)
        guard segmentCount == 0 || segmentSize >= 56, sectionCount == 0 || sectionSize >= 64 else { return nil }
        let interpreter = 3
        isDynamic = (0..<segmentCount).contains { index in
            file.bytes(at: segments + index * segmentSize, count: 4).map { Image.number($0, 0, 4) } == interpreter
        }
        func section(_ index: Int) -> [UInt8]? { file.bytes(at: sections + index * sectionSize, count: 64) }
        func content(_ header: [UInt8]) -> [UInt8]? {
            file.bytes(at: Image.number(header, 24, 8), count: Image.number(header, 32, 8))
        }
        var compilers: [String] = []
        var debug = false
        if nameSection < sectionCount, let names = section(nameSection).flatMap(content) {
            for index in 0..<sectionCount {
                guard let header = section(index) else { return nil }
                let start = Image.number(header, 0, 4)
                guard start < names.count else { continue }
                let name = String(decoding: names[start...].prefix { $0 != 0 }, as: UTF8.self)
                if name.hasPrefix(".debug_") || name.hasPrefix(".zdebug_") { debug = true }
                if name == ".comment", let text = content(header) {
                    compilers = text.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                }
            }
        }
        hasDebugInformation = debug
        self.compilers = Set(compilers).sorted()
    }

    private struct Image {
        let descriptor: Int32

        /// At most 1 MiB, which is far above any section read here; nil beyond the end of the file.
        func bytes(at offset: Int, count: Int) -> [UInt8]? {
            guard offset >= 0, count >= 0, count <= 1 << 20 else { return nil }
            var bytes = [UInt8](repeating: 0, count: count)
            return pread(descriptor, &bytes, count, off_t(offset)) == count ? bytes : nil
        }

        /// Little endian; -1 when it does not fit, which every bound above refuses.
        static func number(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> Int {
            let value = bytes[offset..<(offset + size)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return value < 1 << 48 ? Int(value) : -1
        }
    }
}
