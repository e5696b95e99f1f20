import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A feature that is assumed to be a primary ion, with every feature that fits the molecule that follows.
struct AdductAnchor: Sendable {
    /// Position in order of m/z.
    var feature: Int32
    var rule: Int32
    /// Natural logarithm of the prior of the anchor's own species.
    var evidence: Double
    /// Its partners, in the order of the rules.
    var partners: Range<Int32>
}

/// A feature that may be an ion of the molecule that an anchor assumes.
struct AdductPartner: Sendable {
    /// Position in order of m/z.
    var feature: Int32
    var rule: Int32
    /// Natural logarithm of how much likelier it is an ion of that molecule than there by chance.
    var evidence: Double
}

/// Finds, for every feature and primary rule, the features where the other ions of that molecule must lie.
struct AdductPartnerFinder: Sendable {
    /// Where rule `to` must lie if a feature is rule `from`: `slope * mz + offset`.
    private struct Step: Sendable {
        let from: Int
        let to: Int
        let slope: Double
        let offset: Double
    }

    private let features: [Feature]
    /// Features in order of m/z: positions in `features` and `basePeaks`.
    private let order: [Int]
    private let basePeaks: [Int]
    private let table: PeakTable
    private let parameters: AdductParameters
    private let rules: [AdductRule]
    private let steps: [Step]
    /// Ascending.
    private let mz: [Double]
    private let time: [Double]
    /// How far a partner's apex may be, seconds.
    private let reach: [Double]
    private let chance: ChanceOfPartners

    /// What was found for a range of features.
    struct Found: Sendable {
        fileprivate(set) var anchors: [AdductAnchor] = []
        fileprivate(set) var partners: [AdductPartner] = []
        /// The anchors of the range's feature `i` are `anchorStart[i]..<anchorStart[i + 1]`.
        fileprivate(set) var anchorStart: [Int32] = [0]

        /// Appends what was found for the features behind these.
        mutating func append(_ other: Found) {
            let partnerShift = Int32(truncatingIfNeeded: partners.count)
            let anchorShift = Int32(truncatingIfNeeded: anchors.count)
            for var anchor in other.anchors {
                let range = anchor.partners
                anchor.partners = (range.lowerBound + partnerShift)..<(range.upperBound + partnerShift)
                anchors.append(anchor)
            }
            partners += other.partners
            anchorStart += other.anchorStart.dropFirst().map { $0 + anchorShift }
        }
    }

    /// Share of the features beside which an ion of prior 1 is found: what real files have more than permuted ones.
    private static let foundShare = 0.02
    private static let largestWidthRatio = 2.0

    /// - Parameters:
    ///   - order: positions of the features to look at, ascending in m/z, every number of theirs finite.
    ///   - basePeaks: position in `table` of each feature's peak.
    init(
        _ features: [Feature], order: [Int], basePeaks: [Int], table: PeakTable, rules: [AdductRule],
        parameters: AdductParameters, schedule: RangeSchedule = .serial
    ) {
        self.features = features
        self.order = order
        self.basePeaks = basePeaks
        self.table = table
        self.parameters = parameters
        self.rules = rules
        mz = schedule.elements(order.count) { features[order[$0]].mz }
        time = schedule.elements(order.count) { features[order[$0]].retentionTimeSeconds }
        reach = schedule.elements(order.count) { parameters.maxApexShift * features[order[$0]].widthSeconds }
        chance = ChanceOfPartners(mz: mz, times: time, schedule: schedule)
        steps = rules.indices.filter { rules[$0].isPrimary }.flatMap { from in
            rules.indices.filter { $0 != from }.map { to in
                let zero = rules[to].mz(neutralMass: rules[from].neutralMass(mz: 0))
                let one = rules[to].mz(neutralMass: rules[from].neutralMass(mz: 1))
                return Step(from: from, to: to, slope: one - zero, offset: zero)
            }
        }
    }

