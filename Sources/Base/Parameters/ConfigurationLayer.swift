import Yams

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Values that one source sets, each with the place where it was written.
public struct ConfigurationLayer: Sendable {
    public struct Entry: Sendable, Hashable {
        public let name: String
        public let text: String
        /// `file:line`, `--set`, or an environment variable.
        public let location: String
        public init(name: String, text: String, location: String) {
            self.name = name
            self.text = text
            self.location = location
        }
    }

    /// `default`, `machine profile`, `--config`, `environment`, `command line`.
    public let source: String
    public let entries: [Entry]

    public init(source: String, entries: [Entry]) {
        self.source = source
        self.entries = entries
    }

    /// Flattens nested YAML mappings to dotted names: `execution: {workers: 2}` sets `execution.workers`.
    /// A list of scalars is one value: `peakwidth: [20, 50]`.
    /// - Throws: `ParameterError(.malformed)` with file and line for anything that is not a mapping of such values.
    public init(source: String, yaml: String, file: String) throws(ParameterError) {
        var problems: [ParameterError] = []
        self.init(source: source, yaml: yaml, file: file, problems: &problems)
        if let first = problems.first { throw first }
    }

    /// Takes what is right and collects what is not.
    public init(source: String, yaml: String, file: String, problems: inout [ParameterError]) {
        var entries: [Entry] = []
        do throws(ParameterError) {
            if let root = try Self.root(yaml: yaml, file: file) {
                Self.flatten(root, prefix: "", file: file, into: &entries, problems: &problems)
            }
        } catch {
            problems.append(error)
        }
        self.init(source: source, entries: entries)
    }

    /// Reads a YAML file.
    public init(source: String, path: String) throws(ParameterError) {
        try self.init(source: source, yaml: Self.readText(path), file: path)
    }

    /// Reads `key=value` words as given to `--set`.
    public init(assignments: [String]) throws(ParameterError) {
        var entries: [Entry] = []
        for assignment in assignments {
            guard let separator = assignment.firstIndex(of: "="), separator != assignment.startIndex else {
                throw ParameterError(
                    .malformed, parameter: assignment, expected: "'\(assignment)' is not of the form key=value",
                    location: "--set")
            }
            entries.append(
                Entry(
                    name: String(assignment[..<separator]),
                    text: String(assignment[assignment.index(after: separator)...]), location: "--set"))
        }
        self.init(source: "command line", entries: entries)
    }

    /// The whole text of a file, as UTF-8.
    public static func readText(_ path: String) throws(ParameterError) -> String {
        guard let file = fopen(path, "rb") else {
            throw ParameterError(.unreadableFile, parameter: path, expected: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&block, 1, block.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: block[..<count])
            guard bytes.count <= 1 << 26 else {
                throw ParameterError(
                    .unreadableFile, parameter: path, expected: "larger than 64MiB, not a configuration")
            }
        }
        guard ferror(file) == 0 else {
            throw ParameterError(.unreadableFile, parameter: path, expected: String(cString: strerror(errno)))
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ParameterError(.unreadableFile, parameter: path, expected: "not UTF-8 text")
        }
        return text
    }

    static func root(yaml: String, file: String) throws(ParameterError) -> Node? {
        do {
            return try compose(yaml: yaml)
        } catch {
            let (reason, place) =
                switch error as? YamlError {
                case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                    .composer(_, let problem, let mark, _):
                    (problem, "\(file):\(mark.line)")
                default: ("\(error)", file)
                }
            throw ParameterError(.malformed, parameter: file, expected: "not valid YAML: \(reason)", location: place)
        }
    }

    /// - Throws: the first problem.
    static func flatten(
        _ node: Node, prefix: String, file: String, into entries: inout [Entry]
    ) throws(ParameterError) {
        var problems: [ParameterError] = []
        flatten(node, prefix: prefix, file: file, into: &entries, problems: &problems)
        if let first = problems.first { throw first }
    }

    private static func flatten(
        _ node: Node, prefix: String, file: String, into entries: inout [Entry], problems: inout [ParameterError]
    ) {
        switch node {
        case .mapping(let mapping):
            for (key, value) in mapping {
                guard let name = key.string else {
                    problems.append(malformed("a key must be a word", at: key, file: file))
                    continue
                }
                flatten(
                    value, prefix: prefix.isEmpty ? name : "\(prefix).\(name)", file: file, into: &entries,
                    problems: &problems)
            }
        case .scalar(let scalar) where !prefix.isEmpty:
            entries.append(Entry(name: prefix, text: scalar.string, location: place(of: node, file: file)))
        case .sequence(let sequence) where !prefix.isEmpty && sequence.allSatisfy({ $0.scalar != nil }):
            let words = sequence.compactMap(\.scalar?.string)
            entries.append(
                Entry(
                    name: prefix, text: "[" + words.joined(separator: ", ") + "]", location: place(of: node, file: file)
                ))
        case .scalar(let scalar) where scalar.string.isEmpty || scalar.string == "null": return
        default: problems.append(malformed("expected keys and values under '\(prefix)'", at: node, file: file))
        }
    }

    static func place(of node: Node, file: String) -> String {
        node.mark.map { "\(file):\($0.line)" } ?? file
    }

    static func malformed(_ reason: String, at node: Node, file: String) -> ParameterError {
        ParameterError(.malformed, parameter: file, expected: reason, location: place(of: node, file: file))
    }
}
