import FeatureDetection
import SpectrumModel

/// Replaces the profile spectra of a block by their centroids; centroid spectra keep their points untouched.
///
/// A spectrum that does not say what it is gets judged by the spacing of its points. Without any profile spectrum the block
/// is left as it is, which costs one look at each header.
func centroidProfiles(_ block: inout SpectrumBlock, with centroider: Centroider) {
    var isProfile = [Bool](repeating: false, count: block.count)
    for index in 0..<block.count {
        switch block.headers[index].representation {
        case .profile: isProfile[index] = true
        case .centroid: break
        case .unknown:
            let points = block.points(of: index)
            isProfile[index] = block.mz.withUnsafeBufferPointer { mz in
                block.intensity.withUnsafeBufferPointer { intensity in
                    Centroider.looksLikeProfile(
                        mz: UnsafeBufferPointer(rebasing: mz[points]),
                        intensity: UnsafeBufferPointer(rebasing: intensity[points]))
                }
            }
        }
    }
    guard isProfile.contains(true) else { return }
    var result = SpectrumBlock()
    var mz: [Double] = []
    var intensity: [Float] = []
    for index in 0..<block.count {
        var header = block.headers[index]
        let points = block.points(of: index)
        guard isProfile[index] else {
            result.append(header, mz: block.mz[points], intensity: block.intensity[points])
            continue
        }
        mz.removeAll(keepingCapacity: true)
        intensity.removeAll(keepingCapacity: true)
        block.mz.withUnsafeBufferPointer { sourceMZ in
            block.intensity.withUnsafeBufferPointer { sourceIntensity in
                centroider.centroid(
                    mz: UnsafeBufferPointer(rebasing: sourceMZ[points]),
                    intensity: UnsafeBufferPointer(rebasing: sourceIntensity[points]), intoMZ: &mz,
                    intensity: &intensity)
            }
        }
        header.representation = .centroid
        result.append(header, mz: mz, intensity: intensity)
    }
    block = result
}
