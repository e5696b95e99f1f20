import SpectrumModel

/// Turns reference spectra into the binary file that `SpectralLibrary` maps.
///
/// Peaks are cleaned (`PeakCleaning`), scaled to base peak 1, stored a second time as entropy weights, and indexed for the
/// default settings of a search. Spectra that have no peak left are counted and left out.
/// - Determinism: the file depends only on the spectra, their order and the settings.
public struct SpectralLibraryBuilder {
    /// What a build took in and left out.
    public struct Report: Sendable {
        public var spectra = 0
        public var compounds = 0
        public var peaks = 0
        /// Spectra without a peak after cleaning.
        public var emptySpectra = 0
        /// Spectra that came before: left out, or kept where that was asked for.
        public internal(set) var duplicates = 0
        /// What the reader of the source skipped.
        public var source = SourceReport()
        /// The files that were read, with what each gave.
        public internal(set) var sources: [LibraryProvenance] = []
    }

    private struct Pending {
        let polarity: Polarity
        let precursorMZ: Double
        let exactMass: Double
        let retentionTime: Float
        let accession: String
        let peaks: Range<Int>
        let compound: UInt32
        let texts: Int
    }

    let cleaning: PeakCleaning
    var duplicates = DuplicateFinder()
    var keepsDuplicates = false
    private var pending: [Pending] = []
    private var texts: [UInt32] = []
    private var strings = StringTableBuilder()
    private var compounds: [String: UInt32] = [:]
    private var compoundCount: UInt32 = 0
    private var peakMZ: [Double] = []
    private var peakIntensity: [Float] = []
    private var peakEntropyWeight: [Float] = []
    public internal(set) var report = Report()

    public init(cleaning: PeakCleaning = PeakCleaning()) { self.cleaning = cleaning }

    /// Adds one spectrum; one without a peak after cleaning or without a finite precursor m/z is counted and left out.
    public mutating func add(_ spectrum: LibrarySpectrum) {
        addCleaned(spectrum.entry, cleaning.clean(spectrum.peaks))
    }

    /// Adds a spectrum that has been cleaned. Its weights are those of the intensities as they are stored, so that a
    /// library built from a library is the same.
    mutating func addCleaned(_ entry: LibraryEntry, _ peaks: PeakList) {
        guard peaks.count > 0, entry.precursorMZ.isFinite else {
            report.emptySpectra += 1
            return
        }
        let stored = peaks.intensity.map { Float($0) }
        var weights = stored.map { Double($0) }
        EntropyWeights.apply(&weights, weighted: true)
        let start = peakMZ.count
        peakMZ.append(contentsOf: peaks.mz)
        peakIntensity.append(contentsOf: stored)
        peakEntropyWeight.append(contentsOf: weights.lazy.map { Float($0) })
        let firstText = texts.count
        for field in TextField.allCases { texts.append(strings.number(of: field.text(of: entry))) }
        pending.append(
            Pending(
                polarity: entry.polarity, precursorMZ: entry.precursorMZ, exactMass: entry.exactMass,
                retentionTime: entry.retentionTimeSeconds.map { Float($0) } ?? .nan, accession: entry.accession,
                peaks: start..<peakMZ.count,
                compound: compoundNumber(of: entry), texts: firstText))
        report.spectra += 1
        report.peaks += peaks.count
        report.compounds = Int(compoundCount)
    }

    /// Spectra without an InChIKey count as compounds of their own: nothing says that two of them are the same.
    private mutating func compoundNumber(of entry: LibraryEntry) -> UInt32 {
        let block = entry.inchiKeyBlock
        if !block.isEmpty, let number = compounds[block] { return number }
        let number = compoundCount
        compoundCount += 1
        if !block.isEmpty { compounds[block] = number }
        return number
    }

    /// Writes the library to a temporary name and renames it.
    /// - Throws: `LibraryFileError.unwritable`, or `.tooLarge` beyond 4 G peaks or 4 GiB of texts.
    public func write(to path: String, sourceHash: String, sourceName: String) throws(LibraryFileError) {
        try write(to: path, sources: [LibraryProvenance(name: sourceName, hash: sourceHash)])
    }

