#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The mzML files that a command line means.
public enum InputFiles {
    /// Expands folders to the mzML files directly and indirectly inside them, in byte order of their paths.
    ///
    /// A file named explicitly is taken whatever its ending. Links to folders are not followed, so that no cycle hangs. What cannot
    /// be read (absent, a link to nothing, a folder without mzML files) stays in its place, for whoever reads it to report:
    /// the others go on.
    /// - Throws: `AnalysisError(.badInput)` when there are no others.
    public static func expand(_ arguments: [String]) throws(AnalysisError) -> [String] {
        var files: [String] = []
        var seen: Set<String> = []
        var problem: AnalysisError?
        var isAnyThere = false
        for argument in arguments {
            var information = stat()
            var found: [String] = []
            if stat(argument, &information) != 0 {
                problem =
                    problem
                    ?? AnalysisError(.badInput, "cannot read \(argument): \(String(cString: strerror(errno)))")
            } else if information.st_mode & S_IFMT != S_IFDIR {
                found = [argument]
            } else {
                collect(argument, into: &found)
                if found.isEmpty {
                    problem =
                        problem
                        ?? AnalysisError(
                            .badInput, "no mzML in folder \(argument): files must end in .mzML or .mzML.gz")
                }
                found.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            }
            isAnyThere = isAnyThere || !found.isEmpty
            for path in found.isEmpty ? [argument] : found where seen.insert(path).inserted { files.append(path) }
        }
        if let problem, !isAnyThere { throw problem }
        return files
    }

    /// Size of a file; 0 where there is none, or it is no file with a size.
    static func byteCount(of path: String) -> Int {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return 0 }
        return Int(information.st_size)
    }

    /// Whether a path leads to anything but a pipe or a device, whose bytes nobody can count beforehand.
    static func hasSize(_ path: String) -> Bool {
        var information = stat()
        guard stat(path, &information) == 0 else { return true }
        return [S_IFREG, S_IFDIR].contains(information.st_mode & S_IFMT)
    }

    /// Short names that tell the files apart in result tables: the file name, with as many parent folders as needed.
    public static func displayNames(_ paths: [String]) -> [String] {
        let components = paths.map { $0.split(separator: "/").map(String.init) }
        var lengths = [Int](repeating: 1, count: paths.count)
        while true {
            let names = zip(components, lengths).map { $0.suffix($1).joined(separator: "/") }
            let counts = Dictionary(names.map { ($0, 1) }, uniquingKeysWith: +)
            var changed = false
            for (i, name) in names.enumerated() where counts[name]! > 1 && lengths[i] < components[i].count {
                lengths[i] += 1
                changed = true
            }
            if !changed { return names }
        }
    }

    private static func collect(_ folder: String, into files: inout [String]) {
        guard let directory = opendir(folder) else {
            files.append(folder)
            return
        }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard !name.hasPrefix(".") else { continue }
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            var information = stat()
            guard lstat(path, &information) == 0 else { continue }
            switch information.st_mode & S_IFMT {
            case S_IFDIR: collect(path, into: &files)
            case S_IFLNK:
                let isThere = stat(path, &information) == 0
                guard !isThere || information.st_mode & S_IFMT == S_IFREG else { continue }
                if isMzML(name) { files.append(path) }
            case S_IFREG: if isMzML(name) { files.append(path) }
            default: continue
            }
        }
    }

    private static func isMzML(_ name: String) -> Bool {
        let lower = name.lowercased()
        return lower.hasSuffix(".mzml") || lower.hasSuffix(".mzml.gz")
    }
}
