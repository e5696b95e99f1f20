import BayesianTuning
import Parameters

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Configurations that a user wants tried, brought onto the values that a search knows.
public struct EnqueuedConfigurations: Sendable, Hashable {
    /// Every searched parameter of each, in the order in which they were given, no two alike.
    public private(set) var configurations: [[Setting]] = []
    /// What was changed or left out, for people.
    public private(set) var notes: [String] = []

    /// - Parameters:
    ///   - layers: one per configuration; parameters that it does not set take their default.
    ///   - searched: the parameters of the search.
    ///   - known: all parameters under all their spellings; an entry may use any.
    ///   - before: the configuration in place, which is tried anyway.
    /// - Throws: `ParameterError` with the place for an unknown or unsearched parameter, and for a value outside its
    ///   domain or outside the choices that are searched; `SearchSpaceError` for an empty search.
    public init(
        _ layers: [ConfigurationLayer], searched: [ParameterDescription], known: ParameterCatalog, before: [Setting]?
    ) throws {
        let space = try SearchSpace(SearchSpaceDocument(searched).parameters())
        var seen: [(configuration: Configuration, name: String)] = [
            (space.defaultConfiguration, "the built-in default")
        ]
        if let before { seen.append((try StudyHistory.configuration(before, in: space), "the configuration in place")) }
        for (position, layer) in layers.enumerated() {
            var values: [String: ParameterValue] = [:]
            var entries: [ConfigurationLayer.Entry] = []
            for entry in layer.entries { entries += try known.expanded(entry) }
            for entry in entries {
                guard case .parameter(let place, let alias) = known.meaning(of: entry.name),
                    let description = searched.first(where: { $0.name == known.descriptions[place].name })
                else { throw Self.unknown(entry, searched: searched, known: known) }
                do {
                    let value = try known.value(of: entry, for: place, spelled: alias)
                    let nearest = try Self.nearest(to: value, of: description)
                    values[description.name] = nearest
                    if nearest != value {
                        notes.append(
                            "\(entry.location): \(entry.name) \(entry.text) is not among the values that are searched; "
                                + "\(description.text(of: nearest)) is tried")
                    }
                } catch {
                    throw error.at(entry.location)
                }
            }
            let configuration = try space.configuration(values)
            let name = "configuration \(position + 1)"
            if let earlier = seen.first(where: { $0.configuration == configuration }) {
                let place = layer.entries.first.map { "\($0.location): " } ?? ""
                notes.append("\(place)\(name) is \(earlier.name) again and is left out")
                continue
            }
            seen.append((configuration, name))
            configurations.append(space.settings(of: configuration))
        }
    }

    private static func unknown(
        _ entry: ConfigurationLayer.Entry, searched: [ParameterDescription], known: ParameterCatalog
    ) -> ParameterError {
        switch known.meaning(of: entry.name) {
        case .parameter:
            return ParameterError(
                .malformed, parameter: entry.name,
                expected: "\(entry.name) is not searched, so an enqueued configuration cannot set it; "
                    + "give it in a --base file, where it holds in every trial",
                location: entry.location)
        case .builtIn(let setting):
            return ParameterError(
                .malformed, parameter: entry.name,
                expected: "\(entry.name) is built in and not switchable: \(setting.reason)", location: entry.location)
        case .list, nil: break
        }
        let nearest = nearestName(to: entry.name, among: searched.flatMap(\.spellings))
        return ParameterError(
            .unknownKey, parameter: entry.name,
            expected: nearest.map { "did you mean '\($0)'?" } ?? "searched are "
                + searched.map(\.name).joined(separator: ", "),
            location: entry.location)
    }

    /// The searched value that is nearest: by ratio for sizes and logarithmic parameters, else by difference; the smaller of
    /// two. A parameter without a list of values is searched over its whole domain.
    private static func nearest(
        to value: ParameterValue, of description: ParameterDescription
    ) throws(ParameterError) -> ParameterValue {
        guard let listed = description.searchValues else { return value }
        let levels = listed + [description.defaultValue]
        if levels.contains(value) { return value }
        let isLogarithmic =
            switch description.domain {
            case .size, .integer(_, .logarithmic), .number(_, .logarithmic): true
            default: false
            }
        func position(_ value: ParameterValue) -> Double? {
            let number: Double
            switch value {
            case .integer(let integer): number = Double(integer)
            case .number(let real): number = real
            case .boolean, .choice, .numbers, .automatic: return nil
            }
            return isLogarithmic && number > 0 ? log(number) : number
        }
        guard let wanted = position(value) else {
            throw ParameterError(
                .invalidValue, parameter: description.name, value: description.text(of: value),
                expected: "searched are " + levels.map { description.text(of: $0) }.joined(separator: ", "))
        }
        let ordered = levels.compactMap { level in position(level).map { (level, $0) } }.sorted { $0.1 < $1.1 }
        return ordered.min { abs($0.1 - wanted) < abs($1.1 - wanted) }?.0 ?? value
    }
}
