import FeatureDetection
import SpectrumModel

/// Replaces the profile spectra of blocks by their centroids; one per worker, memory reused between blocks.
///
/// Each spectrum is taken for itself: what says that it is centroid keeps its points untouched, and what does not say is
/// judged by the spacing of its points.
struct ProfileCentroiding {
    private var centroider: Centroider
    private var mz: [Double] = []
    private var intensity: [Float] = []

    init(parameters: Centroider.Parameters) {
        centroider = Centroider(parameters: parameters)
    }

    /// Works in place: a spectrum never has more centroids than samples, so what is kept only moves towards the front.
    mutating func replaceProfiles(of block: inout SpectrumBlock) {
        guard centroider.parameters.method != .none else { return }
        var read = 0
        var write = 0
        for index in 0..<block.count {
            let points = read..<block.offsets[index + 1]
            read = points.upperBound
            if isProfile(block, index, points: points) {
                centroid(block, points: points)
                block.mz.replaceBackward(at: write, with: mz)
                block.intensity.replaceBackward(at: write, with: intensity)
                block.headers[index].representation = .centroid
                write += mz.count
            } else {
                block.mz.moveBackward(points, to: write)
                block.intensity.moveBackward(points, to: write)
                write += points.count
            }
            block.offsets[index + 1] = write
        }
        block.mz.removeLast(block.mz.count - write)
        block.intensity.removeLast(block.intensity.count - write)
    }

    private mutating func isProfile(_ block: SpectrumBlock, _ index: Int, points: Range<Int>) -> Bool {
        switch block.headers[index].representation {
        case .profile: true
        case .centroid: false
        case .unknown:
            block.mz.withUnsafeBufferPointer { mz in
                block.intensity.withUnsafeBufferPointer { intensity in
                    centroider.looksLikeProfile(
                        mz: UnsafeBufferPointer(rebasing: mz[points]),
                        intensity: UnsafeBufferPointer(rebasing: intensity[points]))
                }
            }
        }
    }

    private mutating func centroid(_ block: SpectrumBlock, points: Range<Int>) {
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
    }
}

extension Array where Element: BitwiseCopyable {
    /// Moves a range towards the front; nothing where it is there already.
    fileprivate mutating func moveBackward(_ range: Range<Int>, to position: Int) {
        guard position != range.lowerBound, !range.isEmpty else { return }
        withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            (base + position).update(from: base + range.lowerBound, count: range.count)
        }
    }

    fileprivate mutating func replaceBackward(at position: Int, with values: [Element]) {
        withUnsafeMutableBufferPointer { buffer in
            for index in values.indices { buffer[position + index] = values[index] }
        }
    }
}
