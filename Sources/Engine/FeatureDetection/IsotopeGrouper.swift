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
        _ table: PeakTable, polarity: Polarity, firstID: Int = 1, retentionTimes: [Double] = []
    ) -> (features: [Feature], peaks: [Int]) {
        let peaks = table.peaks
        var ladder = IsotopeLadder(table: table, parameters: parameters)
        let heights = peaks.map(\.height)
        let byIntensity = peaks.indices.sorted { a, b in
            if heights[a] != heights[b] { return heights[a] > heights[b] }
            return (peaks[a].mz, peaks[a].retentionTimeSeconds, a) < (peaks[b].mz, peaks[b].retentionTimeSeconds, b)
        }
        var found: [IsotopePattern] = []
        for index in byIntensity where !ladder.used[index] && isFeature(peaks[index]) {
            let best = bestPattern(around: index, ladder: ladder, peaks: peaks)
            for member in best.members { ladder.used[member] = true }
            found.append(best)
        }
        let monoisotopic = found.map { $0.members[0] }
        let order = found.indices.sorted { a, b in
            let (first, second) = (monoisotopic[a], monoisotopic[b])
            if peaks[first].mz != peaks[second].mz { return peaks[first].mz < peaks[second].mz }
            return (peaks[first].retentionTimeSeconds, peaks[first].area, a)
                < (peaks[second].retentionTimeSeconds, peaks[second].area, b)
        }
        var features: [Feature] = []
        features.reserveCapacity(order.count)
        var fitter = ElutionShapeFitter()
        for pattern in order {
            let shape = fitter.fit(table, peak: monoisotopic[pattern], retentionTimes: retentionTimes)
            features.append(
                feature(
                    found[pattern], peaks: peaks, shape: shape, polarity: polarity, id: firstID + features.count))
        }
        var basePeaks = order.map { monoisotopic[$0] }
        if let rate = peakParameters.maxFalseRate {
            let rejected = peaks.indices.filter { !ladder.used[$0] }.map { index in
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

    /// The longest ladder of any charge that a peak belongs to.
    private func bestPattern(around index: Int, ladder: IsotopeLadder, peaks: [ChromatographicPeak]) -> IsotopePattern {
        var best = IsotopePattern(members: [index], charge: 0, cosineSum: 0)
        for charge in stride(from: 1, through: parameters.maxCharge, by: 1) {
            var pattern = ladder.pattern(around: index, charge: charge)
            if !isFeature(peaks[pattern.members[0]]) {
                pattern = ladder.pattern(around: index, charge: charge, goDown: false)
            }
            guard pattern.members.count > 1 else { continue }
            if pattern.rank > best.rank { best = pattern }
        }
        return best
    }

    private func isFeature(_ peak: ChromatographicPeak) -> Bool {
        peak.signalToNoise >= peakParameters.signalToNoise && peak.quality >= peakParameters.minQuality
            && peak.autocorrelation >= peakParameters.minAutocorrelation
    }

    private func feature(
        _ pattern: IsotopePattern, peaks: [ChromatographicPeak], shape: ElutionShape, polarity: Polarity, id: Int
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

/// Peaks of one ion, the monoisotopic one first.
struct IsotopePattern {
    var members: [Int]
    /// Heavy neutrons of each member: 0 for M, 1 for M+1 ...; ascending, and without those that were not found.
    var numbers = [0]
    var charge: Int
    var cosineSum: Double

    /// The more members the better, then the fewer that are missing, then the better cosines.
    var rank: (Int, Int, Double) { (members.count, -numbers[numbers.count - 1], cosineSum) }

    /// Areas of M, M+1 ... up to the last that was found; 0 for one that was not.
    func areas(_ peaks: [ChromatographicPeak]) -> [Double] {
        var areas = Array(repeating: 0.0, count: numbers[numbers.count - 1] + 1)
        for (member, number) in zip(members, numbers) { areas[number] = peaks[member].area }
        return areas
    }
}

extension IsotopePattern {
    fileprivate func mz(_ number: Int, _ table: PeakTable) -> Double? {
        numbers.firstIndex(of: number).map { table.peaks[members[$0]].mz }
    }
}

/// Peaks sorted by m/z, and the search for the isotopes of one of them.
struct IsotopeLadder {
    /// Peaks that already belong to a feature.
    var used: [Bool]
    private let table: PeakTable
    private let parameters: IsotopeParameters
    private let order: [Int]
    private let sortedMZ: [Double]
    private let sortedApex: [Double]

    /// Distance to M+2 by 13C2, 37Cl, 34S and 81Br instead of twelve, thirty-five ..., in Da. Source: AME 2020.
    private static let secondIsotope = [2 * Mass.carbon13Spacing, 1.997_05, 1.995_80, 1.997_95]
    /// 13C per 12C in nature. Source: IUPAC 2013.
    private static let carbonRatio = 0.010_8
    /// What measurement error may add to a possible abundance.
    private static let slack = 1.5
    /// Cosine that M+2 needs where there is no M+1 to support it, at least.
    private static let gapCosine = 0.9

    init(table: PeakTable, parameters: IsotopeParameters) {
        self.table = table
        self.parameters = parameters
        let mz = table.peaks.map(\.mz)
        used = Array(repeating: false, count: mz.count)
        order = mz.indices.sorted { (mz[$0], $0) < (mz[$1], $1) }
        sortedMZ = order.map { mz[$0] }
        sortedApex = order.map { table.peaks[$0].retentionTimeSeconds }
    }

    /// The ladder that contains `seed` at a charge; one member when there is nothing else.
    func pattern(around seed: Int, charge: Int, goDown: Bool = true) -> IsotopePattern {
        var members = [seed]
        var cosineSum = 0.0
        let step = Mass.carbon13Spacing / Double(charge)
        let mass = table.peaks[seed].mz * Double(charge)
        // Expected M+1 over M of a molecule made of carbon alone: no molecule of this mass has more 13C.
        let carbon = Self.carbonRatio * mass / 12
        if goDown && Self.slack * carbon >= 1 {
            while members.count < parameters.maxIsotopes {
                let upper = members[0]
                let bound = Self.slack * carbon
                let target = table.peaks[upper].mz - step
                guard
                    let found = best(at: target, like: seed, accept: { table.peaks[upper].area <= bound * $0.area })
                else { break }
                members.insert(found.index, at: 0)
                cosineSum += found.cosine
            }
        }
        var pattern = IsotopePattern(
            members: members, numbers: Array(members.indices), charge: charge, cosineSum: cosineSum)
        var number = members.count
        while number < parameters.maxIsotopes {
            if let found = next(number, of: pattern, seed: seed, carbon: carbon) {
                pattern.members.append(found.index)
                pattern.numbers.append(number)
                pattern.cosineSum += found.cosine
            } else if number > 1 || charge > 1 {
                // Ions without much carbon have a heavy M+2 and no M+1 to speak of; nothing else skips a step.
                break
            }
            number += 1
        }
        return pattern
    }

    private func next(
        _ number: Int, of pattern: IsotopePattern, seed: Int, carbon: Double
    ) -> (index: Int, cosine: Double)? {
        let base = table.peaks[pattern.members[0]]
        let charge = Double(pattern.charge)
        var abundance = 1.0
        for isotope in 1...number { abundance *= carbon / Double(isotope) }
        // From M+2 on, chlorine and bromine can add up to about as much as M itself.
        let upper = Self.slack * (abundance + (number >= 2 ? 1 : 0.05))
        let lower = number == 1 ? 0.05 * carbon : 0
        let accept = { (peak: ChromatographicPeak) in peak.area <= upper * base.area && peak.area >= lower * base.area }
        var best: (index: Int, cosine: Double)?
        func look(at mz: Double) {
            let found = self.best(at: mz, like: seed, accept: accept)
            if let found, found.cosine > best?.cosine ?? 0 { best = found }
        }
        look(at: base.mz + Double(number) * Mass.carbon13Spacing / charge)
        guard number > 1 else { return best }
        // The light isotopes of chlorine, sulphur and bromine are nearer than two of carbon: from two below, and where such
        // a one stands below, a carbon above it.
        if let below = pattern.mz(number - 2, table) {
            for distance in Self.secondIsotope.dropFirst() { look(at: below + distance / charge) }
        }
        if number > 2, let below = pattern.mz(number - 1, table) { look(at: below + Mass.carbon13Spacing / charge) }
        if let found = best, pattern.numbers.count == 1, found.cosine < Self.gapCosine { return nil }
        return best
    }

    /// The unused peak near an m/z whose profile is most like that of `seed`.
    private func best(
        at mz: Double, like seed: Int, accept: (ChromatographicPeak) -> Bool
    ) -> (index: Int, cosine: Double)? {
        let half = parameters.tolerance.halfWidth(at: mz)
        var position = sortedMZ.firstIndex(notBelow: mz - half)
        guard position < sortedMZ.count, sortedMZ[position] <= mz + half else { return nil }
        let apex = table.peaks[seed].retentionTimeSeconds
        let shift = parameters.maxApexShift * table.peaks[seed].widthSeconds
        var best: (index: Int, cosine: Double)?
        while position < order.count && sortedMZ[position] <= mz + half {
            let index = order[position]
            let distance = abs(sortedApex[position] - apex)
            position += 1
            guard distance <= shift, !used[index], index != seed, accept(table.peaks[index]) else { continue }
            let cosine = table.cosine(seed, index)
            if cosine >= parameters.minCosine && cosine > best?.cosine ?? -1 { best = (index, cosine) }
        }
        return best
    }
}
