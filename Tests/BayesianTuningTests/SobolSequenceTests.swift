import Testing

@testable import BayesianTuning

struct SobolSequenceTests {
    /// scipy 1.17.1: `qmc.Sobol(6, scramble=False).random(8)`, and dimensions 1 to 32 of point 13.
    @Test func agreesWithScipy() {
        let expected = [
            [0, 0, 0, 0, 0, 0], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5], [0.75, 0.25, 0.25, 0.25, 0.75, 0.75],
            [0.25, 0.75, 0.75, 0.75, 0.25, 0.25], [0.375, 0.375, 0.625, 0.875, 0.375, 0.125],
            [0.875, 0.875, 0.125, 0.375, 0.875, 0.625], [0.625, 0.125, 0.875, 0.625, 0.625, 0.875],
            [0.125, 0.625, 0.375, 0.125, 0.125, 0.375],
        ]
        let sequence = SobolSequence(dimensions: 6, seed: nil)
        for (index, point) in expected.enumerated() { #expect(sequence.point(index) == point) }
        #expect(
            SobolSequence(dimensions: 32, seed: nil).point(13) == [
                0.8125, 0.6875, 0.8125, 0.0625, 0.4375, 0.9375, 0.5625, 0.5625, 0.5625, 0.4375, 0.8125, 0.9375, 0.0625,
                0.8125, 0.1875, 0.5625, 0.1875, 0.6875, 0.5625, 0.9375, 0.5625, 0.0625, 0.8125, 0.5625, 0.0625, 0.4375,
                0.4375, 0.0625, 0.0625, 0.3125, 0.5625, 0.4375,
            ])
    }

    @Test(arguments: 1...5 as ClosedRange<UInt64>) func scramblingKeepsStrataAndFollowsTheSeed(seed: UInt64) {
        print("seed \(seed)")
        let sequence = SobolSequence(dimensions: 8, seed: seed)
        let points = (0..<64).map(sequence.point)
        for d in 0..<8 { #expect(Set(points.map { Int($0[d] * 64) }).count == 64) }
        // The first two dimensions form a (0, 6, 2)-net: one point per 8 x 8 cell.
        #expect(Set(points.map { Int($0[0] * 8) * 8 + Int($0[1] * 8) }).count == 64)
        #expect(points.joined().allSatisfy { (0..<1).contains($0) })
        #expect(points[1] != SobolSequence(dimensions: 8, seed: seed + 1).point(1))
    }
}
