import ContentHash
import SpectrumModel
import Synchronization

/// A binary spectral library, mapped into memory and shared read-only by all workers.
///
/// Opening parses nothing: it checks the header and that every offset stays inside its array, so a damaged or foreign
/// file is an error and never a crash. Damage inside the peaks is found by `verify()`; searched all the same, such
/// peaks are ignored. The file must not be changed in place while it is open (builders replace it by renaming).
///
/// `@unchecked Sendable`: only constants that point into a read-only mapping, which `file` keeps.
public final class SpectralLibrary: @unchecked Sendable {
    /// Version of the file format that this program writes and reads.
    public static var formatVersion: Int { Int(SpectralLibraryFormat.kind.version) }

    public let path: String
    /// Number of spectra.
    public let count: Int
    /// Number of compounds (distinct first blocks of the InChIKey; a spectrum without one counts by itself).
    public let compoundCount: Int
    /// How the peaks were cleaned when the library was built.
    public let cleaning: PeakCleaning
    /// The files that it was built from, in their order.
    public let sources: [LibraryProvenance]

    /// SHA-256 of the source file, in hexadecimal; of the list of hashes when there are several.
    public var sourceHash: String {
        sources.count == 1 ? sources[0].hash : sha256(sources.map { $0.hash + "\n" }.joined().utf8)
    }
    public var sourceName: String { sources.map(\.name).joined(separator: ", ") }

    let precursorMZ: UnsafeBufferPointer<Double>
    let compound: UnsafeBufferPointer<UInt32>
    let peakOffset: UnsafeBufferPointer<UInt32>
    let peakMZ: UnsafeBufferPointer<Double>
    let peakIntensity: UnsafeBufferPointer<Float>
    let peakEntropyWeight: UnsafeBufferPointer<Float>
    private let exactMass: UnsafeBufferPointer<Double>
    private let retentionTime: UnsafeBufferPointer<Float>
    let polarityStart: [Int]
    let texts: UnsafeBufferPointer<UInt32>
    let strings: StringTable
    private let file: SectionedFile
    private let storedIndices: [FragmentIndex]
    /// Indices for other settings, built when a search first needs them, and the spectra of each compound.
    private let builtIndices = Mutex<[PeakPreparation: FragmentIndex]>([:])
    private let compoundSpectra = Mutex<CompoundSpectra?>(nil)

    /// - Throws: `LibraryFileError` with what is wrong and what to do.
    /// - Complexity: O(spectra) comparisons of numbers, a few milliseconds for 100,000 spectra.
    public static func open(_ path: String) throws(LibraryFileError) -> SpectralLibrary {
        try SpectralLibrary(file: SectionedFile(path: path, kind: SpectralLibraryFormat.kind))
    }

    private init(file: SectionedFile) throws(LibraryFileError) {
        typealias Format = SpectralLibraryFormat
        precursorMZ = try file.elements(Format.precursorMZ, as: Double.self)
        exactMass = try file.elements(Format.exactMass, as: Double.self)
        retentionTime = try file.elements(Format.retentionTime, as: Float.self)
        compound = try file.elements(Format.compound, as: UInt32.self)
        peakOffset = try file.elements(Format.peakOffset, as: UInt32.self)
        peakMZ = try file.elements(Format.peakMZ, as: Double.self)
        peakIntensity = try file.elements(Format.peakIntensity, as: Float.self)
        peakEntropyWeight = try file.elements(Format.peakEntropyWeight, as: Float.self)
        texts = try file.elements(Format.texts, as: UInt32.self)
        strings = try StringTable(file: file, offsets: Format.stringOffsets, bytes: Format.stringBytes)
        let starts = try file.elements(Format.polarityStart, as: UInt32.self)
        let settings = try file.elements(Format.settings, as: Double.self)
        let provenance = try file.elements(Format.provenance, as: UInt32.self)
        let count = precursorMZ.count
        guard exactMass.count == count, compound.count == count, peakOffset.count == count + 1,
            texts.count == count * TextField.count, peakIntensity.count == peakMZ.count,
            peakEntropyWeight.count == peakMZ.count, starts.count == 4, settings.count == 3, provenance.count >= 2,
            provenance.count.isMultiple(of: 2), retentionTime.count == count
        else { throw file.corrupt("the arrays of the library differ in length") }
        guard isAscending(peakOffset, from: 0, to: peakMZ.count), isAscending(starts, from: 0, to: count),
            Int(largest(texts)) < strings.count, Int(largest(provenance)) < strings.count
        else { throw file.corrupt("an offset of the library lies outside of its array") }
        guard settings[0] >= 0, settings[0] < 1, settings[1] >= 1, settings[1] < 1e9, settings[2] >= 0,
            settings[2] <= Double(count), settings[1].rounded() == settings[1], settings[2].rounded() == settings[2],
            count == 0 || Double(largest(compound)) < settings[2]
        else { throw file.corrupt("the settings of the library are damaged") }
        polarityStart = starts.map { Int($0) }
        for (start, end) in zip(polarityStart, polarityStart.dropFirst()) {
            guard isAscending(precursorMZ, start..<end) else {
                throw file.corrupt("the precursor m/z of the library are not sorted")
            }
        }
        var indices: [FragmentIndex] = []
        for number in 0..<FragmentIndexSections.most {
            let index = try FragmentIndex.open(file, number: number, spectra: count, polarityStart: polarityStart)
            if let index { indices.append(index) }
        }
        storedIndices = indices
        self.count = count
        self.file = file
        path = file.mapped.path
        compoundCount = Int(settings[2])
        cleaning = PeakCleaning(noiseFraction: settings[0], maximumPeakCount: Int(settings[1]))
        let strings = strings
        sources = stride(from: 0, to: provenance.count, by: 2).map {
            LibraryProvenance(name: strings[provenance[$0 + 1]], hash: strings[provenance[$0]])
        }
    }

