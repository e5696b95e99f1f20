/// Makes a centroid of a local maximum of the samples.
///
/// A peak spans from valley to valley; a step in m/z of more than `maxSpacingRatio` times the smaller step at the apex counts
/// as a gap (writers drop zero samples).
struct LocalMaximumPicker {
    let minSamples: Int
    let maxSpacingRatio: Double
    let curve: ApexCurve

    init(parameters: Centroider.Parameters) {
        minSamples = parameters.minSamples
        maxSpacingRatio = parameters.maxSpacingRatio
        curve = parameters.apex
    }

    /// The centroid of the maximum at sample `apex`, or `nil` where it has too few samples.
    @inline(__always)
    func centroid(_ samples: ProfileSamples, apex: Int) -> Centroid? {
        let (mz, intensity) = (samples.mz, samples.intensity)
        let count = samples.count
        let step = min(
            apex > 0 ? mz[apex] - mz[apex - 1] : .infinity, apex + 1 < count ? mz[apex + 1] - mz[apex] : .infinity)
        guard step < .infinity else {
            return minSamples <= 1 ? Centroid(mz: mz[apex], height: intensity[apex]) : nil
        }
        let widest = step * maxSpacingRatio
        func joined(_ a: Int, _ b: Int) -> Bool {
            samples.isSignal(a) && samples.isSignal(b) && abs(mz[a] - mz[b]) <= widest
        }
        var left = apex
        while left > 0, joined(left - 1, left), intensity[left - 1] <= intensity[left] { left -= 1 }
        var right = apex
        while right + 1 < count, joined(right, right + 1), intensity[right + 1] <= intensity[right] { right += 1 }
        guard right - left + 1 >= minSamples else { return nil }
        guard left < apex, right > apex else { return Centroid(mz: mz[apex], height: intensity[apex]) }
        return curve.maximum(samples, span: left...right, apex: apex)
    }
}
