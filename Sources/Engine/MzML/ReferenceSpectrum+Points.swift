extension ReferenceSpectrum {
    /// The points of a mass spectrum, decoded and repaired; none for what is no mass spectrum.
    ///
    /// Points with a non-finite or negative m/z or a non-finite intensity are dropped, negative intensities become 0,
    /// and m/z that does not ascend is sorted (stable); each is counted.
    /// - Throws: `malformedSpectrum`, `wrongLength`, and what decoding throws, without a place.
    func points(
        maximumPoints: Int, counting found: inout DecodeCounts
    ) throws(MzMLError) -> [(mz: Double, intensity: Float)] {
        guard isMassSpectrum, let mz else { return [] }
        guard let intensity else {
            throw MzMLError(.malformedSpectrum, path: "", reason: "it has an m/z array and no intensity array")
        }
        guard let count = mz.length ?? defaultLength, let other = intensity.length ?? defaultLength else {
            throw MzMLError(.malformedSpectrum, path: "", reason: "it does not state the length of its arrays")
        }
        guard count == other else {
            throw MzMLError(
                .wrongLength, path: "", reason: "it declares \(count) m/z values and \(other) intensities")
        }
        let positions = try mz.doubles(count: count, maximumPoints: maximumPoints)
        let heights = try intensity.floats(count: count, maximumPoints: maximumPoints)
        for array in [mz, intensity] {
            if let stated = array.encodedLength, stated != array.text?.count ?? 0 { found.encodedLengthMismatches += 1 }
        }
        var points: [(mz: Double, intensity: Float)] = []
        points.reserveCapacity(positions.count)
        for (mz, intensity) in zip(positions, heights) {
            guard mz.isFinite, mz >= 0, intensity.isFinite else {
                found.droppedPoints += 1
                continue
            }
            if intensity < 0 { found.clampedIntensities += 1 }
            points.append((mz, intensity < 0 ? 0 : intensity))
        }
        guard zip(points, points.dropFirst()).contains(where: { $0.mz > $1.mz }) else { return points }
        found.unsortedSpectra += 1
        // Equal m/z keep their order by their position.
        return points.indices.sorted { (points[$0].mz, $0) < (points[$1].mz, $1) }.map { points[$0] }
    }

    /// The id, short enough for a message.
    var shortID: String? { id.map { String(decoding: $0.utf8.prefix(200), as: UTF8.self) } }

    /// An error of decoding with the place that it is about.
    func located(_ error: MzMLError, path: String) -> MzMLError {
        var error = error
        error.path = path
        error.byteOffset = byteOffset
        error.spectrumIndex = index
        error.spectrumID = shortID
        return error
    }
}
