import OutOfCore
import SpectrumModel

/// Peaks of one ion, the monoisotopic one first.
struct IsotopePattern: Sendable {
    var members: [Int]
    /// Heavy neutrons of each member: 0 for M, 1 for M+1 ...; ascending, and without those that were not found.
    var numbers = [0]
    var charge: Int
    var cosineSum: Double
    /// Further peaks of members whose traces came apart.
    var pieces: [(number: Int, peak: Int)] = []

    static let none = IsotopePattern(members: [], numbers: [], charge: 0, cosineSum: 0)

    /// The more members the better, then the fewer that are missing, then the better cosines.
    var rank: (Int, Int, Double) { (members.count, -numbers[numbers.count - 1], cosineSum) }

    /// Areas of M, M+1 ... up to the last that was found; 0 for one that was not.
    func areas(_ peaks: PageableArray<ChromatographicPeak>) -> [Double] {
        var areas = Array(repeating: 0.0, count: numbers[numbers.count - 1] + 1)
        for (member, number) in zip(members, numbers) { areas[number] = peaks[member].area }
        for piece in pieces { areas[piece.number] += peaks[piece.peak].area }
        return areas
    }
}

extension IsotopePattern {
    fileprivate func mz(_ number: Int, _ table: PeakTable) -> Double? {
        numbers.firstIndex(of: number).map { table.peaks[members[$0]].mz }
    }
}

/// Peaks sorted by m/z, and the search for the isotopes of one of them.
struct IsotopeLadder: Sendable {
    /// Peaks that already belong to a feature.
    var used: [Bool]
    private let table: PeakTable
    private let parameters: IsotopeParameters
    private let order: [Int32]
    private let sortedMZ: [Double]
    private let sortedApex: [Double]

    /// Distance to M+2 by 13C2, 37Cl, 34S and 81Br instead of twelve, thirty-five ..., in Da. Source: AME 2020.
    private static let secondIsotope = [2 * Mass.carbon13Spacing, 1.997_05, 1.995_80, 1.997_95]
    /// 13C per 12C in nature. Source: IUPAC 2013.
    private static let carbonRatio = 0.010_8
    /// What measurement error may add to a possible abundance.
    private static let slack = 1.5
    /// Cosine that an isotope needs where there is none before it to support it, at least.
    private static let gapCosine = 0.9

    init(table: PeakTable, parameters: IsotopeParameters, schedule: RangeSchedule) {
        self.table = table
        self.parameters = parameters
        used = Array(repeating: false, count: table.count)
        let mz = schedule.elements(table.count) { table.peaks[$0].mz }
        order = ascendingOrder(of: mz, schedule: schedule) { table.peaks[$0].retentionTimeSeconds }
        let order = order
        sortedMZ = schedule.elements(order.count) { table.peaks[Int(order[$0])].mz }
        sortedApex = schedule.elements(order.count) { table.peaks[Int(order[$0])].retentionTimeSeconds }
    }

