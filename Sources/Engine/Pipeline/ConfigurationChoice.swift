import HostEnvironment
import Parameters

/// A whole configuration as a user names it: a file, the built-in default, or this machine's tuned profile.
public struct ConfigurationChoice: Sendable, Hashable {
    /// As given.
    public let name: String

    /// - Parameter name: `default`, `profile`, `profile=TARGET` or `profile=TARGET/CLASS`; anything else is a file.
    public init(_ name: String) { self.name = name }

    public var isFile: Bool { name != "default" && name != "profile" && !name.hasPrefix("profile=") }

    /// What it says on this machine, without environment and command line; a file over the built-in default alone.
    /// - Parameter folder: `--config-dir`.
    /// - Throws: `ParameterError` for a file or profile that is not there or not right.
    public func resolve(
        host: HostDescription, configurationDirectory folder: String?, environment: [String: String]
    ) throws(ParameterError) -> ConfigurationRequest.Outcome {
        var request = ConfigurationRequest()
        request.configurationDirectory = folder
        // Where profiles lie, and nothing that sets anything.
        request.environment = environment.filter { $0.key == "LAVOISIER_CONFIG_DIR" || !$0.key.hasPrefix("LAVOISIER_") }
        request.profile = "none"
        if name == "profile" {
            request.profile = "throughput"
        } else if name.hasPrefix("profile=") {
            request.profile = String(name.dropFirst("profile=".count))
        } else if isFile {
            request.configurationFile = name
        }
        return try request.resolve(host: host)
    }
}

/// Where two configurations of one machine differ.
public struct ConfigurationDifference: Sendable, Hashable, Codable {
    public var name: String
    public var group: ParameterGroup
    public var unit: String?
    /// Values as a user writes them.
    public var a: String
    public var b: String
    public var defaultValue: String

    /// In the order of the descriptions.
    public static func between(_ a: ResolvedConfiguration, _ b: ResolvedConfiguration) -> [ConfigurationDifference] {
        a.settings.compactMap { setting in
            let description = setting.description
            let other = b[description.name]
            guard setting.value != other.value else { return nil }
            return ConfigurationDifference(
                name: description.name, group: description.group,
                unit: description.unit.isEmpty ? nil : description.unit, a: setting.text, b: other.text,
                defaultValue: description.text(of: description.defaultValue))
        }
    }
}
