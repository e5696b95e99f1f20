extension StudyReport {
    /// One configuration that the search tried.
    public struct Trial: Codable, Sendable, Hashable {
        public var number: Int
        /// `default`, `space-filling`, `model` ...
        public var phase: String
        public var configuration: [Setting]
        public var state: TrialState
        /// Why it is not `succeeded`; `nil` for a success.
        public var reason: String?
        public var objective: Reported<Double>
        /// Seconds.
        public var wallTime: Reported<Double>
        /// Seconds.
        public var cpuTime: Reported<Double>
        /// MB.
        public var peakMemory: Reported<Double>
        /// Share of the runs during which some task waited for a CPU, 0...1; `nil` on pages of earlier versions.
        public var cpuPressure: Reported<Double>?
        /// Share of CPU time that the hypervisor gave to others, 0...1; `nil` on pages of earlier versions.
        public var steal: Reported<Double>?
        public var accuracy: Reported<Accuracy>
        /// What the model expected of this trial when it suggested it, in the objective's unit.
        public var prediction: Reported<Prediction>
        /// Seconds from the start of the study.
        public var start: Reported<Double>
        /// The earlier trial with the same configuration, if this repeats one; repeats do not count against the budget.
        public var repeats: Int?

        public init(
            number: Int, phase: String, configuration: [Setting], state: TrialState, reason: String? = nil,
            objective: Reported<Double>, wallTime: Reported<Double>, cpuTime: Reported<Double>,
            peakMemory: Reported<Double>, accuracy: Reported<Accuracy>, prediction: Reported<Prediction>,
            start: Reported<Double>, repeats: Int? = nil,
            cpuPressure: Reported<Double>? = nil, steal: Reported<Double>? = nil
        ) {
            self.number = number
            self.phase = phase
            self.configuration = configuration
            self.state = state
            self.reason = reason
            self.objective = objective
            self.wallTime = wallTime
            self.cpuTime = cpuTime
            self.peakMemory = peakMemory
            self.accuracy = accuracy
            self.prediction = prediction
            self.start = start
            self.repeats = repeats
            self.cpuPressure = cpuPressure
            self.steal = steal
        }

        func value(of parameter: String) -> Value? { configuration.first { $0.parameter == parameter }?.value }
    }

    /// What became of a trial.
    public enum TrialState: String, Codable, Sendable, Hashable, CaseIterable {
        case succeeded
        /// It ran, and broke a constraint (accuracy, memory, time).
        case infeasible
        /// It crashed, hung, or gave no result.
        case failed
        /// Still running, or lost with its tuner.
        case unfinished
    }

    /// A normal distribution of the objective.
    public struct Prediction: Codable, Sendable, Hashable {
        public var mean: Double
        public var standardDeviation: Double

        public init(mean: Double, standardDeviation: Double) {
            self.mean = mean
            self.standardDeviation = standardDeviation
        }
    }

    /// One parameter of the search space.
    public struct Parameter: Codable, Sendable, Hashable {
        /// Dotted path: `execution.chunk_size`.
        public var name: String
        /// Empty for counts and choices.
        public var unit: String
        /// One sentence: what it does.
        public var text: String
        public var scale: Scale
        /// The values that the search could choose from, in order; empty for a continuous range.
        public var values: [Value]
        public var defaultValue: Value
        public var before: Reported<Value>
        public var best: Reported<Value>

        public enum Scale: String, Codable, Sendable, Hashable {
            case linear
            case logarithmic
            case categorical
        }

        public init(
            name: String, unit: String, text: String, scale: Scale, values: [Value], defaultValue: Value,
            before: Reported<Value>, best: Reported<Value>
        ) {
            self.name = name
            self.unit = unit
            self.text = text
            self.scale = scale
            self.values = values
            self.defaultValue = defaultValue
            self.before = before
            self.best = best
        }
    }

    /// How much each parameter mattered.
    public struct Importance: Codable, Sendable, Hashable {
        /// How it was computed: `PED-ANOVA over the 50 trials`.
        public var method: String
        public var shares: [Share]

        public struct Share: Codable, Sendable, Hashable {
            public var parameter: String
            /// 0...1.
            public var share: Double

            public init(parameter: String, share: Double) {
                self.parameter = parameter
                self.share = share
            }
        }

        public init(method: String, shares: [Share]) {
            self.method = method
            self.shares = shares
        }
    }
}

extension StudyReport.TrialState {
    var marker: Marker {
        switch self {
        case .succeeded: .circle
        case .infeasible: .triangle
        case .failed: .cross
        case .unfinished: .square
        }
    }

    var className: String { "state-\(rawValue)" }
}

extension StudyReport {
    /// Successful trials whose objective can be drawn, in order.
    var measuredTrials: [(trial: Trial, objective: Double)] {
        trials.compactMap { trial in
            guard trial.state == .succeeded, let objective = trial.objective.finite else { return nil }
            return (trial, objective)
        }
    }

    func isBetter(_ a: Double, than b: Double) -> Bool { objective.higherIsBetter ? a > b : a < b }

    /// The successful trial with the best objective; the earliest of equals.
    var bestTrial: (trial: Trial, objective: Double)? {
        var best: (trial: Trial, objective: Double)?
        for candidate in measuredTrials where best.map({ isBetter(candidate.objective, than: $0.objective) }) ?? true {
            best = candidate
        }
        return best
    }
}
