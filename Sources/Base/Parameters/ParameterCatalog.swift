/// All parameters of a program under all their spellings, and the names that it knows without having a choice.
public struct ParameterCatalog: Sendable {
    public let descriptions: [ParameterDescription]
    public let builtIn: [BuiltInSetting]
    public let lists: [SwitchList]

    /// What a name stands for.
    public enum Meaning: Sendable {
        /// - position: among the descriptions. - alias: the spelling that was used, `nil` for the name itself.
        case parameter(position: Int, alias: ParameterAlias?)
        case builtIn(BuiltInSetting)
        /// Of several parameters; `expanded` says which.
        case list(SwitchList)
    }

    private let meanings: [String: Meaning]

    /// - Precondition: no name stands for two things.
    public init(
        _ descriptions: [ParameterDescription], builtIn: [BuiltInSetting] = [], lists: [SwitchList] = []
    ) {
        self.descriptions = descriptions
        self.builtIn = builtIn
        self.lists = lists
        var meanings: [String: Meaning] = [:]
        func add(_ name: String, _ meaning: Meaning) {
            precondition(meanings.updateValue(meaning, forKey: name) == nil, "'\(name)' stands for two settings")
        }
        for (position, description) in descriptions.enumerated() {
            add(description.name, .parameter(position: position, alias: nil))
            for alias in description.aliases { add(alias.name, .parameter(position: position, alias: alias)) }
        }
        for setting in builtIn { add(setting.name, .builtIn(setting)) }
        for list in lists { add(list.name, .list(list)) }
        self.meanings = meanings
    }

    /// `nil` for a name that is not known.
    public func meaning(of name: String) -> Meaning? { meanings[name] }

    /// The parameter of any spelling; `nil` for what is built in or unknown.
    public func description(of name: String) -> ParameterDescription? {
        if case .parameter(let position, _) = meanings[name] { descriptions[position] } else { nil }
    }

    /// The parameter's own name for any spelling; other names stay as they are.
    public func canonicalName(_ name: String) -> String { description(of: name)?.name ?? name }

    /// The parameters that a pattern means: one by any of its spellings, those of a list of switches, of a section (`execution`), or those whose
    /// spelling fits a pattern with `*` for any text (`parallel.*`, `*buffer*`). In the order of the descriptions.
    public func matching(_ pattern: String) -> [ParameterDescription] {
        if let one = description(of: pattern) { return [one] }
        if case .list(let list) = meanings[pattern] { return descriptions.filter { list.switches.contains($0.name) } }
        let pieces = (pattern.contains("*") ? pattern : pattern + ".*").split(
            separator: "*", omittingEmptySubsequences: false)
        return descriptions.filter { $0.spellings.contains { Self.fits($0, pieces) } }
    }

    /// Whether the pieces, the first at the start and the last at the end, come one behind the other.
    private static func fits(_ name: String, _ pieces: [Substring]) -> Bool {
        guard let first = pieces.first, let last = pieces.last, name.hasPrefix(first) else { return false }
        var rest = name.dropFirst(first.count)
        guard rest.count >= last.count, rest.hasSuffix(last) else { return false }
        rest = rest.dropLast(last.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }

    /// Names, other spellings, names of lists, and names of what is built in, in this order.
    public var names: [String] {
        descriptions.map(\.name) + descriptions.flatMap(\.aliases).map(\.name) + lists.map(\.name) + builtIn.map(\.name)
    }

    /// An entry as it is, or those that a list of switches stands for.
    /// - Throws: `ParameterError(.invalidValue)` for a list with a name that is no switch of it.
    public func expanded(_ entry: ConfigurationLayer.Entry) throws(ParameterError) -> [ConfigurationLayer.Entry] {
        guard let list = lists.first(where: { $0.name == entry.name }) else { return [entry] }
        return try list.entries(for: entry)
    }

    /// Whether a name is the first part of others.
    func isSection(_ name: String) -> Bool { names.contains { $0.hasPrefix("\(name).") } }

    /// The error for a name that is not known, with the nearest one that is.
    public func unknown(_ name: String, at location: String?) -> ParameterError {
        guard !isSection(name) else {
            return ParameterError(
                .unknownKey, parameter: name,
                expected:
                    "it is a section, and has no value of its own: 'lavoisier config docs \(name)' tells what is in it",
                location: location)
        }
        return ParameterError(
            .unknownKey, parameter: name,
            expected: nearestName(to: name, among: names).map { "did you mean '\($0)'?" } ?? "no known key is similar",
            location: location)
    }

    /// The value of an entry for one of the parameters, in whatever spelling it was written.
    /// - Throws: `ParameterError(.invalidValue)` with the place, the spelling and what it allows.
    public func value(
        of entry: ConfigurationLayer.Entry, for position: Int, spelled alias: ParameterAlias?
    ) throws(ParameterError) -> ParameterValue {
        let description = descriptions[position]
        guard let alias else {
            do { return try description.parse(entry.text) } catch { throw error.at(entry.location) }
        }
        func invalid(_ expected: String) -> ParameterError {
            ParameterError(
                .invalidValue, parameter: "\(alias.name) (that is, \(description.name))", value: entry.text,
                expected: expected, location: entry.location)
        }
        guard let text = alias.canonicalText(entry.text) else {
            throw invalid(alias.allowedText ?? description.allowedText)
        }
        do { return try description.parse(text) } catch { throw invalid(error.expected) }
    }

    /// Entries with the parameters' own names and values, for a reader that knows no other spelling. What is not known
    /// stays as it is; what is built in is left out, since it says nothing.
    /// - Throws: `ParameterError` for a value outside its domain.
    public func canonical(
        _ entries: [ConfigurationLayer.Entry]
    ) throws(ParameterError) -> [ConfigurationLayer.Entry] {
        var result: [ConfigurationLayer.Entry] = []
        var given: [ConfigurationLayer.Entry] = []
        for entry in entries { given += try expanded(entry) }
        for entry in given {
            switch meanings[entry.name] {
            case .parameter(let position, let alias?):
                let description = descriptions[position]
                let text = description.text(of: try value(of: entry, for: position, spelled: alias))
                result.append(
                    ConfigurationLayer.Entry(name: description.name, text: text, location: entry.location))
            case .builtIn(let setting):
                guard setting.accepts(entry.text) else { throw setting.error(entry) }
            case .parameter, .list, nil: result.append(entry)
            }
        }
        return result
    }
}