    /// One cursor per step walks along the features: what a step predicts only rises with m/z.
    func find(_ range: Range<Int>) -> Found {
        var found = Found()
        guard let first = range.first else { return found }
        let half = parameters.tolerance.linear
        var cursors = steps.map { step -> Int in
            let target = step.slope * mz[first] + step.offset
            return mz.firstIndex(notBelow: target - (half.relative * target + half.absolute))
        }
        var near: [Int32] = []
        found.anchorStart.reserveCapacity(range.count + 1)
        mz.withUnsafeBufferPointer { mz in
            cursors.withUnsafeMutableBufferPointer { cursors in
                steps.withUnsafeBufferPointer { steps in
                    for position in range {
                        var step = 0
                        while step < steps.count {
                            let from = steps[step].from
                            let firstPartner = found.partners.count
                            while step < steps.count, steps[step].from == from {
                                let target = steps[step].slope * mz[position] + steps[step].offset
                                let reach = half.relative * target + half.absolute
                                var candidate = cursors[step]
                                while candidate < mz.count && mz[candidate] < target - reach { candidate += 1 }
                                cursors[step] = candidate
                                if candidate < mz.count, mz[candidate] <= target + reach {
                                    judgeAll(
                                        position, from: candidate, upTo: target + reach, steps[step], &near, &found)
                                }
                                step += 1
                            }
                            if found.partners.count > firstPartner {
                                found.anchors.append(anchor(position, rule: from, firstPartner..<found.partners.count))
                            }
                        }
                        found.anchorStart.append(Int32(truncatingIfNeeded: found.anchors.count))
                    }
                }
            }
        }
        return found
    }

    private func anchor(_ position: Int, rule: Int, _ partners: Range<Int>) -> AdductAnchor {
        AdductAnchor(
            feature: Int32(truncatingIfNeeded: position), rule: Int32(truncatingIfNeeded: rule),
            evidence: log(rules[rule].weight(features[order[position]])),
            partners: Int32(truncatingIfNeeded: partners.lowerBound)..<Int32(truncatingIfNeeded: partners.upperBound))
    }

    /// Judges the features at the m/z that a step predicts, those about the time of the first.
    private func judgeAll(
        _ position: Int, from first: Int, upTo highest: Double, _ step: Step, _ near: inout [Int32],
        _ found: inout Found
    ) {
        near.removeAll(keepingCapacity: true)
        var candidate = first
        while candidate < mz.count && mz[candidate] <= highest {
            if candidate != position, abs(time[candidate] - time[position]) <= min(reach[candidate], reach[position]) {
                near.append(Int32(truncatingIfNeeded: candidate))
            }
            candidate += 1
        }
        for other in near {
            let partner = judge(position, Int(other), step, elsewhere: candidate - first - near.count)
            if let partner { found.partners.append(partner) }
        }
    }

    /// Ions of one molecule leave the column as one peak: their widths at half maximum differ by what noise does to them.
    private func isAlike(_ a: Double, _ b: Double) -> Bool {
        a <= Self.largestWidthRatio * b && b <= Self.largestWidthRatio * a
    }

    /// Takes a feature at the right place for a partner if its charge, isotopes, abundance, width and profile allow it.
    private func judge(_ position: Int, _ candidate: Int, _ step: Step, elsewhere: Int) -> AdductPartner? {
        let rule = rules[step.to]
        let (own, other) = (order[position], order[candidate])
        let weight = rule.weight(features[other])
        guard weight > 0, rules[step.from].weight(features[own]) > 0,
            rule.mayDominate || features[other].area <= features[own].area,
            rules[step.from].neutralMass(mz: mz[position]) > 0,
            isAlike(features[own].widthSeconds, features[other].widthSeconds)
        else { return nil }
        let correlation = table.correlation(basePeaks[own], basePeaks[other])
        guard correlation >= parameters.minCorrelation else { return nil }
        let target = step.slope * mz[position] + step.offset
        let half = parameters.tolerance.halfWidth(at: target)
        let expected = chance.expected(
            target: target, half: half, elsewhere: elsewhere, time: time[position],
            reach: min(reach[candidate], reach[position]))
        let evidence = evidence(
            weight: weight, deviation: (mz[candidate] - target) / half, correlation: correlation, expected: expected)
        // Without evidence of its own it says nothing about the molecule.
        guard evidence > 0 else { return nil }
        return AdductPartner(
            feature: Int32(truncatingIfNeeded: candidate), rule: Int32(truncatingIfNeeded: step.to), evidence: evidence)
    }

    /// Logarithm of how much likelier a partner is an ion of the molecule than there by chance.
    ///
    /// Errors of m/z are normal with a third of the tolerance for standard deviation, against evenly spread ones; the
    /// correlation of true partners is taken to rise linearly from the threshold to 1, against evenly spread ones.
    private func evidence(weight: Double, deviation: Double, correlation: Double, expected: Double) -> Double {
        let mass = 6 / (2 * Double.pi).squareRoot() * exp(-4.5 * deviation * deviation)
        let profile = 2 * (correlation - parameters.minCorrelation) / (1 - parameters.minCorrelation)
        return log(Self.foundShare * weight * mass * profile / expected)
    }
}
