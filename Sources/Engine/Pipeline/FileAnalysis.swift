import Annotation
import FeatureDetection
import HostEnvironment
import Instrumentation
import MzML
import OutOfCore
import SignalKernels
import SpectralMatching
import SpectrumModel

/// Everything that was found in one file.
struct FileResult: Sendable {
    var input: RunRecord.Input
    var features: [Feature]
    /// Empty unless they are written.
    var traces: [MassTrace]
    var assignment: FragmentAssignment
    var fragments: FragmentStore
    /// Library matches of each fragment spectrum.
    var matches: SpectrumMatches
    /// Q-value of each fragment spectrum's best match; `nil` without a match, or where none was estimated.
    var qValues: [Double?]
    /// What was searched, and how many matches of a feature are written.
    var library: SpectralLibrary?
    var matchesPerFeature: Int
    var detectionTimes: WorkerStageTimes
    /// What the wavelet transforms did.
    var transforms: TransformCounts
    /// What the file says about the run, for the tables that tell it.
    var origin: RunOrigin

    /// Library matches of a feature's fragment spectra together, best first, one per compound.
    func matches(ofFeature feature: Int) -> [FeatureMatch] {
        guard let library else { return [] }
        return FeatureMatch.best(
            fragments: assignment.fragments(of: feature), matches: matches, qValues: qValues, top: matchesPerFeature,
            library: library)
    }
}

/// Where the data of a run came from.
struct RunOrigin: Sendable, Hashable {
    /// Accession number and name of the way spectra are named.
    var nativeIDFormat: CVTerm?
    var instrument: CVTerm?
    /// In order of `Polarity.rawValue`; that of survey and fragment spectra.
    var polarities: [Polarity] = []
}

/// Analyses one file: read and detect, group, match. Names are given when the rows are written (`ResultTables`).
struct FileAnalysis: Sendable {
    let configuration: AnalysisConfiguration
    let references: ReferenceData
    let means: SearchMeans
    let memory: RunMemory
    /// What was known of the memory beforehand.
    let forecast: MemoryForecast
    var clock: StageClock
    let cancellation: CancellationFlag
    /// Reads ahead, where that is wanted.
    let prefetcher: Prefetcher?
    /// What is remembered of files that were opened before.
    let caches: RunCaches
    /// How the workers share their work, and where they run.
    var team: WorkerTeam
    /// Where the workers of each of the files run that are analysed at the same time.
    let placement: [[WorkerPlacement]]

    /// The same with the workers of one of several files at a time.
    func group(_ number: Int) -> FileAnalysis {
        var copy = self
        copy.team.firstWorker = number * configuration.workers
        copy.team.placement = number < placement.count ? placement[number] : []
        return copy
    }

    /// - Throws: `MzMLError` for a file that cannot be read, `AnalysisError` for output failures and cancellation.
    func analyse(
        path: String, name: String, progress: @escaping @Sendable (_ stage: String, _ fraction: Double) -> Void
    ) throws -> FileResult {
        var input = RunRecord.Input(path: path, name: name, bytes: 0, status: .analysed)
        var reading = configuration.reading(memory.budget, fileBytes: InputFiles.byteCount(of: path))
        reading.prefetcher = prefetcher
        reading.caches = caches
        let source = try open(path, reading)
        input.bytes = source.fileSize
        input.instrument = source.header.instrumentName
        let preset = try choosePreset(path: path, header: source.header, reading: reading, notices: &input.notices)
        input.preset = preset.rawValue
        let parameters = try configuration.validDetection(preset: preset)
        var (outcome, fragments) = try detect(source, reading, parameters, progress: progress)
        describe(outcome, in: &input)

        progress("grouping isotopes and adducts", 1)
        let features = group(
            outcome.peaks, times: outcome.survey.retentionTimes, parameters: parameters, input: &input)
        // Peaks and their profiles are the most of what a file leaves in memory, and are not needed any more.
        outcome.peaks = []
        let assignment = clock.measure("assign fragments") {
            FragmentAssignment(
                features: features, headers: fragments.headers, tolerance: configuration.fragmentPrecursorTolerance,
                pool: pool("assign fragments"))
        }
        progress("matching fragment spectra", 1)
        var matches = try clock.measure("match library") { () throws(AnalysisError) in try match(fragments) }
        let qValues = try clock.measure("match decoys") { () throws(AnalysisError) in
            try falseDiscoveryRates(of: &matches, fragments, notices: &input.notices)
        }
        input.features = features.count
        input.featuresWithFragments = assignment.featuresWithFragments
        return FileResult(
            input: input, features: features, traces: outcome.traces, assignment: assignment, fragments: fragments,
            matches: matches, qValues: qValues,
            library: references.library, matchesPerFeature: configuration.search?.top ?? 0,
            detectionTimes: outcome.times, transforms: outcome.transforms,
            origin: origin(source.header, survey: outcome.survey, fragments: fragments))
    }

