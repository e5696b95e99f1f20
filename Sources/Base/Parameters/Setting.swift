/// A parameter and its value as a user writes it.
public struct Setting: Sendable, Hashable, Codable {
    public var name: String
    public var text: String

    public init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }
}
