import SpectrumModel

/// Groups co-eluting peaks at isotope distances into features and tells their charge.
///
/// Greedy from the most intense peak: for every charge it walks down (only where a molecule of that mass can have a
/// stronger M+1) and up the ladder of isotopes while peaks co-elute and their abundance is possible. The charge with the
/// longest ladder wins, then the better cosines, then the lower charge. Ties in intensity go by m/z, then retention time.
/// Peaks below the feature limits of `PeakParameters` can be isotopes but found no feature. O(n log n) for n peaks.
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
        let byIntensity = peaks.indices.sorted { a, b in
            (peaks[b].height, peaks[a].mz, peaks[a].retentionTimeSeconds, a)
                < (peaks[a].height, peaks[b].mz, peaks[b].retentionTimeSeconds, b)
        }
        var found: [(feature: Feature, peak: Int)] = []
        var fitter = ElutionShapeFitter()
        for index in byIntensity where !ladder.used[index] && isFeature(peaks[index]) {
            var best = IsotopePattern(members: [index], charge: 0, cosineSum: 0)
            for charge in stride(from: 1, through: parameters.maxCharge, by: 1) {
                var pattern = ladder.pattern(around: index, charge: charge)
                if !isFeature(peaks[pattern.members[0]]) {
                    pattern = ladder.pattern(around: index, charge: charge, goDown: false)
                }
                guard pattern.members.count > 1 else { continue }
                if (pattern.members.count, pattern.cosineSum) > (best.members.count, best.cosineSum) { best = pattern }
            }
            for member in best.members { ladder.used[member] = true }
            let shape = fitter.fit(table, peak: best.members[0], retentionTimes: retentionTimes)
            found.append((feature(best, peaks: peaks, shape: shape, polarity: polarity), best.members[0]))
        }
        found.sort {
            ($0.feature.mz, $0.feature.retentionTimeSeconds, $0.feature.area)
                < ($1.feature.mz, $1.feature.retentionTimeSeconds, $1.feature.area)
        }
        for index in found.indices { found[index].feature.id = firstID + index }
        return (found.map(\.feature), found.map(\.peak))
    }

    private func isFeature(_ peak: ChromatographicPeak) -> Bool {
        peak.signalToNoise >= peakParameters.signalToNoise && peak.quality >= peakParameters.minQuality
            && peak.autocorrelation >= peakParameters.minAutocorrelation
    }

    private func feature(
        _ pattern: IsotopePattern, peaks: [ChromatographicPeak], shape: ElutionShape, polarity: Polarity
    ) -> Feature {
        let base = peaks[pattern.members[0]]
        return Feature(
            id: 0, mz: base.mz, retentionTimeSeconds: base.retentionTimeSeconds,
            startSeconds: base.startSeconds,
            endSeconds: base.endSeconds, widthSeconds: base.widthSeconds, charge: pattern.charge, area: base.area,
            height: base.height, signalToNoise: base.signalToNoise, quality: base.quality,
            autocorrelation: base.autocorrelation, shape: shape, pointCount: Int(base.pointCount),
            isotopeAreas: pattern.members.map { peaks[$0].area }, polarity: polarity)
    }
}

/// Peaks of one ion, the monoisotopic one first.
struct IsotopePattern {
    var members: [Int]
    var charge: Int
    var cosineSum: Double
}

/// Peaks sorted by m/z, and the search for the isotopes of one of them.
struct IsotopeLadder {
    /// Peaks that already belong to a feature.
    var used: [Bool]
    private let table: PeakTable
    private let parameters: IsotopeParameters
    private let order: [Int]
    private let sortedMZ: [Double]

    /// Distance to M+2 by 13C2, 37Cl, 34S and 81Br instead of twelve, thirty-five ..., in Da. Source: AME 2020.
    private static let secondIsotope = [2 * Mass.carbon13Spacing, 1.997_05, 1.995_80, 1.997_95]
    /// 13C per 12C in nature. Source: IUPAC 2013.
    private static let carbonRatio = 0.010_8
    /// What measurement error may add to a possible abundance.
    private static let slack = 1.5

    init(table: PeakTable, parameters: IsotopeParameters) {
        self.table = table
        self.parameters = parameters
        let peaks = table.peaks
        used = Array(repeating: false, count: peaks.count)
        order = peaks.indices.sorted { (peaks[$0].mz, $0) < (peaks[$1].mz, $1) }
        sortedMZ = order.map { peaks[$0].mz }
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
        let base = table.peaks[members[0]]
        while members.count < parameters.maxIsotopes {
            let number = members.count
            guard let found = next(number, base: base, seed: seed, charge: charge, carbon: carbon) else { break }
            members.append(found.index)
            cosineSum += found.cosine
        }
        return IsotopePattern(members: members, charge: charge, cosineSum: cosineSum)
    }

    private func next(
        _ number: Int, base: ChromatographicPeak, seed: Int, charge: Int, carbon: Double
    ) -> (index: Int, cosine: Double)? {
        var abundance = 1.0
        for isotope in 1...number { abundance *= carbon / Double(isotope) }
        // From M+2 on, chlorine and bromine can add up to about as much as M itself.
        let upper = Self.slack * (abundance + (number >= 2 ? 1 : 0.05))
        let lower = number == 1 ? 0.05 * carbon : 0
        let accept = { (peak: ChromatographicPeak) in peak.area <= upper * base.area && peak.area >= lower * base.area }
        let distances = number == 2 ? Self.secondIsotope : [Double(number) * Mass.carbon13Spacing]
        var best: (index: Int, cosine: Double)?
        for distance in distances {
            let found = self.best(at: base.mz + distance / Double(charge), like: seed, accept: accept)
            if let found, found.cosine > best?.cosine ?? 0 { best = found }
        }
        return best
    }

    /// The unused peak near an m/z whose profile is most like that of `seed`.
    private func best(
        at mz: Double, like seed: Int, accept: (ChromatographicPeak) -> Bool
    ) -> (index: Int, cosine: Double)? {
        let half = parameters.tolerance.halfWidth(at: mz)
        var position = sortedMZ.firstIndex(notBelow: mz - half)
        let reference = table.peaks[seed]
        let shift = parameters.maxApexShift * reference.widthSeconds
        var best: (index: Int, cosine: Double)?
        while position < order.count && sortedMZ[position] <= mz + half {
            let index = order[position]
            position += 1
            let peak = table.peaks[index]
            guard !used[index], index != seed,
                abs(peak.retentionTimeSeconds - reference.retentionTimeSeconds) <= shift, accept(peak)
            else { continue }
            let cosine = table.cosine(seed, index)
            if cosine >= parameters.minCosine && cosine > best?.cosine ?? -1 { best = (index, cosine) }
        }
        return best
    }
}