    /// The workers of this file for a piece of its work.
    private func pool(_ stage: String) -> WorkerPool {
        WorkerPool(workers: configuration.workers, team: team, stage: stage)
    }

    private func origin(_ header: RunHeader, survey: SurveySummary, fragments: FragmentStore) -> RunOrigin {
        var seen = fragments.polarities
        for polarity in Polarity.allCases where !survey.retentionTimes[Int(polarity.rawValue)].isEmpty {
            seen.insert(polarity)
        }
        return RunOrigin(
            nativeIDFormat: header.sourceFileList.lazy.compactMap(\.nativeIDFormat).first,
            instrument: header.instrument, polarities: seen.sorted { $0.rawValue < $1.rawValue })
    }

    private func open(_ path: String, _ reading: ReadingOptions) throws(MzMLError) -> any ChunkSource {
        try clock.measure("open") { () throws(MzMLError) in
            try openChunkSource(path: path, options: reading, maximumPoints: memory.budget.maximumSpectrumPoints)
        }
    }

    /// Reads and detects. What a quick cut or the scanner got wrong is found out somewhere in the file; then all of it is
    /// read again, looking at every tag, and by libxml2 where that is not enough.
    private func detect(
        _ source: any ChunkSource, _ reading: ReadingOptions, _ parameters: DetectionParameters,
        progress: @escaping @Sendable (_ stage: String, _ fraction: Double) -> Void
    ) throws -> (outcome: DetectionPipeline.Outcome, fragments: FragmentStore) {
        var source = source
        var reading = reading
        while true {
            let fragments = FragmentStore(memory: memory)
            let pipeline = DetectionPipeline(
                source: source, fragments: fragments,
                parameters: DetectionPipeline.Parameters(
                    pool: pool("detect peaks"), tracesPerJob: configuration.tracesPerJob,
                    maxChunksInFlight: memory.budget.maximumChunksInFlight,
                    maxSpectrumPoints: memory.budget.maximumSpectrumPoints, selection: reading.selection,
                    centroiding: parameters.centroiding, traces: parameters.traces, peaks: parameters.peaks,
                    precision: configuration.precision, transform: configuration.kernels.transform,
                    keepsTraces: configuration.furtherTables.contains(.traces),
                    keepsNativeIDs: configuration.furtherTables.contains(.mztab)),
                memory: memory, cancellation: cancellation, progress: { progress("reading and detecting", $0) })
            do {
                var outcome = try clock.measure("read and detect") { try pipeline.run() }
                try forecast.check(peaks: outcome.peaks.reduce(0) { $0 + $1.table.count }, of: source.header.path)
                outcome.warnings = source.warnings
                outcome.manner = source.manner
                outcome.advice = source.advice
                outcome.prefetch = source.prefetchCounts
                // The last window is not looked at again, and what follows takes the most memory.
                source.releasePages()
                return (outcome, fragments)
            } catch let error as MzMLError where error.code == .cutMismatch && reading.cutting != .careful {
                reading.cutting = .careful
            } catch let error as MzMLError where error.code == .beyondScanner && reading.reader != .reference {
                guard canBeReadAgain(source.header.path) else { throw error }
                reading.reader = .reference
                reading.spectraPerChunk = min(reading.spectraPerChunk, configuration.chunkSize)
            }
            source = try open(source.header.path, reading)
        }
    }

