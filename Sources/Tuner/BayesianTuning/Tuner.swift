import GaussianProcess
import Instrumentation
import Statistics

/// Suggests configurations one after another and learns from what they gave.
///
/// - Determinism: the next suggestion depends on the arguments of `init`, on the outcomes told, in order, and on what
///   is asked but not yet told. Replaying the tells into a new tuner therefore resumes a study, exactly so on the same
///   kind of CPU (BLAS kernels round differently on others).
/// - Complexity: about 2 ms of CPU per suggestion at 50 trials and 7 parameters; O(trials^3) in the long run.
public struct Tuner: Sendable {
    public let space: SearchSpace
    /// One or two; with two, the whole trade-off between them is searched.
    public let objectives: [ObjectiveDirection]
    public let seed: UInt64
    public let strategy: SearchStrategy
    public let constraints: [Constraint]
    /// CPU seconds of the calling thread that each call of `ask` took.
    public private(set) var suggestionSeconds: [Double] = []
    /// About what `ask` returned last; `nil` before the first call.
    public private(set) var lastSuggestion: SuggestionDetails?

    let initial: [Configuration]
    /// Of the parameters; the models of objectives may have the study as one more input.
    let kinds: [InputKind]
    let earlier: EarlierKnowledge?
    private(set) var trials: [Trial] = []
    private(set) var pending: [Configuration] = []
    private(set) var seenPoints: Set<LatticePoint> = []
    private var seenConfigurations: Set<Configuration> = []
    private(set) var seenEnumerated = 0
    private let sobol: SobolSequence?
    /// Points before this index are all seen or illegal.
    private var sobolCursor = 0
    var fits: FitChain

    /// Trials that come from Sobol points (given configurations included) before the model takes over.
    public static let initialCount = 8
    /// Objectives that the model needs.
    static let minimumSuccesses = 3

    /// A search for the best value of one objective.
    /// - Parameters: as for two objectives.
    public init(
        space: SearchSpace, objective: ObjectiveDirection, seed: UInt64, initial: [Configuration] = [],
        strategy: SearchStrategy = .bayesian, constraints: [Constraint] = [], earlier: [EarlierTrial] = []
    ) {
        self.init(
            space: space, objectives: [objective], seed: seed, initial: initial, strategy: strategy,
            constraints: constraints, earlier: earlier)
    }

    /// A search for the best value of one objective or for the Pareto front of two.
    ///
    /// - Parameter initial: tried first, in order; trial 0 should be the built-in default. Duplicates are tried once.
    /// - Parameter earlier: trials of earlier studies, oldest first. Up to three of their best configurations are tried
    ///   right after `initial` instead of Sobol points, and 60 of them inform the model as soon as `initial[0]` (the
    ///   default configuration when there is none) has a value here. What failed with the same program is never asked.
    ///   Only the Bayesian strategy uses them.
    /// - Precondition: one or two objectives; the initial configurations belong to the space; constraint names differ.
    public init(
        space: SearchSpace, objectives: [ObjectiveDirection], seed: UInt64, initial: [Configuration] = [],
        strategy: SearchStrategy = .bayesian, constraints: [Constraint] = [], earlier: [EarlierTrial] = []
    ) {
        precondition((1...2).contains(objectives.count), "one or two objectives")
        precondition(initial.allSatisfy { $0.names == space.names }, "configuration of another space")
        precondition(Set(constraints.map(\.name)).count == constraints.count, "two constraints of one name")
        self.space = space
        self.objectives = objectives
        self.seed = seed
        self.initial = initial
        self.strategy = strategy
        self.constraints = constraints
        kinds = space.inputKinds
        sobol =
            kinds.isEmpty
            ? nil : SobolSequence(dimensions: min(kinds.count, SobolSequence.maximumDimensions), seed: seed)
        fits = FitChain(objectiveCount: objectives.count, constraintCount: constraints.count)
        self.earlier =
            strategy != .bayesian || earlier.isEmpty
            ? nil
            : EarlierKnowledge(
                earlier, anchor: initial.first ?? space.defaultConfiguration, space: space, objectives: objectives)
        banEarlierFailures()
    }

