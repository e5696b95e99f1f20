import SpectralMatching
import SpectrumModel

/// Annotates features with compounds of the same exact mass and with what the library search found. One value per
/// worker: it owns reused memory; the table is shared.
///
/// Compounds that a database draws without charge form every adduct; drawn ions count only as themselves (`[M]+`,
/// `[M]-`, `[M]2+` ...), because the databases list their neutral forms too.
/// - Complexity: O(adducts * log n + candidates * log candidates) per feature.
/// - Determinism: candidates come by library support, score, absolute error, adduct order, length of the name, then
///   table order.
public struct MassAnnotator: Sendable {
    public let table: CompoundTable
    public let parameters: AnnotationParameters

    /// One ion species with what its adduct does to the isotope pattern.
    private struct Ion {
        let name: String
        let adduct: Adduct
        let prior: Double
        let isotopes: (m1: Double, m2: Double)
        /// The table's compounds that can form it.
        let range: Range<Int>
    }

    private struct Hit {
        var compound: Int
        var ion: Int
        var theoreticalMZ: Double
        var errorPPM: Double
        var massScore: Double
        var isotopeScore: Double?
        var score: Double
        var supported: Bool
    }

    private let ions: [Polarity: [Ion]]
    private var hits: [Hit] = []

    public init(table: CompoundTable, parameters: AnnotationParameters = AnnotationParameters()) {
        self.table = table
        self.parameters = parameters
        var ions: [Polarity: [Ion]] = [:]
        for polarity in Polarity.allCases {
            ions[polarity] = Self.adductIons(polarity, parameters, table) + Self.drawnIons(polarity, table)
        }
        self.ions = ions
    }

    /// What the table and the library matches (best first, may be empty) say about one feature.
    public mutating func annotate(_ feature: Feature, libraryMatches: [LibraryMatch] = []) -> FeatureAnnotation {
        defer { withExtendedLifetime(table) {} }
        let ions = ions[feature.polarity] ?? []
        collectHits(feature, ions: ions, supportedBlock: libraryMatches.first?.entry.inchiKeyBlock ?? "")
        let table = table
        hits.sort { a, b in
            if a.supported != b.supported { return a.supported }
            if a.score != b.score { return a.score > b.score }
            if abs(a.errorPPM) != abs(b.errorPPM) { return abs(a.errorPPM) < abs(b.errorPPM) }
            if a.ion != b.ion { return a.ion < b.ion }
            // Isomers tie; short names are mostly the common compounds, and some order is needed.
            let lengths = (table.nameLength(at: a.compound), table.nameLength(at: b.compound))
            return lengths.0 != lengths.1 ? lengths.0 < lengths.1 : a.compound < b.compound
        }
        let (candidates, candidateCount) = distinctCandidates(ions)
        let formulas = formulaSummary(ions)
        var result = FeatureAnnotation(
            featureID: feature.id, level: .level5, confidence: 0, bestMatch: libraryMatches.first,
            candidates: candidates, candidateCount: candidateCount, formulaCount: formulas.count, evidence: "")
        EvidenceRules(parameters: parameters).grade(
            &result, feature: feature, matches: libraryMatches, formulas: formulas)
        return result
    }

    private static func adductIons(
        _ polarity: Polarity, _ parameters: AnnotationParameters, _ table: CompoundTable
    ) -> [Ion] {
        let species = parameters.adducts.map { AdductTable.named($0, polarity: polarity) } ?? .all(polarity)
        guard let neutral = table.groups.first(where: { $0.charge == 0 }) else { return [] }
        return species.species.map { species in
            Ion(
                name: species.adduct.name, adduct: species.adduct, prior: species.prior,
                isotopes: Self.isotopeChange(species), range: neutral.range)
        }
    }

    /// The compounds that are ions by themselves, up to three charges.
    private static func drawnIons(_ polarity: Polarity, _ table: CompoundTable) -> [Ion] {
        table.groups.compactMap { group in
            let charge = group.charge
            let sign: Polarity = charge > 0 ? .positive : .negative
            guard charge != 0, abs(charge) <= 3, polarity == .unknown || polarity == sign else { return nil }
            let name = "[M]\(abs(charge) == 1 ? "" : String(abs(charge)))\(charge > 0 ? "+" : "-")"
            let adduct = Adduct(
                name: name, multiplicity: 1, massShift: -Double(charge) * Mass.electron, charge: abs(charge),
                polarity: sign)
            return Ion(name: name, adduct: adduct, prior: 0.6, isotopes: (0, 0), range: group.range)
        }
    }

    /// M+1 and M+2 terms of pattern(gain) / pattern(loss), as power series.
    private static func isotopeChange(_ species: AdductSpecies) -> (m1: Double, m2: Double) {
        func terms(_ formula: MolecularFormula?) -> (Double, Double) {
            guard let formula, let pattern = IsotopePattern(formula, count: 2) else { return (0, 0) }
            return (pattern.ratios[1], pattern.ratios[2])
        }
        let (g1, g2) = terms(species.gain)
        let (l1, l2) = terms(species.loss)
        return (g1 - l1, g2 - l2 - l1 * (g1 - l1))
    }

