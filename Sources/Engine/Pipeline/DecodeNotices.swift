import MzML

extension DecodeCounts {
    /// What was odd in a file and what was done about it, one sentence each; empty for an ordinary file.
    var notices: [String] {
        var notices: [String] = []
        func add(_ count: Int, _ text: String) { if count > 0 { notices.append("\(text): \(count)") } }
        add(nonMassSpectra, "spectra that are not mass spectra (UV, DAD) and were skipped")
        add(emptySpectra, "spectra without points")
        add(unsortedSpectra, "spectra with unsorted m/z, which were sorted")
        add(droppedPoints, "points dropped for an unusable m/z or intensity")
        add(clampedIntensities, "negative intensities set to zero")
        add(skippedArrays, "arrays other than m/z and intensity, skipped")
        add(extraPrecursors, "precursors beyond the first of a spectrum, ignored")
        add(timesWithoutUnit, "retention times without a unit, taken as seconds")
        add(unreadableValues, "metadata values that are not numbers, treated as absent")
        add(assumedLevels, "spectra without an MS level, taken as 1 without a precursor and 2 with one")
        add(encodedLengthMismatches, "arrays whose stated length is not that of their text, which counts")
        return notices
    }
}
