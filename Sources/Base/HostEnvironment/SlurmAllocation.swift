/// What a Slurm job grants this process on its node, from the environment variables Slurm sets.
///
/// Source: the sbatch(1) and srun(1) manuals, "OUTPUT ENVIRONMENT VARIABLES"; memory is in MiB there.
struct SlurmAllocation: Sendable, Equatable {
    static let variables = ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE", "SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU"]

    private(set) var cpus: ResourceLimit?
    private(set) var memory: ResourceLimit?
    /// Variables that are set and could not be understood.
    private(set) var ignored: [String] = []

    init(environment: [String: String]) {
        func positive(_ name: String) -> Double? {
            guard let text = environment[name], !text.isEmpty else { return nil }
            guard let number = Int(text), number >= 0 else {
                ignored.append("\(name)=\(text) is not a number")
                return nil
            }
            return number > 0 ? Double(number) : nil
        }
        // A task may use its own share of the node; only without one is the node's share the process's.
        for name in ["SLURM_CPUS_PER_TASK", "SLURM_CPUS_ON_NODE"] where cpus == nil {
            cpus = positive(name).map { ResourceLimit(value: $0, source: name) }
        }
        let onNode = positive("SLURM_CPUS_ON_NODE") ?? cpus?.value
        // 0 stands for all of the node's memory.
        if let perNode = positive("SLURM_MEM_PER_NODE") {
            memory = ResourceLimit(value: perNode * 1_048_576, source: "SLURM_MEM_PER_NODE")
        } else if let perCPU = positive("SLURM_MEM_PER_CPU"), let onNode {
            memory = ResourceLimit(value: perCPU * onNode * 1_048_576, source: "SLURM_MEM_PER_CPU")
        }
    }
}
