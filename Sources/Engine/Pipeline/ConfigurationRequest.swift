import HostEnvironment
import Parameters

/// Where the configuration of a run comes from, and the outcome of all layers.
public struct ConfigurationRequest: Sendable {
    /// `--config`; of several a later one wins.
    public var configurationFiles: [String] = []
    /// `--set key=value`.
    public var assignments: [String] = []
    /// `--memory-limit`: `execution.memory_limit`, before an assignment of it.
    public var memoryLimit: String?
    public var environment: [String: String] = [:]
    /// What a program that holds the engine has made the default of its process, by parameter name.
    public var processDefaults: [String: String] = [:]
    /// `--config-dir`.
    public var configurationDirectory: String?
    /// `--profile`: a target, a target/class, or `none`. `nil` takes the throughput profile where there is one.
    public var profile: String?
    /// Bytes that will be read; chooses the class of the machine profile.
    public var inputBytes = 0

    public init() {}

    /// The only file, or the last of several.
    public var configurationFile: String? {
        get { configurationFiles.last }
        set { configurationFiles = newValue.map { [$0] } ?? [] }
    }

    public struct Outcome: Sendable {
        public var configuration: ResolvedConfiguration
        /// Path and name of the machine profile in use.
        public var machineProfile: String?
        /// What a user should know: a profile in use, an environment variable that is ignored.
        public var notices: [String]
    }

    /// Applies built-in default, machine profile, defaults of the process, files, environment and command line, in this order.
    /// - Throws: `ParameterError`.
    public func resolve(host: HostDescription) throws(ParameterError) -> Outcome {
        let catalog = EngineParameters.catalog(host: host)
        var layers: [ConfigurationLayer] = []
        var notices: [String] = []
        var profileName: String?
        if let (layer, name) = try machineProfileLayer(host: host) {
            layers.append(layer)
            profileName = name
            notices.append("using this machine's tuned profile \(name)")
        }
        let entries = processDefaults.sorted { $0.key < $1.key }.map {
            ConfigurationLayer.Entry(name: $0.key, text: $0.value, location: "default of this process")
        }
        layers.append(ConfigurationLayer(source: "default of this process", entries: entries))
        for file in configurationFiles { layers.append(try ConfigurationLayer(source: "--config", path: file)) }
        let (fromEnvironment, ignored) = Self.environmentLayer(environment, catalog: catalog)
        layers.append(fromEnvironment)
        notices += ignored
        layers.append(try ConfigurationLayer(assignments: assignments))
        if let memoryLimit {
            let entry = ConfigurationLayer.Entry(
                name: "execution.memory_limit", text: memoryLimit, location: "--memory-limit")
            layers.append(ConfigurationLayer(source: "command line", entries: [entry]))
        }
        let configuration = try EngineParameters.resolve(layers, host: host, notices: &notices)
        return Outcome(
            configuration: configuration, machineProfile: profileName,
            notices: notices + configuration.notices.map(\.description))
    }

    private func machineProfileLayer(
        host: HostDescription
    ) throws(ParameterError) -> (layer: ConfigurationLayer, name: String)? {
        if profile == "none" { return nil }
        let folders = MachineProfile.searchFolders(
            configDirectory: configurationDirectory, environment: environment)
        guard let (file, path) = try MachineProfile.find(machineID: host.identity.id, folders: folders) else {
            guard let profile else { return nil }
            throw ParameterError(
                .malformed, parameter: profile,
                expected:
                    "no tuned profile for this machine (\(host.identity.id)) in \(folders.joined(separator: ", ")); "
                    + "run lavoisier-tune first, or leave --profile out",
                location: "--profile")
        }
        let workloadClass = MachineProfile.workloadClass(ofBytes: inputBytes)
        guard let found = file.profile(named: profile ?? "throughput", workloadClass: workloadClass) else {
            guard let profile else { return nil }
            let known = file.profiles.map(\.name).joined(separator: ", ")
            throw ParameterError(
                .malformed, parameter: profile, expected: "no profile '\(profile)' in \(path); it has \(known)",
                location: "--profile")
        }
        let entries = found.settings.map { ConfigurationLayer.Entry(name: $0.name, text: $0.value, location: path) }
        return (ConfigurationLayer(source: "machine profile", entries: entries), "\(path) (\(found.name))")
    }

    /// `LAVOISIER_EXECUTION_MEMORY_LIMIT` sets `execution.memory_limit`, and so does `LAVOISIER_MEMORY_LIMIT`, because no
    /// other setting ends like that. All spellings of a setting count, those that are a setting's own name before others.
    /// - Returns: the layer, and one notice for each variable that is ignored.
    static func environmentLayer(
        _ environment: [String: String], catalog: ParameterCatalog
    ) -> (layer: ConfigurationLayer, ignored: [String]) {
        var names: [String: [String]] = [:]
        for spelling in catalog.names {
            let parts = spelling.split(separator: ".")
            for start in Set([0, max(parts.count - 1, 0)]) {
                names["LAVOISIER_" + parts[start...].joined(separator: "_").uppercased(), default: []].append(spelling)
            }
        }
        for name in RetiredSettings.names { names["LAVOISIER_" + name.replacing(".", with: "_").uppercased()] = [name] }
        var entries: [ConfigurationLayer.Entry] = []
        var ignored: [String] = []
        // A variable without a value counts as one that is not set.
        for (name, text) in environment.sorted(by: { $0.key < $1.key })
        where name.hasPrefix("LAVOISIER_") && !text.isEmpty {
            let all = names[name] ?? []
            let own = all.filter { catalog.description(of: $0)?.name == $0 }
            let spellings = own.isEmpty ? all : own
            if let first = spellings.first, Set(spellings.map(catalog.canonicalName)).count == 1 {
                entries.append(ConfigurationLayer.Entry(name: first, text: text, location: "environment \(name)"))
            } else if spellings.count > 1 {
                let full = spellings.map { "LAVOISIER_" + $0.replacing(".", with: "_").uppercased() }
                ignored.append(
                    "environment variable \(name) could mean \(full.joined(separator: " or ")) and is ignored")
            } else if !otherVariables.contains(name) {
                ignored.append("environment variable \(name) is not a setting and is ignored")
            }
        }
        return (ConfigurationLayer(source: "environment", entries: entries), ignored)
    }

    /// Variables of ours that are not settings of the engine.
    private static let otherVariables: Set<String> = [
        "LAVOISIER_CONFIG_DIR", "LAVOISIER_CACHE_DIR", "LAVOISIER_DATA_DIR", "LAVOISIER_EXTRA_DATA",
        "LAVOISIER_UPDATE_GOLDEN", "LAVOISIER_PEER_PYTHON",
    ]
}
