import SpectrumModel

/// How many features chance alone puts where a partner is looked for, by the density of features around there.
///
/// Time and m/z count as independent: (features in the window at other times, or the mean of windows of the same width at
/// the same mass defect, up to five nominal masses away, whichever is larger, plus what an even spread over the m/z range
/// would give) times (share of the features whose apex is as near as the partner's may be). Isomers and ions that bleed
/// through the run are in the first.
struct ChanceOfPartners {
    /// Ascending.
    private let mz: [Double]
    /// Ascending.
    private let times: [Double]
    /// Features per Da if they were spread evenly.
    private let evenDensity: Double

    /// Mean distance of neighbouring nominal masses of organic molecules, Da.
    private static let nominalSpacing = 1.000_5
    /// Windows on either side.
    private static let windows = 5

    /// - Parameter mz: ascending and finite, as is every one of `times`, in any order.
    init(mz: [Double], times: [Double], schedule: RangeSchedule = .serial) {
        self.mz = mz
        let order = ascendingOrder(of: times, schedule: schedule)
        self.times = schedule.elements(order.count) { times[Int(order[$0])] }
        let range = (mz.last ?? 0) - (mz.first ?? 0)
        evenDensity = Double(mz.count) / max(range, Self.nominalSpacing)
    }

    /// Features expected within `half` of `target` and within `reach` of `time`, the two that gave rise to the question
    /// left out. O(log n).
    ///
    /// - Parameter elsewhere: features within `half` of `target` at other times.
    func expected(target: Double, half: Double, elsewhere: Int, time: Double, reach: Double) -> Double {
        var found = 0
        for step in 1...Self.windows {
            let distance = Double(step) * Self.nominalSpacing
            found += Self.count(mz, target - distance - half, target - distance + half)
            found += Self.count(mz, target + distance - half, target + distance + half)
        }
        let alike = max(Double(found) / Double(2 * Self.windows), Double(elsewhere)) + 2 * half * evenDensity
        let near = Double(max(Self.count(times, time - reach, time + reach) - 2, 0)) + 0.5
        return alike * near / Double(max(times.count, 1))
    }

    private static func count(_ ascending: [Double], _ low: Double, _ high: Double) -> Int {
        ascending.firstIndex(notBelow: high.nextUp) - ascending.firstIndex(notBelow: low)
    }
}
