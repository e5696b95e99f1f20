import Yams

extension ConfigurationLayer {
    /// Reads several configurations from one file: a YAML or JSON list of mappings, a single mapping, or one JSON object
    /// per line. Keys are nested or dotted, as in every configuration file.
    /// - Throws: `ParameterError` with file and line.
    public static func list(source: String, path: String) throws(ParameterError) -> [ConfigurationLayer] {
        try list(source: source, text: readText(path), file: path)
    }

    /// - Parameter file: named in errors and in the entries' locations.
    public static func list(
        source: String, text: String, file: String
    ) throws(ParameterError) -> [ConfigurationLayer] {
        var layers: [ConfigurationLayer] = []
        for node in try nodes(text, file: file) {
            guard node.mapping != nil else {
                throw malformed("a configuration must be a mapping of settings to values", at: node, file: file)
            }
            var entries: [Entry] = []
            try flatten(node, prefix: "", file: file, into: &entries)
            layers.append(ConfigurationLayer(source: source, entries: entries))
        }
        guard !layers.isEmpty else {
            throw ParameterError(
                .malformed, parameter: file, expected: "holds no configuration; give a list of mappings",
                location: file)
        }
        return layers
    }

    private static func nodes(_ text: String, file: String) throws(ParameterError) -> [Node] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter { _, line in
            line.contains { !$0.isWhitespace }
        }
        let isObjectPerLine = lines.allSatisfy { _, line in
            line.first { !$0.isWhitespace } == "{" && line.last { !$0.isWhitespace } == "}"
        }
        if lines.count > 1, isObjectPerLine {
            var nodes: [Node] = []
            for (number, line) in lines {
                // Empty lines before it, so that positions are those in the file.
                let padded = String(repeating: "\n", count: number) + line
                if let node = try root(yaml: padded, file: file) { nodes.append(node) }
            }
            return nodes
        }
        guard let root = try root(yaml: text, file: file) else { return [] }
        if case .sequence(let sequence) = root { return Array(sequence) }
        if case .scalar(let scalar) = root, scalar.string.isEmpty { return [] }
        return [root]
    }
}
