extension StudyReport {
    /// Time per stage for each arm that was measured.
    public struct StageTimes: Codable, Sendable, Hashable {
        /// How to read them: `median over 12 runs; stages overlap, so the sum exceeds the wall time`.
        public var note: String
        public var arms: [ArmStages]

        public struct ArmStages: Codable, Sendable, Hashable {
            public var role: ArmRole
            /// In pipeline order.
            public var stages: [Stage]

            public init(role: ArmRole, stages: [Stage]) {
                self.role = role
                self.stages = stages
            }
        }

        public struct Stage: Codable, Sendable, Hashable {
            public var name: String
            public var seconds: Double

            public init(name: String, seconds: Double) {
                self.name = name
                self.seconds = seconds
            }
        }

        public init(note: String, arms: [ArmStages]) {
            self.note = note
            self.arms = arms
        }
    }

    /// Where the study ran, on what, and how quiet it was.
    public struct Environment: Codable, Sendable, Hashable {
        /// The fields of the machine identity and what else describes the machine.
        public var machine: [Fact]
        /// Of the engine, the tuner, the libraries, the kernel.
        public var versions: [Fact]
        public var workloads: [Workload]
        /// Pressure, steal, spread of identical runs.
        public var noise: [Fact]
        /// What could not be measured, and why: `energy`, `no powercap on this machine`.
        public var notMeasured: [Gap]
        /// What can be measured on the machine and how, and why the rest cannot; `nil` where an older version did not record it.
        public var sources: [Fact]?

        public struct Workload: Codable, Sendable, Hashable {
            public var name: String
            public var sha256: String
            public var bytes: Int
            public var spectra: Reported<Int>

            public init(name: String, sha256: String, bytes: Int, spectra: Reported<Int>) {
                self.name = name
                self.sha256 = sha256
                self.bytes = bytes
                self.spectra = spectra
            }
        }

        public struct Gap: Codable, Sendable, Hashable {
            public var what: String
            public var reason: String

            public init(what: String, reason: String) {
                self.what = what
                self.reason = reason
            }
        }

        public init(
            machine: [Fact], versions: [Fact], workloads: [Workload], noise: [Fact], notMeasured: [Gap],
            sources: [Fact]? = nil
        ) {
            self.machine = machine
            self.versions = versions
            self.workloads = workloads
            self.noise = noise
            self.notMeasured = notMeasured
            self.sources = sources
        }
    }

    /// How the search was set up.
    public struct SearchSettings: Codable, Sendable, Hashable {
        public var seed: UInt64
        /// Configurations that the search was allowed to try.
        public var budget: Int
        public var strategy: String
        public var acquisition: String
        /// Constraints and everything else worth telling.
        public var more: [Fact]
        /// Parameters that were not searched; `nil` where that was not recorded.
        public var leftOut: [LeftOut]?

        public struct LeftOut: Codable, Sendable, Hashable {
            public var parameter: String
            public var reason: String

            public init(parameter: String, reason: String) {
                self.parameter = parameter
                self.reason = reason
            }
        }

        public init(
            seed: UInt64, budget: Int, strategy: String, acquisition: String, more: [Fact], leftOut: [LeftOut]? = nil
        ) {
            self.leftOut = leftOut
            self.seed = seed
            self.budget = budget
            self.strategy = strategy
            self.acquisition = acquisition
            self.more = more
        }
    }

    /// What the surrogate model learned, and how well it predicts.
    public struct ModelDiagnostics: Codable, Sendable, Hashable {
        /// Kernel and transformation: `Matern-5/2 ARD on the log of the throughput`.
        public var description: String
        /// In units of the normalised parameter (0...1): the smaller, the more the objective changes along it.
        public var lengthScales: [LengthScale]
        /// Observation noise, in the unit of the model's transformed objective.
        public var noise: Reported<Double>
        /// Leave-one-out predictions; where unavailable the page shows the predictions made at suggestion time.
        public var leaveOneOut: Reported<[CheckPoint]>
        /// What is modelled, where that is not the study's objective.
        public var quantity: Objective?

        public struct LengthScale: Codable, Sendable, Hashable {
            public var parameter: String
            public var value: Double

            public init(parameter: String, value: Double) {
                self.parameter = parameter
                self.value = value
            }
        }

        /// An observation beside what the model said without it, in the objective's unit.
        public struct CheckPoint: Codable, Sendable, Hashable {
            public var trial: Int
            public var observed: Double
            public var predicted: Prediction

            public init(trial: Int, observed: Double, predicted: Prediction) {
                self.trial = trial
                self.observed = observed
                self.predicted = predicted
            }
        }

        public init(
            description: String, lengthScales: [LengthScale], noise: Reported<Double>,
            leaveOneOut: Reported<[CheckPoint]>, quantity: Objective? = nil
        ) {
            self.description = description
            self.lengthScales = lengthScales
            self.noise = noise
            self.leaveOneOut = leaveOneOut
            self.quantity = quantity
        }
    }
}
