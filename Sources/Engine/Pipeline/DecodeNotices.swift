import MzML

extension DecodeCounts {
    /// What was odd in a file and what was done about it, one sentence each; empty for an ordinary file.
    var notices: [String] {
        var notices: [String] = []
        func add(_ count: Int, _ text: String) { if count > 0 { notices.append("\(count) \(text)") } }
        add(nonMassSpectra, "spectra are not mass spectra (UV, DAD) and were skipped")
        add(emptySpectra, "spectra without points")
        add(unsortedSpectra, "spectra had unsorted m/z and were sorted")
        add(droppedPoints, "points with an unusable m/z or intensity were dropped")
        add(clampedIntensities, "negative intensities were set to zero")
        add(skippedArrays, "arrays other than m/z and intensity were skipped")
        add(extraPrecursors, "precursors beyond the first of a spectrum were ignored")
        add(timesWithoutUnit, "retention times without a unit were taken as seconds")
        add(unreadableValues, "metadata values that are not numbers were treated as absent")
        add(assumedLevels, "spectra without an MS level: 1 without a precursor, 2 with one was assumed")
        add(encodedLengthMismatches, "arrays whose stated length is not that of their text; the text counts")
        return notices
    }
}
