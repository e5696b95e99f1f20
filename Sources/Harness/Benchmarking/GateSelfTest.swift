import HostEnvironment

/// Shows that the gate can fail and that it does not fail without a cause: recorded runs of the real engine, and made-up
/// accidents, go through the decision that live gates use.
public struct GateSelfTest: Sendable, Hashable, Codable {
    /// One thing that a gate must get right.
    public struct Check: Sendable, Hashable, Codable {
        /// For people, for instance `equal programs`.
        public let name: String
        public let expected: GateDecision.Outcome
        public let decision: GateDecision

        public var isRight: Bool { decision.outcome == expected }

        public init(name: String, expected: GateDecision.Outcome, decision: GateDecision) {
            self.name = name
            self.expected = expected
            self.decision = decision
        }
    }

    public let checks: [Check]
    public var isRight: Bool { checks.allSatisfy(\.isRight) }

    /// - Parameter rule: what is tested, the defaults of a shared machine or a user's own.
    /// - Throws: `PairPool.FormatError` if the recorded samples do not parse, which a test holds.
    public init(rule: GateRule = .standard()) throws(PairPool.FormatError) {
        let equal = try PairPool(RecordedSamples.equal).pairs
        let slower = try PairPool(RecordedSamples.slower).pairs
        let reversed = slower.map { pair in
            var pair = pair
            for (key, value) in pair.values {
                pair.values[key] = PairedValue(before: value.after, after: value.before)
            }
            return pair
        }
        var inaccurate = equal
        for index in inaccurate.indices {
            inaccurate[index].accuracy["f1"] = PairedValue(before: .available(1), after: .available(0.97))
        }
        var crashing = equal
        crashing[1].failure = GatePair.Failure(arm: .after, reason: "ended by signal 11 (SIGSEGV)")
        checks = [
            Check(name: "equal programs", expected: .passed, decision: Self.play(equal, rule)),
            Check(name: "30 % slower", expected: .regression, decision: Self.play(slower, rule)),
            Check(name: "30 % faster", expected: .improvement, decision: Self.play(reversed, rule)),
            Check(name: "accuracy lost", expected: .accuracyLost, decision: Self.play(inaccurate, rule)),
            Check(name: "a crash", expected: .failed, decision: Self.play(crashing, rule)),
            Check(name: "nothing measured", expected: .nothingMeasured, decision: Self.play([], rule)),
            Check(
                name: "too few pairs to tell", expected: .inconclusive,
                decision: Self.play(Array(slower.prefix(4)), rule)),
        ]
    }

    /// A gate over recorded pairs, stopped when they run out.
    public static func play(_ pairs: [GatePair], _ rule: GateRule, noise: MachineNoise? = nil) -> GateDecision {
        var session = GateSession(rule: rule, noise: noise)
        for pair in pairs {
            if case .decide(let decision) = session.next() { return decision }
            session.add(pair)
        }
        return session.stop()
    }
}
