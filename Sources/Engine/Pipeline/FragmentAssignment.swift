import SpectrumModel

/// Which feature each fragment spectrum belongs to.
struct FragmentAssignment: Sendable {
    /// For each fragment spectrum the position of its feature, or -1.
    let featureOfFragment: [Int]
    /// For each feature the positions of its fragment spectra, in scan order.
    let fragmentsOfFeature: [[Int]]

    /// Assigns each fragment spectrum to the feature of its polarity whose m/z is nearest to the precursor, among those
    /// within `tolerance` (Da) that elute at the spectrum's time; equal distances go to the higher feature.
    ///
    /// - Parameter features: any order. - Complexity: O((features + fragments) log features) plus the candidates met.
    init(features: [Feature], headers: [SpectrumHeader], tolerance: Double) {
        let order = features.indices.sorted { (features[$0].mz, $0) < (features[$1].mz, $1) }
        let mz = order.map { features[$0].mz }
        var featureOfFragment = [Int](repeating: -1, count: headers.count)
        var fragmentsOfFeature = [[Int]](repeating: [], count: features.count)
        for (fragment, header) in headers.enumerated() {
            guard let precursor = header.precursor?.mz, precursor.isFinite else { continue }
            var best = -1
            var bestDistance = Double.infinity
            var position = mz.firstIndex(notBelow: precursor - tolerance)
            while position < mz.count, mz[position] <= precursor + tolerance {
                let index = order[position]
                let distance = abs(mz[position] - precursor)
                position += 1
                // Looked at where they are: a copy of a feature takes longer than all the rest.
                guard
                    header.retentionTimeSeconds >= features[index].startSeconds,
                    header.retentionTimeSeconds <= features[index].endSeconds,
                    features[index].polarity == header.polarity || header.polarity == .unknown
                        || features[index].polarity == .unknown
                else { continue }
                if distance < bestDistance
                    || (distance == bestDistance && features[index].height > features[best].height)
                {
                    best = index
                    bestDistance = distance
                }
            }
            if best >= 0 {
                featureOfFragment[fragment] = best
                fragmentsOfFeature[best].append(fragment)
            }
        }
        self.featureOfFragment = featureOfFragment
        self.fragmentsOfFeature = fragmentsOfFeature
    }
}
