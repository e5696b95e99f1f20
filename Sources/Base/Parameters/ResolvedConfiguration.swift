/// A value for every described parameter, and where each came from.
public struct ResolvedConfiguration: Sendable {
    public struct Setting: Sendable, Hashable {
        public let description: ParameterDescription
        public let value: ParameterValue
        /// The layer that decided, `default` when none did.
        public let source: String
        /// Where that layer has it (`file:line`, an environment variable, `--set`), and the spelling that was used there;
        /// `nil` for a default.
        public let location: String?
        public let spelling: String?
        public var text: String { description.text(of: value) }

        init(
            description: ParameterDescription, value: ParameterValue, source: String = "default",
            location: String? = nil, spelling: String? = nil
        ) {
            self.description = description
            self.value = value
            self.source = source
            self.location = location
            self.spelling = spelling
        }
    }

    /// In the order of the descriptions.
    public let settings: [Setting]
    /// What a user should know: settings that are built in, that were taken down to what the machine has, or that cannot
    /// matter here.
    public let notices: [SettingNotice]
    private let positions: [String: Int]

    /// Applies layers in order; a later one wins.
    /// - Throws: `ParameterError` for an unknown key (with the nearest known one), a value outside its domain, or one
    ///   parameter with two values in one layer.
    public init(descriptions: [ParameterDescription], layers: [ConfigurationLayer]) throws(ParameterError) {
        try self.init(ParameterCatalog(descriptions), layers: layers)
    }

    /// Applies layers in order; a later one wins.
    /// - Throws: as above, and for what is built in and was given another value.
    public init(_ catalog: ParameterCatalog, layers: [ConfigurationLayer]) throws(ParameterError) {
        var problems: [ParameterError] = []
        self.init(catalog, layers: layers, problems: &problems)
        if let first = problems.first { throw first }
    }

    /// Applies what is right and collects what is not.
    public init(_ catalog: ParameterCatalog, layers: [ConfigurationLayer], problems: inout [ParameterError]) {
        var settings = catalog.descriptions.map { Setting(description: $0, value: $0.defaultValue) }
        var notices: [SettingNotice] = []
        var texts = [String](repeating: "", count: settings.count)
        for layer in layers {
            // By parameter; within a layer nothing wins over the other.
            var seen: [Int: (entry: ConfigurationLayer.Entry, value: ParameterValue)] = [:]
            var entries: [ConfigurationLayer.Entry] = []
            for entry in layer.entries {
                do throws(ParameterError) { entries += try catalog.expanded(entry) } catch { problems.append(error) }
            }
            for entry in entries {
                do throws(ParameterError) {
                    switch catalog.meaning(of: entry.name) {
                    case .parameter(let position, let alias):
                        let value = try catalog.value(of: entry, for: position, spelled: alias)
                        if let other = seen[position], other.value != value,
                            other.entry.name != entry.name || other.entry.location != entry.location
                        {
                            throw Self.contradiction(entry, other.entry)
                        }
                        seen[position] = (entry, value)
                        texts[position] = entry.text
                        settings[position] = Setting(
                            description: catalog.descriptions[position], value: value, source: layer.source,
                            location: entry.location, spelling: entry.name)
                    case .builtIn(let setting):
                        guard setting.accepts(entry.text) else { throw setting.error(entry) }
                        notices.append(setting.notice(entry))
                    // A section whose settings are all commented out.
                    case nil where ["", "null", "~"].contains(entry.text) && catalog.isSection(entry.name): break
                    case .list, nil: throw catalog.unknown(entry.name, at: entry.location)
                    }
                } catch {
                    problems.append(error)
                }
            }
        }
        for position in settings.indices { settings[position].fit(texts[position], &notices) }
        self.settings = settings
        self.notices = notices
        positions = Dictionary(uniqueKeysWithValues: catalog.descriptions.enumerated().map { ($1.name, $0) })
    }

    private static func contradiction(
        _ entry: ConfigurationLayer.Entry, _ earlier: ConfigurationLayer.Entry
    ) -> ParameterError {
        let same = entry.name == earlier.name ? "" : ", which is the same setting"
        return ParameterError(
            .malformed, parameter: entry.name,
            expected: "\(entry.name) is '\(entry.text)', but \(earlier.name) is '\(earlier.text)' at "
                + "\(earlier.location)\(same); keep one of them",
            location: entry.location)
    }

    /// The setting of a described parameter.
    /// - Precondition: the name is one of the descriptions.
    public subscript(_ name: String) -> Setting {
        guard let position = positions[name] else { preconditionFailure("parameter '\(name)' is not described") }
        return settings[position]
    }

    public func integer(_ name: String) -> Int {
        guard case .integer(let value) = self[name].value else { preconditionFailure("\(name) is not an integer") }
        return value
    }

    public func number(_ name: String) -> Double {
        guard case .number(let value) = self[name].value else { preconditionFailure("\(name) is not a number") }
        return value
    }

    /// A number, or `nil` when it is left to the program (`auto`).
    public func optionalNumber(_ name: String) -> Double? {
        self[name].value == .automatic ? nil : number(name)
    }

    /// An integer, or `nil` when it is left to the program (`auto`).
    public func optionalInteger(_ name: String) -> Int? {
        self[name].value == .automatic ? nil : integer(name)
    }

    public func choice(_ name: String) -> String {
        guard case .choice(let value) = self[name].value else { preconditionFailure("\(name) is not a choice") }
        return value
    }

    public func boolean(_ name: String) -> Bool {
        guard case .boolean(let value) = self[name].value else { preconditionFailure("\(name) is not a boolean") }
        return value
    }

    /// Several numbers, or `nil` when they are left to the program (`auto`).
    public func optionalNumbers(_ name: String) -> [Double]? {
        guard case .numbers(let values) = self[name].value else { return nil }
        return values
    }

    /// Whether the parameter's condition, and those of the parameters that it names, hold under this configuration.
    /// - Precondition: no conditions in a circle.
    public func isActive(_ name: String) -> Bool { failingClause(of: name) == nil }

    /// The first part of a parameter's condition that does not hold; of a parent's where the parent itself is not active.
    public func failingClause(of name: String) -> ParameterCondition.Clause? {
        for clause in self[name].description.condition?.clauses ?? [] {
            if !clause.values.contains(self[clause.parameter].value) { return clause }
            if let above = failingClause(of: clause.parameter) { return above }
        }
        return nil
    }

    /// One `name=value` line per parameter in a fixed order: what a configuration hash is taken over.
    public var canonicalText: String {
        settings.map { "\($0.description.name)=\($0.text)\n" }.sorted().joined()
    }
}

extension ResolvedConfiguration.Setting {
    /// Takes a budget down to what the machine has, and says what was given and cannot matter here.
    /// - Parameter written: the value as the user wrote it.
    fileprivate mutating func fit(_ written: String, _ notices: inout [SettingNotice]) {
        guard let location, value != description.defaultValue else { return }
        func tell(_ kind: SettingNotice.Kind, _ text: String) {
            notices.append(SettingNotice(kind: kind, name: description.name, location: location, text: text))
        }
        if let reason = description.irrelevance {
            tell(.irrelevant, "\(description.name) has no effect on this machine: \(reason)")
        }
        guard let capacity = description.capacity, capacity.isBound, case .integer(let wanted) = value,
            wanted > capacity.amount
        else { return }
        let fitting = Self(
            description: description, value: .integer(capacity.amount), source: source, location: location,
            spelling: spelling)
        tell(
            .lowered,
            "\(description.name) \(written) is more than the \(capacity.name); \(fitting.text) is taken")
        self = fitting
    }
}
