import SignalKernels

/// The Mexican-hat transform of a stretch of samples on their grid.
///
/// Long ones in overlapping windows, so that memory and time do not grow faster than the stretch.
struct IslandTransform {
    /// Columns of a window of a long stretch: with the widest usual kernel's reach, a Fourier transform of 2048.
    static let windowColumns = 1984

    /// Columns that are transformed together, and those of them whose ridges count. Column 0 is the island's first; those
    /// before and behind the island are mirrored.
    struct Window {
        var whole: Range<Int>
        var core: Range<Int>
    }

    private let widestReach: Int
    private let windowColumns: Int
    private let transform: DoubleWaveletTransform
    /// The samples of the window on their grid.
    private(set) var signal: [Double] = []
    /// Row `r`, column `i` of the last `run` is at `r * stride + i`.
    private(set) var coefficients: UnsafePointer<Double>

    init(
        scales: WaveletScales, method: TransformMethod = .byLength, windowColumns: Int = Self.windowColumns
    ) {
        self.windowColumns = windowColumns
        widestReach = WaveletScales.reach(scales.values[scales.count - 1])
        transform = DoubleWaveletTransform(scales: scales, settings: TransformSettings(method: method))
        coefficients = transform.transform(UnsafeBufferPointer(start: nil, count: 0), scales: 0..<1)
    }

    /// Windows whose cores tile an island. No collection of them is kept, because islands are many.
    struct Tiling {
        fileprivate var whole: Range<Int>
        fileprivate var width: Int
        fileprivate var step: Int
        fileprivate var margin: Int

        var count: Int { (width + step - 1) / step }

        subscript(index: Int) -> Window {
            let core = (index * step)..<min((index + 1) * step, width)
            guard count > 1 else { return Window(whole: whole, core: core) }
            let around = (core.lowerBound - margin)..<(core.upperBound + margin)
            return Window(whole: around.clamped(to: whole), core: core)
        }
    }

    /// Each window reaches two widest kernels beyond its core, so that what a ridge goes through is the same as without
    /// windows.
    ///
    /// The end of a spectrum is no edge of a peak: where the samples next to it are a baseline they go on as in a mirror.
    func tiling(_ samples: ProfileSamples, island: ClosedRange<Int>, columns: [Int]) -> Tiling {
        let width = columns[island.upperBound] - columns[island.lowerBound] + 1
        let before = island.lowerBound == 0 && isDense(samples, columns, from: 0, step: 1)
        let after =
            island.upperBound == samples.count - 1 && isDense(samples, columns, from: samples.count - 1, step: -1)
        let whole = (before ? -widestReach : 0)..<(after ? width + widestReach : width)
        let margin = 2 * widestReach
        let isOne = whole.count <= windowColumns
        return Tiling(
            whole: whole, width: width, step: isOne ? width : max(windowColumns - 2 * margin, margin), margin: margin)
    }

    /// Whether the samples within the widest kernel's reach of an end of the spectrum are all there and above zero.
    private func isDense(_ samples: ProfileSamples, _ columns: [Int], from end: Int, step: Int) -> Bool {
        guard samples.count >= widestReach else { return false }
        let other = end + step * (widestReach - 1)
        guard abs(columns[other] - columns[end]) == widestReach - 1 else { return false }
        for index in min(end, other)...max(end, other) where !samples.isSignal(index) { return false }
        return true
    }

    /// Takes the samples of a window. Samples missing inside a peak are interpolated, all others are zeros.
    ///
    /// - Parameter first: the last sample that is not behind the window's first column, or the island's first.
    mutating func load(
        _ window: Window, of samples: ProfileSamples, island: ClosedRange<Int>, from first: Int, columns: [Int],
        grid: SamplingGrid
    ) {
        let whole = window.whole
        let origin = columns[island.lowerBound]
        let width = columns[island.upperBound] - origin + 1
        signal.removeAll(keepingCapacity: true)
        signal.append(contentsOf: repeatElement(0, count: whole.count))
        signal.withUnsafeMutableBufferPointer { signal in
            var index = first
            while index <= island.upperBound {
                let column = columns[index] - origin
                guard column < whole.upperBound else { break }
                let value = samples.signal(index)
                if column >= whole.lowerBound { signal[column - whole.lowerBound] = value }
                if index < island.upperBound, grid.advances[index] > 1 {
                    let following = samples.signal(index + 1)
                    let gap = columns[index + 1] - columns[index]
                    for missing in 1..<gap where whole.contains(column + missing) {
                        signal[column + missing - whole.lowerBound] =
                            value + (following - value) * Double(missing) / Double(gap)
                    }
                }
                index += 1
            }
            // Mirrored samples are all there, one a column.
            for column in min(0, whole.lowerBound)..<min(0, whole.upperBound) {
                signal[column - whole.lowerBound] = samples.signal(island.lowerBound - 1 - column)
            }
            for column in min(width, whole.upperBound)..<whole.upperBound {
                signal[column - whole.lowerBound] = samples.signal(island.upperBound + width - column)
            }
        }
    }

    /// Transforms the window at the `rows` finest scales into `coefficients`, and returns the row stride.
    mutating func run(rows: Int) -> Int {
        coefficients = signal.withUnsafeBufferPointer { transform.transform($0, scales: 0..<rows) }
        return transform.rowStride
    }

    /// No row is thinned: every column of a spectrum counts.
    var columnShifts: [Int] { transform.columnShifts }
}
