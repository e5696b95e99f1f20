import MzML
import SpectrumModel
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The table of what was injected: the columns of a workload's `truth.tsv`, and more behind them.
struct SimulatedTruth {
    let ions: [SimulatedIon]
    let records: [InjectionRecord]
    let ranges: ResolvedRanges
    let source: String
    /// Name of the data file.
    let file: String
    /// Least distance of the window's ends from the apex, seconds.
    let leastHalfWindow: Double
    /// Whether isotopologues have rows of their own.
    let listsIsotopologues: Bool

    static let columns = [
        "mz", "mz_tolerance_ppm", "rt_seconds", "rt_window_start", "rt_window_end", "charge", "area", "name", "source",
        "file", "group", "isotope", "height", "snr", "background_level", "points", "merged_points", "fwhm_seconds",
        "start_seconds", "end_seconds", "shape", "tailing", "carbons", "isotope_ratios", "overlap", "partner",
    ]

    var text: String {
        var text = Self.columns.joined(separator: "\t") + "\n"
        for (ion, record) in zip(ions, records) {
            for isotope in 0..<(listsIsotopologues ? ion.pattern.ratios.count : 1) {
                text += row(ion, record, isotope).joined(separator: "\t") + "\n"
            }
        }
        return text
    }

    private func row(_ ion: SimulatedIon, _ record: InjectionRecord, _ isotope: Int) -> [String] {
        let mz = ion.mz(isotope: isotope)
        // A quarter of what the instrument can tell apart: the mean of a weak peak's few points scatters that much.
        let tolerance = max(5, ranges.resolution.width(at: mz) / mz * 1e6 / 4)
        let start = min(ion.halfMaximum.lowerBound, ion.apexSeconds - leastHalfWindow)
        let end = max(ion.halfMaximum.upperBound, ion.apexSeconds + leastHalfWindow)
        let height = ion.height(isotope: isotope)
        let name = isotope == 0 ? "ion \(ion.number)" : "ion \(ion.number) M+\(isotope)"
        let level = record.backgroundLevel
        return [
            rounded(mz, 1e7), rounded(tolerance, 1e3), rounded(ion.apexSeconds, 1e3), rounded(start, 1e3),
            rounded(end, 1e3), "\(ion.charge)", significant(ion.area(isotope: isotope)), name, source, file,
            "\(ion.number)", "\(isotope)", significant(height), level > 0 ? significant(height / level) : "",
            level > 0 ? significant(level) : "", "\(record.points[isotope])", "\(record.mergedPoints[isotope])",
            rounded(ion.fullWidthSeconds, 1e3), rounded(ion.edges.lowerBound, 1e3),
            rounded(ion.edges.upperBound, 1e3), ion.tailing == 0 ? "gaussian" : "emg", rounded(ion.tailing, 1e3),
            "\(ion.pattern.carbons)", ion.pattern.ratios.map(significant).joined(separator: ","),
            ion.overlap.rawValue, ion.partner > 0 ? "\(ion.partner)" : "",
        ]
    }

    private func rounded(_ value: Double, _ scale: Double) -> String { "\((value * scale).rounded() / scale)" }

    /// As many digits as a 32-bit number has.
    private func significant(_ value: Double) -> String { "\(Float(value))" }
}

/// A text file that appears under its name only when it is complete.
struct PendingText {
    private let path: String
    private let temporaryPath: String

    /// - Throws: `cannotWrite`.
    init(_ text: String, for path: String) throws(SimulationError) {
        self.path = path
        temporaryPath = "\(path).\(getpid()).part"
        guard let file = fopen(temporaryPath, "wb") else { throw failure("create") }
        var text = text
        let isWritten = text.withUTF8 { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
        let isClosed = fclose(file) == 0
        guard isWritten, isClosed else {
            let error = failure("write")
            discard()
            throw error
        }
    }

    func finish() throws(SimulationError) {
        guard rename(temporaryPath, path) == 0 else {
            let error = failure("rename")
            discard()
            throw error
        }
    }

    func discard() { unlink(temporaryPath) }

    private func failure(_ verb: String) -> SimulationError {
        SimulationError(
            .cannotWrite, path: path, reason: "cannot \(verb) the table: \(String(cString: strerror(errno)))")
    }
}