    /// All compounds within the tolerance. hot
    private mutating func collectHits(_ feature: Feature, ions: [Ion], supportedBlock: String) {
        var hits = self.hits
        self.hits = []
        hits.removeAll(keepingCapacity: true)
        defer { self.hits = hits }
        let mz = feature.mz
        guard mz.isFinite, mz > 0 else { return }
        let block = Array(supportedBlock.utf8)
        for (number, ion) in ions.enumerated() where feature.charge == 0 || feature.charge == ion.adduct.charge {
            // Wider than the tolerance by a rounding margin; the exact test follows.
            let reach = parameters.massTolerance.halfWidth(at: mz) * 1.001 + 1e-9
            let highest = ion.adduct.neutralMass(mz: mz + reach)
            var index = table.firstIndex(in: ion.range, massAtLeast: ion.adduct.neutralMass(mz: mz - reach))
            while index < ion.range.upperBound, table.mass[index] <= highest {
                defer { index += 1 }
                let theoretical = ion.adduct.mz(neutralMass: table.mass[index])
                let half = parameters.massTolerance.halfWidth(at: theoretical)
                guard theoretical > 0, abs(mz - theoretical) <= half else { continue }
                let mass = half > 0 ? gaussian((mz - theoretical) / (half / 2)) : 1
                let isotope = isotopeScore(compound: index, ion: ion, areas: feature.isotopeAreas)
                // Where co-eluting features told the ion species, that counts instead of how common each is.
                let prior = feature.adduct.map { $0 == ion.name ? 1 : 0 } ?? ion.prior
                let score = isotope.map { 0.5 * mass + 0.2 * prior + 0.3 * $0 } ?? (0.5 * mass + 0.2 * prior) / 0.7
                hits.append(
                    Hit(
                        compound: index, ion: number, theoreticalMZ: theoretical,
                        errorPPM: (mz - theoretical) / theoretical * 1e6, massScore: mass, isotopeScore: isotope,
                        score: score,
                        supported: block.count == 14 && table.inchiKeyBlock(at: index).elementsEqual(block)))
            }
        }
    }

    private func isotopeScore(compound: Int, ion: Ion, areas: [Double]) -> Double? {
        guard areas.count >= 2 else { return nil }
        let r1 = Double(table.isotopeRatios[2 * compound])
        let r2 = Double(table.isotopeRatios[2 * compound + 1])
        guard r1.isFinite, r2.isFinite else { return nil }
        // pattern(compound)^multiplicity, then times the adduct's change.
        let pair = ion.adduct.multiplicity == 2
        let m1 = pair ? 2 * r1 : r1
        let m2 = pair ? 2 * r2 + r1 * r1 : r2
        let (a1, a2) = ion.isotopes
        return withUnsafeTemporaryAllocation(of: Double.self, capacity: 3) { ratios in
            ratios.initialize(repeating: 1)
            ratios[1] = max(0, m1 + a1)
            ratios[2] = max(0, m2 + a1 * m1 + a2)
            return areas.withUnsafeBufferPointer {
                IsotopePattern.score(areas: $0, ratios: UnsafeBufferPointer(ratios))
            }
        }
    }

    /// The best hits with stereoisomers joined, and how many there are in all.
    private func distinctCandidates(_ ions: [Ion]) -> (candidates: [AnnotationCandidate], count: Int) {
        var positions: [SkeletonIon: Int] = [:]
        var kept: [(hit: Hit, others: Int)] = []
        for hit in hits {
            let skeleton = SkeletonIon(block: table.inchiKeyBlock(at: hit.compound), ion: hit.ion)
            if let position = positions[skeleton] {
                if position < kept.count { kept[position].others += 1 }
            } else {
                positions[skeleton] = positions.count
                if kept.count < parameters.top { kept.append((hit, 0)) }
            }
        }
        let candidates = kept.map { hit, others in
            AnnotationCandidate(
                compound: table.compound(at: hit.compound), adduct: ions[hit.ion].name,
                theoreticalMZ: hit.theoreticalMZ, errorPPM: hit.errorPPM, massScore: hit.massScore,
                isotopeScore: hit.isotopeScore, score: hit.score, supportedByLibrary: hit.supported,
                otherStereoisomers: others)
        }
        return (candidates, positions.count)
    }

    /// Formula and adduct of every hit, with the best scores of each.
    private func formulaSummary(_ ions: [Ion]) -> FormulaSummary {
        var bestScore: [UInt64: Double] = [:]
        var formulas: Set<UInt32> = []
        var supported: Set<UInt32> = []
        for hit in hits {
            let formula = table.textNumber(.formula, at: hit.compound)
            formulas.insert(formula)
            let key = UInt64(formula) << 16 | UInt64(hit.ion)
            bestScore[key] = max(bestScore[key] ?? 0, hit.score)
            if let isotope = hit.isotopeScore, isotope >= parameters.isotopeScoreThreshold { supported.insert(formula) }
        }
        // A fixed order of the terms, so that the sum does not depend on hashing.
        let total = bestScore.values.sorted().reduce(0, +)
        let best = hits.first
        return FormulaSummary(
            count: formulas.count, share: total > 0 ? (best?.score ?? 0) / total : 0,
            supportedByIsotopes: supported.count,
            bestIsSupported: best.map { supported.contains(table.textNumber(.formula, at: $0.compound)) } ?? false)
    }
}

/// Skeleton and adduct of a hit: what is the same for stereoisomers.
private struct SkeletonIon: Hashable {
    let high: UInt64
    let low: UInt64
    let ion: Int

    /// The 14 letters of the block fill two words.
    init(block: UnsafeBufferPointer<UInt8>, ion: Int) {
        var words: (UInt64, UInt64) = (0, 0)
        for (position, byte) in block.enumerated() {
            if position < 8 { words.0 = words.0 << 8 | UInt64(byte) } else { words.1 = words.1 << 8 | UInt64(byte) }
        }
        high = words.0
        low = words.1
        self.ion = ion
    }
}

/// How many formulas explain a feature, and how far the best stands out.
struct FormulaSummary {
    /// Distinct formulas within the mass tolerance.
    let count: Int
    /// Score of the best candidate over the sum of the best scores of each formula and adduct: 1 when it is alone.
    let share: Double
    /// Formulas whose isotope score reaches the threshold.
    let supportedByIsotopes: Int
    let bestIsSupported: Bool
}
