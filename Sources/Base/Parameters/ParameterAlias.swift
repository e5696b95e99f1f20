/// Another spelling of a parameter: a name, and its own words for the values where they differ.
///
/// `ParameterAlias("storage.memory_mapping", words: ["true": "mapped", "false": "buffered"])` reads `true` as the
/// parameter's `mapped`.
public struct ParameterAlias: Sendable, Hashable {
    /// One value in both spellings.
    public struct Word: Sendable, Hashable {
        /// As this spelling has it.
        public let spelled: String
        /// As the parameter itself has it.
        public let canonical: String
    }

    /// Dotted path.
    public let name: String
    /// Every value that this spelling has; empty where the values are those of the parameter.
    public let words: [Word]

    public init(_ name: String, words: KeyValuePairs<String, String> = [:]) {
        self.name = name
        self.words = words.map { Word(spelled: $0.key, canonical: $0.value) }
    }

    /// The parameter's own text for a value in this spelling; `nil` when it has no such value. `auto` is the same in all.
    public func canonicalText(_ text: String) -> String? {
        if words.isEmpty { return text }
        if let word = words.first(where: { $0.spelled == text }) { return word.canonical }
        if isBoolean, let flag = booleanValue(text) { return canonicalText(flag ? "true" : "false") }
        return text == "auto" ? text : nil
    }

    /// A value of the parameter in this spelling; `nil` when it has no word for it. Of several words the first.
    public func spelledText(_ canonical: String) -> String? {
        words.isEmpty ? canonical : words.first { $0.canonical == canonical }?.spelled
    }

    /// The values in words, for errors and help; `nil` where they are those of the parameter.
    public var allowedText: String? {
        words.isEmpty ? nil : isBoolean ? "true or false" : "one of " + words.map(\.spelled).joined(separator: ", ")
    }

    private var isBoolean: Bool { Set(words.map(\.spelled)) == ["true", "false"] }
}

/// What a user writes for true and false; `nil` for anything else.
func booleanValue(_ text: String) -> Bool? {
    switch text {
    case "true", "yes", "on": true
    case "false", "no", "off": false
    default: nil
    }
}
