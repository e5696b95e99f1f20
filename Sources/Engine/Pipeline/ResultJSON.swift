import Annotation
import SpectralMatching
import SpectrumModel

/// `results.json`: one object per feature with its names and evidence. What is not known is `null` or left out.
struct ResultJSON: Sendable {
    let result: FileResult

    static let schema = "lavoisier-results/1"

    func append(_ named: NamedFeature, to buffer: inout TextBuffer) {
        let feature = named.feature
        buffer.append("{")
        buffer.appendMember("feature_id", feature.id, first: true)
        buffer.appendMember("mz", feature.mz, decimals: 6)
        buffer.appendMember("rt_seconds", feature.retentionTimeSeconds, decimals: 3)
        buffer.appendMember("rt_start_seconds", feature.startSeconds, decimals: 3)
        buffer.appendMember("rt_end_seconds", feature.endSeconds, decimals: 3)
        buffer.appendMember("charge", feature.charge > 0 ? feature.charge : nil)
        buffer.appendMember("area", feature.area, decimals: 1)
        buffer.appendMember("height", feature.height, decimals: 1)
        buffer.appendMember("signal_to_noise", feature.signalToNoise, decimals: 2)
        buffer.appendMember("quality", feature.quality, decimals: 4)
        buffer.appendMember("polarity", feature.polarity.symbol)
        buffer.appendMember("ion_species", feature.adduct)
        buffer.appendMember("neutral_mass", feature.neutralMass, decimals: 6)
        buffer.appendMember("ion_group", feature.group)
        buffer.appendMember("ms2_count", named.fragmentCount)
        buffer.append(",\"isotope_areas\":[")
        for (position, area) in feature.isotopeAreas.enumerated() {
            if position > 0 { buffer.append(",") }
            buffer.append(area, decimals: 1)
        }
        buffer.append("]")
        if let annotation = named.annotation, named.isNamed {
            buffer.appendMember("level", annotation.level.rawValue)
            buffer.appendMember("msi_level", annotation.level.msiLevel)
            buffer.appendMember("confidence", annotation.confidence, decimals: 4)
            buffer.appendMember("evidence", annotation.evidence)
            buffer.appendMember("candidate_count", annotation.candidateCount)
            buffer.appendMember("formula_count", annotation.formulaCount)
        }
        buffer.append(",\"library_matches\":[")
        for (position, found) in named.matches.enumerated() {
            if position > 0 { buffer.append(",") }
            append(found, to: &buffer)
        }
        buffer.append("],\"mass_candidates\":[")
        for (position, candidate) in (named.annotation?.candidates ?? []).enumerated() {
            if position > 0 { buffer.append(",") }
            append(candidate, to: &buffer)
        }
        buffer.append("]}")
    }

    private func append(_ found: FeatureMatch, to buffer: inout TextBuffer) {
        let (match, entry) = (found.match, found.match.entry)
        buffer.append("{")
        buffer.appendMember("name", entry.name, first: true)
        buffer.appendMember("compound_id", entry.accession)
        buffer.appendMember("formula", entry.formula)
        buffer.appendMember("adduct", entry.adduct)
        buffer.appendMember("inchikey", entry.inchiKey)
        buffer.appendMember("smiles", entry.smiles)
        buffer.appendMember("relation", match.kind.rawValue)
        buffer.appendMember("similarity", match.measure.rawValue)
        buffer.appendMember("score", match.score, decimals: 4)
        buffer.appendMember("matched_peaks", match.matchedPeaks)
        buffer.appendMember("q_value", found.qValue, decimals: 6)
        buffer.appendMember("mz_error_ppm", match.precursorErrorPPM, decimals: 3)
        buffer.appendMember("scan", result.fragments.headers[found.fragment].scanNumber)
        buffer.appendMember("licence", entry.license)
        buffer.append("}")
    }

    private func append(_ candidate: AnnotationCandidate, to buffer: inout TextBuffer) {
        let compound = candidate.compound
        buffer.append("{")
        buffer.appendMember("name", compound.name, first: true)
        buffer.appendMember("compound_id", compound.identifiers)
        buffer.appendMember("source", compound.source)
        buffer.appendMember("formula", compound.formula)
        buffer.appendMember("adduct", candidate.adduct)
        buffer.appendMember("inchikey", compound.inchiKey)
        buffer.appendMember("score", candidate.score, decimals: 4)
        buffer.appendMember("mz_error_ppm", candidate.errorPPM, decimals: 3)
        buffer.appendMember("isotope_score", candidate.isotopeScore, decimals: 4)
        buffer.append(",\"supported_by_library\":\(candidate.supportedByLibrary)")
        buffer.appendMember("other_stereoisomers", candidate.otherStereoisomers)
        buffer.append("}")
    }
}

extension TextBuffer {
    /// A string with quotes, as RFC 8259 asks for.
    mutating func appendJSON(_ text: String) {
        append("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append("\\\"")
            case "\\": append("\\\\")
            case "\n": append("\\n")
            case "\t": append("\\t")
            case "\r": append("\\r")
            default:
                if scalar.value < 0x20 {
                    let digits = String(scalar.value, radix: 16)
                    append("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
                } else {
                    append(bytes: String(scalar).utf8)
                }
            }
        }
        append("\"")
    }

    private mutating func appendKey(_ key: String, first: Bool) { append("\(first ? "" : ",")\"\(key)\":") }

    /// A member of an object; an empty or absent text is `null`.
    mutating func appendMember(_ key: String, _ text: String?, first: Bool = false) {
        appendKey(key, first: first)
        if let text, !text.isEmpty { appendJSON(text) } else { append("null") }
    }

    mutating func appendMember(_ key: String, _ value: Int?, first: Bool = false) {
        appendKey(key, first: first)
        if let value { append(value) } else { append("null") }
    }

    /// A number; `null` where it is none or infinite.
    mutating func appendMember(_ key: String, _ value: Double?, decimals: Int) {
        appendKey(key, first: false)
        if let value, value.isFinite { append(value, decimals: decimals) } else { append("null") }
    }
}
