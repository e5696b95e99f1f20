/// Where the samples of a spectrum lie on the grid that the instrument sampled on.
///
/// Analysers sample evenly in time or frequency, so the step in m/z grows with m/z and the width of a peak with it: counted in
/// samples, peaks are about equally wide everywhere (exactly so in an Orbitrap, where both go with m/z^1.5; growing with
/// sqrt(m/z) in a time of flight at constant resolution). That is why the wavelets work on this grid and not on m/z. Writers
/// drop samples, mostly zeros; the grid says how many are missing. O(samples).
struct SamplingGrid {
    /// Columns from sample `i` to sample `i + 1`, at least 1; negative where the two do not belong together.
    private(set) var advances: [Int32] = []

    /// More missing samples than this are not told apart.
    static let farthest = 1 << 20

    mutating func measure(_ mz: UnsafeBufferPointer<Double>, maxSpacingRatio: Double) {
        advances.removeAll(keepingCapacity: true)
        guard mz.count > 1 else { return }
        advances.reserveCapacity(mz.count - 1)
        func step(_ index: Int) -> Double {
            guard index >= 0 && index + 1 < mz.count else { return .infinity }
            let step = mz[index + 1] - mz[index]
            return step > 0 ? step : .infinity
        }
        var (far, near, here, next, nextAgain) = (step(-2), step(-1), step(0), step(1), step(2))
        var known = Double.infinity
        for index in 0..<(mz.count - 1) {
            let narrowest = min(min(far, near), min(here, min(next, nextAgain)))
            let widest = max(max(far, near), max(here, max(next, nextAgain)))
            // Five steps that agree are the sampling step, and so is the smallest of five unless all are gaps. Between
            // such places the step last known holds: it grows with m/z^2 at most (ion cyclotron resonance).
            let ratio = mz[index] / mz[max(index - 1, 0)]
            let grown = known * ratio * ratio
            known = grown < narrowest && widest > 1.2 * narrowest ? grown : narrowest
            advances.append(Self.advance(here, sampling: known, maxSpacingRatio: maxSpacingRatio))
            if !(here < .infinity) { known = .infinity }
            (far, near, here, next) = (near, here, next, nextAgain)
            nextAgain = step(index + 3)
        }
    }

    @inline(__always)
    private static func advance(_ step: Double, sampling: Double, maxSpacingRatio: Double) -> Int32 {
        guard step < .infinity else { return -Int32(farthest) }
        if step < 1.5 * sampling && step <= maxSpacingRatio * sampling { return 1 }
        let columns = Int32(min((step / sampling).rounded(), Double(farthest)))
        return step <= maxSpacingRatio * sampling ? columns : -max(columns, 2)
    }
}
