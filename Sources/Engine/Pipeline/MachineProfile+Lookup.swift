import Parameters

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension MachineProfile {
    /// Folders that may hold machine profiles, in order of precedence: `--config-dir`, `$LAVOISIER_CONFIG_DIR`,
    /// `./config`, `$XDG_CONFIG_HOME/lavoisier` (default `~/.config/lavoisier`).
    public static func searchFolders(configDirectory: String?, environment: [String: String]) -> [String] {
        var folders: [String] = []
        if let configDirectory { folders.append(configDirectory) }
        if let folder = environment["LAVOISIER_CONFIG_DIR"], !folder.isEmpty { folders.append(folder) }
        folders.append("config")
        if let folder = environment["XDG_CONFIG_HOME"], !folder.isEmpty {
            folders.append("\(folder)/lavoisier")
        } else if let home = environment["HOME"], !home.isEmpty {
            folders.append("\(home)/.config/lavoisier")
        }
        return folders
    }

    /// Reads this machine's profile from the first folder that has one.
    /// - Returns: `nil` when no folder has `<machineID>.yaml`.
    /// - Throws: `ParameterError` for a file that cannot be read, or that names another machine.
    public static func find(
        machineID: String, folders: [String]
    ) throws(ParameterError) -> (profile: MachineProfile, path: String)? {
        for folder in folders {
            let path = "\(folder)/\(machineID).yaml"
            guard access(path, F_OK) == 0 else { continue }
            let profile = try MachineProfile(yaml: ConfigurationLayer.readText(path), file: path)
            guard profile.machineID == machineID else {
                throw ParameterError(
                    .malformed, parameter: path,
                    expected: "it was measured on machine \(profile.machineID), this is \(machineID); tune again here",
                    location: path)
            }
            return (profile, path)
        }
        return nil
    }

    /// Writes the file under a temporary name and renames it.
    /// - Throws: `AnalysisError(.outputFailed)`.
    public func write(to path: String, descriptions: [ParameterDescription]) throws(AnalysisError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        _ = try OutputDirectory(folder)
        let file = try OutputFile(
            path: path, writing: OutputWriting(bufferSize: 64 << 10, synchronization: .delayed))
        var buffer = TextBuffer()
        buffer.append(yaml(descriptions: descriptions))
        try file.write(buffer)
        try file.commit()
    }
}
