import Foundation
import SpectrumModel
import Statistics
import Testing

@testable import FeatureDetection

/// Patterns that several workers look for beforehand, wave by wave, are those that one finds after the other.
@Suite struct IsotopeWaveTests {
    /// Three waves of peaks that compete for isotopes: ladders of several charges, shifted by less than the tolerance, at
    /// times that are close.
    private func crowded(seed: UInt64) -> SyntheticFeatures {
        var random = SeededGenerator(seed: seed)
        var run = SyntheticFeatures(seed: seed)
        while run.table.count < 18_000 {
            let mz = 200 + 600 * random.uniform()
            let apex = 50 + 400 * random.uniform()
            let charge = Double(1 + random.integer(below: 3))
            let area = 1e4 * pow(10, 3 * random.uniform())
            for isotope in 0..<(1 + random.integer(below: 5)) {
                run.add(
                    mz: mz + Double(isotope) * Mass.carbon13Spacing / charge + 1e-3 * (random.uniform() - 0.5),
                    apex: apex + random.uniform(), area: area * pow(0.3, Double(isotope)))
            }
        }
        return run
    }

    @Test(arguments: [UInt64(5), 6]) func theFeaturesAreThoseOfOneWorker(seed: UInt64) {
        let run = crowded(seed: seed)
        let parameters = DetectionPreset.orbitrap.parameters
        let grouper = IsotopeGrouper(parameters: parameters.isotopes, peakParameters: parameters.peaks)
        let alone = grouper.featuresWithPeaks(run.table, polarity: .positive)
        #expect(alone.features.count { $0.isotopeAreas.count > 1 } > 1_000, "seed \(seed)")
        for schedule in [concurrentSchedule(workers: 2, grain: 256), concurrentSchedule(workers: 4, grain: 61)] {
            let together = grouper.featuresWithPeaks(run.table, polarity: .positive, schedule: schedule)
            #expect(together.features == alone.features && together.peaks == alone.peaks, "seed \(seed)")
        }
    }

    @Test func groupsAreThoseOfOneWorkerWhateverTheOrderOfTheFeatures() {
        var run = SyntheticFeatures(seed: 3)
        run.addNoise(count: 3_000, times: 50...400)
        for number in 0..<60 {
            run.add(
                mass: 200 + 7.013 * Double(number), ions: ["[M+H]+": 1e6, "[M+Na]+": 4e5],
                apex: 60 + 5 * Double(number))
        }
        let order = run.features.indices.sorted {
            (run.features[$0].mz, run.features[$0].retentionTimeSeconds)
                < (run.features[$1].mz, run.features[$1].retentionTimeSeconds)
        }
        let grouper = AdductGrouper(parameters: AdductParameters(tolerance: .ppm(5)))
        func groups(_ order: [Int], _ schedule: RangeSchedule) -> [Int: String] {
            var features = order.map { run.features[$0] }
            grouper.assign(
                &features, basePeaks: order.map { run.basePeaks[$0] }, table: run.table, polarity: .positive,
                schedule: schedule)
            return Dictionary(
                uniqueKeysWithValues: zip(order, features).map {
                    ($0, "\($1.group ?? 0) \($1.adduct ?? "-") \($1.neutralMass ?? 0)")
                })
        }
        // Ascending, as they come, and not.
        let alone = groups(order, .serial)
        #expect(Set(alone.values).count > 50)
        #expect(groups(order, concurrentSchedule(workers: 3, grain: 100)) == alone)
        #expect(groups(order.reversed(), concurrentSchedule(workers: 3, grain: 100)) == alone)
        #expect(groups(Array(run.features.indices), .serial) == alone)
    }
}
