import Instrumentation

/// CPU seconds of one worker by kind of job, inside the stage in which all kinds overlap.
struct WorkerStageTimes: Sendable {
    enum Job: Int, CaseIterable {
        case read
        case decode
        case traces
        case peaks

        var name: String {
            switch self {
            case .read: "read"
            case .decode: "decode"
            case .traces: "mass traces"
            case .peaks: "chromatographic peaks"
            }
        }
    }

    private(set) var seconds = [Double](repeating: 0, count: Job.allCases.count)

    mutating func measure<Result, Failure: Error>(
        _ job: Job, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = threadCPUSeconds()
        defer { seconds[job.rawValue] += threadCPUSeconds() - start }
        return try body()
    }

    static func += (left: inout WorkerStageTimes, right: WorkerStageTimes) {
        for index in left.seconds.indices { left.seconds[index] += right.seconds[index] }
    }

    /// `(name, CPU seconds)` in the order of the jobs.
    var named: [(name: String, seconds: Double)] { Job.allCases.map { ($0.name, seconds[$0.rawValue]) } }
}
