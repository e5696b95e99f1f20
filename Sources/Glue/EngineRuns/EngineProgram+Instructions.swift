import Benchmarking
import Pipeline

extension EngineProgram {
    /// Longest counted run: 50 times what the slowest workload takes.
    private static let countingTimeoutSeconds = 3_600.0

    /// Runs one workload under an instruction counter, in the same surroundings as any other run.
    /// - Returns: the count, and the digest of what the run wrote. - Throws: `AnalysisError` as `run`.
    public func countInstructions(
        _ arm: EngineArm, workload: EngineWorkload, counter: InstructionCounter, interrupt: InterruptFlag?
    ) throws(AnalysisError) -> (InstructionCount, digest: String?) {
        let folder = try scratch.makeFolder()
        defer { scratch.remove(folder) }
        let file = "\(folder)/configuration.yaml"
        try scratch.write(arm.configuration, to: file)
        let process = ChildProcess(
            executable: arm.engine.path,
            arguments: ["analyze"] + workload.files
                + ["--output", "\(folder)/results-0", "--config", file, "--profile", "none", "--quiet"],
            environment: environment, limits: ChildLimits(timeoutSeconds: Self.countingTimeoutSeconds))
        let count = counter.count(process, interrupt: interrupt)
        return (count, try? WorkloadResults.read("\(folder)/results-0", workload: workload).get().digest)
    }
}

extension WorkloadResults {
    /// Versions of the libraries that results depend on, as the engine says.
    public var libraries: [String] { record.versions.libraries }
    /// The engine's own version.
    public var engineVersion: String { record.versions.lavoisier }
}
