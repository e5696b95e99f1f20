import ContentHash
import Foundation
import HostEnvironment
import Parameters
import Pipeline

/// The program `lavoisier` in one version.
public struct EngineBinary: Sendable, Hashable, Codable {
    /// Absolute.
    public var path: String
    public var sha256: String

    public init(path: String, sha256: String) {
        self.path = path
        self.sha256 = sha256
    }

    /// - Parameter path: as a user gives it; `nil` takes `lavoisier` beside this program (or this program itself).
    /// - Parameter option: that names it, for the message.
    /// - Throws: `AnalysisError(.badInput)` when there is no such program.
    public static func locate(_ path: String?, option: String = "--engine") throws -> EngineBinary {
        let program = DataLocations.programPath
        let beside = "\(program.prefix(upTo: program.lastIndex(of: "/") ?? program.startIndex))/lavoisier"
        let found = path.map(absolutePath) ?? beside
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: found, isDirectory: &isFolder), !isFolder.boolValue,
            FileManager.default.isExecutableFile(atPath: found)
        else {
            let hint = path == nil ? "; build or install it, or give \(option) PATH" : ""
            throw AnalysisError(.badInput, "the engine \(found) does not exist or is not a program\(hint)")
        }
        return EngineBinary(path: found, sha256: try ContentHash.sha256(file: found))
    }
}

/// What is run: one engine with one configuration.
public struct EngineArm: Sendable, Hashable, Codable {
    /// For tables and messages: `before`, `after`, `reference`, a configuration's file name.
    public var name: String
    public var engine: EngineBinary
    /// The configuration file of each run, as YAML. What it leaves out takes the engine's own default.
    public var configuration: String
    /// What the file says, by full name.
    public var settings: [Setting]

    public init(name: String, engine: EngineBinary, configuration: String, settings: [Setting]) {
        self.name = name
        self.engine = engine
        self.configuration = configuration
        self.settings = settings
    }

    /// A configuration that names every setting, so that the run is the same on any day.
    public init(name: String, engine: EngineBinary, complete configuration: ResolvedConfiguration) {
        self.init(
            name: name, engine: engine, configuration: configuration.yaml(),
            settings: configuration.settings.map { Setting($0.description.name, $0.text) })
    }

    /// A configuration file as `analyze --config` reads it, and assignments over it; neither is the built-in default.
    ///
    /// Complete for an engine whose settings are this program's, so that a typing error is found before anything runs. An
    /// engine of another version may know other settings: its file is handed on with what is set and nothing more.
    /// - Parameter isOtherVersion: whether the engine may know other settings than this program.
    /// - Throws: `ParameterError`.
    public init(
        name: String, engine: EngineBinary, file: String?, assignments: [String] = [], isOtherVersion: Bool = false,
        host: HostDescription
    ) throws(ParameterError) {
        if !isOtherVersion {
            var request = ConfigurationRequest()
            request.configurationFile = file
            request.assignments = assignments
            request.profile = "none"
            self.init(name: name, engine: engine, complete: try request.resolve(host: host).configuration)
            return
        }
        var entries: [ConfigurationLayer.Entry] = []
        if let file { entries = try ConfigurationLayer(source: "--config", path: file).entries }
        entries += try ConfigurationLayer(assignments: assignments).entries
        // Other spellings are of this version; a parameter's own name is what all versions know.
        entries = try EngineParameters.catalog(host: host).canonical(entries)
        var settings: [Setting] = []
        for entry in entries {
            settings.removeAll { $0.name == entry.name }
            settings.append(Setting(entry.name, entry.text))
        }
        self.init(name: name, engine: engine, configuration: Self.yaml(settings), settings: settings)
    }

    /// Dotted keys, one a line, every value quoted: as text it means the same to every reader of YAML.
    private static func yaml(_ settings: [Setting]) -> String {
        settings.map { setting in
            let text = setting.text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            return "\(setting.name): \"\(text)\"\n"
        }.joined()
    }

    /// SHA-256 over the settings: equal for arms that are configured alike.
    public var configurationHash: String {
        sha256(settings.map { "\($0.name)=\($0.text)\n" }.sorted().joined())
    }
}
