import Foundation
import HostEnvironment
import Instrumentation
import Parameters
import TestSupport

@testable import Pipeline

/// Runs the engine in this process on bundled data, into a folder that is removed with the value.
struct EngineRun {
    let record: RunRecord
    let folder: TemporaryDirectory

    static let host = HostReader().read()
    static let locations = DataLocations.standard(
        environment: ["LAVOISIER_DATA_DIR": TestData.repository + "/workloads", "HOME": NSHomeDirectory()],
        programPath: DataLocations.programPath)
    static let dda = TestData.repository + "/workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML"
    static let profile = TestData.repository + "/workloads/ident/FeatureFinderMetaboIdent_1_input.mzML"

    init(_ files: [String], _ assignments: [String] = [], folder: TemporaryDirectory? = nil) throws {
        let folder = try folder ?? TemporaryDirectory()
        self.folder = folder
        record = try Self.run(files, assignments, output: folder.path)
    }

    static func configuration(_ assignments: [String]) throws -> AnalysisConfiguration {
        AnalysisConfiguration(try EngineParameters.resolve([ConfigurationLayer(assignments: assignments)], host: host))
    }

    @discardableResult
    static func run(
        _ files: [String], _ assignments: [String], output: String, cancellation: CancellationFlag = CancellationFlag(),
        onEvent: @escaping @Sendable (AnalysisRun.Event) -> Void = { _ in }
    ) throws -> RunRecord {
        let run = AnalysisRun(
            files: files, outputDirectory: output, configuration: try configuration(assignments), host: host,
            machineProfile: nil, references: .bundled(locations), cache: locations.cache)
        return try run.run(cancellation: cancellation, onEvent: onEvent)
    }

    func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder.file(name), encoding: .utf8)
    }
}

extension EngineRun {
    /// The memory of a run with these settings.
    static func memory(_ assignments: [String] = [], folder: String) throws -> RunMemory {
        let configuration = try configuration(assignments)
        return RunMemory(
            settings: configuration.memory, budget: try MemoryBudget(configuration: configuration), folder: folder)
    }
}

extension EngineParameters {
    /// The outcome of layers that name no settings of earlier versions.
    static func resolve(_ layers: [ConfigurationLayer], host: HostDescription) throws -> ResolvedConfiguration {
        var notices: [String] = []
        return try resolve(layers, host: host, notices: &notices)
    }
}
