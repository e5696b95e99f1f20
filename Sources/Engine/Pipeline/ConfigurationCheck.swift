import FeatureDetection
import HostEnvironment
import Parameters

/// What is wrong with a configuration file, and what in it has no effect: everything at once.
///
/// A file is read alone over the built-in default, as on a machine without a tuned profile. A machine profile is known by
/// its `machine.id`, and each of its profiles is checked.
public struct ConfigurationCheck: Sendable {
    public enum Severity: String, Sendable, Hashable, Codable {
        /// `analyze` refuses the file.
        case error
        /// The file is right, but something in it has no effect, or not the whole.
        case warning
        /// Good to know.
        case notice
    }

    public struct Finding: Sendable, Hashable, Codable, CustomStringConvertible {
        public var severity: Severity
        /// `file:line` where that is known, else the file.
        public var location: String
        public var message: String

        public var description: String { "\(location): \(severity.rawValue): \(message)" }
    }

    public let path: String
    /// By line; those that belong to no line come last.
    public let findings: [Finding]

    public func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }

    public init(path: String, host: HostDescription) {
        self.path = path
        var findings: [Finding] = []
        do {
            findings = Self.findings(try ConfigurationLayer.readText(path), file: path, host: host)
        } catch {
            findings = [Finding(severity: .error, location: path, message: error.message)]
        }
        self.findings = Self.ordered(findings)
    }

    /// - Parameter file: named in the findings.
    public init(yaml: String, file: String, host: HostDescription) {
        path = file
        findings = Self.ordered(Self.findings(yaml, file: file, host: host))
    }

    private static func findings(_ yaml: String, file: String, host: HostDescription) -> [Finding] {
        let catalog = EngineParameters.catalog(host: host)
        var problems: [ParameterError] = []
        let layer = ConfigurationLayer(source: "file", yaml: yaml, file: file, problems: &problems)
        var findings = problems.map { error($0, file: file) }
        if layer.entries.contains(where: { $0.name == "machine.id" }) {
            do {
                _ = try MachineProfile(yaml: yaml, file: file)
            } catch {
                findings.append(Self.error(error, file: file))
            }
            for part in profileLayers(layer) { findings += Self.findings(part, catalog: catalog, file: file) }
            return findings
        }
        if layer.entries.isEmpty, problems.isEmpty {
            findings.append(Finding(severity: .warning, location: file, message: "the file sets nothing"))
        }
        return findings + Self.findings(layer, catalog: catalog, file: file)
    }

    /// The settings of each profile of a machine.
    private static func profileLayers(_ layer: ConfigurationLayer) -> [ConfigurationLayer] {
        var order: [String] = []
        var entries: [String: [ConfigurationLayer.Entry]] = [:]
        for entry in layer.entries {
            let parts = entry.name.split(separator: ".", maxSplits: 4, omittingEmptySubsequences: false)
            guard parts.count == 5, parts[0] == "profiles", parts[3] == "settings" else { continue }
            let name = "\(parts[1])/\(parts[2])"
            if entries[name] == nil { order.append(name) }
            entries[name, default: []].append(
                ConfigurationLayer.Entry(name: String(parts[4]), text: entry.text, location: entry.location))
        }
        return order.map { ConfigurationLayer(source: $0, entries: entries[$0] ?? []) }
    }

    private static func findings(_ layer: ConfigurationLayer, catalog: ParameterCatalog, file: String) -> [Finding] {
        var problems: [ParameterError] = []
        var layer = layer
        var retired: [String] = []
        do {
            (layer, retired) = try RetiredSettings.replaced(layer, catalog: catalog)
        } catch {
            problems.append(error)
        }
        let resolved = ResolvedConfiguration(catalog, layers: [layer], problems: &problems)
        var findings = problems.map { error($0, file: file) }
        findings += retired.map { Finding(severity: .notice, location: file, message: $0) }
        findings += resolved.notices.map { notice in
            Finding(
                severity: notice.kind == .builtIn ? .notice : .warning, location: notice.location,
                message: notice.text)
        }
        let given = resolved.settings.filter { $0.location != nil }
        for setting in given where setting.value != setting.description.defaultValue {
            findings += warnings(of: setting, in: resolved)
        }
        let configuration = AnalysisConfiguration(resolved)
        // Of what is left for one file at a time; a limit that is too small for anything is said with the contradictions.
        if let budget = try? MemoryBudget(configuration: configuration) {
            findings += configuration.lowered(budget).map { setting, text in
                Finding(severity: .warning, location: setting.location ?? file, message: text)
            }
        }
        return findings + contradictions(configuration, given: given, file: file)
    }

    private static func warnings(
        of setting: ResolvedConfiguration.Setting, in resolved: ResolvedConfiguration
    ) -> [Finding] {
        let description = setting.description
        var messages: [String] = []
        if let clause = resolved.failingClause(of: description.name) {
            let parent = resolved[clause.parameter]
            let values = clause.values.map { parent.description.text(of: $0) }
            let wanted =
                values.count > 4 ? "\(values[0]) to \(values[values.count - 1])" : values.joined(separator: " or ")
            messages.append(
                "\(description.name) has no effect: it matters only while \(clause.parameter) is \(wanted), and that is "
                    + parent.text)
        }
        if let capacity = description.capacity, !capacity.isBound, case .integer(let wanted) = setting.value,
            wanted > capacity.amount
        {
            messages.append(
                "\(description.name) \(setting.text) is more than the "
                    + "\(description.text(of: .integer(capacity.amount))) \(capacity.name) of this machine")
        }
        return messages.map { Finding(severity: .warning, location: setting.location ?? "", message: $0) }
    }

    private static func contradictions(
        _ configuration: AnalysisConfiguration, given: [ResolvedConfiguration.Setting], file: String
    ) -> [Finding] {
        func finding(_ severity: Severity, _ reason: String) -> Finding {
            // The message names the settings; the first that the file has is where to look.
            let place = given.first { reason.contains($0.description.name) }?.location
            return Finding(severity: severity, location: place ?? file, message: reason)
        }
        var findings = configuration.contradictions().map { finding(.error, $0.reason) }
        let underPresets = configuration.presetContradictions()
        let isAlways = configuration.preset != nil || underPresets.count == DetectionPreset.allCases.count
        if isAlways, let first = underPresets.first {
            findings.append(finding(.error, first.error.reason))
        } else {
            // Which preset is taken, the data decide.
            findings += underPresets.map { finding(.warning, $0.error.reason) }
        }
        if let error = configuration.memoryObstacle() {
            let isGiven = given.contains { $0.description.name == "execution.memory_limit" }
            findings.append(finding(isGiven ? .error : .warning, error.reason))
        }
        return findings
    }

    private static func error(_ error: ParameterError, file: String) -> Finding {
        Finding(severity: .error, location: error.location ?? file, message: error.message)
    }

    /// By line, each once: profiles of one machine may fail alike.
    private static func ordered(_ findings: [Finding]) -> [Finding] {
        var seen: Set<Finding> = []
        let unique = findings.filter { seen.insert($0).inserted }
        func line(_ finding: Finding) -> Int { finding.location.split(separator: ":").last.flatMap { Int($0) } ?? .max }
        return unique.enumerated().sorted { (line($0.element), $0.offset) < (line($1.element), $1.offset) }.map(
            \.element)
    }
}
