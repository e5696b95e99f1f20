import Foundation
import Statistics
import Testing

@testable import BayesianTuning

struct HypervolumeTests {
    /// Volumes and expected improvements by BoTorch; see Fixtures/README.md.
    private struct References: Decodable {
        struct Set: Decodable {
            let points: [[Double]]
            let reference: [Double]
            let front: [[Double]]
            let volume: Double
        }

        struct Improvement: Decodable {
            let set: Int
            let mean: [Double]
            let deviation: [Double]
            let ehvi: Double
            let logEhvi: Double
        }

        let sets: [Set]
        let improvements: [Improvement]
    }

    private func references() throws -> References {
        let url = try #require(
            Bundle.module.url(forResource: "hypervolume", withExtension: "json", subdirectory: "Fixtures"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(References.self, from: Data(contentsOf: url))
    }

    private func front(_ points: [[Double]]) -> ParetoFront {
        ParetoFront(points.map { ParetoFront.Point($0[0], $0[1]) })
    }

    @Test func frontsAndVolumesEqualTheReference() throws {
        for set in try references().sets {
            let front = front(set.points)
            #expect(front.points.map { [$0.first, $0.second] } == set.front)
            let volume = front.hypervolume(reference: ParetoFront.Point(set.reference[0], set.reference[1]))
            #expect(abs(volume - set.volume) <= 1e-12 * max(1, set.volume))
        }
    }

    @Test func expectedImprovementsEqualTheReference() throws {
        let references = try references()
        var finite = 0
        for expected in references.improvements {
            let set = references.sets[expected.set]
            let improvement = HypervolumeImprovement(
                front: front(set.points), reference: ParetoFront.Point(set.reference[0], set.reference[1]))
            let value = improvement.logExpectation(
                means: (expected.mean[0], expected.mean[1]),
                variances: (
                    expected.deviation[0] * expected.deviation[0], expected.deviation[1] * expected.deviation[1]
                ))
            #expect(
                abs(value - expected.logEhvi) <= 1e-9 * max(1, abs(expected.logEhvi)),
                "set \(expected.set), mean \(expected.mean), deviation \(expected.deviation)")
            if expected.ehvi > 1e-12 {
                finite += 1
                #expect(abs(exp(value) / expected.ehvi - 1) < 1e-6)
            }
        }
        #expect(finite > 30 && finite < references.improvements.count)
    }

    /// Cells of an integer grid counted one by one.
    @Test(arguments: 1...20 as ClosedRange<UInt64>) func volumesEqualCountedCells(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let points = (0..<1 + generator.integer(below: 30)).map { _ in
            [Double(generator.integer(below: 14)) - 2, Double(generator.integer(below: 14)) - 2]
        }
        let front = front(points)
        var cells = 0
        for x in -2..<10 {
            for y in -2..<10 where points.contains(where: { $0[0] <= Double(x) && $0[1] <= Double(y) }) { cells += 1 }
        }
        #expect(front.hypervolume(reference: ParetoFront.Point(10, 10)) == Double(cells), "seed \(seed)")
        for point in points.map({ ParetoFront.Point($0[0], $0[1]) }) {
            let isBeaten = points.contains {
                $0[0] <= point.first && $0[1] <= point.second && $0 != [point.first, point.second]
            }
            #expect(front.dominates(point) == isBeaten && front.points.contains(point) != isBeaten, "seed \(seed)")
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>) func expectedImprovementsEqualAverages(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let front = ParetoFront((0..<6).map { _ in ParetoFront.Point(generator.normal(), generator.normal()) })
        let reference = HypervolumeImprovement.reference(for: front)
        let improvement = HypervolumeImprovement(front: front, reference: reference)
        let mean = (0.5 * generator.normal(), 0.5 * generator.normal())
        let deviation = (0.2 + generator.uniform(), 0.2 + generator.uniform())
        let before = front.hypervolume(reference: reference)
        let draws = (0..<40_000).map { _ in
            let point = ParetoFront.Point(
                mean.0 + deviation.0 * generator.normal(), mean.1 + deviation.1 * generator.normal())
            return ParetoFront(front.points + [point]).hypervolume(reference: reference) - before
        }
        let exact = exp(
            improvement.logExpectation(
                means: mean, variances: (deviation.0 * deviation.0, deviation.1 * deviation.1)))
        let error = standardDeviation(draws) / 200
        #expect(abs(exact - Statistics.mean(draws)) < 4 * error, "seed \(seed)")
    }

    @Test func theReferencePointLeavesRoomAroundShortFronts() {
        let single = HypervolumeImprovement.reference(for: ParetoFront([ParetoFront.Point(-1, 2)]))
        #expect(single == ParetoFront.Point(0, 3))
        let long = HypervolumeImprovement.reference(
            for: ParetoFront([ParetoFront.Point(-1, 2), ParetoFront.Point(1, 1.5)]))
        #expect(abs(long.first - 1.2) < 1e-12 && abs(long.second - 2.5) < 1e-12)
    }

    @Test func coordinatesThatAreNoNumbersAreNoMembers() {
        let front = ParetoFront([ParetoFront.Point(.nan, 0), ParetoFront.Point(1, .nan), ParetoFront.Point(1, 1)])
        #expect(front.points == [ParetoFront.Point(1, 1)])
        #expect(!front.dominates(ParetoFront.Point(1, 1)) && front.dominates(ParetoFront.Point(1, 2)))
        #expect(ParetoFront([]).hypervolume(reference: ParetoFront.Point(1, 1)) == 0)
    }
}
