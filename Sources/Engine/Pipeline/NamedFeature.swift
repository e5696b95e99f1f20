import Annotation
import SpectralMatching
import SpectrumModel

/// A feature with everything that is known of its identity, as the result tables write it.
struct NamedFeature {
    let feature: Feature
    /// Library matches, best first.
    let matches: [FeatureMatch]
    let annotation: FeatureAnnotation?
    /// Fragment spectra of the feature.
    let fragmentCount: Int

    /// Whether there is a name at all.
    var isNamed: Bool { !matches.isEmpty || annotation?.candidates.isEmpty == false }

    /// The ion species that is assumed: what co-eluting features told, else that of the best name.
    var assumedAdduct: String? {
        if let told = feature.adduct { return told }
        if let match = matches.first?.match {
            return match.kind == .identity ? IonNotation.canonical(match.entry.adduct) : nil
        }
        return (annotation?.candidates.first?.adduct).flatMap(IonNotation.canonical)
    }

    /// Charge and where it comes from: isotopes, the assumed ion species, or nothing.
    var assumedCharge: (value: Int, origin: String) {
        if feature.charge > 0 { return (feature.charge, "isotopes") }
        if let assumedAdduct, let notation = try? AdductNotation(assumedAdduct) {
            return (abs(notation.charge), "adduct")
        }
        return (1, "assumed")
    }
}

/// Ion species as mzTab-M writes them.
enum IonNotation {
    /// The text where it is of the form `[2M+Na-2H]-`, else the table's name of the same ion, else the text with its charge
    /// written so (`[M+Fe]++` is `[M+Fe]2+`); `nil` where that does not help.
    static func canonical(_ text: String) -> String? {
        if isRegular(text) { return text }
        if let known = AdductTable.species(named: text) { return known.adduct.name }
        guard let notation = try? AdductNotation(text), let end = text.lastIndex(of: "]") else { return nil }
        let size = abs(notation.charge)
        let rewritten = text[...end] + (size > 1 ? "\(size)" : "") + (notation.charge > 0 ? "+" : "-")
        return isRegular(String(rewritten)) ? String(rewritten) : nil
    }

    /// `\[\d*M([+-][\w\d]+)*\]\d*[+-]`, the whole text.
    static func isRegular(_ text: String) -> Bool {
        var rest = Array(text.utf8)[...]
        func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
        func isWord(_ byte: UInt8) -> Bool {
            isDigit(byte) || byte == 0x5F || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
        }
        guard rest.popFirst() == 0x5B else { return false }
        rest = rest.drop(while: isDigit)
        guard rest.popFirst() == 0x4D else { return false }
        while let sign = rest.first, sign == 0x2B || sign == 0x2D {
            let part = rest.dropFirst().prefix(while: isWord)
            guard !part.isEmpty else { return false }
            rest = rest[part.endIndex...]
        }
        guard rest.popFirst() == 0x5D else { return false }
        rest = rest.drop(while: isDigit)
        return rest.count == 1 && (rest.first == 0x2B || rest.first == 0x2D)
    }
}
