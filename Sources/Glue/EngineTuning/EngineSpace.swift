import BayesianTuning
import HostEnvironment
import Parameters
import Pipeline
import StudyRunner

/// The parameters of the engine that a study on this machine searches, and those that it leaves out.
public struct EngineSpace: Sendable {
    public let catalog: ParameterCatalog
    public let searched: [ParameterDescription]
    public let leftOut: [LeftOutParameter]
    /// What holds for parameters that are not searched, where that is not the default.
    private let fixed: [Setting]

    /// The first four that could be tuned: what `--parameters basic` searches.
    public static let basic = [
        "execution.chunk_size", "execution.workers", "execution.buffer_size", "numeric.precision",
    ]

    /// - Parameters:
    ///   - list: as `ParameterSelection` reads it.
    ///   - purposes: what the study asks for.
    ///   - fixed: settings that hold in every run when they are not searched.
    ///   - files: the files of each workload; without any, nothing is left out for them.
    /// - Throws: `StudyError(.invalidOptions)`.
    public init(
        _ list: String?, host: HostDescription, purposes: ParameterPurposes = .all,
        fixed: [Setting] = [], files: [[String]] = []
    ) throws(StudyError) {
        catalog = EngineParameters.catalog(host: host)
        self.fixed = fixed
        let selection = try ParameterSelection(
            list, of: catalog, basic: Self.basic, fixed: fixed, purposes: purposes,
            irrelevant: Self.irrelevant(files, fixed: fixed))
        searched = selection.searched
        leftOut = selection.leftOut
    }

    /// The space of a stored study. - Parameter names: that it searches.
    init(names: [String], leftOut: [LeftOutParameter], host: HostDescription) {
        catalog = EngineParameters.catalog(host: host)
        searched = ParameterSelection.parameters(named: names, of: catalog)
        fixed = []
        self.leftOut = leftOut
    }

    /// How many configurations there are, `nil` for very many.
    /// - Throws: `SearchSpaceError`.
    public func size() throws -> Int? {
        var values = Dictionary(uniqueKeysWithValues: catalog.descriptions.map { ($0.name, $0.defaultValue) })
        for setting in fixed { values[setting.name] = try catalog.description(of: setting.name)?.parse(setting.text) }
        return try SearchSpace(searched, fixed: values).count
    }

    /// By name, why a parameter cannot matter for these workloads and with what holds in every run.
    private static func irrelevant(_ files: [[String]], fixed: [Setting]) -> [String: String] {
        var reasons: [String: String] = [:]
        if fixed.contains(where: { $0.name == "parallel.memory_per_worker" && $0.text != "auto" }) {
            reasons["execution.workers"] = "parallel.memory_per_worker of the base file decides how many there are"
        }
        guard !files.isEmpty else { return reasons }
        if files.allSatisfy({ $0.count <= 1 }) {
            reasons["execution.concurrent_files"] = "no workload has more than one file"
        }
        if files.allSatisfy({ $0.allSatisfy { $0.hasSuffix(".gz") } }) {
            reasons["execution.file_access"] =
                "all files are compressed, and those are always read through a buffer"
        }
        return reasons
    }
}
