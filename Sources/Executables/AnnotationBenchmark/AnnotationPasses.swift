import Annotation
import SpectrumModel
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What was measured for one polarity.
struct PolarityResult: Codable {
    let polarity: String
    let features: Int
    let compounds: Int
    let formulas: Int
    let adducts: Int
    let candidates: Int
    let featuresChecked: Int
    let runs: Int
    /// CPU seconds of a pass over all features.
    let medianSeconds: Double
    let smallestSeconds: Double
    let largestSeconds: Double
}

/// An answer that differs from the search through everything.
struct WrongAnswer: Error, CustomStringConvertible {
    let description: String
}

/// Passes over the same features, timed by the CPU time of this thread.
struct AnnotationPasses {
    let table: CompoundTable
    let parameters: AnnotationParameters
    let features: [Feature]

    func measure(_ polarity: Polarity, runs: Int, check: Int) throws -> PolarityResult {
        var annotator = MassAnnotator(table: table, parameters: parameters)
        for position in 0..<min(check, features.count) {
            try compare(features[position * features.count / check], polarity)
        }
        var seconds: [Double] = []
        var candidates = 0
        for _ in 0..<runs {
            candidates = 0
            let start = Self.threadSeconds()
            for feature in features { candidates += annotator.annotate(feature).candidateCount }
            seconds.append(Self.threadSeconds() - start)
        }
        return PolarityResult(
            polarity: polarity.symbol, features: features.count, compounds: table.count, formulas: table.formulaCount,
            adducts: annotator.ionCount(polarity), candidates: candidates,
            featuresChecked: min(check, features.count), runs: runs, medianSeconds: median(seconds),
            smallestSeconds: seconds.min() ?? .nan, largestSeconds: seconds.max() ?? .nan)
    }

    /// Every compound as every ion, one by one; counts skeletons within the tolerance.
    private func compare(_ feature: Feature, _ polarity: Polarity) throws {
        let species = (parameters.adducts ?? AdductTable.common(polarity).species)
            .filter { $0.adduct.polarity == polarity }
        var expected: Set<String> = []
        for index in 0..<table.count {
            let compound = table.compound(at: index)
            let key = compound.inchiKeyBlock.isEmpty ? compound.identifiers : compound.inchiKeyBlock
            func fits(_ adduct: Adduct) -> Bool {
                let theoretical = adduct.mz(neutralMass: compound.mass)
                return (feature.charge == 0 || feature.charge == adduct.charge) && theoretical > 0
                    && parameters.massTolerance.matches(feature.mz, reference: theoretical)
            }
            if compound.charge == 0 {
                for candidate in species where fits(candidate.adduct) {
                    let molecules = try MolecularFormula(compound.formula).multiplied(by: candidate.adduct.multiplicity)
                    if let loss = candidate.loss, molecules.removing(loss) == nil { continue }
                    expected.insert("\(compound.formula) \(key) \(candidate.adduct.name)")
                }
            } else if abs(compound.charge) <= 3, (compound.charge > 0) == (polarity == .positive) {
                let drawn = Adduct(
                    name: "[M]\(compound.charge)", multiplicity: 1,
                    massShift: -Double(compound.charge) * Mass.electron, charge: abs(compound.charge),
                    polarity: polarity)
                if fits(drawn) { expected.insert("\(compound.formula) \(key) \(drawn.name)") }
            }
        }
        var everything = parameters
        everything.top = expected.count + 10
        var annotator = MassAnnotator(table: table, parameters: everything)
        let found = annotator.annotate(feature)
        guard found.candidateCount == expected.count, found.candidates.count == expected.count else {
            throw WrongAnswer(
                description: "m/z \(feature.mz): \(found.candidateCount) candidates instead of \(expected.count)")
        }
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
    }
}
