import GaussianProcess
import Statistics

/// Suggests configurations one after another and learns from what they gave.
///
/// - Determinism: the next suggestion depends on the arguments of `init`, on the outcomes told, in order, and on what
///   is asked but not yet told. Replaying the tells into a new tuner therefore resumes a study, exactly so on the same
///   kind of CPU (BLAS kernels round differently on others).
/// - Complexity: about 2 ms of CPU per suggestion at 50 trials and 7 parameters; O(trials^3) in the long run.
public struct Tuner: Sendable {
    public let space: SearchSpace
    public let direction: ObjectiveDirection
    public let seed: UInt64
    public let strategy: SearchStrategy
    public let constraints: [Constraint]
    /// CPU seconds of the calling thread that each call of `ask` took.
    public private(set) var suggestionSeconds: [Double] = []

    let initial: [Configuration]
    let kinds: [InputKind]
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

    /// - Parameter initial: tried first, in order; trial 0 should be the built-in default. Duplicates are tried once.
    /// - Precondition: the initial configurations belong to the space; constraint names differ.
    public init(
        space: SearchSpace, objective: ObjectiveDirection, seed: UInt64, initial: [Configuration] = [],
        strategy: SearchStrategy = .bayesian, constraints: [Constraint] = []
    ) {
        precondition(initial.allSatisfy { $0.names == space.names }, "configuration of another space")
        precondition(Set(constraints.map(\.name)).count == constraints.count, "two constraints of one name")
        self.space = space
        direction = objective
        self.seed = seed
        self.initial = initial
        self.strategy = strategy
        self.constraints = constraints
        kinds = space.inputKinds
        sobol =
            kinds.isEmpty
            ? nil : SobolSequence(dimensions: min(kinds.count, SobolSequence.maximumDimensions), seed: seed)
        fits = FitChain(constraintCount: constraints.count)
    }

    /// How many outcomes were told.
    public var trialCount: Int { trials.count }

    /// Whether every configuration of the space was asked or told.
    public var isExhausted: Bool { space.count.map { seenEnumerated >= $0 } ?? false }

    /// The next configuration to try, never one that was asked or told before; `nil` when none is left, or when a space
    /// too large to enumerate is so restricted that 1,000 draws find nothing legal.
    public mutating func ask() -> Configuration? {
        let start = threadSeconds()
        defer { suggestionSeconds.append(threadSeconds() - start) }
        guard let suggestion = nextConfiguration() else { return nil }
        markSeen(suggestion)
        pending.append(suggestion)
        return suggestion
    }

    /// Records an outcome, also of a configuration that was never asked (an earlier study) or was told before (a
    /// repeat).
    ///
    /// An objective that is not finite counts as a failure.
    /// - Parameter effective: what ran, when the system reports it: a program may clamp or round what it is given. The
    ///   outcome is learned at that place, neither is asked again, and requests that are likely to be changed are avoided.
    /// - Precondition: the configurations belong to the space.
    public mutating func tell(
        _ configuration: Configuration, effective: Configuration? = nil, _ outcome: TrialOutcome
    ) {
        precondition(configuration.names == space.names, "configuration of another space")
        precondition(effective.map { $0.names == space.names } ?? true, "configuration of another space")
        var outcome = outcome
        if case .success(let objective, _, _) = outcome, !objective.isFinite {
            outcome = .failed(reason: "the objective is \(objective)")
        }
        if case .success(let objective, let deviation?, let measured) = outcome, !(deviation.isFinite && deviation >= 0)
        {
            outcome = .success(objective: objective, constraints: measured)
        }
        if let position = pending.firstIndex(of: configuration) { pending.remove(at: position) }
        markSeen(configuration)
        if let effective { markSeen(effective) }
        let inputs = space.encode(effective ?? configuration)
        trials.append(
            Trial(
                configuration: effective ?? configuration, inputs: inputs,
                requestedInputs: effective.map { _ in space.encode(configuration) }, outcome: outcome))
    }

    private mutating func markSeen(_ configuration: Configuration) {
        guard let point = space.point(configuration) else {
            seenConfigurations.insert(configuration)
            return
        }
        let isNew = seenPoints.insert(point).inserted
        if isNew, space.enumerated != nil, space.contains(configuration) { seenEnumerated += 1 }
    }

    private func isSeen(_ configuration: Configuration) -> Bool {
        if let point = space.point(configuration) { return seenPoints.contains(point) }
        return seenConfigurations.contains(configuration)
    }

    // MARK: Choosing

    private mutating func nextConfiguration() -> Configuration? {
        if let given = initial.first(where: { !isSeen($0) }) { return given }
        guard !isExhausted else { return nil }
        let index = trials.count + pending.count
        var generator = SeededGenerator(seed: seed &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
        switch strategy {
        case .random: return randomUnseen(using: &generator).map(space.configuration)
        case .sobol: return sobolUnseen(using: &generator).map(space.configuration)
        case .bayesian:
            if index < Self.initialCount { return sobolUnseen(using: &generator).map(space.configuration) }
            // Until a model can be built the sequence goes on: it covers the space more evenly than chance.
            let suggestion = modelSuggestion(index: index, using: &generator) ?? sobolUnseen(using: &generator)
            return suggestion.map(space.configuration)
        }
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
