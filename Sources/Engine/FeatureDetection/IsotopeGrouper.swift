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
        let mz = schedule.elements(monoisotopic.count) { peaks[monoisotopic[$0]].mz }
        let order = ascendingOrder(of: mz, schedule: schedule) { peaks[monoisotopic[$0]].retentionTimeSeconds }
        var basePeaks = order.map { monoisotopic[Int($0)] }
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
        _ found: inout [IsotopePattern], order: [Int32], table: PeakTable, polarity: Polarity, firstID: Int,
        retentionTimes: [Double], schedule: RangeSchedule
    ) -> [Feature] {
        found.withUnsafeMutableBufferPointer { found in
            [Feature](unsafeUninitializedCapacity: order.count) { features, count in
                let (found, features) = (SharedMemory(found), SharedMemory(features))
                schedule.run(order.count) { range in
                    var fitter = ElutionShapeFitter()
                    for place in range {
                        let pattern = found.buffer[Int(order[place])]
                        let shape = fitter.fit(table, peak: pattern.members[0], retentionTimes: retentionTimes)
                        features.buffer.initializeElement(
                            at: place,
                            to: feature(
                                pattern, peaks: table.peaks, shape: shape, polarity: polarity, id: firstID + place))
                        // Its memory goes to the next features: on a large run both lists together would make the peak.
                        found.buffer[Int(order[place])] = .none
                    }
                }
                count = order.count
            }
        }
    }

    /// All patterns, in the order in which they were found, and which peaks belong to one.
    ///
    /// Greedy by intensity, so one after the other; but the patterns of the next few thousand peaks are looked for beforehand, by
    /// as many as the schedule has, with the peaks that were free before those in front of them had their turn. Where those
    /// that were chosen are still free when a peak's turn comes, nothing else could have been chosen, because a peak that is
    /// not free any more only takes itself out of a comparison that it has lost. While a wave of peaks has its turn, by one
    /// worker, the others look ahead for the next wave.
    private func patterns(
        _ table: PeakTable, _ schedule: RangeSchedule
    ) -> (found: [IsotopePattern], isUsed: [Bool]) {
        let peaks = table.peaks
        var taken = TakenPeaks(
            ladder: IsotopeLadder(table: table, parameters: parameters, schedule: schedule))
        let candidates = byIntensity(peaks, taken.ladder, schedule)
        guard schedule.workers > 1 else {
            // With nobody to look ahead, every look ahead that is not needed would be time lost.
            for (place, candidate) in candidates.enumerated() where !taken.ladder.used[Int(candidate)] {
                if place % Self.longestWave == 0 { schedule.pause() }
                let guess = guess(Int(candidate), ladder: taken.ladder, peaks: peaks)
                settle(Int(candidate), guess, &taken, peaks: peaks)
            }
            return (taken.found, taken.ladder.used)
        }
        // Of the first wave nothing is settled meanwhile, and nothing is left to look for behind the last: there should be many.
        let length = min(max(candidates.count / 32, Self.shortestWave), Self.longestWave)
        let schedule = schedule.finer(8)
        var wave = candidates[0..<0]
        while wave.endIndex < candidates.count || !wave.isEmpty {
            schedule.pause()
            let now = taken.ladder
            let current = wave
            let next = candidates[wave.endIndex..<min(wave.endIndex + length, candidates.count)]
            let guesses = withUnsafeMutablePointer(to: &taken) { pointer in
                // Touched by the worker that has the first range, and by no other.
                let taken = SharedMemory(UnsafeMutableBufferPointer(start: pointer, count: 1))
                return schedule.map(1 + next.count) { range -> [PatternGuess?] in
                    if range.lowerBound == 0 { settle(current, &taken.buffer[0], peaks: peaks) }
                    let first = next.startIndex - 1
                    return next[max(first + range.lowerBound, next.startIndex)..<(first + range.upperBound)]
                        .map { now.used[Int($0)] ? nil : guess(Int($0), ladder: now, peaks: peaks) }
                }
            }
            taken.guesses = guesses
            wave = next
        }
        return (taken.found, taken.ladder.used)
    }

    /// Takes the patterns of a wave, whose guesses are gone then.
    private func settle(
        _ wave: ArraySlice<Int32>, _ taken: inout TakenPeaks, peaks: PageableArray<ChromatographicPeak>
    ) {
        var place = wave.startIndex
        for part in taken.guesses {
            for guess in part {
                let index = Int(wave[place])
                if !taken.ladder.used[index] { settle(index, guess, &taken, peaks: peaks) }
                place += 1
            }
        }
        taken.guesses = []
    }

    /// Takes the pattern of a peak whose turn it is: what was guessed if all its peaks are still free.
    private func settle(
        _ index: Int, _ guess: PatternGuess?, _ taken: inout TakenPeaks, peaks: PageableArray<ChromatographicPeak>
    ) {
        var pattern = IsotopePattern(members: [index], charge: 0, cosineSum: 0)
        var pieces: [(number: Int, peak: Int)] = []
        if let guess, guess.looked.allSatisfy({ !taken.ladder.used[Int($0)] }) {
            pattern = guess.pattern
            pieces = guess.pieces
        } else if guess != nil {
            var looked: [Int32] = []
            pattern = bestPattern(around: index, ladder: taken.ladder, peaks: peaks, looked: &looked)
            pieces = taken.ladder.pieces(of: pattern)
        }
        taken.ladder.take(&pattern, pieces: pieces)
        taken.found.append(pattern)
    }

    /// Peaks whose patterns are looked for before the first of them has its turn: worth waking the workers, and so few that most
    /// of what is found is still free.
    private static let shortestWave = 256
    private static let longestWave = 8192

    /// The pattern of a peak with the others that are free now; `nil` where it stands alone whatever becomes of them.
    private func guess(_ index: Int, ladder: IsotopeLadder, peaks: PageableArray<ChromatographicPeak>) -> PatternGuess?
    {
        var looked: [Int32] = []
        let pattern = bestPattern(around: index, ladder: ladder, peaks: peaks, looked: &looked)
        guard !looked.isEmpty else { return nil }
        return PatternGuess(pattern: pattern, looked: looked, pieces: ladder.pieces(of: pattern))
    }

    /// Positions of the peaks that may found a feature, the most intense first; ties go by m/z, then retention time.
    private func byIntensity(
        _ peaks: PageableArray<ChromatographicPeak>, _ ladder: IsotopeLadder, _ schedule: RangeSchedule
    ) -> [Int32] {
        let order = ladder.byMassAndTime
        let candidates = Array(
            schedule.map(order.count) { order[$0].filter { isFeature(peaks[Int($0)]) } }.joined())
        let heights = schedule.elements(candidates.count) { -peaks[Int(candidates[$0])].height }
        let places = ascendingOrder(of: heights, schedule: schedule)
        return schedule.elements(candidates.count) { candidates[Int(places[$0])] }
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

/// The patterns that were found so far, and the peaks that they took.
private struct TakenPeaks {
    var ladder: IsotopeLadder
    var found: [IsotopePattern] = []
    /// Of the wave whose turn comes, in the pieces in which they were made.
    var guesses: [[PatternGuess?]] = []
}
