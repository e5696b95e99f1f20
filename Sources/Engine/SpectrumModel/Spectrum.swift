/// What selected the ions of an MSn spectrum.
public struct Precursor: Sendable, Hashable, Codable {
    /// m/z of the selected ion; `nil` when the file names only an isolation window.
    public var selectedIonMZ: Double?
    /// Centre of the isolation window, m/z.
    public var isolationTargetMZ: Double?
    /// Distance from the centre to the lower and upper edge of the isolation window, in Da.
    public var isolationLowerOffset: Double?
    public var isolationUpperOffset: Double?
    /// Charge state as the file states it (magnitude).
    public var charge: Int?
    /// Intensity of the selected ion as the file states it.
    public var intensity: Double?
    /// Collision energy in electronvolt (MS:1000045).
    public var collisionEnergy: Double?

    public init(
        selectedIonMZ: Double? = nil, isolationTargetMZ: Double? = nil, isolationLowerOffset: Double? = nil,
        isolationUpperOffset: Double? = nil, charge: Int? = nil, intensity: Double? = nil,
        collisionEnergy: Double? = nil
    ) {
        self.selectedIonMZ = selectedIonMZ
        self.isolationTargetMZ = isolationTargetMZ
        self.isolationLowerOffset = isolationLowerOffset
        self.isolationUpperOffset = isolationUpperOffset
        self.charge = charge
        self.intensity = intensity
        self.collisionEnergy = collisionEnergy
    }

    /// The selected ion, or the centre of the isolation window when the file names no ion.
    public var mz: Double? { selectedIonMZ ?? isolationTargetMZ }
}

/// Metadata of one spectrum. The points live in the `SpectrumBlock` that holds the header.
public struct SpectrumHeader: Sendable, Hashable {
    /// Position in the file's spectrum list, from 0.
    public var index: Int
    /// The vendor's scan number (`scan=` in the native id), or `index + 1` where there is none.
    public var scanNumber: Int
    /// 1 for a survey scan, 2 and above for fragment spectra, 0 when the spectrum is not a mass spectrum.
    public var msLevel: Int
    public var polarity: Polarity
    public var representation: SpectrumRepresentation
    /// Start of the scan in seconds (minutes in the file are converted); NaN when the file states none.
    public var retentionTimeSeconds: Double
    /// The first precursor with its first selected ion: the one that identification works with.
    public var precursor: Precursor?
    /// What follows it: further selected ions of a precursor, and further precursors (multiplexed and MS3 spectra), in
    /// file order. Ions of one precursor repeat its isolation window and activation.
    public var furtherPrecursors: [Precursor]

    public init(
        index: Int, scanNumber: Int, msLevel: Int, polarity: Polarity, representation: SpectrumRepresentation,
        retentionTimeSeconds: Double, precursor: Precursor? = nil, furtherPrecursors: [Precursor] = []
    ) {
        self.index = index
        self.scanNumber = scanNumber
        self.msLevel = msLevel
        self.polarity = polarity
        self.representation = representation
        self.retentionTimeSeconds = retentionTimeSeconds
        self.precursor = precursor
        self.furtherPrecursors = furtherPrecursors
    }
}

/// Consecutive spectra as flat arrays: spectrum `i` owns the points `offsets[i] ..< offsets[i + 1]`.
///
/// Flat storage keeps one reference count per block instead of two per spectrum, and lets a worker reuse its memory.
/// Within a spectrum m/z is ascending; the reader sorts what is not.
public struct SpectrumBlock: Sendable {
    public var headers: [SpectrumHeader]
    /// Length `headers.count + 1`, first element 0.
    public var offsets: [Int]
    /// m/z of every point, Da per charge.
    public var mz: [Double]
    /// Intensity of every point, instrument counts.
    public var intensity: [Float]

    public init() {
        headers = []
        offsets = [0]
        mz = []
        intensity = []
    }

    public var count: Int { headers.count }

    /// The range of points that belongs to spectrum `index`.
    @inlinable
    public func points(of index: Int) -> Range<Int> { offsets[index]..<offsets[index + 1] }

    /// Drops all spectra and keeps the memory.
    public mutating func removeAll() {
        headers.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        offsets.append(0)
        mz.removeAll(keepingCapacity: true)
        intensity.removeAll(keepingCapacity: true)
    }

    /// Makes room for so many points in all, where there is less.
    public mutating func reserve(points: Int) {
        guard points > mz.capacity else { return }
        mz.reserveCapacity(points)
        intensity.reserveCapacity(points)
    }

    /// Appends one spectrum. `mz` and `intensity` have the same length; `mz` is ascending.
    public mutating func append(
        _ header: SpectrumHeader, mz: some Collection<Double>, intensity: some Collection<Float>
    ) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        headers.append(header)
        self.mz.append(contentsOf: mz)
        self.intensity.append(contentsOf: intensity)
        offsets.append(self.mz.count)
    }
}

/// How a block grows that has no room for the next spectrum.
public struct BlockGrowth: Sendable, Hashable {
    /// What its room is at least multiplied by, above 1.
    public var factor: Double
    /// Points above which it gets what is needed and no more.
    public var mostPoints: Int

    public init(factor: Double = 1.5, mostPoints: Int = .max) {
        self.factor = factor
        self.mostPoints = mostPoints
    }

    /// The room that a block gets. - Parameters: points that it has room for, and that are needed.
    public func room(_ capacity: Int, needed: Int) -> Int {
        max(needed, min(Int(min(Double(capacity) * factor, 0x1p62)), mostPoints))
    }
}

/// One fragment (MS2) spectrum that stands by itself: a query of the library search, a block of an MGF file.
public struct FragmentSpectrum: Sendable, Hashable {
    public var header: SpectrumHeader
    /// m/z, ascending.
    public var mz: [Double]
    public var intensity: [Float]

    public init(header: SpectrumHeader, mz: [Double], intensity: [Float]) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        self.header = header
        self.mz = mz
        self.intensity = intensity
    }

    /// m/z that was fragmented, or NaN when the file names none.
    public var precursorMZ: Double { header.precursor?.mz ?? .nan }
}