    private func describe(_ outcome: DetectionPipeline.Outcome, in input: inout RunRecord.Input) {
        input.reading = outcome.manner
        input.advice = outcome.advice
        input.prefetch = outcome.prefetch
        input.spectra = outcome.counts.spectra
        input.surveyScans = outcome.survey.surveyScans
        input.fragmentSpectra = outcome.survey.fragmentScans
        input.otherSpectra = outcome.survey.otherSpectra
        input.surveyPoints = outcome.survey.points
        input.chromatographicPeaks = outcome.peaks.reduce(0) { $0 + $1.table.count }
        input.notices += outcome.warnings + outcome.counts.notices
        if outcome.survey.scansWithoutOrder > 0 {
            input.notices.append(
                "survey scans without a usable retention time, left out: \(outcome.survey.scansWithoutOrder)")
        }
        if outcome.survey.surveyScans == 0 {
            input.notices.append("no survey (MS1) spectra: there is nothing to detect features in")
        }
    }

    private func group(
        _ peaks: [(polarity: Polarity, table: PeakTable)], times: [[Double]], parameters: DetectionParameters,
        input: inout RunRecord.Input
    ) -> [Feature] {
        let grouper = IsotopeGrouper(parameters: parameters.isotopes, peakParameters: parameters.peaks)
        let adducts = configuration.adducts(tolerance: parameters.isotopes.tolerance)
            .map { AdductGrouper(parameters: $0) }
        // Features per turn of a worker: some hundred microseconds.
        let schedule = pool("group features").schedule(grain: team.scheduling.grain(256), afterGrain: afterPiece)
        var features: [Feature] = []
        var groups = 0
        for (polarity, var table) in peaks {
            if let rules = parameters.peaks.centWave { table.removeOverlaps(closerThan: rules.mzdiff) }
            var (found, basePeaks) = clock.measure("group isotopes") {
                grouper.featuresWithPeaks(
                    table, polarity: polarity, firstID: features.count + 1,
                    retentionTimes: times[Int(polarity.rawValue)], schedule: schedule)
            }
            if let adducts {
                clock.measure("group adducts") {
                    groups += adducts.assign(
                        &found, basePeaks: basePeaks, table: table, polarity: polarity, firstGroup: groups + 1,
                        schedule: schedule)
                }
            }
            // The usual file has one polarity: nothing is copied then.
            features = features.isEmpty ? found : features + found
        }
        guard peaks.count > 1 else { return features }
        // One order over all polarities: numbers follow m/z, then time, as they do with one.
        features.sort { ($0.mz, $0.retentionTimeSeconds, $0.id) < ($1.mz, $1.retentionTimeSeconds, $1.id) }
        for index in features.indices { features[index].id = index + 1 }
        return features
    }

    /// The preset that was set, that of the instrument that the file names, or that of the class that its data show.
    private func choosePreset(
        path: String, header: RunHeader, reading: ReadingOptions, notices: inout [String]
    ) throws(MzMLError) -> DetectionPreset {
        if let preset = configuration.preset { return preset }
        guard header.instrumentClass == .unknown else { return DetectionPreset(instrument: header.instrumentClass) }
        guard canBeReadAgain(path) else {
            notices.append(
                "the file names no known instrument, and a pipe cannot be looked at beforehand: preset "
                    + "\(DetectionPreset(instrument: .unknown).rawValue) is used")
            return DetectionPreset(instrument: .unknown)
        }
        let inferred = try clock.measure("infer instrument") { () throws(MzMLError) in
            try inferInstrument(path, reading)
        }
        let preset = DetectionPreset(instrument: inferred)
        notices.append(
            inferred == .unknown
                ? "the file names no known instrument and its data do not tell: preset \(preset.rawValue) is used"
                : "the file names no known instrument; its data look like \(inferred.rawValue): preset \(preset.rawValue) is used"
        )
        return preset
    }

    /// Looks at the first survey scans of a file.
    private func inferInstrument(_ path: String, _ reading: ReadingOptions) throws(MzMLError) -> InstrumentClass {
        var options = reading
        options.spectraPerChunk = 16
        // Little is read.
        options.prefetcher = nil
        var reader = try SpectrumReader(
            path: path, options: options, maximumPoints: memory.budget.maximumSpectrumPoints)
        var inference = InstrumentInference()
        var block = SpectrumBlock()
        var centroiding = ProfileCentroiding(parameters: Centroider.Parameters())
        while !inference.isComplete, try reader.next(into: &block) {
            centroiding.replaceProfiles(of: &block)
            for index in 0..<block.count where block.headers[index].msLevel == 1 {
                let points = block.points(of: index)
                block.mz.withUnsafeBufferPointer { mz in
                    block.intensity.withUnsafeBufferPointer { intensity in
                        inference.add(
                            mz: UnsafeBufferPointer(rebasing: mz[points]),
                            intensity: UnsafeBufferPointer(rebasing: intensity[points]))
                    }
                }
            }
            block.removeAll()
        }
        return inference.instrument
    }

