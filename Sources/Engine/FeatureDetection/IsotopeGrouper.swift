import OutOfCore
import SpectrumModel

/// Groups co-eluting peaks at isotope distances into features and tells their charge.
///
/// Greedy from the most intense peak: for every charge it walks down (only where a molecule of that mass can have a
/// stronger M+1) and up the ladder of isotopes while peaks co-elute and their abundance is possible. The charge with the
/// longest ladder wins, then the better cosines, then the lower charge. Ties in intensity go by m/z, then retention time.
/// Peaks below the feature limits of `PeakParameters` can be isotopes but found no feature. With a stated rate of false
/// features, the most doubtful ones are left out (`FalsePeakModel`). O(n log n) for n peaks.
public struct IsotopeGrouper: Sendable {
    public let parameters: IsotopeParameters
    public let peakParameters: PeakParameters

    public init(parameters: IsotopeParameters, peakParameters: PeakParameters) {
        self.parameters = parameters
        self.peakParameters = peakParameters
    }

    /// Features of one polarity, numbered from `firstID` in order of m/z, then retention time.
    public func features(_ table: PeakTable, polarity: Polarity, firstID: Int = 1, retentionTimes: [Double] = [])
        -> [Feature]
    {
        featuresWithPeaks(table, polarity: polarity, firstID: firstID, retentionTimes: retentionTimes).features
    }

    /// The same, with the position in `table` of each feature's monoisotopic peak.
    ///
    /// - Parameter retentionTimes: of all scans of this polarity in seconds, by their number, for the curves fitted to the
    ///   profiles; where they are missing, scans count as evenly spaced between the edges of a peak.
    public func featuresWithPeaks(
        _ table: PeakTable, polarity: Polarity, firstID: Int = 1, retentionTimes: [Double] = [],
        schedule: RangeSchedule = .serial
    ) -> (features: [Feature], peaks: [Int]) {
        let peaks = table.peaks
        var (found, isUsed) = patterns(table, schedule)
        let monoisotopic = found.map { $0.members[0] }
        let order = ascendingOrder(of: monoisotopic.map { peaks[$0].mz }, schedule: schedule) { pattern in
            peaks[monoisotopic[pattern]].retentionTimeSeconds
        }.map { Int($0) }
        var basePeaks = order.map { monoisotopic[$0] }
        var features = makeFeatures(
            &found, order: order, table: table, polarity: polarity, firstID: firstID, retentionTimes: retentionTimes,
            schedule: schedule)
        if let rate = peakParameters.maxFalseRate {
            var fitter = ElutionShapeFitter()
            let rejected = peaks.indices.filter { !isUsed[$0] }.map { index in
                FalsePeakModel.oddsRatio(
                    fitter.fit(table, peak: index, retentionTimes: retentionTimes),
                    autocorrelation: peaks[index].autocorrelation, points: Int(peaks[index].pointCount))
            }
            let kept = judge(&features, rejected: rejected, rate: rate)
            basePeaks = kept.map { basePeaks[$0] }
            features = kept.map { features[$0] }
            for index in features.indices { features[index].id = firstID + index }
        }
        return (features, basePeaks)
    }

    /// The features of patterns in a given order, made in place by as many as the schedule has; the patterns are gone then.
    private func makeFeatures(
        _ found: inout [IsotopePattern], order: [Int], table: PeakTable, polarity: Polarity, firstID: Int,
        retentionTimes: [Double], schedule: RangeSchedule
    ) -> [Feature] {
        found.withUnsafeMutableBufferPointer { found in
            [Feature](unsafeUninitializedCapacity: order.count) { features, count in
                let (found, features) = (SharedMemory(found), SharedMemory(features))
                schedule.run(order.count) { range in
                    var fitter = ElutionShapeFitter()
                    for place in range {
                        let pattern = found.buffer[order[place]]
                        let shape = fitter.fit(table, peak: pattern.members[0], retentionTimes: retentionTimes)
                        features.buffer.initializeElement(
                            at: place,
                            to: feature(
                                pattern, peaks: table.peaks, shape: shape, polarity: polarity, id: firstID + place))
                        // Its memory goes to the next features: on a large run both lists together would make the peak.
                        found.buffer[order[place]] = .none
                    }
                }
                count = order.count
            }
        }
    }

    /// All patterns, in the order in which they were found, and which peaks belong to one.
    ///
    /// Greedy by intensity, so one after the other; but the patterns of the next few thousand peaks are looked for beforehand, by
    /// as many as the schedule has, with the peaks that are free at that time. Where those that were chosen are still free when a
    /// peak's turn comes, nothing else could have been chosen, because a peak that is not free any more only takes
    /// itself out of a comparison that it has lost.
    private func patterns(
        _ table: PeakTable, _ schedule: RangeSchedule
    ) -> (found: [IsotopePattern], isUsed: [Bool]) {
        let peaks = table.peaks
        var ladder = IsotopeLadder(table: table, parameters: parameters, schedule: schedule)
        let candidates = byIntensity(peaks, ladder)
        var found: [IsotopePattern] = []
        guard schedule.workers > 1 else {
            // With nobody to look ahead, every look ahead that is not needed would be time lost.
            for (place, index) in candidates.enumerated() where !ladder.used[index] {
                if place % Self.lookahead == 0 { schedule.pause() }
                let guess = guess(index, ladder: ladder, peaks: peaks)
                found.append(settle(index, guess, &ladder, peaks: peaks))
            }
            return (found, ladder.used)
        }
        for start in stride(from: 0, to: candidates.count, by: Self.lookahead) {
            let wave = candidates[start..<min(start + Self.lookahead, candidates.count)]
            schedule.pause()
            let now = ladder
            let guesses = schedule.map(wave.count) { range in
                range.map { place -> PatternGuess? in
                    let index = wave[wave.startIndex + place]
                    return now.used[index] ? nil : guess(index, ladder: now, peaks: peaks)
                }
            }.joined()
            for (index, guess) in zip(wave, guesses) where !ladder.used[index] {
                found.append(settle(index, guess, &ladder, peaks: peaks))
            }
        }
        return (found, ladder.used)
    }

