import Parameters

/// Settings of earlier versions, which configuration files and machine profiles still name, in terms of others.
///
/// A spelling with the same values is a `ParameterAlias`; here is what one setting was and others are.
enum RetiredSettings {
    /// Names that no setting has any more.
    static let names = [depth]

    private static let depth = "execution.prefetch_depth"
    private static let strategy = "storage.read_optimization.prefetch_strategy"
    private static let size = "storage.read_optimization.prefetch_size"
    private static let bufferSize = "execution.buffer_size"
    private static let transform = "numeric.wavelet_transform"
    private static let backend = "peak_detection.fft_backend"

    /// The layer in terms of settings that there are, and a notice for each that there was.
    /// - Throws: `ParameterError` for a value that the setting never had.
    static func replaced(
        _ layer: ConfigurationLayer, catalog: ParameterCatalog
    ) throws(ParameterError) -> (layer: ConfigurationLayer, notices: [String]) {
        var entries: [ConfigurationLayer.Entry] = []
        var notices: [String] = []
        for entry in layer.entries {
            switch entry.name {
            case depth:
                if layer.entries.contains(where: { [strategy, size].contains(catalog.canonicalName($0.name)) }) {
                    notices.append("\(entry.location): \(depth) is ignored beside \(strategy), which replaced it")
                    continue
                }
                let successors = try buffers(entry, in: layer, catalog: catalog)
                entries += successors
                notices.append(notice(entry, successors))
            case transform where entry.text == "direct":
                let successor = ConfigurationLayer.Entry(name: backend, text: "direct", location: entry.location)
                entries.append(successor)
                notices.append(notice(entry, [successor]))
            default: entries.append(entry)
            }
        }
        return (ConfigurationLayer(source: layer.source, entries: entries), notices)
    }

    private static func notice(
        _ entry: ConfigurationLayer.Entry, _ successors: [ConfigurationLayer.Entry]
    ) -> String {
        let words = successors.map { "\($0.name): \($0.text)" }.joined(separator: ", ")
        return "\(entry.location): \(entry.name): \(entry.text) was replaced; it is read as \(words)"
    }

    /// So many buffers behind the one in use.
    private static func buffers(
        _ entry: ConfigurationLayer.Entry, in layer: ConfigurationLayer, catalog: ParameterCatalog
    ) throws(ParameterError) -> [ConfigurationLayer.Entry] {
        func successor(_ name: String, _ text: String) -> ConfigurationLayer.Entry {
            ConfigurationLayer.Entry(name: name, text: text, location: entry.location)
        }
        guard let count = Int(entry.text), (0...64).contains(count) else {
            throw ParameterError(
                .invalidValue, parameter: depth, value: entry.text,
                expected: "it was an integer of 0...64, and was replaced by \(strategy)", location: entry.location)
        }
        guard count > 0 else { return [successor(strategy, PrefetchName.none)] }
        var buffer = catalog.description(of: bufferSize)?.defaultValue
        if let set = layer.entries.last(where: { catalog.canonicalName($0.name) == bufferSize }) {
            buffer = try catalog.description(of: bufferSize)?.parse(set.text)
        }
        guard case .integer(let bytes) = buffer else { return [successor(strategy, PrefetchName.sequential)] }
        return [
            successor(strategy, PrefetchName.sequential),
            successor(size, ByteSize(bytes: count * bytes).description),
        ]
    }

    private enum PrefetchName {
        static let none = "none"
        static let sequential = "sequential"
    }
}
