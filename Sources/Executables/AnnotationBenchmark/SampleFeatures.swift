import Annotation
import SpectrumModel
import Statistics

/// Features like those of a run: masses of the table's own compounds as common ions, with an error and an isotope pattern.
struct SampleFeatures {
    let features: [Feature]

    /// - Parameter seed: the same seed gives the same features.
    init(table: CompoundTable, polarity: Polarity, count: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let ions = AdductTable.common(polarity).species.map(\.adduct)
        var features: [Feature] = []
        while features.count < count {
            let compound = table.compound(at: random.integer(below: table.count))
            let ion = ions[random.integer(below: ions.count)]
            let mz = ion.mz(neutralMass: compound.mass) * (1 + 8e-6 * (random.uniform() - 0.5))
            // Most features of a run are light.
            guard mz > 50, mz < 1_200 else { continue }
            let area = 1e5 * (1 + 9 * random.uniform())
            let carbons = mz / 25
            var areas = [area]
            if random.uniform() < 0.6 {
                areas += [area * 0.011 * carbons, area * 0.006 * carbons]
                if random.uniform() < 0.5 { areas.removeLast() }
            }
            features.append(
                Feature(
                    id: features.count + 1, mz: mz, retentionTimeSeconds: 60, startSeconds: 55, endSeconds: 65,
                    widthSeconds: 4, charge: areas.count > 1 ? ion.charge : 0, area: area, height: area / 4,
                    signalToNoise: 20, quality: 0.9, pointCount: 20, isotopeAreas: areas, polarity: polarity))
        }
        self.features = features.sorted { $0.mz < $1.mz }
    }
}
