import Testing

@testable import MzML

@Test func noticesSayWhatWasDoneWithWhat() {
    var counts = DecodeCounts()
    counts.spectra = 10
    counts.points = 100
    #expect(counts.notices.isEmpty)
    counts.nonMassSpectra = 2
    counts.deselectedSpectra = 1
    counts.unsortedSpectra = 1
    counts.extraPrecursors = 3
    for kind in [1_002_816, 1_000_516, 1_000_516, 0, 1_999_999] { counts.skip(array: kind) }
    #expect(
        counts.notices == [
            "2 spectra are no mass spectra (UV, DAD) and were skipped",
            "1 spectrum lies outside the selection",
            "1 spectrum has unsorted m/z and was sorted",
            "1 array of no stated kind was skipped",
            "2 arrays of charge were skipped",
            "1 array of mean ion mobility was skipped",
            "1 array of MS:1999999 was skipped",
            "3 further precursors and selected ions are carried and not used for identification",
        ])
    #expect(counts.repairs == ["1 spectrum has unsorted m/z and was sorted"])
}

/// No count is forgotten.
@Test func everyRepairHasItsSentence() {
    let fields: [WritableKeyPath<DecodeCounts, Int>] = [
        \.emptySpectra, \.unsortedSpectra, \.droppedPoints, \.clampedIntensities, \.timesWithoutUnit,
        \.unreadableValues,
        \.assumedLevels, \.encodedLengthMismatches,
    ]
    var seen: Set<String> = []
    for field in fields {
        for count in [1, 7] {
            var counts = DecodeCounts()
            counts[keyPath: field] = count
            #expect(counts.repairs.count == 1 && counts.repairs == counts.notices)
            #expect(counts.repairs[0].hasPrefix("\(count) ") && seen.insert(counts.repairs[0]).inserted)
        }
    }
}
