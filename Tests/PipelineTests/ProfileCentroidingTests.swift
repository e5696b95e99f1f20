import FeatureDetection
import SpectrumModel
import Statistics
import Testing

@testable import Pipeline

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Each spectrum of a file is taken for itself.
@Suite struct ProfileCentroidingTests {
    private typealias Points = (mz: [Double], intensity: [Float])

    private static func header(_ index: Int, level: Int, _ representation: SpectrumRepresentation) -> SpectrumHeader {
        SpectrumHeader(
            index: index, scanNumber: index + 1, msLevel: level, polarity: .positive, representation: representation,
            retentionTimeSeconds: Double(index))
    }

    /// Sampled Gaussian peaks at 200.1, 200.3, ... on a rising step.
    private static func profile(peaks: Int) -> Points {
        var points: Points = ([], [])
        for peak in 0..<peaks {
            let centre = 200.1 + 0.2 * Double(peak) + 1.7e-4
            for offset in -9...9 {
                points.mz.append(200.1 + 0.2 * Double(peak) + 5e-4 * Double(offset))
                let t = (points.mz[points.mz.count - 1] - centre) / 1.2e-3
                points.intensity.append(Float(1e5 * exp(-0.5 * t * t)))
            }
        }
        return points
    }

    private static func centroids(_ count: Int, seed: UInt64) -> Points {
        var generator = SeededGenerator(seed: seed)
        let mz = (0..<count).map { _ in 100 + 900 * generator.uniform() }.sorted()
        return (mz, mz.map { _ in Float(generator.uniform() * 1e5) })
    }

    private static func block(_ spectra: [(SpectrumHeader, Points)]) -> SpectrumBlock {
        var block = SpectrumBlock()
        for (header, points) in spectra { block.append(header, mz: points.mz, intensity: points.intensity) }
        return block
    }

    private func points(_ block: SpectrumBlock, _ index: Int) -> Points {
        let range = block.points(of: index)
        return (Array(block.mz[range]), Array(block.intensity[range]))
    }

    @Test(arguments: [Centroider.Method.localMaximum, .wavelet])
    func `mixed blocks are handled per spectrum`(method: Centroider.Method) {
        let fragments = Self.centroids(40, seed: 1)
        // Centroids that would pass for a profile stay when their header says what they are.
        let close = Self.profile(peaks: 12)
        let spectra: [(SpectrumHeader, Points)] = [
            (Self.header(0, level: 1, .profile), Self.profile(peaks: 5)),
            (Self.header(1, level: 2, .centroid), fragments),
            (Self.header(2, level: 2, .unknown), Self.profile(peaks: 12)),
            (Self.header(3, level: 2, .unknown), Self.centroids(60, seed: 2)),
            (Self.header(4, level: 1, .profile), ([], [])), (Self.header(5, level: 2, .centroid), close),
            (Self.header(6, level: 1, .profile), Self.profile(peaks: 3)),
        ]
        var centroiding = ProfileCentroiding(parameters: .init(method: method))
        var block = Self.block(spectra)
        centroiding.replaceProfiles(of: &block)
        for (index, peaks) in [(0, 5), (2, 12), (4, 0), (6, 3)] {
            let found = points(block, index)
            #expect(found.mz.count == peaks, "spectrum \(index)")
            for (peak, mz) in found.mz.enumerated() { #expect(abs(mz - 200.10017 - 0.2 * Double(peak)) < 1e-6) }
            #expect(found.intensity.allSatisfy { abs($0 - 1e5) < 10 })
            #expect(block.headers[index].representation == .centroid)
        }
        for index in [1, 3, 5] {
            #expect(points(block, index) == spectra[index].1)
            #expect(block.headers[index] == spectra[index].0)
        }
        #expect(block.offsets.count == 8 && block.offsets[7] == block.mz.count)
        #expect(block.mz.count == block.intensity.count)
        // The same again with memory that is in use, and nothing left to do for a block that is done.
        var again = Self.block(spectra)
        centroiding.replaceProfiles(of: &again)
        #expect(again.mz == block.mz && again.intensity == block.intensity && again.offsets == block.offsets)
        again.headers[3].representation = .centroid
        centroiding.replaceProfiles(of: &again)
        #expect(again.mz == block.mz && again.offsets == block.offsets)
    }

    @Test func `none leaves profiles as they are`() {
        let profile = Self.profile(peaks: 5)
        var block = Self.block([(Self.header(0, level: 1, .profile), profile)])
        var centroiding = ProfileCentroiding(parameters: .init(method: .none))
        centroiding.replaceProfiles(of: &block)
        #expect(points(block, 0) == profile && block.headers[0].representation == .profile)
    }

    @Test func `no memory moves once it is there`() {
        let spectra: [(SpectrumHeader, Points)] = (0..<4).map {
            (Self.header($0, level: 1, .profile), Self.profile(peaks: 50))
        }
        var centroiding = ProfileCentroiding(parameters: .init())
        var block = Self.block(spectra)
        let capacity = block.mz.capacity
        let before = block.mz.withUnsafeBufferPointer { $0.baseAddress }
        centroiding.replaceProfiles(of: &block)
        #expect(block.mz.withUnsafeBufferPointer { $0.baseAddress } == before && block.mz.capacity == capacity)
        #expect(block.mz.count == 200)
    }
}
