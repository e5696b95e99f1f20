import MzML
import SpectrumModel
import Statistics
import TestSupport

/// Backgrounds for tests, and a way to read what was written.
enum Background {
    /// A real run, centroid, negative, 0.6 s per scan: 1,199 scans.
    static let real = TestData.repository + "/workloads/small/HILICNeg15_StdH1.mzML"
    /// A real run with fragment spectra, positive, 60 s.
    static let realWithFragments = TestData.repository + "/workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML"
    static let profile = TestData.repository + "/workloads/ident/FeatureFinderMetaboIdent_1_input.mzML"

    /// Scans one second apart with noise points between 500 and 2,000 counts at random m/z from 100 to 900.
    static func write(
        _ path: String, scans: Int = 300, points: Int = 60,
        change: (inout SpectrumHeader) -> Void = { _ in }
    ) throws {
        var generator = SeededGenerator(seed: 77)
        let writer = try IndexedMzMLWriter(path: path, header: RunHeader(path: path), spectrumCount: scans)
        for i in 0..<scans {
            var header = SpectrumHeader(
                index: i, scanNumber: i + 1, msLevel: 1, polarity: .positive, representation: .centroid,
                retentionTimeSeconds: 10 + Double(i))
            change(&header)
            let mz = (0..<points).map { _ in 100 + 800 * generator.uniform() }.sorted()
            let intensity = (0..<points).map { _ in Float(500 + 1_500 * generator.uniform()) }
            try mz.withUnsafeBufferPointer { mz throws(MzMLError) in
                try intensity.withUnsafeBufferPointer { intensity throws(MzMLError) in
                    try writer.write(header, mz: mz, intensity: intensity)
                }
            }
        }
        try writer.finish()
    }
}

/// All spectra of a file.
struct WrittenRun {
    var block = SpectrumBlock()
    var ids: [String] = []
    let header: RunHeader
    let chromatograms: [Chromatogram]

    init(_ path: String) throws {
        var reader = try SpectrumReader(path: path, options: ReadingOptions(), keepsNativeIDs: true)
        header = reader.header
        while try reader.next(into: &block) { ids += reader.nativeIDs }
        chromatograms = try reader.chromatograms()
    }

    func mz(_ scan: Int) -> ArraySlice<Double> { block.mz[block.points(of: scan)] }
    func intensity(_ scan: Int) -> ArraySlice<Float> { block.intensity[block.points(of: scan)] }

    /// Integral over time of what lies within a distance of an m/z, by the trapezoidal rule.
    func area(mz: Double, within distance: Double, seconds: ClosedRange<Double>) -> Double {
        var area = 0.0
        var previous: (time: Double, intensity: Double)?
        for scan in 0..<block.count where block.headers[scan].msLevel == 1 {
            let time = block.headers[scan].retentionTimeSeconds
            guard seconds.contains(time) else { continue }
            var sum = 0.0
            for point in block.points(of: scan) where abs(block.mz[point] - mz) <= distance {
                sum += Double(block.intensity[point])
            }
            if let previous { area += (time - previous.time) * (sum + previous.intensity) / 2 }
            previous = (time, sum)
        }
        return area
    }
}

/// The table of a simulation, by column.
struct WrittenTruth {
    let columns: [String]
    let rows: [[String]]

    init(_ text: String) {
        let lines = text.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        columns = lines.first ?? []
        rows = Array(lines.dropFirst())
    }

    func text(_ row: Int, _ column: String) -> String {
        columns.firstIndex(of: column).map { rows[row][$0] } ?? ""
    }

    func number(_ row: Int, _ column: String) -> Double { Double(text(row, column)) ?? .nan }
}
