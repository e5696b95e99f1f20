import ArgumentParser
import Foundation
import Pipeline

/// Options that set the engine's settings.
struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("YAML file with settings; may be repeated, and a later one wins.", valueName: "file"))
    var configurationFiles: [String] = []

    @Option(name: .customLong("set"), help: ArgumentHelp("One setting; may be repeated.", valueName: "key=value"))
    var assignments: [String] = []

    @Option(
        help:
            "Most resident memory of the process, like 8GB or 50%: execution.memory_limit, before LAVOISIER_MEMORY_LIMIT and files."
    )
    var memoryLimit: String?

    @Option(help: "Tuned profile to use: a target, target/class, or 'none'. Default: throughput, when there is one.")
    var profile: String?

    @Option(help: "Folder with this machine's tuned profile.")
    var configDir: String?

    func request(inputs: [String]) -> ConfigurationRequest {
        var request = ConfigurationRequest()
        request.configurationFiles = configurationFiles
        request.assignments = assignments
        request.memoryLimit = memoryLimit
        request.environment = ProcessInfo.processInfo.environment
        request.configurationDirectory = configDir
        request.profile = profile
        request.inputBytes = inputs.reduce(0) { sum, path in
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + (attributes?[.size] as? Int ?? 0)
        }
        return request
    }
}

/// Options that choose the library and the compound tables.
struct ReferenceOptions: ParsableArguments {
    @Option(
        help:
            "Spectral library: MSP, MGF, MassBank or GNPS JSON, plain or .gz, or a built .lvsl. Default: the bundled MassBank subset."
    )
    var library: String?

    @Option(
        help: "Compound table: TSV, plain or .gz, or a prepared .lvct; may be repeated. Default: ChEBI and LIPID MAPS.")
    var compounds: [String] = []

    func locations() -> DataLocations {
        DataLocations.standard(
            environment: ProcessInfo.processInfo.environment, programPath: DataLocations.programPath)
    }

    func sources() -> ReferenceData.Sources {
        let bundled = ReferenceData.Sources.bundled(locations())
        return ReferenceData.Sources(
            library: library ?? bundled.library, compounds: compounds.isEmpty ? bundled.compounds : compounds)
    }
}
