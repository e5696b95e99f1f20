import SpectrumModel

/// What can be wrong with a reference spectrum in a source file.
public enum SourceProblem: String, Sendable, Hashable, Codable, CaseIterable {
    case noPeaks = "records without a usable peak"
    case noPrecursor = "records without a usable precursor m/z"
    case notFragments = "records that are no fragment spectra"
    case emptyAfterCleaning = "spectra without a peak after cleaning"
    case duplicateAccession = "spectra with the accession of one before them, same compound"
    case duplicateSpectrum = "spectra identical to one before them, same compound"
    case foreignFile = "files of a folder that are no library"
    case badPeak = "peaks that are not a positive m/z and an intensity"
    case tooManyPeaks = "peaks beyond the largest number of a record"
    case badNumber = "values that are not the number they should be"
    case unknownUnit = "values whose unit is unknown or missing"
    case wrongPeakCount = "records whose stated number of peaks is wrong"
    case longText = "lines or texts that are too long"
    case strayText = "lines that are neither a field nor a peak"
    case sharedAccession = "accessions that stand for several compounds (kept)"
}

/// A field that search and annotation use, and that a source may lack.
public enum LibraryField: String, Sendable, Hashable, Codable, CaseIterable {
    case name, accession, adduct, formula
    case exactMass = "exact mass"
    case inchiKey = "InChIKey"
    case smiles = "SMILES"
    case polarity, instrument
    case collisionEnergy = "collision energy"
    case license = "licence"
}

/// What a reader skipped and why: counts by reason, and the first cases with their line.
public struct SourceReport: Sendable, Hashable {
    /// One thing that was wrong in a source file.
    public struct Issue: Sendable, Hashable, CustomStringConvertible {
        /// Name of the file inside a folder; empty when there is only one.
        public internal(set) var file = ""
        public let line: Int
        /// Number of the record in its file, from 1, where the reader counts them.
        public let record: Int?
        public let reason: String
        public var description: String {
            (file.isEmpty ? "" : "\(file), ") + "line \(line)" + (record.map { " (record \($0))" } ?? "")
                + ": \(reason)"
        }
    }

    /// Records that were handed out.
    public var accepted = 0
    /// Records that could not be used.
    public var skippedRecords = 0
    /// Single values or peaks that could not be used while their record was kept.
    public var skippedValues = 0
    /// How often each problem came.
    public private(set) var problems: [SourceProblem: Int] = [:]
    /// Accepted records that lack a field.
    public private(set) var missing: [LibraryField: Int] = [:]
    /// Accepted records whose polarity was told by the adduct or the charge, not by the record.
    public internal(set) var derivedPolarities = 0
    /// The first cases, in the order of the file.
    public private(set) var issues: [Issue] = []
    /// At most this many cases are kept; the counts go on.
    public static let maximumIssues = 100

    public init() {}

    package mutating func skipRecord(line: Int, record: Int? = nil, _ reason: String, _ problem: SourceProblem? = nil) {
        skippedRecords += 1
        note(line: line, record: record, reason, problem)
    }

    package mutating func skipValue(line: Int, record: Int? = nil, _ reason: String, _ problem: SourceProblem? = nil) {
        skippedValues += 1
        note(line: line, record: record, reason, problem)
    }

    /// Counts a line that was cut.
    mutating func skipLongLine(_ line: Int) {
        skipValue(line: line, "the line is longer than \(TextLineReader.maximumLineLength) bytes", .longText)
    }

    /// Counts something that skips nothing.
    mutating func note(line: Int, record: Int?, _ reason: String, _ problem: SourceProblem?) {
        if let problem { problems[problem, default: 0] += 1 }
        if issues.count < Self.maximumIssues { issues.append(Issue(line: line, record: record, reason: reason)) }
    }

    /// Counts a record that is handed out and the fields that it lacks.
    mutating func accept(_ entry: LibraryEntry) {
        accepted += 1
        func count(_ field: LibraryField, _ isMissing: Bool) { if isMissing { missing[field, default: 0] += 1 } }
        count(.name, entry.name.isEmpty)
        count(.accession, entry.accession.isEmpty)
        count(.adduct, entry.adduct.isEmpty)
        count(.formula, entry.formula.isEmpty)
        count(.exactMass, entry.exactMass.isNaN)
        count(.inchiKey, entry.inchiKey.isEmpty)
        count(.smiles, entry.smiles.isEmpty)
        count(.polarity, entry.polarity == .unknown)
        count(.instrument, entry.instrument.isEmpty && entry.instrumentType.isEmpty)
        count(.collisionEnergy, entry.collisionEnergy.isEmpty)
        count(.license, entry.license.isEmpty)
    }

    /// Adds the report of one more file.
    mutating func merge(_ other: SourceReport, file: String) {
        accepted += other.accepted
        skippedRecords += other.skippedRecords
        skippedValues += other.skippedValues
        derivedPolarities += other.derivedPolarities
        problems.merge(other.problems, uniquingKeysWith: +)
        missing.merge(other.missing, uniquingKeysWith: +)
        for var issue in other.issues.prefix(Self.maximumIssues - issues.count) {
            if issue.file.isEmpty { issue.file = file }
            issues.append(issue)
        }
    }
}
