import SpectrumModel

/// All anchors of one polarity with their partners, and what can be made of the features that are still free.
struct AdductSearch {
    let anchors: [AdductAnchor]
    /// Features in order of m/z: positions in the caller's list.
    let order: [Int]
    let rules: [AdductRule]
    /// Features that already belong to a molecule, by position in `order`.
    var used: [Bool]
    private let partners: [AdductPartner]
    /// The anchors of feature `f` are `anchorStart[f]..<anchorStart[f + 1]`.
    private let anchorStart: [Int32]
    /// The anchors that have feature `f` as a partner are `reverse[reverseStart[f]..<reverseStart[f + 1]]`.
    private var reverse: [Int32]
    private var reverseStart: [Int32]

    init(
        _ features: [Feature], basePeaks: [Int], table: PeakTable, rules: [AdductRule], parameters: AdductParameters,
        schedule: RangeSchedule
    ) {
        self.rules = rules
        order = Self.byMass(features, schedule)
        used = Array(repeating: false, count: order.count)
        let finder = AdductPartnerFinder(
            features, order: order, basePeaks: basePeaks, table: table, rules: rules, parameters: parameters,
            schedule: schedule)
        var found = AdductPartnerFinder.Found()
        for part in schedule.map(order.count, { finder.find($0) }) { found.append(part) }
        anchors = found.anchors
        partners = found.partners
        anchorStart = found.anchorStart
        reverseStart = Array(repeating: 0, count: order.count + 1)
        reverse = Array(repeating: 0, count: partners.count)
        indexAnchors()
    }

    /// Usable features by m/z; every further value only breaks ties, so that the caller's order does not matter.
    private static func byMass(_ features: [Feature], _ schedule: RangeSchedule) -> [Int] {
        // Looked at where they are: copying features takes longer than all the rest.
        let parts = schedule.map(features.count) { range -> (usable: [Int], isAscending: Bool) in
            let usable = range.filter { features[$0].isUsable }
            return (usable, zip(usable, usable.dropFirst()).allSatisfy { isBefore(features, $0, $1) })
        }
        let usable = parts.flatMap { $0.usable }
        var isAscending = parts.allSatisfy { $0.isAscending }
        var start = 0
        for part in parts {
            if start > 0, start < usable.count, !isBefore(features, usable[start - 1], usable[start]) {
                isAscending = false
            }
            start += part.usable.count
        }
        // Features of one polarity come in that order.
        return isAscending
            ? usable
            : usable.sorted { first, second in
                let (a, b) = (features[first], features[second])
                if a.mz != b.mz { return a.mz < b.mz }
                if a.retentionTimeSeconds != b.retentionTimeSeconds {
                    return a.retentionTimeSeconds < b.retentionTimeSeconds
                }
                return (a.area, a.height, a.startSeconds, a.endSeconds)
                    < (b.area, b.height, b.startSeconds, b.endSeconds)
            }
    }

    /// Whether m/z and retention time alone say that one comes first.
    private static func isBefore(_ features: [Feature], _ one: Int, _ other: Int) -> Bool {
        features[one].mz < features[other].mz
            || features[one].mz == features[other].mz
                && features[one].retentionTimeSeconds < features[other].retentionTimeSeconds
    }

    private mutating func indexAnchors() {
        for partner in partners { reverseStart[Int(partner.feature) + 1] += 1 }
        for position in order.indices { reverseStart[position + 1] += reverseStart[position] }
        var next = reverseStart
        for (number, anchor) in anchors.enumerated() {
            for partner in anchor.partners {
                let feature = Int(partners[Int(partner)].feature)
                reverse[Int(next[feature])] = Int32(truncatingIfNeeded: number)
                next[feature] += 1
            }
        }
    }

    /// The best that an anchor can have of the features that are still free; `nil` without a partner.
    ///
    /// Rule by rule, the likeliest first, the free partner with the strongest evidence; the lighter, earlier one of equals.
    func hypothesis(_ anchorNumber: Int) -> AdductHypothesis? {
        let anchor = anchors[anchorNumber]
        guard !used[Int(anchor.feature)] else { return nil }
        var result = AdductHypothesis(
            members: [AdductHypothesis.Member(feature: anchor.feature, rule: anchor.rule)], evidence: anchor.evidence,
            prior: rules[Int(anchor.rule)].prior)
        var index = Int(anchor.partners.lowerBound)
        let end = Int(anchor.partners.upperBound)
        while index < end {
            let rule = partners[index].rule
            var best: AdductPartner?
            while index < end, partners[index].rule == rule {
                let partner = partners[index]
                index += 1
                guard !used[Int(partner.feature)], partner.evidence > best?.evidence ?? 0,
                    !result.members.contains(where: { $0.feature == partner.feature })
                else { continue }
                best = partner
            }
            guard let best else { continue }
            result.members.append(AdductHypothesis.Member(feature: best.feature, rule: best.rule))
            result.evidence += best.evidence
            result.prior += rules[Int(best.rule)].prior
        }
        return result.members.count > 1 ? result : nil
    }

    /// The strongest evidence among the free features for another reading of one of the members: another ion species
    /// and hence another molecule. `nil` when there is none.
    func rivalEvidence(_ hypothesis: AdductHypothesis) -> Double? {
        var strongest: Double?
        func consider(_ anchor: Int32, _ member: AdductHypothesis.Member) {
            guard let rival = self.hypothesis(Int(anchor)), rival.evidence > strongest ?? -.infinity,
                rival.members.contains(where: { $0.feature == member.feature && $0.rule != member.rule })
            else { return }
            strongest = rival.evidence
        }
        for member in hypothesis.members {
            let feature = Int(member.feature)
            for anchor in anchorStart[feature]..<anchorStart[feature + 1] { consider(anchor, member) }
            for position in reverseStart[feature]..<reverseStart[feature + 1] {
                consider(reverse[Int(position)], member)
            }
        }
        return strongest
    }
}

extension Feature {
    /// Whether every number that the search for partners looks at is one.
    fileprivate var isUsable: Bool {
        mz > 0 && mz.isFinite && area > 0 && area.isFinite && retentionTimeSeconds.isFinite && widthSeconds.isFinite
    }
}