    /// Positions of all peaks by m/z, then retention time.
    var byMassAndTime: [Int32] { order }

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
            } else if charge > 1 || pattern.numbers.contains(1) || !pattern.numbers.contains(number - 1)
                || !isExact(at: mass)
            {
                // Ions without much carbon have a heavy M+2, M+4 ... and no M+1 to speak of; nothing else skips a step.
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
        if number > 1 && !hasPeaks(about: number, of: base.mz, charge: charge) { return nil }
        look(at: base.mz + Double(number) * Mass.carbon13Spacing / charge)
        guard number > 1 else { return best }
        // The light isotopes of chlorine, sulphur and bromine are nearer than two of carbon: from two below, and where such
        // a one stands below, a carbon above it.
        if let below = pattern.mz(number - 2, table) {
            for distance in Self.secondIsotope.dropFirst() { look(at: below + distance / charge) }
        }
        if number > 2, let below = pattern.mz(number - 1, table) { look(at: below + Mass.carbon13Spacing / charge) }
        if let found = best, !pattern.numbers.contains(number - 1), found.cosine < Self.gapCosine { return nil }
        return best
    }

    /// Whether m/z alone tells an isotope from most other ions; at unit resolution every ion has a neighbour at its distance.
    private func isExact(at mz: Double) -> Bool { parameters.tolerance.halfWidth(at: mz) <= 0.05 }

    /// Whether no peak at any time has a distance from a peak that isotopes of a charge have: so it is for most, and this is
    /// told faster than a ladder.
    func isAlone(_ seed: Int, charge: Int) -> Bool {
        let mz = table.peaks[seed].mz
        let charge = Double(charge)
        if hasPeaks(about: 1, of: mz, charge: charge) || charge == 1 && hasPeaks(about: 2, of: mz, charge: charge) {
            return false
        }
        let isLarge = Self.slack * Self.carbonRatio * mz * charge / 12 >= 1
        return !(isLarge && hasPeaks(about: 1, of: mz - Mass.carbon13Spacing * 2 / charge, charge: charge))
    }

    /// Whether there is any peak where this isotopologue could be, at whatever time: mostly there is none.
    private func hasPeaks(about number: Int, of mz: Double, charge: Double) -> Bool {
        let highest = mz + Double(number) * Mass.carbon13Spacing / charge
        // Every second neutron may be of the isotope with the smallest step, and members may be off by the tolerance.
        let half = 2 * parameters.tolerance.halfWidth(at: highest)
        let lowest = highest - Double(number / 2) * (2 * Mass.carbon13Spacing - 1.995_80) / charge
        let position = sortedMZ.firstIndex(notBelow: lowest - half)
        return position < sortedMZ.count && sortedMZ[position] <= highest + half
    }

    /// Peaks that may be pieces of an isotopologue, used or not: weak ones come apart where the monoisotopic peak does not.
    ///
    /// A piece has the isotopologue's m/z and its apex beside its peak but inside the monoisotopic one, and is there at
    /// most twice as high in relation to it.
    func pieces(of pattern: IsotopePattern) -> [(number: Int, peak: Int)] {
        var pieces: [(number: Int, peak: Int)] = []
        let base = table.peaks[pattern.members[0]]
        guard pattern.members.count > 1, isExact(at: base.mz) else { return pieces }
        for (member, number) in zip(pattern.members, pattern.numbers).dropFirst() {
            let whole = table.peaks[member]
            let ratio = 2 * whole.height / base.height
            let half = parameters.tolerance.halfWidth(at: whole.mz)
            var position = sortedMZ.firstIndex(notBelow: whole.mz - half)
            while position < order.count && sortedMZ[position] <= whole.mz + half {
                let index = Int(order[position])
                position += 1
                let piece = table.peaks[index]
                guard piece.apexScan >= base.firstScan, piece.apexScan <= base.lastScan,
                    piece.apexScan < whole.firstScan || piece.apexScan > whole.lastScan
                else { continue }
                let there = table.profiles[base.profileStart + Int(piece.apexScan - base.firstScan)]
                if piece.height <= ratio * Double(there) { pieces.append((number, index)) }
            }
        }
        return pieces
    }

    /// Marks a pattern's peaks as used, and gives it those of its possible pieces that nobody has.
    mutating func take(_ pattern: inout IsotopePattern, pieces: [(number: Int, peak: Int)]) {
        for member in pattern.members { used[member] = true }
        for piece in pieces where !used[piece.peak] {
            used[piece.peak] = true
            pattern.pieces.append(piece)
        }
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
            let index = Int(order[position])
            let distance = abs(sortedApex[position] - apex)
            position += 1
            guard distance <= shift, !used[index], index != seed, accept(table.peaks[index]) else { continue }
            let cosine = table.cosine(seed, index)
            if cosine >= parameters.minCosine && cosine > best?.cosine ?? -1 { best = (index, cosine) }
        }
        return best
    }
}
