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
    /// The last text of each field, which is not empty, and its number.
    private var latest: [(text: String, number: UInt32)] = Array(repeating: ("", 0), count: TextField.count)
    /// Of the spectrum that is being added.
    private var weights: [Double] = []
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
        weights.removeAll(keepingCapacity: true)
        let start = peakMZ.count
        peakMZ.append(contentsOf: peaks.mz)
        for value in peaks.intensity {
            let stored = Float(value)
            peakIntensity.append(stored)
            weights.append(Double(stored))
        }
        EntropyWeights.apply(&weights, weighted: true)
        for weight in weights { peakEntropyWeight.append(Float(weight)) }
        let firstText = texts.count
        for field in TextField.allCases { texts.append(number(of: field.text(of: entry), field: field.rawValue)) }
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

    /// Most spectra have the instrument, the license and often the name of the one before.
    private mutating func number(of text: String, field: Int) -> UInt32 {
        if text.isEmpty { return 0 }
        if latest[field].text == text { return latest[field].number }
        latest[field] = (text, strings.number(of: text))
        return latest[field].number
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
        let order = pending.withUnsafeBufferPointer { pending in
            pending.indices.sorted { left, right in
                let (a, b) = (pending[left].precursorMZ, pending[right].precursorMZ)
                if pending[left].polarity != pending[right].polarity {
                    return pending[left].polarity.rawValue < pending[right].polarity.rawValue
                }
                if a != b { return a < b }
                let (first, second) = (pending[left].accession, pending[right].accession)
                return first != second ? first.utf8.lexicographicallyPrecedes(second.utf8) : left < right
            }
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
        let offsets = FlatArray<UInt32>(count: order.count + 1)
        let mz = FlatArray<Double>(count: peakMZ.count)
        let intensity = FlatArray<Float>(count: peakMZ.count)
        let weight = FlatArray<Float>(count: peakMZ.count)
        offsets.buffer[0] = 0
        var end = 0
        for (place, index) in order.enumerated() {
            for peak in pending[index].peaks {
                mz.buffer[end] = peakMZ[peak]
                intensity.buffer[end] = peakIntensity[peak]
                weight.buffer[end] = peakEntropyWeight[peak]
                end += 1
            }
            offsets.buffer[place + 1] = UInt32(end)
        }
        file.add(SpectralLibraryFormat.peakOffset, offsets.elements, owner: offsets)
        file.add(SpectralLibraryFormat.peakMZ, mz.elements, owner: mz)
        file.add(SpectralLibraryFormat.peakIntensity, intensity.elements, owner: intensity)
        file.add(SpectralLibraryFormat.peakEntropyWeight, weight.elements, owner: weight)
        let precursors = order.map { pending[$0].precursorMZ }
        precursors.withUnsafeBufferPointer { precursors in
            let spectra = IndexedSpectra(
                precursorMZ: precursors, polarityStart: polarityStart.map { Int($0) }, peakOffset: offsets.elements,
                peakMZ: mz.elements, peakIntensity: intensity.elements, peakEntropyWeight: weight.elements,
                noiseFraction: cleaning.noiseFraction)
            for (number, preparation) in PeakPreparation.stored(cleaning: cleaning).enumerated() {
                FragmentIndexBuilder.build(spectra, preparation: preparation).write(to: &file, number: number)
            }
        }
    }
}