    /// The pattern of a peak whose turn it is: what was guessed if all its peaks are still free.
    private func settle(
        _ index: Int, _ guess: PatternGuess?, _ ladder: inout IsotopeLadder, peaks: PageableArray<ChromatographicPeak>
    ) -> IsotopePattern {
        var pattern = IsotopePattern(members: [index], charge: 0, cosineSum: 0)
        var pieces: [(number: Int, peak: Int)] = []
        if let guess, guess.looked.allSatisfy({ !ladder.used[Int($0)] }) {
            pattern = guess.pattern
            pieces = guess.pieces
        } else if guess != nil {
            var looked: [Int32] = []
            pattern = bestPattern(around: index, ladder: ladder, peaks: peaks, looked: &looked)
            pieces = ladder.pieces(of: pattern)
        }
        ladder.take(&pattern, pieces: pieces)
        return pattern
    }

    /// Peaks whose patterns are looked for before the first of them has its turn.
    private static let lookahead = 4096

    /// The pattern of a peak with the others that are free now; `nil` where it stands alone whatever becomes of them.
    private func guess(_ index: Int, ladder: IsotopeLadder, peaks: PageableArray<ChromatographicPeak>) -> PatternGuess?
    {
        var looked: [Int32] = []
        let pattern = bestPattern(around: index, ladder: ladder, peaks: peaks, looked: &looked)
        guard !looked.isEmpty else { return nil }
        return PatternGuess(pattern: pattern, looked: looked, pieces: ladder.pieces(of: pattern))
    }

    /// Peaks that may found a feature, the most intense first; ties go by m/z, then retention time.
    private func byIntensity(_ peaks: PageableArray<ChromatographicPeak>, _ ladder: IsotopeLadder) -> [Int] {
        let candidates = ladder.byMassAndTime.filter { isFeature(peaks[$0]) }
        return ascendingOrder(of: candidates.map { -peaks[$0].height }).map { candidates[Int($0)] }
    }

    /// Tells every feature how likely it is false, and returns which to keep so that at most `rate` of them are expected to be.
    ///
    /// - Parameter rejected: odds ratios of the peaks that belong to no feature: they tell what noise there is.
    private func judge(_ features: inout [Feature], rejected: [Double], rate: Double) -> [Int] {
        let ratios = features.map {
            FalsePeakModel.oddsRatio($0.shape, autocorrelation: $0.autocorrelation, points: $0.pointCount)
        }
        let share = FalsePeakModel.falseShare(ratios + rejected)
        let probabilities = ratios.map { FalsePeakModel.probability($0, falseShare: share) }
        for index in features.indices { features[index].falseProbability = probabilities[index] }
        let threshold = FalsePeakModel.threshold(probabilities, rate: rate)
        return features.indices.filter { probabilities[$0] <= threshold }
    }

    /// The longest ladder of any charge that a peak belongs to; appends the other members of all that were tried.
    private func bestPattern(
        around index: Int, ladder: IsotopeLadder, peaks: PageableArray<ChromatographicPeak>, looked: inout [Int32]
    ) -> IsotopePattern {
        var best = IsotopePattern(members: [index], charge: 0, cosineSum: 0)
        for charge in stride(from: 1, through: parameters.maxCharge, by: 1)
        where !ladder.isAlone(index, charge: charge) {
            var pattern = ladder.pattern(around: index, charge: charge)
            note(pattern, around: index, in: &looked)
            if !isFeature(peaks[pattern.members[0]]) {
                pattern = ladder.pattern(around: index, charge: charge, goDown: false)
                note(pattern, around: index, in: &looked)
            }
            guard pattern.members.count > 1 else { continue }
            if pattern.rank > best.rank { best = pattern }
        }
        return best
    }

    private func note(_ pattern: IsotopePattern, around index: Int, in looked: inout [Int32]) {
        for member in pattern.members where member != index { looked.append(Int32(truncatingIfNeeded: member)) }
    }

    private func isFeature(_ peak: ChromatographicPeak) -> Bool {
        peak.signalToNoise >= peakParameters.signalToNoise && peak.quality >= peakParameters.minQuality
            && peak.autocorrelation >= peakParameters.minAutocorrelation
    }

    private func feature(
        _ pattern: IsotopePattern, peaks: PageableArray<ChromatographicPeak>, shape: ElutionShape, polarity: Polarity,
        id: Int
    ) -> Feature {
        let base = peaks[pattern.members[0]]
        return Feature(
            id: id, mz: base.mz, retentionTimeSeconds: base.retentionTimeSeconds,
            startSeconds: base.startSeconds,
            endSeconds: base.endSeconds, widthSeconds: base.widthSeconds, charge: pattern.charge, area: base.area,
            height: base.height, signalToNoise: base.signalToNoise, quality: base.quality,
            autocorrelation: base.autocorrelation, shape: shape, pointCount: Int(base.pointCount),
            isotopeAreas: pattern.areas(peaks), polarity: polarity)
    }
}

/// What a peak's pattern is if all its peaks stay free.
private struct PatternGuess: Sendable {
    let pattern: IsotopePattern
    /// The members of all ladders that were tried, but for the peak itself.
    let looked: [Int32]
    let pieces: [(number: Int, peak: Int)]
}
