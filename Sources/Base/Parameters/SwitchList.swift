/// A name under which several switches of one section are set at once, by a list of those that are on: the others are off.
///
/// `auto` leaves all of them at their defaults, `[]` switches all off. A listed switch is set as if it had been given by itself, at
/// the place of the list.
public struct SwitchList: Sendable, Hashable {
    /// Dotted path.
    public let name: String
    /// Dotted paths of boolean parameters, each listed by its last part.
    public let switches: [String]
    /// Dotted paths of what is built in and may be listed too; whoever gives a list is told of it.
    public let builtIn: [String]
    /// What the switches are, without a full stop.
    public let text: String

    public init(_ name: String, switches: [String], builtIn: [String] = [], text: String) {
        self.name = name
        self.switches = switches
        self.builtIn = builtIn
        self.text = text
    }

    private static func lastPart(_ path: String) -> String { path.split(separator: ".").last.map(String.init) ?? path }

    /// What may be listed.
    public var words: [String] { (switches + builtIn).map(Self.lastPart) }

    public var allowedText: String { "a list of \(words.joined(separator: ", ")); [] for none, or auto" }

    /// The switches, each with its value.
    /// - Throws: `ParameterError(.invalidValue)` for a name that is none of them, and for no list at all.
    func entries(for entry: ConfigurationLayer.Entry) throws(ParameterError) -> [ConfigurationLayer.Entry] {
        func invalid(_ value: String, _ expected: String) -> ParameterError {
            ParameterError(.invalidValue, parameter: name, value: value, expected: expected, location: entry.location)
        }
        func all(_ paths: [String], _ text: (String) -> String) -> [ConfigurationLayer.Entry] {
            paths.map { ConfigurationLayer.Entry(name: $0, text: text($0), location: entry.location) }
        }
        if entry.text == "auto" { return all(switches) { _ in "auto" } }
        guard !entry.text.isEmpty else { throw invalid("", "\(allowedText)") }
        let listed = Set(entry.text.split { "[], ".contains($0) }.map(String.init))
        if let stranger = listed.subtracting(words).min() {
            let nearest = nearestName(to: stranger, among: words).map { "did you mean '\($0)'? " } ?? ""
            throw invalid(stranger, "\(nearest)Allowed is \(allowedText)")
        }
        return all(switches) { listed.contains(Self.lastPart($0)) ? "true" : "false" } + all(builtIn) { _ in "true" }
    }
}
