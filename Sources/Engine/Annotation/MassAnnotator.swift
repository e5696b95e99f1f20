import SpectralMatching
import SpectrumModel

/// Annotates features with compounds of the same exact mass and with what the library search found. One value per
/// worker: it owns reused memory; the table is shared.
///
/// Compounds that a database draws without charge form every adduct whose losses they hold atoms for; drawn ions count only
/// as themselves (`[M]+`, `[M]-`, `[M]2+` ...), because the databases list their neutral forms too.
///
/// Isomers cannot be told apart by mass, so formulas are searched and scored, and compounds are only looked at for the
/// few formulas that are reported.
/// - Complexity: O(adducts * log formulas + formulas within the tolerance * log top) per feature.
/// - Determinism: candidates come by library support, score, absolute error, adduct order, formula, length of the name,
///   then table order.
public struct MassAnnotator: Sendable {
    public let table: CompoundTable
    public let parameters: AnnotationParameters

    private let ions: [Polarity: [CandidateIon]]
    /// By formula number: the feature that it was last found for, and last found with a fitting isotope pattern for.
    private var lastFound: [UInt32]
    private var lastFitting: [UInt32]
    private var feature: UInt32 = 0
    private var ranking = FormulaRanking()

    public init(table: CompoundTable, parameters: AnnotationParameters = AnnotationParameters()) {
        self.table = table
        self.parameters = parameters
        var ions: [Polarity: [CandidateIon]] = [:]
        for polarity in Polarity.allCases {
            ions[polarity] = CandidateIon.all(polarity, species: parameters.adducts, table: table)
        }
        self.ions = ions
        lastFound = Array(repeating: 0, count: table.formulaCount)
        lastFitting = lastFound
    }

    /// Ion species that a feature of the polarity is compared with.
    public func ionCount(_ polarity: Polarity) -> Int { ions[polarity]?.count ?? 0 }

    /// What the table and the library matches (best first, may be empty) say about one feature.
    public mutating func annotate(_ feature: Feature, libraryMatches: [LibraryMatch] = []) -> FeatureAnnotation {
        defer { withExtendedLifetime(table) {} }
        let ions = ions[feature.polarity] ?? []
        let block = Array((libraryMatches.first?.entry.inchiKeyBlock ?? "").utf8)
        ranking.start(limit: parameters.top)
        let counts = findFormulas(feature, ions: ions, supported: block)
        let candidates = ranking.entries.prefix(parameters.top).map { candidate($0, ions: ions) }
        let best = ranking.entries.first
        let formulas = FormulaSummary(
            count: counts.formulas, share: counts.totalScore > 0 ? (best?.hit.score ?? 0) / counts.totalScore : 0,
            supportedByIsotopes: counts.fitting,
            bestIsSupported: best.map { lastFitting[Int(table.formulaNumber[$0.hit.formula])] == self.feature } ?? false
        )
        var result = FeatureAnnotation(
            featureID: feature.id, level: .level5, confidence: 0, bestMatch: libraryMatches.first,
            candidates: candidates, candidateCount: counts.candidates, formulaCount: formulas.count, evidence: "")
        EvidenceRules(parameters: parameters).grade(
            &result, feature: feature, matches: libraryMatches, formulas: formulas)
        return result
    }

    private struct Counts {
        var candidates = 0
        var formulas = 0
        /// Formulas whose isotope score reaches the threshold.
        var fitting = 0
        var totalScore = 0.0
    }