    /// Size of the mapping, in bytes. It is page cache that the system can drop, not memory of the process alone.
    public var byteCount: Int { file.mapped.bytes.count }

    /// Bytes of the file that `entry(at:)` reads.
    var entryByteCount: Int { count * (24 + 4 * TextField.count) + strings.byteCount }

    /// Gives the file's resident pages back to the page cache; the next search takes what it needs again.
    public func releasePages() { file.mapped.releasePages() }

    /// Reads the whole file and compares all checksums.
    /// - Throws: `LibraryFileError.corrupt`.
    public func verify() throws(LibraryFileError) { try file.verify() }

    /// What the library states about spectrum `index` (its position in the library's order).
    public func entry(at index: Int) -> LibraryEntry {
        precondition(index >= 0 && index < count, "spectrum \(index) is not in the library")
        // The pointers do not keep the mapping; the library must outlive their use.
        defer { withExtendedLifetime(self) {} }
        var entry = LibraryEntry(
            polarity: polarity(at: index), precursorMZ: precursorMZ[index], exactMass: exactMass[index],
            retentionTimeSeconds: retentionTime[index].isNaN ? nil : Double(retentionTime[index]))
        for field in TextField.allCases {
            entry[keyPath: field.keyPath] = strings[texts[index * TextField.count + field.rawValue]]
        }
        return entry
    }

    /// The cleaned peaks of spectrum `index`, base peak 1.
    public func peaks(at index: Int) -> PeakList {
        precondition(index >= 0 && index < count, "spectrum \(index) is not in the library")
        defer { withExtendedLifetime(self) {} }
        let range = peakRange(of: index)
        return PeakList(mz: Array(peakMZ[range]), intensity: peakIntensity[range].map { Double($0) })
    }

    func peakRange(of index: Int) -> Range<Int> { Int(peakOffset[index])..<Int(peakOffset[index + 1]) }

    private func polarity(at index: Int) -> Polarity {
        index < polarityStart[1] ? .unknown : index < polarityStart[2] ? .positive : .negative
    }

    /// Order of the accessions' bytes, negative when that of `left` comes first.
    func compareAccessions(_ left: Int, _ right: Int) -> Int {
        let field = TextField.accession.rawValue
        return strings.compare(texts[left * TextField.count + field], texts[right * TextField.count + field])
    }

    /// Spectra of this polarity, or of a polarity that nobody stated, whose precursor lies in `[center - below, center + above]`,
    /// edges inside: one range for each. For an unknown polarity all.
    /// - Complexity: O(log n).
    func candidates(polarity: Polarity, center: Double, below: Double, above: Double) -> [Range<Int>] {
        groups(of: polarity).map { group in
            let all = polarityStart[group]..<polarityStart[group + 1]
            let start = firstIndex(in: all) { precursorMZ[$0] - center >= -below }
            // The end is near the start: steps that double find where to look.
            var low = start
            var step = 16
            while low + step < all.upperBound, !(precursorMZ[low + step] - center > above) {
                low += step
                step *= 2
            }
            let end = firstIndex(in: low..<min(low + step, all.upperBound)) { precursorMZ[$0] - center > above }
            return start..<end
        }
    }

