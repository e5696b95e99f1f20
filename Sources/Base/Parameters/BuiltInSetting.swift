/// A name that users may know from a specification or another program, for something that is not switchable here: it is
/// always done, or there is nothing like it.
///
/// Giving an accepted value is answered by a notice, any other value is an error; both have the reason.
public struct BuiltInSetting: Sendable, Hashable {
    /// Dotted path.
    public let name: String
    /// What the program does anyway, as a user writes it; empty when there is nothing like it.
    public let accepted: [String]
    /// A clause without a full stop: what is done instead, and why there is no choice.
    public let reason: String

    public init(_ name: String, accepted: [String], reason: String) {
        self.name = name
        self.accepted = accepted
        self.reason = reason
    }

    /// Whether a value is what the program does anyway; `auto` always is, where there is anything like it.
    public func accepts(_ text: String) -> Bool {
        if accepted.contains(text) || (text == "auto" && !accepted.isEmpty) { return true }
        guard let flag = booleanValue(text) else { return false }
        return accepted.contains(flag ? "true" : "false")
    }

    /// For a user who set it to what it is.
    func notice(_ entry: ConfigurationLayer.Entry) -> SettingNotice {
        SettingNotice(
            kind: .builtIn, name: name, location: entry.location,
            text: "\(name) is built in and not switchable: \(reason)")
    }

    /// For a user who wants something else.
    func error(_ entry: ConfigurationLayer.Entry) -> ParameterError {
        guard !accepted.isEmpty else {
            return ParameterError(.unknownKey, parameter: name, expected: reason, location: entry.location)
        }
        return ParameterError(
            .invalidValue, parameter: name, value: entry.text,
            expected:
                "it is built in and not switchable, \(accepted.joined(separator: " or ")) is all there is: \(reason)",
            location: entry.location)
    }
}
