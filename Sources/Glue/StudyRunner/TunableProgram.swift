import BayesianTuning
import Benchmarking
import Parameters
import ResultStore

/// A program that can be run with different settings, so that a study can find good ones.
///
/// A study runs the default configuration first in every process, so a program may take its results as the reference.
public protocol TunableProgram {
    var identity: ProgramIdentity { get }
    /// The parameters to search, in a fixed order; every default together is the built-in default configuration.
    var parameters: [ParameterDescription] { get }
    /// Every setting of a configuration, searched or not, as a user writes it: what a trial is stored with.
    func settings(of configuration: Configuration) -> [Setting]
    /// Why runs on this machine cannot carry what a target is measured by; `nil` when they can.
    func obstacle(to target: StudyTarget) -> String?
    /// Runs all workloads once.
    /// - Throws: when the harness itself cannot go on (no temporary folder, full disk). What happens to the program is
    ///   part of the `ProgramRun`.
    mutating func run(_ configuration: Configuration, limits: RunLimits) throws -> ProgramRun
}

extension TunableProgram {
    public func obstacle(to target: StudyTarget) -> String? { nil }
}

/// What is run, by name and content.
public struct ProgramIdentity: Sendable, Hashable {
    public var path: String
    public var sha256: String
    /// Version by component.
    public var versions: [String: String]
    public var workloads: [WorkloadReference]

    public init(path: String, sha256: String, versions: [String: String], workloads: [WorkloadReference]) {
        self.path = path
        self.sha256 = sha256
        self.versions = versions
        self.workloads = workloads
    }
}
