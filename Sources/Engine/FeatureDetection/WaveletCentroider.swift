import SignalKernels

/// Finds peaks of a profile spectrum as ridges of its Mexican-hat transform.
///
/// After Du, Kibbe and Lin 2006, doi:10.1093/bioinformatics/btl355: local maxima per scale, linked from coarse to fine with gaps
/// of one scale; a peak is a ridge that is long enough and whose largest coefficient stands out of the noise, which
/// is told from the finest scale in local windows. The transform is over grid columns (see `SamplingGrid`), with dropped
/// samples restored. It runs over one island at a time: samples without as many zeros in a row as the widest peak is wide.
struct WaveletCentroider {
    static let scalesPerOctave = 4
    let parameters: Centroider.Parameters
    let signalToNoise: Double
    let scales: WaveletScales
    /// Per scale, how far a maximum may lie from its ridge's position one scale coarser.
    let reaches: [Int32]
    private let finestKernel: [Double]
    var transform: IslandTransform
    var linker = RidgeLinker()
    /// Column of every sample; no two samples are told apart by more than one zero beyond what divides islands.
    var columns: [Int] = []
    var finest: [Double] = []
    var candidates: [RidgeCandidate] = []
    var found: [Centroid] = []

    init(parameters: Centroider.Parameters) {
        self.parameters = parameters
        signalToNoise = parameters.signalToNoise ?? 3
        // A Gaussian answers most at a scale of about its full width at half maximum. Scale 1 is the finest that samples one
        // apart can carry; it tells shoulders apart and measures the noise.
        scales = WaveletScales(
            first: 1, last: Double(max(parameters.maxWidthSamples, 2)), perOctave: Self.scalesPerOctave)
        reaches = scales.values.map { Int32(max(1, ($0 / 2).rounded())) }
        finestKernel = WaveletScales.kernel(scales.values[0])
        transform = IslandTransform(scales: scales)
    }

    mutating func centroid(
        _ samples: ProfileSamples, grid: SamplingGrid, noise: inout NoiseWindows,
        _ outMZ: inout [Double], _ outIntensity: inout [Float]
    ) {
        guard samples.count > 0 else { return }
        placeOnGrid(samples, grid: grid)
        transformFinest(samples)
        finest.withUnsafeBufferPointer { noise.measureCoefficients($0, of: samples, grid: grid) }
        var first = 0
        while first < samples.count {
            guard samples.isSignal(first) else {
                first += 1
                continue
            }
            var last = first
            var index = first + 1
            while index < samples.count && columns[index] - columns[last] <= parameters.maxWidthSamples {
                if samples.isSignal(index) { last = index }
                index += 1
            }
            found.removeAll(keepingCapacity: true)
            findPeaks(samples, island: first...last, grid: grid, noise: noise)
            for peak in found {
                outMZ.append(peak.mz)
                outIntensity.append(peak.height)
            }
            first = last + 1
        }
    }

    private mutating func placeOnGrid(_ samples: ProfileSamples, grid: SamplingGrid) {
        columns.removeAll(keepingCapacity: true)
        columns.reserveCapacity(samples.count)
        var column = 0
        columns.append(0)
        for advance in grid.advances {
            column += min(Int(advance.magnitude), parameters.maxWidthSamples + 1)
            columns.append(column)
        }
    }

    /// Coefficients of the finest scale at the samples, dropped samples being zeros.
    private mutating func transformFinest(_ samples: ProfileSamples) {
        let reach = finestKernel.count / 2
        finest.removeAll(keepingCapacity: true)
        finest.append(contentsOf: repeatElement(0, count: samples.count))
        finest.withUnsafeMutableBufferPointer { finest in
            columns.withUnsafeBufferPointer { columns in
                finestKernel.withUnsafeBufferPointer { kernel in
                    for index in 0..<samples.count {
                        let value = samples.signal(index)
                        guard value > 0 else { continue }
                        let column = columns[index]
                        finest[index] += value * kernel[reach]
                        var other = index + 1
                        while other < samples.count, columns[other] - column <= reach {
                            let weight = kernel[reach + columns[other] - column]
                            finest[other] += value * weight
                            finest[index] += samples.signal(other) * weight
                            other += 1
                        }
                    }
                }
            }
        }
    }

    /// Appends the peaks of one island to `found`, ascending in m/z.
    private mutating func findPeaks(
        _ samples: ProfileSamples, island: ClosedRange<Int>, grid: SamplingGrid, noise: NoiseWindows
    ) {
        guard let threshold = ridgeThreshold(samples, island: island, noise: noise) else { return }
        let firstColumn = columns[island.lowerBound]
        let width = columns[island.upperBound] - firstColumn + 1
        // No ridge of an island has its peak at a scale wider than the island.
        var rows = scales.values.firstIndex { $0 > Double(width) } ?? scales.count
        rows = min(max(rows, parameters.minRidgeLength), scales.count)
        let tiling = transform.tiling(samples, island: island, columns: columns)
        for tile in 0..<tiling.count {
            let window = tiling[tile]
            var start = nearestSample(to: firstColumn + window.whole.lowerBound, island: island)
            if start > island.lowerBound && columns[start] > firstColumn + window.whole.lowerBound { start -= 1 }
            transform.load(window, of: samples, island: island, from: start, columns: columns, grid: grid)
            let rowStride = transform.run(rows: rows)
            let coefficients = transform.coefficients
            linker.link(
                coefficients, rows: rows, stride: rowStride, columns: window.whole.count, threshold: threshold,
                reach: reaches[..<rows], shifts: transform.columnShifts[..<rows])
            collectCandidates(samples, island: island, window: window, noise: noise)
            dropMergers()
            resolveApexes()
            resolveShoulders(
                samples, firstColumn: firstColumn + window.whole.lowerBound, coefficients: coefficients,
                rowStride: rowStride, width: window.whole.count)
            emit(samples, grid: grid)
        }
    }

    /// Coefficient that a maximum needs to be on a ridge: the lowest noise of the island. `nil` where no peak is possible.
    ///
    /// Kernels have norm 1, so no coefficient exceeds the norm of the signal.
    private func ridgeThreshold(
        _ samples: ProfileSamples, island: ClosedRange<Int>, noise: NoiseWindows
    ) -> Double? {
        var squares = 0.0
        var positive = 0
        var largest = 0.0
        for index in island {
            let value = samples.signal(index)
            squares += value * value
            largest = max(largest, value)
            if value > 0 { positive += 1 }
        }
        guard positive >= parameters.minSamples, largest > 0 else { return nil }
        let lowest = noise.lowest(in: island)
        guard squares.squareRoot() >= signalToNoise * lowest else { return nil }
        // Without noise in the window, what rounding leaves of the highest peak must not become ridges.
        return max(min(signalToNoise, 1) * lowest, 1e-7 * largest)
    }
}
