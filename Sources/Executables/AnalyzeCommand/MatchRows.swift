import Foundation
import SpectralMatching
import SpectrumModel
import TextNumbers

/// What `match` writes: a row for each hit, by query and rank.
struct MatchRows {
    let queries: [QuerySpectrum]
    let hits: [[LibraryHit]]
    /// Of each query's best hit, where one was estimated.
    let qValues: [Double?]
    let library: SpectralLibrary
    /// How the library was searched, where that was left to a measurement.
    let plan: SearchPlan?

    private struct Document: Encodable {
        let search: SearchPlan
        let hits: [Row]
    }

    private struct Row: Encodable {
        let queryID: String
        let precursorMZ: Double?
        let retentionTimeSeconds: Double?
        let rank: Int
        let score: Double
        let matchedPeaks: Int
        let precursorDifference: Double?
        let name: String
        let accession: String
        let formula: String
        let adduct: String
        let inchiKey: String
        let licence: String
        let qValue: Double?

        /// The names of the columns, in their order.
        enum CodingKeys: String, CodingKey, CaseIterable {
            case queryID = "query_id"
            case precursorMZ = "precursor_mz"
            case retentionTimeSeconds = "retention_time_seconds"
            case rank, score
            case matchedPeaks = "matched_peaks"
            case precursorDifference = "precursor_difference"
            case name, accession, formula, adduct
            case inchiKey = "inchikey"
            case licence
            case qValue = "q_value"
        }
    }

    private func rows(_ body: (Row) -> Void) {
        func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
        for ((query, hits), qValue) in zip(zip(queries, hits), qValues) {
            let precursor = query.spectrum.precursorMZ
            for (place, hit) in hits.enumerated() {
                let entry = library.entry(at: hit.libraryIndex)
                body(
                    Row(
                        queryID: query.id, precursorMZ: finite(precursor),
                        retentionTimeSeconds: finite(query.spectrum.header.retentionTimeSeconds), rank: place + 1,
                        score: hit.score, matchedPeaks: hit.matchedPeaks,
                        precursorDifference: finite(precursor - entry.precursorMZ), name: entry.name,
                        accession: entry.accession, formula: entry.formula, adduct: entry.adduct,
                        inchiKey: entry.inchiKey, licence: entry.license,
                        qValue: place == 0 ? qValue : nil))
            }
        }
    }

    /// Tab-separated, with a header; unknown numbers are empty, tabs and line breaks in texts are blanks.
    func table() -> String {
        var bytes = Array(Row.CodingKeys.allCases.map(\.rawValue).joined(separator: "\t").utf8)
        bytes.append(10)
        func text(_ value: String) {
            for byte in value.utf8 { bytes.append(byte == 9 || byte == 10 || byte == 13 ? 32 : byte) }
        }
        func number(_ value: Double?, _ decimals: Int) {
            bytes.append(9)
            if let value { appendFixedPoint(value, decimals: decimals, to: &bytes) }
        }
        rows { row in
            text(row.queryID)
            number(row.precursorMZ, 6)
            number(row.retentionTimeSeconds, 3)
            bytes.append(9)
            appendWhole(row.rank, to: &bytes)
            number(row.score, 6)
            bytes.append(9)
            appendWhole(row.matchedPeaks, to: &bytes)
            number(row.precursorDifference, 6)
            for value in [row.name, row.accession, row.formula, row.adduct, row.inchiKey, row.licence] {
                bytes.append(9)
                text(value)
            }
            number(row.qValue, 6)
            bytes.append(10)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A list with an object for each row, under `hits` beside the plan where there is one; unknown numbers are absent.
    func json() throws -> Data {
        var all: [Row] = []
        rows { all.append($0) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = try plan.map { try encoder.encode(Document(search: $0, hits: all)) } ?? encoder.encode(all)
        return bytes + Data("\n".utf8)
    }
}
