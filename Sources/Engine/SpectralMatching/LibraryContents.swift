import SpectrumModel

/// What a library holds, counted.
public struct LibraryContents: Sendable, Hashable, Codable {
    /// How many spectra have a value; the most frequent first, equal counts by the value's bytes.
    public struct Count: Sendable, Hashable, Codable {
        public let value: String
        public let spectra: Int
    }

    public let spectra: Int
    public let compounds: Int
    public let peaks: Int
    /// `unknown`, `positive` and `negative`, in this order.
    public let polarities: [Count]
    public let instruments: [Count]
    public let instrumentTypes: [Count]
    public let adducts: [Count]
    public let licences: [Count]
    /// Spectra with a first block of an InChIKey.
    public let withInChIKey: Int
    /// Smallest and largest precursor m/z; absent in an empty library.
    public let precursorMZ: [Double]
}

extension SpectralLibrary {
    /// Counts what the library holds.
    /// - Complexity: O(spectra).
    public func contents() -> LibraryContents {
        defer { withExtendedLifetime(self) {} }
        var keyed = 0
        for count in counts(.inchiKey) where LibraryEntry(inchiKey: count.value).inchiKeyBlock.isEmpty == false {
            keyed += count.spectra
        }
        let names = ["unknown", "positive", "negative"]
        return LibraryContents(
            spectra: count, compounds: compoundCount, peaks: peakMZ.count,
            polarities: (0..<3).map {
                LibraryContents.Count(value: names[$0], spectra: polarityStart[$0 + 1] - polarityStart[$0])
            }, instruments: counts(.instrument), instrumentTypes: counts(.instrumentType), adducts: counts(.adduct),
            licences: counts(.license), withInChIKey: keyed,
            precursorMZ: [precursorMZ.min(), precursorMZ.max()].compactMap { $0 })
    }

    /// Equal texts have one number, so numbers are counted. The empty text is left out.
    private func counts(_ field: TextField) -> [LibraryContents.Count] {
        var spectraOfText: [UInt32: Int] = [:]
        for index in 0..<count { spectraOfText[texts[index * TextField.count + field.rawValue], default: 0] += 1 }
        return spectraOfText.map { LibraryContents.Count(value: strings[$0.key], spectra: $0.value) }
            .filter { !$0.value.isEmpty }
            .sorted {
                $0.spectra != $1.spectra
                    ? $0.spectra > $1.spectra : $0.value.utf8.lexicographicallyPrecedes($1.value.utf8)
            }
    }
}

/// What to look up in a library by what it states, not by peaks. All conditions that are given must hold.
public struct LibraryQuery: Sendable, Hashable {
    /// Part of the name, without regard to case.
    public var name: String?
    /// A whole InChIKey, or its beginning (the first block names the skeleton); without regard to case.
    public var inchiKey: String?
    /// The whole formula.
    public var formula: String?
    /// m/z of the precursor, within `tolerance` of it; edges inside, ppm refer to this value.
    public var precursorMZ: Double?
    public var tolerance: Tolerance = .ppm(10)

    public init() {}
}

extension SpectralLibrary {
    /// Positions of the spectra for which the query holds, in the library's order.
    /// - Complexity: O(spectra) and one comparison for each distinct text; O(log n) for a precursor alone.
    public func positions(of query: LibraryQuery) -> [Int] {
        defer { withExtendedLifetime(self) {} }
        var positions: [Int]
        if let center = query.precursorMZ {
            let half = query.tolerance.halfWidth(at: center)
            positions = candidates(polarity: .unknown, center: center, below: half, above: half).flatMap { Array($0) }
        } else {
            positions = Array(0..<count)
        }
        func keep(_ field: TextField, _ holds: (String) -> Bool) {
            var known: [UInt32: Bool] = [:]
            positions.removeAll { index in
                let number = texts[index * TextField.count + field.rawValue]
                if let answer = known[number] { return !answer }
                let answer = holds(strings[number])
                known[number] = answer
                return !answer
            }
        }
        if let name = query.name?.lowercased() { keep(.name) { contains($0.lowercased(), name) } }
        if let key = query.inchiKey?.uppercased() { keep(.inchiKey) { $0.uppercased().hasPrefix(key) } }
        if let formula = query.formula { keep(.formula) { $0 == formula } }
        return positions
    }

    private func contains(_ text: String, _ part: String) -> Bool {
        let text = Array(text.utf8)
        let part = Array(part.utf8)
        guard text.count >= part.count else { return false }
        return (0...(text.count - part.count)).contains { text[$0..<($0 + part.count)].elementsEqual(part) }
    }
}
