#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The mzML files that a command line means.
public enum InputFiles {
    /// Expands folders to the mzML files directly and indirectly inside them, in byte order of their paths.
    ///
    /// A file named explicitly is taken whatever its ending. Links to folders are not followed, so that no cycle hangs.
    /// - Throws: `AnalysisError(.badInput)` for what does not exist and for a folder without mzML files.
    public static func expand(_ arguments: [String]) throws(AnalysisError) -> [String] {
        var files: [String] = []
        var seen: Set<String> = []
        for argument in arguments {
            var information = stat()
            guard stat(argument, &information) == 0 else {
                throw AnalysisError(
                    .badInput, "cannot read \(argument): \(String(cString: strerror(errno)))")
            }
            var found = [argument]
            if information.st_mode & S_IFMT == S_IFDIR {
                found = []
                try collect(argument, into: &found)
                guard !found.isEmpty else {
                    throw AnalysisError(
                        .badInput, "no mzML in folder \(argument): files must end in .mzML or .mzML.gz")
                }
                found.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            }
            for path in found where seen.insert(path).inserted { files.append(path) }
        }
        return files
    }

    /// Size of a file; 0 where there is none, or it is no file with a size.
    static func byteCount(of path: String) -> Int {
        var information = stat()
        guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return 0 }
        return Int(information.st_size)
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

    private static func collect(_ folder: String, into files: inout [String]) throws(AnalysisError) {
        guard let directory = opendir(folder) else {
            throw AnalysisError(.badInput, "cannot read folder \(folder): \(String(cString: strerror(errno)))")
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
            case S_IFDIR: try collect(path, into: &files)
            case S_IFLNK:
                guard stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { continue }
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
