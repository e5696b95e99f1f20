import SpectrumModel

/// Tells which spectra of a library under construction came before.
///
/// Two rules, both only within one compound (first block of the InChIKey, else the name without regard to case):
/// the same accession, or the same polarity, adduct, precursor m/z and peaks to the last bit as they are stored.
struct DuplicateFinder {
    private struct Fingerprint: Hashable {
        let low: UInt64
        let high: UInt64
    }

    private var compoundOfAccession: [String: String] = [:]
    /// Of accessions that stand for several.
    private var otherCompounds: [String: [String]] = [:]
    private var fingerprints: Set<Fingerprint> = []

    /// Bytes of the tables, at least: texts are not counted.
    var byteCount: Int { 33 * compoundOfAccession.capacity + 17 * fingerprints.capacity }

    /// What is known about this spectrum: a duplicate, an accession that stands for another compound too, or nothing.
    /// It is remembered unless it is a duplicate.
    mutating func classify(_ entry: LibraryEntry, _ peaks: PeakList) -> SourceProblem? {
        let block = entry.inchiKeyBlock
        let compound = block.isEmpty ? entry.name.lowercased() : block
        guard !compound.isEmpty else { return nil }
        var isShared = false
        if !entry.accession.isEmpty {
            let known = compoundOfAccession[entry.accession]
            if known == compound { return .duplicateAccession }
            isShared = known != nil
            if isShared, otherCompounds[entry.accession]?.contains(compound) == true { return .duplicateAccession }
        }
        guard fingerprints.insert(fingerprint(entry, peaks, compound)).inserted else { return .duplicateSpectrum }
        if isShared {
            otherCompounds[entry.accession, default: []].append(compound)
        } else if !entry.accession.isEmpty {
            compoundOfAccession[entry.accession] = compound
        }
        return isShared ? .sharedAccession : nil
    }

    /// 128 bits of two independent multiplicative hashes: chance makes no two spectra of any real library equal.
    private func fingerprint(_ entry: LibraryEntry, _ peaks: PeakList, _ compound: String) -> Fingerprint {
        var low: UInt64 = 0xCBF2_9CE4_8422_2325
        var high: UInt64 = 0x9E37_79B9_7F4A_7C15
        func mix(_ word: UInt64) {
            low = (low ^ word) &* 0x0000_0100_0000_01B3
            low ^= low >> 29
            high = (high &+ word) &* 0xBF58_476D_1CE4_E5B9
            high ^= high >> 31
        }
        func mix(_ text: String) {
            for byte in text.utf8 { mix(UInt64(byte)) }
            mix(UInt64(text.utf8.count))
        }
        mix(compound)
        mix(entry.adduct)
        mix(UInt64(entry.polarity.rawValue))
        mix(entry.precursorMZ.bitPattern)
        for index in 0..<peaks.count {
            mix(peaks.mz[index].bitPattern)
            mix(UInt64(Float(peaks.intensity[index]).bitPattern))
        }
        return Fingerprint(low: low, high: high)
    }
}
