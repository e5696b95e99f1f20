/// What the decoder met and did. Additive: the sum over workers does not depend on how chunks were shared out.
public struct DecodeCounts: Sendable, Hashable, Codable {
    /// All spectra of the spectrum list that were decoded.
    public var spectra = 0
    /// Spectra that are not mass spectra (UV, DAD); they come out with MS level 0 and no points.
    public var nonMassSpectra = 0
    /// Spectra that the selection leaves out; nothing else is counted of them, not even that they are spectra.
    public var deselectedSpectra = 0
    /// Mass spectra without points, before a selection by m/z leaves out any.
    public var emptySpectra = 0
    /// Points appended to blocks.
    public var points = 0
    /// Binary arrays other than m/z and intensity, which are skipped.
    public var skippedArrays = 0
    /// The same by what they hold: the number of the array's accession (children of MS:1000513), 0 where it names none.
    public var skippedArrayKinds: [Int: Int] = [:]
    /// Precursors and selected ions beyond the first of a spectrum; they are carried as `furtherPrecursors`.
    public var extraPrecursors = 0
    /// Spectra whose m/z was not ascending; they were sorted.
    public var unsortedSpectra = 0
    /// Points dropped because m/z was not finite or negative, or because intensity was not finite.
    public var droppedPoints = 0
    /// Negative intensities set to zero.
    public var clampedIntensities = 0
    /// Scan start times without a unit, taken as seconds.
    public var timesWithoutUnit = 0
    /// Metadata values that are not numbers; they are treated as absent.
    public var unreadableValues = 0
    /// Mass spectra that state no MS level; 1 without a precursor and 2 with one is assumed.
    public var assumedLevels = 0
    /// Arrays whose `encodedLength` is not the length of their text; the text counts.
    public var encodedLengthMismatches = 0

    public init() {}

    mutating func skip(array accession: Int) {
        skippedArrays += 1
        skippedArrayKinds[accession, default: 0] += 1
    }

    public static func += (left: inout DecodeCounts, right: DecodeCounts) {
        left.spectra += right.spectra
        left.deselectedSpectra += right.deselectedSpectra
        left.nonMassSpectra += right.nonMassSpectra
        left.emptySpectra += right.emptySpectra
        left.points += right.points
        left.skippedArrays += right.skippedArrays
        if !right.skippedArrayKinds.isEmpty {
            left.skippedArrayKinds.merge(right.skippedArrayKinds, uniquingKeysWith: +)
        }
        left.extraPrecursors += right.extraPrecursors
        left.unsortedSpectra += right.unsortedSpectra
        left.droppedPoints += right.droppedPoints
        left.clampedIntensities += right.clampedIntensities
        left.timesWithoutUnit += right.timesWithoutUnit
        left.unreadableValues += right.unreadableValues
        left.assumedLevels += right.assumedLevels
        left.encodedLengthMismatches += right.encodedLengthMismatches
    }
}