    /// Groups of spectra that a query of this polarity may match, those without a spectrum left out.
    private func groups(of polarity: Polarity) -> [Int] {
        (0..<3).filter { group in
            polarityStart[group] < polarityStart[group + 1]
                && (polarity == .unknown || group == Int(polarity.rawValue)
                    || group == Int(Polarity.unknown.rawValue))
        }
    }

    /// The same for every precursor.
    func spectra(polarity: Polarity) -> [Range<Int>] {
        groups(of: polarity).map { polarityStart[$0]..<polarityStart[$0 + 1] }
    }

    /// Number of a spectrum's compound, below `compoundCount`: the same for spectra of one molecule (`LibraryMatch.molecule`).
    public func compound(at index: Int) -> Int {
        defer { withExtendedLifetime(self) {} }
        return Int(compound[index])
    }

    /// Spectra of a compound, ascending. The first call sorts the spectra by compound.
    func spectra(ofCompound compound: UInt32) -> ArraySlice<UInt32> {
        compoundSpectra.withLock { held in
            let spectra = held ?? CompoundSpectra(self.compound, count: compoundCount)
            held = spectra
            return spectra[compound]
        }
    }

    /// The index that the file has for these settings.
    private func storedIndex(for preparation: PeakPreparation) -> FragmentIndex? {
        storedIndices.first { $0.preparation == preparation }
    }

    /// The index for these settings, if the file has it or a search has built it.
    func existingIndex(for preparation: PeakPreparation) -> FragmentIndex? {
        storedIndex(for: preparation) ?? builtIndices.withLock { $0[preparation] }
    }

    /// The index for these settings; one that the file does not have is built once and kept in memory.
    func index(for preparation: PeakPreparation) -> FragmentIndex {
        if let stored = storedIndex(for: preparation) { return stored }
        return builtIndices.withLock { built in
            if let index = built[preparation] { return index }
            let index = withSpectra { FragmentIndexBuilder.build($0, preparation: preparation) }
            built[preparation] = index
            return index
        }
    }

    /// The spectra as an index is built from them; they must not be kept.
    func withSpectra<Result>(_ body: (IndexedSpectra) -> Result) -> Result {
        defer { withExtendedLifetime(self) {} }
        return body(
            IndexedSpectra(
                precursorMZ: precursorMZ, polarityStart: polarityStart, peakOffset: peakOffset, peakMZ: peakMZ,
                peakIntensity: peakIntensity, peakEntropyWeight: peakEntropyWeight,
                noiseFraction: cleaning.noiseFraction))
    }

    /// Bytes of the index that a search with these parameters uses: part of the mapping where the file has it.
    public func indexByteCount(for parameters: SearchParameters) -> Int {
        index(for: SearchSetup(parameters, library: self).preparation).byteCount
    }

    /// The first index for which `predicate` holds, given that it holds for all after it too.
    private func firstIndex(in range: Range<Int>, where predicate: (Int) -> Bool) -> Int {
        var low = range.lowerBound
        var high = range.upperBound
        while low < high {
            let middle = (low + high) / 2
            if predicate(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// Spectra by compound: those of compound c are `spectra[start[c]..<start[c + 1]]`, ascending.
private struct CompoundSpectra {
    private var start: [Int]
    private var spectra: [UInt32]

    init(_ compound: UnsafeBufferPointer<UInt32>, count: Int) {
        start = [Int](repeating: 0, count: count + 1)
        for number in compound { start[Int(number) + 1] += 1 }
        for number in 0..<count { start[number + 1] += start[number] }
        var next = start
        spectra = [UInt32](repeating: 0, count: compound.count)
        for (spectrum, number) in compound.enumerated() {
            spectra[next[Int(number)]] = UInt32(spectrum)
            next[Int(number)] += 1
        }
    }

    subscript(compound: UInt32) -> ArraySlice<UInt32> { spectra[start[Int(compound)]..<start[Int(compound) + 1]] }
}
