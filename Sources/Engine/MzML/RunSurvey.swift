import SpectrumModel

/// Adds up the facts of the spectra of a run.
struct RunSurvey {
    private(set) var counts = DecodeCounts()
    private(set) var precursors = RunInspection.Precursors()
    /// Where the spectra start; `nil` once one is not known.
    private(set) var offsets: [Int]? = []
    /// Mass spectra without a retention time.
    private(set) var withoutTime = 0
    /// Spectra whose native id an earlier one has, and the first such id.
    private(set) var repeatedIDs: (count: Int, first: String) = (0, "")
    private var levels: [Int: RunInspection.Level] = [:]
    private var encodings: [RunInspection.Encoding: Int] = [:]
    private var seenIDs: Set<UInt64> = []

    mutating func take(_ facts: SpectrumFacts) {
        counts += facts.counts
        for encoding in facts.encodings { encodings[encoding, default: 0] += 1 }
        if let offset = facts.offset { offsets?.append(offset) } else { offsets = nil }
        if !seenIDs.insert(Self.hash(facts.id)).inserted {
            if repeatedIDs.count == 0 { repeatedIDs.first = facts.id }
            repeatedIDs.count += 1
        }
        if let precursor = facts.precursor {
            precursors.spectra += 1
            if facts.counts.extraPrecursors > 0 { precursors.several += 1 }
            if precursor.selectedIonMZ == nil, precursor.isolationTargetMZ != nil { precursors.windowOnly += 1 }
        }
        if facts.level > 0, facts.retentionTimeSeconds.isNaN { withoutTime += 1 }
        takeLevel(facts)
    }

    private mutating func takeLevel(_ facts: SpectrumFacts) {
        var level = levels[facts.level] ?? RunInspection.Level(level: facts.level)
        level.spectra += 1
        level.emptySpectra += facts.counts.emptySpectra
        level.declaredPoints += facts.declaredPoints
        switch facts.polarity {
        case .positive: level.polarities.positive += 1
        case .negative: level.polarities.negative += 1
        case .unknown: level.polarities.unknown += 1
        }
        switch facts.representation {
        case .profile: level.representations.profile += 1
        case .centroid: level.representations.centroid += 1
        case .unknown: level.representations.unknown += 1
        }
        RunInspection.Extent.include(facts.retentionTimeSeconds, &level.retentionTimeSeconds)
        RunInspection.Extent.include(facts.statedMZ.lowest, &level.statedMZ)
        RunInspection.Extent.include(facts.statedMZ.highest, &level.statedMZ)
        levels[facts.level] = level
    }

    /// Adds the points of a spectrum.
    mutating func add(_ spectrum: SpectrumSums) {
        var sums = levels[spectrum.level]?.sums ?? RunInspection.Sums()
        sums.points += spectrum.points
        sums.mz += spectrum.sumMZ
        sums.intensity += spectrum.sumIntensity
        RunInspection.Extent.include(spectrum.firstMZ ?? .nan, &sums.mzRange)
        RunInspection.Extent.include(spectrum.lastMZ ?? .nan, &sums.mzRange)
        levels[spectrum.level]?.sums = sums
    }

    /// What only the values tell.
    mutating func takeValues(_ found: DecodeCounts) {
        counts.points = found.points
        counts.emptySpectra = found.emptySpectra
        counts.unsortedSpectra = found.unsortedSpectra
        counts.droppedPoints = found.droppedPoints
        counts.clampedIntensities = found.clampedIntensities
    }

    func describe(_ run: inout RunInspection) {
        run.spectra = counts.spectra
        run.levels = levels.values.sorted { $0.level < $1.level }
        run.precursors = precursors
        run.encodings = encodings.map { encoding, count in
            var counted = encoding
            counted.arrays = count
            return counted
        }.sorted {
            // m/z first, then the most frequent.
            ($1.content, $1.arrays, $0.type, $0.compression) < ($0.content, $0.arrays, $1.type, $1.compression)
        }
        run.extraArrays = counts.skippedArrayKinds.sorted { $0.key < $1.key }.map { kind, count in
            RunInspection.ExtraArrays(
                name: ArrayKind.name(kind), accession: kind == 0 ? nil : Accession.text(kind), arrays: count)
        }
    }

    /// FNV-1a: ids are told apart by 64 bits, which take less memory than they do.
    private static func hash(_ id: String) -> UInt64 {
        id.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
