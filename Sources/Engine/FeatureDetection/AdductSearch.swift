import SpectrumModel

/// All anchors of one polarity with their partners, and what can be made of them.
struct AdductSearch {
    private(set) var anchors: [AdductAnchor] = []
    private(set) var partners: [AdductPartner] = []
    /// Features in order of m/z: positions in the caller's list.
    let order: [Int]
    let rules: [AdductRule]
    /// Features that already belong to a molecule, by position in `order`.
    var used: [Bool]
    /// For each feature the anchors that have it as a partner: `reverse[reverseStart[f]..<reverseStart[f + 1]]`.
    private var reverse: [Int32] = []
    private var reverseStart: [Int32] = []
    /// First anchor of each feature; the anchors of a feature follow each other.
    private var anchorStart: [Int32] = []

    init(_ features: [Feature], basePeaks: [Int], table: PeakTable, rules: [AdductRule], parameters: AdductParameters) {
        self.rules = rules
        order = Self.byMass(features)
        used = Array(repeating: false, count: order.count)
        findPartners(features, basePeaks: basePeaks, table: table, parameters: parameters)
        indexAnchors()
    }

    /// Usable features by m/z; every further value only breaks ties, so that the caller's order does not matter.
    private static func byMass(_ features: [Feature]) -> [Int] {
        features.indices.filter {
            let feature = features[$0]
            return feature.mz > 0 && feature.mz.isFinite && feature.area > 0 && feature.area.isFinite
                && feature.retentionTimeSeconds.isFinite && feature.widthSeconds.isFinite
        }.sorted { first, second in
            let (a, b) = (features[first], features[second])
            if a.mz != b.mz { return a.mz < b.mz }
            if a.retentionTimeSeconds != b.retentionTimeSeconds {
                return a.retentionTimeSeconds < b.retentionTimeSeconds
            }
            return (a.area, a.height, a.startSeconds, a.endSeconds) < (b.area, b.height, b.startSeconds, b.endSeconds)
        }
    }

    /// For every feature and primary rule, one cursor per rule walks along the features in m/z: what it predicts only
    /// rises. Cheap tests come first, the correlation of the profiles last. hot
    private mutating func findPartners(
        _ features: [Feature], basePeaks: [Int], table: PeakTable, parameters: AdductParameters
    ) {
        let mz = order.map { features[$0].mz }
        let time = order.map { features[$0].retentionTimeSeconds }
        let reach = order.map { parameters.maxApexShift * features[$0].widthSeconds }
        let (perMZ, constant) =
            switch parameters.tolerance {
            case .ppm(let value): (value * 1e-6, 0.0)
            case .dalton(let value): (0.0, value)
            }
        let rules = self.rules
        let primary = rules.indices.filter { rules[$0].isPrimary }
        var cursors = [Int](repeating: 0, count: primary.count * rules.count)
        anchorStart.reserveCapacity(order.count + 1)
        for position in mz.indices {
            anchorStart.append(Int32(truncatingIfNeeded: anchors.count))
            let feature = features[order[position]]
            for (number, anchorRule) in primary.enumerated() {
                let own = rules[anchorRule].weight(feature)
                let mass = rules[anchorRule].neutralMass(mz: mz[position])
                let first = partners.count
                for rule in rules.indices where rule != anchorRule {
                    let target = rules[rule].mz(neutralMass: mass)
                    let half = target * perMZ + constant
                    let cursor = number * rules.count + rule
                    var candidate = cursors[cursor]
                    while candidate < mz.count && mz[candidate] < target - half { candidate += 1 }
                    cursors[cursor] = candidate
                    guard own > 0, mass > 0 else { continue }
                    while candidate < mz.count && mz[candidate] <= target + half {
                        defer { candidate += 1 }
                        guard candidate != position,
                            abs(time[candidate] - time[position]) <= min(reach[candidate], reach[position])
                        else { continue }
                        let other = features[order[candidate]]
                        let weight = rules[rule].weight(other)
                        guard weight > 0, rules[rule].mayDominate || other.area <= feature.area else { continue }
                        let correlation = table.correlation(basePeaks[order[position]], basePeaks[order[candidate]])
                        guard correlation >= parameters.minCorrelation else { continue }
                        partners.append(
                            AdductPartner(
                                feature: Int32(truncatingIfNeeded: candidate), rule: Int32(truncatingIfNeeded: rule),
                                evidence: weight * correlation))
                    }
                }
                guard partners.count > first else { continue }
                anchors.append(
                    AdductAnchor(
                        feature: Int32(truncatingIfNeeded: position), rule: Int32(truncatingIfNeeded: anchorRule),
                        evidence: own,
                        partners: Int32(truncatingIfNeeded: first)..<Int32(truncatingIfNeeded: partners.count)))
            }
        }
        anchorStart.append(Int32(truncatingIfNeeded: anchors.count))
    }

    private mutating func indexAnchors() {
        reverseStart = Array(repeating: 0, count: order.count + 1)
        for partner in partners { reverseStart[Int(partner.feature) + 1] += 1 }
        for position in order.indices { reverseStart[position + 1] += reverseStart[position] }
        reverse = Array(repeating: 0, count: partners.count)
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
            members: [AdductHypothesis.Member(feature: anchor.feature, rule: anchor.rule)], evidence: anchor.evidence)
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
        }
        return result.members.count > 1 ? result : nil
    }

    /// The strongest evidence among the free features for another reading of one of the members: another ion species
    /// and hence another molecule. 0 when there is none.
    func rivalEvidence(_ hypothesis: AdductHypothesis) -> Double {
        var strongest = 0.0
        for member in hypothesis.members {
            let feature = Int(member.feature)
            for number in anchorStart[feature]..<anchorStart[feature + 1]
            where anchors[Int(number)].rule != member.rule {
                strongest = max(strongest, self.hypothesis(Int(number))?.evidence ?? 0)
            }
            for position in reverseStart[feature]..<reverseStart[feature + 1] {
                let rival = self.hypothesis(Int(reverse[Int(position)]))
                guard let rival, rival.evidence > strongest,
                    rival.members.contains(where: { $0.feature == member.feature && $0.rule != member.rule })
                else { continue }
                strongest = rival.evidence
            }
        }
        return strongest
    }
}