    /// Library matches of every fragment spectrum; none without a library.
    private func match(_ fragments: FragmentStore) throws(AnalysisError) -> SpectrumMatches {
        guard let library = references.library, let parameters = configuration.search else {
            return SpectrumMatches(count: fragments.count)
        }
        let cache = means.cache
        let batches = try search(fragments, in: library, forest: means.forest, stage: "match library") {
            SpectrumMatches($0.search(queries: $1, parameters: parameters, cache: cache))
        }
        var matches = SpectrumMatches()
        for batch in batches { matches.append(batch) }
        return matches
    }

    /// Q-values of the best matches: all fragment spectra of the run are searched in the decoys too. Drops the matches of
    /// spectra whose q-value is too high.
    private func falseDiscoveryRates(
        of matches: inout SpectrumMatches, _ fragments: FragmentStore, notices: inout [String]
    ) throws(AnalysisError) -> [Double?] {
        guard let decoys = references.decoys, var parameters = configuration.search else {
            return Array(repeating: nil, count: fragments.count)
        }
        parameters.top = 1
        let batches = try search(fragments, in: decoys, stage: "match decoys") { [parameters] search, queries in
            search.rank(queries: queries, parameters: parameters).map { hits in hits.first?.score }
        }
        let competition = TargetDecoyCompetition(targets: matches.bestScores, decoys: Array(batches.joined()))
        if let notice = competition.notice { notices.append(notice) }
        let limit = configuration.maximumQValue
        let kept = matches.keeping { competition.qValues[$0].map { $0 <= limit } ?? true }
        matches = kept
        return competition.qValues.enumerated().map { kept.hasNone($0) ? nil : $1 }
    }

    /// What a search finds for the fragment spectra in scan order, a batch of them at a time.
    private func search<Found: Sendable>(
        _ fragments: FragmentStore, in library: SpectralLibrary, forest: ForestSearch? = nil, stage: String,
        _ find: @escaping @Sendable (inout LibrarySearch, [FragmentSpectrum]) -> Found
    ) throws(AnalysisError) -> [Found] {
        // A batch is searched together: each block of an index serves all of its queries.
        let batch = configuration.queriesPerSearch
        let batches = (fragments.count + batch - 1) / batch
        let results = pool(stage).map(
            count: batches, grain: 1,
            cost: { number in
                ((number * batch)..<min((number + 1) * batch, fragments.count))
                    .reduce(0) { $0 + Double(fragments.pointCount($1)) }
            }, makeState: { (search: LibrarySearch(library: library, forest: forest), fragments: fragments.reader) },
            afterGrain: afterPiece
        ) { state, number -> Result<Found, AnalysisError> in
            if cancellation.isCancelled { return .failure(AnalysisError(.interrupted, "interrupted")) }
            do throws(AnalysisError) {
                var queries: [FragmentSpectrum] = []
                for index in (number * batch)..<min((number + 1) * batch, fragments.count) {
                    queries.append(try state.fragments.spectrum(index))
                }
                return .success(find(&state.search, queries))
            } catch {
                return .failure(error)
            }
        }
        var found: [Found] = []
        found.reserveCapacity(batches)
        for result in results { found.append(try result.get()) }
        return found
    }

    /// What a worker does between two pieces of work: looks at the memory, and gives the pages of library and compound table
    /// back where the settings say so.
    @Sendable func afterPiece() {
        memory.collector.look()
        guard configuration.releasesReferencePages else { return }
        references.releasePages()
    }

    /// What names features by mass, for one worker; `nil` when annotation is switched off.
    @Sendable func annotator() -> MassAnnotator? {
        guard let table = references.compounds, let parameters = configuration.annotation else { return nil }
        return MassAnnotator(table: table, parameters: parameters)
    }
}
