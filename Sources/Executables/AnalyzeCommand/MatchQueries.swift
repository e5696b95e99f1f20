import Console
import MzML
import Pipeline
import SpectralMatching
import SpectrumModel

/// The fragment spectra of a file that is to be searched, and what was left out of it.
struct MatchQueries {
    private(set) var queries: [QuerySpectrum] = []
    /// Sentences for the user.
    private(set) var notices: [String] = []

    /// MGF, MSP and mzML by their names. Of other files the content decides: they are records of a library format, or read
    /// as mzML.
    /// - Throws: the reader's error; `AnalysisError(.badInput)` when the file holds nothing to search.
    init(path: String) throws {
        let name = path.lowercased()
        func hasSuffix(_ suffix: String) -> Bool { name.hasSuffix(suffix) || name.hasSuffix(suffix + ".gz") }
        if hasSuffix(".mgf") {
            try readMGF(path)
        } else if hasSuffix(".msp") || (!hasSuffix(".mzml") && Self.isLibraryFormat(path)) {
            try readRecords(path)
        } else {
            try readMzML(path)
        }
        guard !queries.isEmpty else {
            throw AnalysisError(
                .badInput,
                "\(path): no usable fragment spectrum"
                    + (notices.isEmpty ? "" : " (\(notices.joined(separator: "; ")))"))
        }
    }

    private mutating func readMGF(_ path: String) throws {
        var reader = try MGFQueryReader(path: path)
        while let query = try reader.next() { queries.append(query) }
        note(reader.report)
        if reader.withoutPrecursor > 0 { notices.append("spectra without a precursor m/z: \(reader.withoutPrecursor)") }
        if reader.withoutRetentionTime > 0 {
            notices.append("spectra without a retention time: \(reader.withoutRetentionTime)")
        }
    }

    private static func isLibraryFormat(_ path: String) -> Bool {
        switch try? LibrarySourceFormat.detect(path: path) {
        case .msp?, .massBank?, .json?, .mgf?: true
        case .library?, nil: false
        }
    }

    /// Records of any format that a library is built from.
    private mutating func readRecords(_ path: String) throws {
        var reader = try LibrarySourceReader(path: path)
        while let record = try reader.next() {
            let number = queries.count
            var peaks = record.peaks
            peaks = PeakCleaning(noiseFraction: 0, maximumPeakCount: MSPReader.maximumPeaks).clean(peaks)
            let id = record.entry.accession.isEmpty ? record.entry.name : record.entry.accession
            queries.append(
                QuerySpectrum(
                    id: id.isEmpty ? "spectrum \(number + 1)" : id,
                    spectrum: FragmentSpectrum(
                        header: SpectrumHeader(
                            index: number, scanNumber: number + 1, msLevel: 2, polarity: record.entry.polarity,
                            representation: .centroid,
                            retentionTimeSeconds: record.entry.retentionTimeSeconds ?? .nan,
                            precursor: Precursor(selectedIonMZ: record.entry.precursorMZ)),
                        mz: peaks.mz, intensity: peaks.intensity.map { Float($0) })))
        }
        note(reader.report)
    }

    private mutating func note(_ report: SourceReport) {
        let first = report.issues.first.map { ", first at \($0)" } ?? ""
        if report.skippedRecords > 0 { notices.append("records left out: \(report.skippedRecords)\(first)") }
        if report.skippedValues > 0 { notices.append("values left out: \(report.skippedValues)\(first)") }
    }

    private mutating func readMzML(_ path: String) throws {
        var reader = try SpectrumReader(path: path, options: ReadingOptions(), keepsNativeIDs: true)
        var block = SpectrumBlock()
        var profiles = 0
        var withoutPrecursor = 0
        while try reader.next(into: &block) {
            for (number, header) in block.headers.enumerated() where header.msLevel == 2 {
                let points = block.points(of: number)
                if header.representation == .profile {
                    profiles += 1
                    continue
                }
                if header.precursor?.mz == nil { withoutPrecursor += 1 }
                queries.append(
                    QuerySpectrum(
                        id: number < reader.nativeIDs.count ? reader.nativeIDs[number] : "index=\(header.index)",
                        spectrum: FragmentSpectrum(
                            header: header, mz: Array(block.mz[points]), intensity: Array(block.intensity[points]))))
            }
            block.removeAll()
        }
        notices += reader.warnings
        if profiles > 0 { notices.append("profile spectra left out: \(profiles); only centroided ones can be matched") }
        if withoutPrecursor > 0 { notices.append("spectra without a precursor m/z: \(withoutPrecursor)") }
    }
}
