import Annotation
import SpectrumModel
import TestSupport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The bundled compound tables.
let bundledTables: [CompoundSource]? = {
    let folder = TestData.repository + "/workloads/libraries/"
    let sources = [
        CompoundSource(path: folder + "chebi_complete_3star_rel195_v1.tsv.gz", label: "ChEBI"),
        CompoundSource(path: folder + "lipidmaps_full_20201001_v1.tsv.gz", label: "LIPID MAPS"),
    ]
    return sources.allSatisfy { access($0.path, R_OK) == 0 } ? sources : nil
}()

/// A feature of which only the mass, the charge and the isotopes matter.
func feature(
    id: Int = 1, mz: Double, polarity: Polarity, charge: Int = 0, areas: [Double] = [1]
) -> Feature {
    Feature(
        id: id, mz: mz, retentionTimeSeconds: 60, startSeconds: 55, endSeconds: 65, widthSeconds: 4, charge: charge,
        area: areas.first ?? 0, height: 1, signalToNoise: 10, quality: 1, pointCount: 10, isotopeAreas: areas,
        polarity: polarity)
}
