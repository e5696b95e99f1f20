/// Tells samples of a curve from centroids by the highest local maxima of a spectrum.
enum ProfileJudgement {
    typealias Maximum = (height: Float, index: Int)

    /// Looks at up to 50 of the highest local maxima: in a profile both neighbours of most are about one sampling step
    /// away and carry a good part of the height. Fewer than 3 maxima, or fewer than 10 points: `false`.
    static func looksLikeProfile(_ samples: ProfileSamples, scratch maxima: inout [Maximum]) -> Bool {
        let (mz, intensity) = (samples.mz, samples.intensity)
        guard mz.count >= 10 else { return false }
        maxima.removeAll(keepingCapacity: true)
        for index in 1..<(mz.count - 1)
        where intensity[index] > 0 && intensity[index] >= intensity[index - 1]
            && intensity[index] > intensity[index + 1]
        {
            maxima.append((intensity[index], index))
        }
        maxima.sort { ($1.height, $0.index) < ($0.height, $1.index) }
        guard maxima.count >= 3 else { return false }
        let inspected = maxima.prefix(50)
        var sampled = 0
        for (height, index) in inspected {
            let left = mz[index] - mz[index - 1]
            let right = mz[index + 1] - mz[index]
            let ratio = left / right
            let close = max(left, right) <= max(0.05, mz[index] * 50e-6)
            let lower = min(intensity[index - 1], intensity[index + 1])
            if ratio > 0.6 && ratio < 1.7 && close && lower >= 0.1 * height { sampled += 1 }
        }
        return 2 * sampled > inspected.count
    }
}
