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

    /// Spectrum i, whose texts are those from `i * TextField.count` on.
    struct Pending: BitwiseCopyable {
        let precursorMZ: Double
        let exactMass: Double
        let firstPeak: Int
        let peakCount: UInt32
        let compound: UInt32
        let retentionTime: Float
        let polarity: UInt8

        var peaks: Range<Int> { firstPeak..<(firstPeak + Int(peakCount)) }
    }

    let cleaning: PeakCleaning
    var duplicates = DuplicateFinder()
    var keepsDuplicates = false
    var pending = ChunkedArray<Pending>()
    var texts = ChunkedArray<UInt32>()
    var strings = StringTableBuilder()
    var compounds: [String: UInt32] = [:]
    var compoundCount: UInt32 = 0
    var peakMZ = ChunkedArray<Double>()
    var peakIntensity = ChunkedArray<Float>()
    var peakEntropyWeight = ChunkedArray<Float>()
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
        for value in peaks.mz { peakMZ.append(value) }
        for value in peaks.intensity {
            let stored = Float(value)
            peakIntensity.append(stored)
            weights.append(Double(stored))
        }
        EntropyWeights.apply(&weights, weighted: true)
        for weight in weights { peakEntropyWeight.append(Float(weight)) }
        for field in TextField.allCases { texts.append(number(of: field.text(of: entry), field: field.rawValue)) }
        pending.append(
            Pending(
                precursorMZ: entry.precursorMZ, exactMass: entry.exactMass, firstPeak: start,
                peakCount: UInt32(peaks.count), compound: compoundNumber(of: entry),
                retentionTime: entry.retentionTimeSeconds.map { Float($0) } ?? .nan, polarity: entry.polarity.rawValue))
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
}