    /// Whether smaller or larger values of the first objective are better.
    public var direction: ObjectiveDirection { objectives[0] }

    /// Configurations that failed or broke a constraint in any of their trials: none of them is to be relied on, however
    /// good another trial was.
    var unreliable: Set<Configuration> {
        Set(trials.filter { !$0.isFeasible(constraints) }.map(\.configuration))
    }

    /// How many outcomes were told.
    public var trialCount: Int { trials.count }

    /// Whether every configuration of the space was asked or told.
    public var isExhausted: Bool { space.count.map { seenEnumerated >= $0 } ?? false }

    /// The next configuration to try, never one that was asked or told before; `nil` when none is left, or when a space
    /// too large to enumerate is so restricted that 1,000 draws find nothing legal.
    public mutating func ask() -> Configuration? {
        let start = threadCPUSeconds()
        defer { suggestionSeconds.append(threadCPUSeconds() - start) }
        guard let suggestion = nextSuggestion() else { return nil }
        lastSuggestion = suggestion
        markSeen(suggestion.configuration)
        pending.append(suggestion.configuration)
        return suggestion.configuration
    }

    /// Records an outcome, also of a configuration that was never asked (an earlier study) or was told before (a
    /// repeat).
    ///
    /// An objective that is not finite, or a second one that is missing, counts as a failure; a second objective that is
    /// not searched for is ignored. A bound on the objective of a trial that was stopped is used where it is finite and the
    /// only objective: of two, one bound does not keep away from what is slow and looks good in the other.
    /// - Parameter effective: what ran, when the system reports it: a program may clamp or round what it is given. The
    ///   outcome is learned at that place, neither is asked again, and requests that are likely to be changed are avoided.
    /// - Precondition: the configurations belong to the space.
    public mutating func tell(
        _ configuration: Configuration, effective: Configuration? = nil, _ outcome: TrialOutcome
    ) {
        precondition(configuration.names == space.names, "configuration of another space")
        precondition(effective.map { $0.names == space.names } ?? true, "configuration of another space")
        if let position = pending.firstIndex(of: configuration) { pending.remove(at: position) }
        markSeen(configuration)
        if let effective { markSeen(effective) }
        let inputs = space.encode(effective ?? configuration)
        trials.append(
            Trial(
                configuration: effective ?? configuration, inputs: inputs,
                requested: effective.map { _ in configuration },
                requestedInputs: effective.map { _ in space.encode(configuration) }, outcome: usable(outcome)))
    }

    /// An outcome with nothing in it that the models cannot take.
    private func usable(_ outcome: TrialOutcome) -> TrialOutcome {
        if case .timedOut(let seconds, let bound?) = outcome, !bound.isFinite || objectives.count > 1 {
            return .timedOut(afterSeconds: seconds)
        }
        guard case .success(let objective, let deviation, let measured, let second, let repeats) = outcome else {
            return outcome
        }
        guard objective.isFinite else { return .failed(reason: "the objective is \(objective)") }
        func credible(_ deviation: Double?) -> Double? {
            deviation.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
        }
        var other: ObjectiveValue?
        if objectives.count == 2 {
            guard let second, second.value.isFinite else {
                return .failed(reason: "the second objective is \(second.map { "\($0.value)" } ?? "missing")")
            }
            other = ObjectiveValue(second.value, deviation: credible(second.deviation))
        }
        return .success(
            objective: objective, objectiveSD: credible(deviation), constraints: measured, second: other,
            repeats: repeats.map { credible(deviation) == nil ? 1 : max(1, $0) })
    }

    /// As it was after the first tells, with nothing running.
    func rewound(to count: Int) -> Tuner {
        var past = self
        past.trials.removeLast(max(0, trials.count - count))
        past.pending = []
        past.fits = fits.after(count)
        past.seenPoints = []
        past.seenConfigurations = []
        past.seenEnumerated = 0
        past.banEarlierFailures()
        for trial in past.trials {
            past.markSeen(trial.configuration)
            if let requested = trial.requested { past.markSeen(requested) }
        }
        return past
    }

