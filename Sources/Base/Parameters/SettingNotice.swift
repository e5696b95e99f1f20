/// What a user should know of a setting that was given and is right.
public struct SettingNotice: Sendable, Hashable, CustomStringConvertible {
    public enum Kind: Sendable, Hashable {
        /// The program does so anyway.
        case builtIn
        /// More than the machine has, and taken down to that.
        case lowered
        /// Nothing on this machine can follow it.
        case irrelevant
    }

    public let kind: Kind
    /// The parameter's own name, or that of what is built in.
    public let name: String
    /// `file:line`, `--set`, or an environment variable.
    public let location: String
    /// One clause without a full stop.
    public let text: String

    public var description: String { "\(location): \(text)" }
}
