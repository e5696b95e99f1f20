import Parameters

/// Tuned settings of one machine: what a tuner found, by target and workload class.
///
/// The file is `<machine-id>.yaml`. Writing one profile leaves the others as they are.
public struct MachineProfile: Sendable, Hashable {
    /// One set of tuned values, and where they came from.
    public struct Profile: Sendable, Hashable {
        /// What was optimised: `throughput`, `memory` ...
        public var target: String
        /// Class of the workload, see `workloadClass(ofBytes:)`.
        public var workloadClass: String
        /// Parameter name and value as a user writes it.
        public var settings: [Assignment]
        /// Study, workload, ratio with interval, date, version: shown, never interpreted.
        public var provenance: [Assignment]

        public init(target: String, workloadClass: String, settings: [Assignment], provenance: [Assignment]) {
            self.target = target
            self.workloadClass = workloadClass
            self.settings = settings
            self.provenance = provenance
        }

        public var name: String { "\(target)/\(workloadClass)" }
    }

    public struct Assignment: Sendable, Hashable {
        public var name: String
        public var value: String
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    public var machineID: String
    /// Readable fields of the identity, shown in the file.
    public var machine: [Assignment]
    public var profiles: [Profile]

    public init(machineID: String, machine: [Assignment], profiles: [Profile]) {
        self.machineID = machineID
        self.machine = machine
        self.profiles = profiles
    }

    /// The class of a workload by the bytes that are read: `small` below 32 MB, `medium` below 128 MB, else `large`.
    public static func workloadClass(ofBytes bytes: Int) -> String {
        bytes < 32_000_000 ? "small" : bytes < 128_000_000 ? "medium" : "large"
    }

    /// The profile for a wish: `throughput` (nearest class) or `throughput/large` (exactly that).
    public func profile(named wish: String, workloadClass: String) -> Profile? {
        if wish.contains("/") { return profiles.first { $0.name == wish } }
        let candidates = profiles.filter { $0.target == wish }
        let order = ["small", "medium", "large"]
        func distance(_ profile: Profile) -> Int {
            guard let a = order.firstIndex(of: profile.workloadClass), let b = order.firstIndex(of: workloadClass)
            else {
                return order.count
            }
            return abs(a - b)
        }
        return candidates.min { (distance($0), $0.workloadClass) < (distance($1), $1.workloadClass) }
    }

    /// Puts a profile in the place of the one with the same target and class.
    public mutating func set(_ profile: Profile) {
        profiles.removeAll { $0.name == profile.name }
        profiles.append(profile)
        profiles.sort { $0.name < $1.name }
    }
}

// MARK: - File format

extension MachineProfile {
    /// Reads the file's text.
    /// - Throws: `ParameterError(.malformed)` with file and line.
    public init(yaml: String, file: String) throws(ParameterError) {
        let layer = try ConfigurationLayer(source: "machine profile", yaml: yaml, file: file)
        var id: String?
        var machine: [Assignment] = []
        var profiles: [Profile] = []
        for entry in layer.entries {
            let parts = entry.name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            if parts == ["machine", "id"] {
                id = entry.text
            } else if parts.count == 2, parts[0] == "machine" {
                machine.append(Assignment(parts[1], entry.text))
            } else if parts.count >= 5, parts[0] == "profiles" {
                let index = Self.index(of: parts[1], parts[2], in: &profiles)
                let assignment = Assignment(parts[4...].joined(separator: "."), entry.text)
                switch parts[3] {
                case "settings": profiles[index].settings.append(assignment)
                case "provenance": profiles[index].provenance.append(assignment)
                default: throw Self.unexpected(entry)
                }
            } else {
                throw Self.unexpected(entry)
            }
        }
        guard let id else {
            throw ParameterError(
                .malformed, parameter: file, expected: "no machine.id: not a machine profile", location: file)
        }
        self.init(machineID: id, machine: machine, profiles: profiles)
    }

    private static func index(of target: String, _ workloadClass: String, in profiles: inout [Profile]) -> Int {
        if let index = profiles.firstIndex(where: { $0.target == target && $0.workloadClass == workloadClass }) {
            return index
        }
        profiles.append(Profile(target: target, workloadClass: workloadClass, settings: [], provenance: []))
        return profiles.count - 1
    }

    private static func unexpected(_ entry: ConfigurationLayer.Entry) -> ParameterError {
        ParameterError(
            .unknownKey, parameter: entry.name,
            expected: "a machine profile holds machine.* and profiles.TARGET.CLASS.settings|provenance.*",
            location: entry.location)
    }

    /// The file's text, each tuned value with its unit and default as a comment.
    public func yaml(descriptions: [ParameterDescription]) -> String {
        let described = Dictionary(uniqueKeysWithValues: descriptions.map { ($0.name, $0) })
        var lines = [
            "# Written by lavoisier-tune. `lavoisier analyze` uses it by itself on the machine that it was measured on.",
            "machine:", "  id: \(Self.quoted(machineID))",
        ]
        for field in machine { lines.append("  \(field.name): \(Self.quoted(field.value))") }
        lines.append("profiles:")
        for (index, profile) in profiles.enumerated() {
            if index == 0 || profiles[index - 1].target != profile.target { lines.append("  \(profile.target):") }
            lines.append("    \(profile.workloadClass):")
            if !profile.provenance.isEmpty { lines.append("      provenance:") }
            for item in profile.provenance { lines.append("        \(item.name): \(Self.quoted(item.value))") }
            lines.append(profile.settings.isEmpty ? "      settings: {}" : "      settings:")
            for setting in profile.settings {
                var comment = ""
                if let description = described[setting.name] {
                    let unit = description.unit.isEmpty ? "" : "\(description.unit), "
                    comment = "  # \(unit)default \(description.text(of: description.defaultValue))"
                }
                lines.append("        \(setting.name): \(Self.quoted(setting.value))\(comment)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n"))\""
    }
}