    /// The random numbers of a trial.
    func generator(index: Int) -> SeededGenerator {
        SeededGenerator(seed: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
    }

    /// What failed before is not asked for, unless it was given.
    private mutating func banEarlierFailures() {
        for configuration in earlier?.failures ?? [] where !initial.contains(configuration) { markSeen(configuration) }
    }

    private mutating func markSeen(_ configuration: Configuration) {
        guard let point = space.point(configuration) else {
            seenConfigurations.insert(configuration)
            return
        }
        let isNew = seenPoints.insert(point).inserted
        if isNew, space.enumerated != nil, space.contains(configuration) { seenEnumerated += 1 }
    }

    func isSeen(_ configuration: Configuration) -> Bool {
        if let point = space.point(configuration) { return seenPoints.contains(point) }
        return seenConfigurations.contains(configuration)
    }

    // MARK: Choosing

    private mutating func nextSuggestion() -> SuggestionDetails? {
        if let given = initial.first(where: { !isSeen($0) }) { return details(given, .initial) }
        guard !isExhausted else { return nil }
        let index = trials.count + pending.count
        var generator = generator(index: index)
        switch strategy {
        case .random: return randomUnseen(using: &generator).map { details($0, .random) }
        case .sobol: return sobolUnseen(using: &generator).map { details($0, .sobol) }
        case .bayesian:
            if let known = earlier?.best.first(where: { !isSeen($0) }) { return details(known, .earlier) }
            if index < Self.initialCount, !startsWarm {
                return sobolUnseen(using: &generator).map { details($0, .sobol) }
            }
            if let model = searchModel(index: index), let point = bestUnseen(under: model, using: &generator) {
                return model.details(space.configuration(point), inputs: inputs(of: point))
            }
            // Until a model can be built the sequence goes on: it covers the space more evenly than chance.
            return sobolUnseen(using: &generator).map { details($0, .sobol) }
        }
    }

    /// Whether earlier studies stand in for the initial design.
    private var startsWarm: Bool {
        earlier.map { !$0.values(of: 0, anchoredBy: trials).isEmpty } ?? false
    }

    private func inputs(of point: LatticePoint) -> [Double] {
        var inputs: [Double] = []
        space.encode(point, into: &inputs)
        return inputs
    }

    private func details(_ point: LatticePoint, _ origin: SuggestionDetails.Origin) -> SuggestionDetails {
        details(space.configuration(point), origin)
    }

    private func details(_ configuration: Configuration, _ origin: SuggestionDetails.Origin) -> SuggestionDetails {
        SuggestionDetails(configuration: configuration, origin: origin, predictions: [], expectedGain: nil)
    }

    private mutating func sobolUnseen(using generator: inout SeededGenerator) -> LatticePoint? {
        guard let sobol else { return randomUnseen(using: &generator) }
        // Small spaces revisit points often; a bounded search keeps the cost even.
        for _ in 0..<256 {
            var coordinates = sobol.point(sobolCursor)
            // Sobol's table ends at 32 dimensions; the rest are plain random numbers of the point's index.
            if coordinates.count < kinds.count {
                var rest = SeededGenerator(seed: seed ^ UInt64(sobolCursor))
                while coordinates.count < kinds.count { coordinates.append(rest.uniform()) }
            }
            if let point = space.snap(coordinates), !seenPoints.contains(point) { return point }
            sobolCursor += 1
        }
        return randomUnseen(using: &generator)
    }

    func randomUnseen(using generator: inout SeededGenerator) -> LatticePoint? {
        for _ in 0..<128 {
            guard let point = space.samplePoint(using: &generator) else { break }
            if !seenPoints.contains(point) { return point }
        }
        if let enumerated = space.enumerated {
            let unseen = enumerated.filter { !seenPoints.contains($0) }
            return unseen.isEmpty ? nil : unseen[generator.integer(below: unseen.count)]
        }
        return nil
    }
}
