import BayesianTuning
import Benchmarking
import EngineRuns
import HostEnvironment
import Parameters
import Pipeline
import StudyRunner

/// `lavoisier analyze` as a program to tune: one child process per workload and run.
public struct EngineLauncher: TunableProgram {
    public let identity: ProgramIdentity
    public let parameters: [ParameterDescription]
    private let descriptions: [ParameterDescription]
    /// By parameter; holds in every run.
    private let base: [String: String]
    private let program: EngineProgram
    private let minimumAccuracy: Double
    private var reference: ReferenceResults?

    /// - Parameters:
    ///   - program: over the workloads of every run.
    ///   - space: what is searched.
    ///   - base: settings that are not searched and hold in every run, the default's included.
    ///   - minimumAccuracy: F1 against the default's results below which a run does not count.
    public init(
        identity: ProgramIdentity, program: EngineProgram, space: EngineSpace, base: [Setting] = [],
        minimumAccuracy: Double
    ) {
        self.identity = identity
        self.program = program
        self.minimumAccuracy = minimumAccuracy
        descriptions = space.catalog.descriptions
        parameters = space.searched
        self.base = Dictionary(base.map { ($0.name, $0.text) }) { _, last in last }
    }

    public func settings(of configuration: Configuration) -> [Setting] {
        descriptions.map { description in
            let fixed = base[description.name] ?? description.text(of: description.defaultValue)
            return Setting(
                description.name, configuration[description.name].map { description.text(of: $0) } ?? fixed)
        }
    }

    /// A complete configuration as `lavoisier analyze --config` reads it, with the unit and default of each setting.
    /// - Throws: `ParameterError`, which cannot happen for a configuration of the search.
    func configurationText(_ configuration: Configuration, source: String) throws(ParameterError) -> String {
        let layer = ConfigurationLayer(
            source: source,
            entries: settings(of: configuration).map {
                ConfigurationLayer.Entry(name: $0.name, text: $0.text, location: source)
            })
        return try ResolvedConfiguration(descriptions: descriptions, layers: [layer]).yaml()
    }

    public func obstacle(to target: StudyTarget) -> String? { Self.obstacle(to: target, host: HostReader()) }

    /// Runs carry the energy that the machine's counters give; everything else is measured everywhere.
    static func obstacle(to target: StudyTarget, host: HostReader) -> String? {
        target == .energy ? host.readEnergy().reason : nil
    }

    public mutating func run(_ configuration: Configuration, limits: RunLimits) throws -> ProgramRun {
        let arm = EngineArm(
            name: "trial", engine: EngineBinary(path: identity.path, sha256: identity.sha256),
            configuration: try configurationText(configuration, source: "trial"),
            settings: settings(of: configuration))
        var outcome = try program.run(arm, limits: limits)
        if outcome.run.failure == nil { judge(&outcome.run, outcome.results, configuration) }
        return outcome.run
    }

    private mutating func judge(_ run: inout ProgramRun, _ results: [WorkloadResults], _ configuration: Configuration) {
        let isDefault = zip(parameters, configuration.values).allSatisfy { $0.defaultValue == $1 }
        if reference == nil, isDefault { reference = ReferenceResults(results) }
        // Everything but execution settings may change results, each within its bound.
        let kind = descriptions.filter { $0.group != .execution }.map { description in
            description.text(of: configuration[description.name] ?? description.defaultValue)
        }.joined(separator: " ")
        guard reference != nil else {
            run.failure = RunFailure(.crashed, "the default configuration has not run yet, so there is no reference")
            return
        }
        reference?.judge(&run, results, kind: kind, minimumAccuracy: minimumAccuracy)
    }
}
