import SignalKernels

/// The Mexican-hat transform of a stretch of samples on their grid.
///
/// Short stretches by direct sums, long ones by FFT in overlapping windows; the two differ by rounding alone.
struct IslandTransform {
    /// Widest stretch, in columns, that direct sums are faster for (measured).
    static let widestDirect = 64
    /// Columns of a window of a long stretch: with the widest usual kernel's reach, a transform of 2048.
    private static let windowColumns = 1984

    /// Columns that are transformed together, and those of them whose ridges count.
    struct Window {
        var whole: Range<Int>
        var core: Range<Int>
    }

    private let scales: WaveletScales
    private let widestReach: Int
    private let widestDirect: Int
    private let kernels: [Double]
    /// Middle of every kernel in `kernels`.
    private let middles: [Int]
    private var fourier: DoubleWaveletTransform?
    /// The island on its grid, with mirrored samples before and after it where the spectrum ends.
    private(set) var signal: [Double] = []
    /// Columns of `signal` before the island's first sample.
    private(set) var mirrored = 0
    private var islandColumns = 0
    private var direct: AlignedScratch<Double>
    /// Row `r`, column `i` of the last `run` is at `r * stride + i`.
    private(set) var coefficients: UnsafePointer<Double>

    init(scales: WaveletScales, widestDirect: Int = Self.widestDirect) {
        self.scales = scales
        self.widestDirect = widestDirect
        widestReach = WaveletScales.reach(scales.values[scales.count - 1])
        var kernels: [Double] = []
        var middles: [Int] = []
        for scale in scales.values {
            middles.append(kernels.count + WaveletScales.reach(scale))
            kernels.append(contentsOf: WaveletScales.kernel(scale))
        }
        self.kernels = kernels
        self.middles = middles
        direct = AlignedScratch(count: widestDirect * scales.count)
        coefficients = UnsafePointer(direct.pointer)
    }

    /// Takes the samples of an island. Samples missing inside a peak are interpolated, all others are zeros.
    mutating func load(_ samples: ProfileSamples, island: ClosedRange<Int>, columns: [Int], grid: SamplingGrid) {
        let firstColumn = columns[island.lowerBound]
        islandColumns = columns[island.upperBound] - firstColumn + 1
        // The end of a spectrum is no edge of a peak. Where the samples next to it are a baseline they go on as in a mirror.
        let reach = min(widestReach, islandColumns)
        let isDenseBefore =
            island.lowerBound == 0 && islandColumns >= widestReach && isDense(samples, columns, from: 0, step: 1)
        let isDenseAfter =
            island.upperBound == samples.count - 1 && islandColumns >= widestReach
            && isDense(samples, columns, from: samples.count - 1, step: -1)
        mirrored = isDenseBefore ? reach : 0
        let width = mirrored + islandColumns + (isDenseAfter ? reach : 0)
        signal.removeAll(keepingCapacity: true)
        signal.append(contentsOf: repeatElement(0, count: width))
        let (start, end) = (mirrored, mirrored + islandColumns)
        signal.withUnsafeMutableBufferPointer { signal in
            for index in island {
                let value = samples.signal(index)
                let column = columns[index] - firstColumn + start
                signal[column] = value
                guard index < island.upperBound, grid.advances[index] > 1 else { continue }
                let following = samples.signal(index + 1)
                let gap = columns[index + 1] - columns[index]
                for missing in 1..<gap {
                    signal[column + missing] = value + (following - value) * Double(missing) / Double(gap)
                }
            }
            for column in 0..<start { signal[column] = signal[2 * start - 1 - column] }
            for column in end..<width { signal[column] = signal[2 * end - 1 - column] }
        }
    }

    /// Whether the samples within the widest kernel's reach of an end of the spectrum are all there and above zero.
    private func isDense(_ samples: ProfileSamples, _ columns: [Int], from end: Int, step: Int) -> Bool {
        guard samples.count >= widestReach else { return false }
        let other = end + step * (widestReach - 1)
        guard abs(columns[other] - columns[end]) == widestReach - 1 else { return false }
        for index in min(end, other)...max(end, other) where !samples.isSignal(index) { return false }
        return true
    }

    /// Windows over `signal` whose cores tile the island; each reaches two widest kernels beyond its core, so that what a
    /// ridge goes through is the same as without windows.
    func windows() -> some Sequence<Window> {
        let island = mirrored..<(mirrored + islandColumns)
        let whole = 0..<signal.count
        let margin = 2 * widestReach
        let isOne = signal.count <= max(widestDirect, Self.windowColumns)
        let step = isOne ? islandColumns : max(Self.windowColumns - 2 * margin, margin)
        return stride(from: island.lowerBound, to: island.upperBound, by: step).lazy.map { start in
            let core = start..<min(start + step, island.upperBound)
            let around = (core.lowerBound - margin)..<(core.upperBound + margin)
            return Window(whole: isOne ? whole : around.clamped(to: whole), core: core)
        }
    }

    /// Transforms columns of `signal` at the `rows` finest scales into `coefficients`, and returns the row stride.
    mutating func run(columns: Range<Int>, rows: Int) -> Int {
        if columns.count <= widestDirect {
            sumDirectly(columns, rows: rows)
            coefficients = UnsafePointer(direct.pointer)
            return columns.count
        }
        let fourier = self.fourier ?? DoubleWaveletTransform(scales: scales)
        self.fourier = fourier
        coefficients = signal.withUnsafeBufferPointer {
            fourier.transform(UnsafeBufferPointer(rebasing: $0[columns]), scales: 0..<rows)
        }
        return fourier.rowStride
    }

    private func sumDirectly(_ columns: Range<Int>, rows: Int) {
        let width = columns.count
        let output = direct.pointer
        output.update(repeating: 0, count: width * rows)
        kernels.withUnsafeBufferPointer { kernels in
            signal.withUnsafeBufferPointer { signal in
                guard let kernels = kernels.baseAddress, let signal = signal.baseAddress else { return }
                for row in 0..<rows {
                    let reach = WaveletScales.reach(scales.values[row])
                    let middle = kernels + middles[row]
                    let target = output + row * width
                    for source in 0..<width {
                        let value = signal[columns.lowerBound + source]
                        guard value > 0 else { continue }
                        let first = max(0, source - reach)
                        let last = min(width - 1, source + reach)
                        let weights = middle + (first - source)
                        let sums = target + first
                        for index in 0...(last - first) { sums[index] += value * weights[index] }
                    }
                }
            }
        }
    }
}