    /// The same for a library of several sources, at least one.
    public func write(to path: String, sources: [LibraryProvenance]) throws(LibraryFileError) {
        guard peakMZ.count < Int(UInt32.max), pending.count < Int(UInt32.max), !strings.overflowed else {
            throw LibraryFileError(
                .tooLarge, path: path, reason: "more than 4 G peaks or 4 GiB of texts; split the source")
        }
        let order = pending.indices.sorted { left, right in
            let a = pending[left]
            let b = pending[right]
            if a.polarity != b.polarity { return a.polarity.rawValue < b.polarity.rawValue }
            if a.precursorMZ != b.precursorMZ { return a.precursorMZ < b.precursorMZ }
            if a.accession != b.accession { return a.accession.utf8.lexicographicallyPrecedes(b.accession.utf8) }
            return left < right
        }
        var strings = strings
        let provenance = sources.flatMap { [strings.number(of: $0.hash), strings.number(of: $0.name)] }
        var file = SectionedFileWriter(kind: SpectralLibraryFormat.kind)
        let polarityStart = addSpectra(order, to: &file)
        addPeaks(order, polarityStart: polarityStart, to: &file)
        file.add(SpectralLibraryFormat.stringOffsets, strings.offsets)
        file.add(SpectralLibraryFormat.stringBytes, strings.bytes)
        file.add(
            SpectralLibraryFormat.settings,
            [cleaning.noiseFraction, Double(cleaning.maximumPeakCount), Double(compoundCount)])
        file.add(SpectralLibraryFormat.provenance, provenance)
        try file.write(to: path)
    }

    private func addSpectra(_ order: [Int], to file: inout SectionedFileWriter) -> [UInt32] {
        var polarityStart = [UInt32](repeating: 0, count: 4)
        for spectrum in pending { polarityStart[Int(spectrum.polarity.rawValue) + 1] += 1 }
        for index in 1..<4 { polarityStart[index] += polarityStart[index - 1] }
        file.add(SpectralLibraryFormat.polarityStart, polarityStart)
        file.add(SpectralLibraryFormat.precursorMZ, order.map { pending[$0].precursorMZ })
        file.add(SpectralLibraryFormat.exactMass, order.map { pending[$0].exactMass })
        file.add(SpectralLibraryFormat.retentionTime, order.map { pending[$0].retentionTime })
        file.add(SpectralLibraryFormat.compound, order.map { pending[$0].compound })
        file.add(
            SpectralLibraryFormat.texts,
            order.flatMap { texts[pending[$0].texts..<(pending[$0].texts + TextField.count)] })
        return polarityStart
    }

    private func addPeaks(_ order: [Int], polarityStart: [UInt32], to file: inout SectionedFileWriter) {
        var offsets: [UInt32] = [0]
        var mz: [Double] = []
        var intensity: [Float] = []
        var weight: [Float] = []
        mz.reserveCapacity(peakMZ.count)
        intensity.reserveCapacity(peakMZ.count)
        weight.reserveCapacity(peakMZ.count)
        for index in order {
            let range = pending[index].peaks
            mz.append(contentsOf: peakMZ[range])
            intensity.append(contentsOf: peakIntensity[range])
            weight.append(contentsOf: peakEntropyWeight[range])
            offsets.append(UInt32(mz.count))
        }
        file.add(SpectralLibraryFormat.peakOffset, offsets)
        file.add(SpectralLibraryFormat.peakMZ, mz)
        file.add(SpectralLibraryFormat.peakIntensity, intensity)
        file.add(SpectralLibraryFormat.peakEntropyWeight, weight)
        let precursors = order.map { pending[$0].precursorMZ }
        precursors.withUnsafeBufferPointer { precursors in
            offsets.withUnsafeBufferPointer { offsets in
                mz.withUnsafeBufferPointer { mz in
                    intensity.withUnsafeBufferPointer { intensity in
                        weight.withUnsafeBufferPointer { weight in
                            let spectra = IndexedSpectra(
                                precursorMZ: precursors, polarityStart: polarityStart.map { Int($0) },
                                peakOffset: offsets, peakMZ: mz, peakIntensity: intensity, peakEntropyWeight: weight,
                                noiseFraction: cleaning.noiseFraction)
                            for (number, preparation) in PeakPreparation.stored(cleaning: cleaning).enumerated() {
                                FragmentIndexBuilder.build(spectra, preparation: preparation)
                                    .write(to: &file, number: number)
                            }
                        }
                    }
                }
            }
        }
    }
}