    /// Scores every formula within the tolerance and ranks the best. hot
    private mutating func findFormulas(_ feature: Feature, ions: [CandidateIon], supported: [UInt8]) -> Counts {
        var counts = Counts()
        let mz = feature.mz
        let areas = feature.isotopeAreas
        nextFeature()
        guard mz.isFinite, mz > 0 else { return counts }
        // Wider than the tolerance by a rounding margin; the exact test follows.
        let reach = parameters.massTolerance.halfWidth(at: mz) * 1.001 + 1e-9
        for (number, ion) in ions.enumerated() where feature.charge == 0 || feature.charge == ion.adduct.charge {
            let highest = ion.adduct.neutralMass(mz: mz + reach)
            let end = ion.formulas.upperBound
            var formula = table.firstFormula(in: ion.formulas, massAtLeast: ion.adduct.neutralMass(mz: mz - reach))
            // Where co-eluting features told the ion species, that counts instead of how common each is. A charge that no
            // isotope told speaks against several charges, as it does where adducts are found.
            let prior =
                feature.adduct.map { $0 == ion.name ? 1 : 0 }
                ?? (feature.charge == 0 && ion.adduct.charge > 1 ? 0.5 * ion.prior : ion.prior)
            while formula < end, table.mass[formula] <= highest {
                defer { formula += 1 }
                let theoretical = ion.adduct.mz(neutralMass: table.mass[formula])
                let half = parameters.massTolerance.halfWidth(at: theoretical)
                guard theoretical > 0, abs(mz - theoretical) <= half, ion.canForm(from: formula, in: table) else {
                    continue
                }
                let mass = half > 0 ? gaussian((mz - theoretical) / (half / 2)) : 1
                let isotope = isotopeScore(formula, ion: ion, areas: areas)
                let score = isotope.map { 0.5 * mass + 0.2 * prior + 0.3 * $0 } ?? (0.5 * mass + 0.2 * prior) / 0.7
                let skeletons = table.skeletons(of: formula)
                counts.candidates += skeletons.count
                counts.totalScore += score
                count(formula, isotope: isotope, in: &counts)
                let hit = FormulaHit(
                    formula: formula, ion: number, theoreticalMZ: theoretical,
                    errorPPM: (mz - theoretical) / theoretical * 1e6, massScore: mass, isotopeScore: isotope,
                    score: score)
                ranking.add(hit, skeletons: skeletons, supported: supported, table: table)
            }
        }
        return counts
    }

    /// A new number for a feature, so that nothing has to be cleared from one to the next.
    private mutating func nextFeature() {
        if feature == .max {
            for index in lastFound.indices { (lastFound[index], lastFitting[index]) = (0, 0) }
            feature = 0
        }
        feature += 1
    }

    private mutating func count(_ formula: Int, isotope: Double?, in counts: inout Counts) {
        let number = Int(table.formulaNumber[formula])
        if lastFound[number] != feature {
            lastFound[number] = feature
            counts.formulas += 1
        }
        if let isotope, isotope >= parameters.isotopeScoreThreshold, lastFitting[number] != feature {
            lastFitting[number] = feature
            counts.fitting += 1
        }
    }

    private func isotopeScore(_ formula: Int, ion: CandidateIon, areas: [Double]) -> Double? {
        guard areas.count >= 2, let change = ion.isotopeChange else { return nil }
        let molecule = SIMD4<Double>(table.isotopeRatios[formula])
        guard molecule[0].isFinite else { return nil }
        // pattern(compound)^multiplicity, then times the adduct's change; rounding may leave a ratio below 0.
        var expected = molecule
        for _ in 1..<ion.adduct.multiplicity { expected = IsotopeSeries.product(expected, molecule) }
        expected = pointwiseMax(IsotopeSeries.product(expected, change), SIMD4())
        return areas.withUnsafeBufferPointer {
            IsotopeScore.score(areas: $0, expected: expected, limit: parameters.maxIsotopes)
        }
    }

    private func candidate(_ entry: FormulaRanking.Entry, ions: [CandidateIon]) -> AnnotationCandidate {
        let hit = entry.hit
        return AnnotationCandidate(
            compound: table.compound(at: Int(table.skeletonRepresentative[entry.skeleton])),
            adduct: ions[hit.ion].name, charge: ions[hit.ion].adduct.charge, theoreticalMZ: hit.theoreticalMZ,
            errorPPM: hit.errorPPM, massScore: hit.massScore, isotopeScore: hit.isotopeScore, score: hit.score,
            supportedByLibrary: entry.isSupported, otherStereoisomers: Int(table.skeletonCount[entry.skeleton]) - 1)
    }
}

/// How many formulas explain a feature, and how far the best stands out.
struct FormulaSummary {
    /// Distinct formulas within the mass tolerance.
    let count: Int
    /// Score of the best candidate over the sum of the scores of each formula and adduct: 1 when it is alone.
    let share: Double
    /// Formulas whose isotope score reaches the threshold.
    let supportedByIsotopes: Int
    let bestIsSupported: Bool
}
