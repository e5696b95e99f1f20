import FeatureDetection
import SpectrumModel

/// `traces.tsv`: every mass trace, whether a feature came out of it or not. Not part of the digest.
enum TraceTable {
    static let columns = [
        "trace_id", "file", "mz", "mz_deviation_ppm", "rt_seconds", "rt_start_seconds", "rt_end_seconds", "points",
        "height", "area", "polarity",
    ]

    /// The order of the rows: by m/z, then time.
    static func isBefore(_ first: MassTrace, _ second: MassTrace) -> Bool {
        (first.mz, first.startSeconds, first.area, first.polarity.rawValue)
            < (second.mz, second.startSeconds, second.area, second.polarity.rawValue)
    }

    private static let rowsPerWrite = 1_024

    /// Writes the rows of a file, numbered, some at a time.
    /// - Parameter traces: in the order of the rows.
    static func write(
        _ traces: [MassTrace], file: String, to write: (TextBuffer) throws(AnalysisError) -> Void
    ) throws(AnalysisError) {
        var buffer = TextBuffer()
        for (index, trace) in traces.enumerated() {
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
            if (index + 1) % rowsPerWrite == 0 || index == traces.count - 1 {
                try write(buffer)
                buffer.removeAll()
            }
        }
    }
}
