import SpectrumModel

/// Finds the features that are ions of one molecule, tells their ion species and the molecule's mass.
///
/// Every feature that can be a primary ion (`[M+H]+`, `[M+Na]+`, `[M+NH4]+`; `[M-H]-`, `[M+FA-H]-`, `[M+Cl]-`) assumes a
/// molecule. Features where the other ions of that molecule must lie, that elute together with it (apex, width and
/// correlation of the profiles), whose charge and isotopes do not contradict and that are not implausibly strong join it, each with
/// the logarithm of how much likelier it is there as an ion of the molecule than by chance (`ChanceOfPartners`: the
/// density of features at and around that m/z). The hypothesis with the largest sum is accepted, its features are taken, and the
/// others are looked at again without them. A hypothesis needs two members, `minEvidence`, and ions that are not all
/// uncommon (`leastPrior`).
///
/// **What is told.** The members get a common group number. Ion species and neutral mass are told only if no other
/// reading of a member comes within `leastMargin` of the evidence: `[M+NH4]+` with `[M+H]+` alone could as well be `[M+H]+`
/// with `[M+H-NH3]+`. So a mass is the word of at least two features; it is the mean of what the members say, weighted by
/// area. A feature without partners is told nothing, whatever its charge: that it is protonated would be an assumption.
/// What is not told stays `nil`.
///
/// Practice after CAMERA (Kuhl et al. 2012), ion identity networking (Schmid et al. 2021) and khipu (Li and Zheng 2023).
/// - Complexity: O(n log n + rules^2 n + pairs within the m/z tolerance), and O(length) per pair that elutes together.
/// - Determinism: the result does not depend on the order of the features.
public struct AdductGrouper: Sendable {
    /// Sum of priors that a group needs: two ions that are both uncommon are not believed, however well they fit.
    static let leastPrior = 0.9
    /// Evidence by which the accepted reading has to exceed any other for the ion species to be told: odds of 2 to 1.
    static let leastMargin = 0.7

    public let parameters: AdductParameters

    public init(parameters: AdductParameters) { self.parameters = parameters }

    /// Sets `adduct`, `neutralMass` and `group` of the features of one polarity; other values are left alone.
    ///
    /// - Parameters:
    ///   - basePeaks: position in `table` of each feature's peak, as many as features.
    ///   - firstGroup: number of the group with the lightest feature; the next ones follow in order of m/z.
    /// - Returns: how many groups there are.
    @discardableResult
    public func assign(
        _ features: inout [Feature], basePeaks: [Int], table: PeakTable, polarity: Polarity, firstGroup: Int = 1,
        schedule: RangeSchedule = .serial
    ) -> Int {
        precondition(features.count == basePeaks.count, "every feature has one base peak")
        let rules = AdductRule.rules(polarity)
        var search = AdductSearch(
            features, basePeaks: basePeaks, table: table, rules: rules, parameters: parameters,
            schedule: schedule)
        var accepted = accept(&search)
        for index in accepted.indices {
            accepted[index].hypothesis.members.sort { $0.feature < $1.feature }
        }
        accepted.sort { $0.hypothesis.members[0].feature < $1.hypothesis.members[0].feature }
        for (number, (hypothesis, isTold)) in accepted.enumerated() {
            // Relative to the largest, so that no sum overflows.
            let largest = hypothesis.members.reduce(0) { max($0, features[search.order[Int($1.feature)]].area) }
            var sum = 0.0
            var total = 0.0
            for member in hypothesis.members {
                let feature = features[search.order[Int(member.feature)]]
                let weight = feature.area / largest
                sum += weight * rules[Int(member.rule)].neutralMass(mz: feature.mz)
                total += weight
            }
            for member in hypothesis.members {
                let index = search.order[Int(member.feature)]
                features[index].group = firstGroup + number
                guard isTold else { continue }
                features[index].adduct = rules[Int(member.rule)].name
                features[index].neutralMass = sum / total
            }
        }
        return accepted.count
    }

    private func isEnough(_ hypothesis: AdductHypothesis) -> Bool {
        hypothesis.evidence >= parameters.minEvidence && hypothesis.prior >= Self.leastPrior
    }

    /// The strongest hypothesis, then the strongest of what is left, and so on; each with whether it can be told.
    private func accept(_ search: inout AdductSearch) -> [(hypothesis: AdductHypothesis, isTold: Bool)] {
        var queue = HypothesisQueue()
        for number in search.anchors.indices {
            if let hypothesis = search.hypothesis(number), isEnough(hypothesis) {
                queue.push(HypothesisQueue.Entry(hypothesis, anchor: number))
            }
        }
        var accepted: [(hypothesis: AdductHypothesis, isTold: Bool)] = []
        while let entry = queue.pop() {
            guard let hypothesis = search.hypothesis(entry.anchor), isEnough(hypothesis) else {
                continue
            }
            let current = HypothesisQueue.Entry(hypothesis, anchor: entry.anchor)
            guard current == entry else {
                // Some of its features were taken since.
                queue.push(current)
                continue
            }
            let rival = search.rivalEvidence(hypothesis)
            let isTold = rival.map { hypothesis.evidence - $0 >= Self.leastMargin } ?? true
            for member in hypothesis.members { search.used[Int(member.feature)] = true }
            accepted.append((hypothesis, isTold))
        }
        return accepted
    }
}

/// Anchors, the one with the strongest evidence first: a binary heap.
private struct HypothesisQueue {
    struct Entry: Equatable {
        let evidence: Double
        let count: Int
        let anchor: Int

        init(_ hypothesis: AdductHypothesis, anchor: Int) {
            evidence = hypothesis.evidence
            count = hypothesis.members.count
            self.anchor = anchor
        }

        /// Evidence, then members, then the order of the anchors (m/z, then rule).
        func precedes(_ other: Entry) -> Bool {
            if evidence != other.evidence { return evidence > other.evidence }
            return count != other.count ? count > other.count : anchor < other.anchor
        }
    }

    private var entries: [Entry] = []

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0, entries[child].precedes(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Entry? {
        guard let top = entries.first else { return nil }
        let last = entries.removeLast()
        guard !entries.isEmpty else { return top }
        entries[0] = last
        var parent = 0
        while true {
            var first = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].precedes(entries[first]) { first = child }
            guard first != parent else { return top }
            entries.swapAt(parent, first)
            parent = first
        }
    }
}
