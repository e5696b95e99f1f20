/// A number and what it counts.
func counted(_ count: Int, _ one: String, _ many: String) -> String { "\(count) \(count == 1 ? one : many)" }

extension DecodeCounts {
    /// What was odd in a file and what was done about it, one sentence each; empty for an ordinary file.
    public var notices: [String] {
        var notices: [String] = []
        func add(_ count: Int, _ one: String, _ many: String) {
            if count > 0 { notices.append(counted(count, one, many)) }
        }
        add(
            nonMassSpectra, "spectrum is no mass spectrum (UV, DAD) and was skipped",
            "spectra are no mass spectra (UV, DAD) and were skipped")
        add(deselectedSpectra, "spectrum lies outside the selection", "spectra lie outside the selection")
        notices += repairs
        for (kind, count) in skippedArrayKinds.sorted(by: { $0.key < $1.key }) {
            let name = ArrayKind.name(kind)
            add(count, "array of \(name) was skipped", "arrays of \(name) were skipped")
        }
        add(
            extraPrecursors, "further precursor or selected ion is carried and not used for identification",
            "further precursors and selected ions are carried and not used for identification")
        return notices
    }

    /// What was repaired or assumed.
    public var repairs: [String] {
        var repairs: [String] = []
        func add(_ count: Int, _ one: String, _ many: String) {
            if count > 0 { repairs.append(counted(count, one, many)) }
        }
        add(emptySpectra, "spectrum has no points", "spectra have no points")
        add(
            unsortedSpectra, "spectrum has unsorted m/z and was sorted", "spectra have unsorted m/z and were sorted")
        add(
            droppedPoints, "point with an unusable m/z or intensity was dropped",
            "points with an unusable m/z or intensity were dropped")
        add(clampedIntensities, "negative intensity was set to zero", "negative intensities were set to zero")
        add(
            timesWithoutUnit, "retention time has no unit and was taken as seconds",
            "retention times have no unit and were taken as seconds")
        add(
            unreadableValues, "metadata value is not a number and was treated as absent",
            "metadata values are not numbers and were treated as absent")
        add(
            assumedLevels, "spectrum states no MS level: 1 was taken without a precursor and 2 with one",
            "spectra state no MS level: 1 was taken without a precursor and 2 with one")
        add(
            encodedLengthMismatches, "array states a length that is not that of its text, which counted",
            "arrays state a length that is not that of their text, which counted")
        return repairs
    }
}
