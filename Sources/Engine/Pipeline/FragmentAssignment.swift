import SpectrumModel

/// Which feature each fragment spectrum belongs to.
struct FragmentAssignment: Sendable {
    /// For each fragment spectrum the position of its feature, or -1.
    let featureOfFragment: [Int]
    /// Features that have a fragment spectrum.
    let featuresWithFragments: Int
    /// The spectra of feature `f` are `fragments[start[f]..<start[f + 1]]`.
    private let fragments: [Int32]
    private let start: [Int32]

    /// Positions of a feature's fragment spectra, in scan order.
    func fragments(of feature: Int) -> ArraySlice<Int32> { fragments[Int(start[feature])..<Int(start[feature + 1])] }

    /// Assigns each fragment spectrum to the feature of its polarity whose m/z is nearest to the precursor, among those
    /// within `tolerance` (Da) that elute at the spectrum's time; equal distances go to the higher feature.
    ///
    /// - Parameter features: any order. - Complexity: O((features + fragments) log features) plus the candidates met.
    init(features: [Feature], headers: [SpectrumHeader], tolerance: Double, pool: WorkerPool) {
        var mz = features.map(\.mz)
        var order = Array(features.indices)
        // Features of one polarity come so.
        if zip(mz, mz.dropFirst()).contains(where: { $0 > $1 }) {
            order.sort { (mz[$0], $0) < (mz[$1], $1) }
            mz = order.map { features[$0].mz }
        }
        let (positions, masses) = (order, mz)
        featureOfFragment = pool.map(
            count: headers.count, grain: pool.team.scheduling.grain(256), makeState: { () }
        ) { _, fragment in
            Self.feature(
                of: headers[fragment], among: features, order: positions, mz: masses, tolerance: tolerance)
        }
        var start = [Int32](repeating: 0, count: features.count + 1)
        for feature in featureOfFragment where feature >= 0 { start[feature + 1] += 1 }
        featuresWithFragments = start.count { $0 > 0 }
        for feature in features.indices { start[feature + 1] += start[feature] }
        var next = start
        var fragments = [Int32](repeating: 0, count: Int(start[features.count]))
        for (fragment, feature) in featureOfFragment.enumerated() where feature >= 0 {
            fragments[Int(next[feature])] = Int32(truncatingIfNeeded: fragment)
            next[feature] += 1
        }
        (self.fragments, self.start) = (fragments, start)
    }

    /// - Parameters:
    ///   - order: positions of the features by m/z.
    ///   - mz: their m/z, in that order.
    private static func feature(
        of header: SpectrumHeader, among features: [Feature], order: [Int], mz: [Double], tolerance: Double
    ) -> Int {
        guard let precursor = header.precursor?.mz, precursor.isFinite else { return -1 }
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
        return best
    }
}
