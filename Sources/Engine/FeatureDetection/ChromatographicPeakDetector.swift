import SignalKernels

/// Finds the chromatographic peaks of mass traces by continuous wavelet transform; one per worker, memory reused.
///
/// Per trace: grid of scans, Mexican-hat transform over the width range, ridge lines, seeds; seeds without a valley
/// between them are one peak; each peak is followed down both sides to its edges, set against the local baseline and
/// noise, and integrated. A peak is returned when it passes the isotope limits of `PeakParameters`; the feature limits
/// are applied after isotope grouping. The result of a trace depends on that trace alone, so any split of a batch into
/// ranges gives the same peaks. O(points log points) per trace.
public struct ChromatographicPeakDetector {
    public let parameters: PeakParameters
    public let precision: Precision
    /// All scales that any run can need, in scans; the width range chooses among them per trace.
    public static let scales = WaveletScales(first: 2.0.squareRoot(), last: 256, perOctave: 2)

    let doubleTransform: DoubleWaveletTransform
    let singleTransform: FloatWaveletTransform
    var workspace = TraceWorkspace(widestHalf: smoothingHalf(scales.values[scales.count - 1]))
    var linker = RidgeLinker()
    var seeds: [PeakSeed] = []
    let reaches: [Int32]

    /// Half width, in scans, of the smoothing that suits a scale.
    static func smoothingHalf(_ scale: Double) -> Int { Int(scale / 6) }

    public init(parameters: PeakParameters, precision: Precision, transform: TransformSettings = TransformSettings()) {
        self.parameters = parameters
        self.precision = precision
        doubleTransform = DoubleWaveletTransform(scales: Self.scales, settings: transform, thins: true)
        singleTransform = FloatWaveletTransform(scales: Self.scales, settings: transform, thins: true)
        reaches = Self.scales.values.map { Int32(max(1, ($0 / 2).rounded())) }
    }

    /// What its transforms did so far.
    public var transformCounts: TransformCounts {
        var counts = doubleTransform.counts
        counts += singleTransform.counts
        return counts
    }

    /// The peaks of some traces of a batch, in order of trace and then time.
    public mutating func detect(_ batch: MassTraceBatch, traces: Range<Int>) -> PeakTable {
        var table = PeakTable()
        for trace in traces
        where batch.offsets[trace + 1] > batch.offsets[trace] && passesPrefilter(batch, trace: trace) {
            workspace.load(batch, trace: trace, needsSingle: precision != .float64)
            findSeeds(batch, trace: trace)
            for index in seeds.indices { measure(index, batch: batch, trace: trace, into: &table) }
        }
        return table
    }
}
