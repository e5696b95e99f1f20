import FeatureDetection
import SpectrumModel

/// `traces.tsv`: every mass trace, whether a feature came out of it or not. Not part of the digest.
enum TraceTable {
    static let columns = [
        "trace_id", "file", "mz", "mz_deviation_ppm", "rt_seconds", "rt_start_seconds", "rt_end_seconds", "points",
        "height", "area", "polarity",
    ]

    /// The rows of a file, numbered in order of m/z, then time.
    static func rows(_ traces: [MassTrace], file: String) -> TextBuffer {
        let sorted = traces.sorted {
            ($0.mz, $0.startSeconds, $0.area, $0.polarity.rawValue)
                < ($1.mz, $1.startSeconds, $1.area, $1.polarity.rawValue)
        }
        var buffer = TextBuffer()
        for (index, trace) in sorted.enumerated() {
            buffer.append(index + 1)
            buffer.tab()
            buffer.appendCell(file)
            buffer.appendCells([
                (trace.mz, 6), (trace.mzDeviationPPM, 3), (trace.retentionTimeSeconds, 3), (trace.startSeconds, 3),
                (trace.endSeconds, 3),
            ])
            buffer.tab()
            buffer.append(trace.pointCount)
            buffer.appendCells([(trace.height, 1), (trace.area, 1)])
            buffer.tab()
            buffer.append(trace.polarity.symbol)
            buffer.newline()
        }
        return buffer
    }
}
