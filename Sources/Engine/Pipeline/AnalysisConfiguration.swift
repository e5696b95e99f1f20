import Annotation
import FeatureDetection
import MzML
import Parameters
import SpectralMatching
import SpectrumModel

/// The settings of one run as the stages take them.
public struct AnalysisConfiguration: Sendable {
    public let resolved: ResolvedConfiguration
    public private(set) var workers: Int
    /// How work is spread over the workers.
    public let scheduling: SchedulingSettings
    /// Spectra per chunk.
    public let chunkSize: Int
    /// Fragment spectra that are searched together. More than some 256 gain nothing: the index is in the cache long before.
    public let queriesPerSearch: Int
    /// What is written beside the three tables that there always are.
    public let furtherTables: Set<FurtherTable>
    /// Bytes per read.
    public let bufferSize: Int
    /// Bytes of resident memory.
    public let memoryLimit: Int
    /// How files are read, but for what the memory budget says.
    private(set) var reading: ReadingOptions
    /// Files that are analysed at the same time.
    public let concurrentFiles: Int
    let storage: StorageSettings
    let memory: MemorySettings
    let coordination: FileCoordination
    /// Whether pages of the mapped reference data are given back after every job.
    public let releasesReferencePages: Bool
    public let precision: Precision
    /// How the innermost loops run.
    var kernels: KernelSettings
    public let preset: DetectionPreset?
    /// `nil` when matching is switched off.
    public let search: SearchParameters?
    /// What the false discovery rate of matches is estimated with; none when matching is switched off.
    public let decoys: DecoyMethod
    /// Matches of a spectrum whose best one has a higher q-value are dropped.
    public let maximumQValue: Double
    /// `nil` when annotation is switched off.
    public let annotation: AnnotationParameters?
    /// Da.
    public let fragmentPrecursorTolerance: Double

    public init(_ resolved: ResolvedConfiguration) { self.init(resolved, workers: Self.fittingWorkers(resolved)) }

    private init(_ resolved: ResolvedConfiguration, workers: Int) {
        self.resolved = resolved
        self.workers = workers
        scheduling = SchedulingSettings(resolved)
        // The later stages have items that are alike in every file; only chunks of spectra follow the file.
        chunkSize = resolved.optionalInteger("execution.chunk_size") ?? EngineParameters.defaultChunkSize
        queriesPerSearch =
            resolved.boolean("matching.batch_processing") ? scheduling.grain(min(chunkSize, 256)) : 1
        furtherTables = Set(FurtherTable.allCases.filter { resolved.boolean("output.\($0.rawValue)") })
        bufferSize = resolved.integer("execution.buffer_size")
        memoryLimit = resolved.integer("execution.memory_limit")
        memory = MemorySettings(resolved)
        coordination =
            FileCoordination(rawValue: resolved.choice("storage.read_optimization.coordination_strategy"))
            ?? .independent
        reading = Self.reading(resolved, workers: workers)
        concurrentFiles = min(resolved.integer("execution.concurrent_files"), workers)
        storage = StorageSettings(resolved).lowered(to: memoryLimit)
        releasesReferencePages = resolved.choice("execution.reference_pages") == "release"
        precision = Precision(rawValue: resolved.choice("numeric.precision")) ?? .float64
        kernels = KernelSettings(resolved)
        preset =
            resolved["analysis.preset"].value == .automatic
            ? nil : DetectionPreset(rawValue: resolved.choice("analysis.preset"))
        search = resolved.boolean("matching.enabled") ? Self.search(resolved) : nil
        decoys =
            resolved.boolean("matching.enabled")
            ? DecoyMethod(rawValue: resolved.choice("matching.decoys")) ?? .none : .none
        maximumQValue = resolved.number("matching.max_q_value")
        annotation = resolved.boolean("annotation.enabled") ? Self.annotation(resolved) : nil
        fragmentPrecursorTolerance = resolved.number("fragments.precursor_tolerance")
    }

    /// As many as were asked for, and as go into the memory limit with what each is to have.
    private static func fittingWorkers(_ resolved: ResolvedConfiguration) -> Int {
        let asked = resolved.integer("execution.workers")
        guard let share = resolved.optionalInteger("parallel.memory_per_worker") else { return asked }
        return min(asked, max(resolved.integer("execution.memory_limit") / share, 1))
    }

    /// The same with all workers that were asked for, where `parallel.memory_per_worker` leaves fewer; `nil` where it does not.
    var withAllWorkers: AnalysisConfiguration? {
        let asked = resolved.integer("execution.workers")
        let isLowered = Self.fittingWorkers(resolved) < asked && workers < asked
        return isLowered ? AnalysisConfiguration(resolved, workers: asked) : nil
    }

    private static func reading(_ resolved: ResolvedConfiguration, workers: Int) -> ReadingOptions {
        func choice<Choice: RawRepresentable>(_ name: String, _ fallback: Choice) -> Choice
        where Choice.RawValue == String { Choice(rawValue: resolved.choice(name)) ?? fallback }
        var options = ReadingOptions()
        options.reader = choice("execution.reader", .fast)
        options.access = choice("execution.file_access", .mapped)
        options.cutting = choice("execution.cutting", .index)
        options.advice = choice("execution.readahead", .sequential)
        options.bufferSize = resolved.integer("execution.buffer_size")
        options.spectraPerChunk =
            resolved.optionalInteger("execution.chunk_size") ?? EngineParameters.mostSpectraPerChunk
        options.inflateThreads = workers
        options.recoversTruncation = resolved.boolean("selection.recover")
        options.selection = SpectrumSelection(
            retentionTimeSeconds: range(resolved, "selection.first_second", "selection.last_second"),
            mz: range(resolved, "selection.lowest_mz", "selection.highest_mz"))
        return options
    }

    /// `nil` when neither end is set, or when they leave nothing (`validSelection` says so).
    private static func range(
        _ resolved: ResolvedConfiguration, _ lower: String, _ upper: String
    ) -> ClosedRange<Double>? {
        let (low, high) = (resolved.optionalNumber(lower), resolved.optionalNumber(upper))
        guard low != nil || high != nil else { return nil }
        let (first, last) = (low ?? -.infinity, high ?? .infinity)
        return first <= last ? first...last : nil
    }

    /// - Throws: `AnalysisError(.badConfiguration)` naming both ends of a range that is none.
    func validateSelection() throws(AnalysisError) {
        for (lower, upper) in [
            ("selection.first_second", "selection.last_second"), ("selection.lowest_mz", "selection.highest_mz"),
        ] {
            guard let low = resolved.optionalNumber(lower), let high = resolved.optionalNumber(upper), low > high else {
                continue
            }
            throw AnalysisError(.badConfiguration, "\(lower) (\(low)) must not be above \(upper) (\(high))")
        }
    }

    /// - Throws: `AnalysisError(.badConfiguration)` naming the adduct that cannot be read.
    func validateAdducts() throws(AnalysisError) {
        do { _ = try AnnotationParameters.adducts(resolved.choice("annotation.adducts")) } catch {
            throw AnalysisError(.badConfiguration, "annotation.adducts: \(error)")
        }
    }

    /// How many of the files are analysed at the same time, and whether these share all workers.
    func filesInWork(of count: Int) -> (atOnce: Int, isPipeline: Bool) {
        let atOnce = min(concurrentFiles, count)
        return (atOnce, coordination == .pipeline && atOnce > 1)
    }

    /// The part of one file where several are analysed at the same time.
    func share(of files: Int) -> AnalysisConfiguration {
        guard files > 1 else { return self }
        var share = self
        // In a pipeline every file has threads for all workers, and a thread works while it has a slot.
        share.workers = coordination == .pipeline ? workers : max(1, workers / files)
        share.reading.inflateThreads = share.workers
        return share
    }

    /// How the chunks of one file are read.
    ///
    /// - Parameter fileBytes: size of the file; 0 where it is not known.
    func reading(_ budget: MemoryBudget, fileBytes: Int) -> ReadingOptions {
        var options = reading
        options.maximumSpectrumBytes = budget.maximumSpectrumBytes
        options.maximumChunkBytes = budget.maximumChunkBytes
        guard resolved["execution.chunk_size"].value == .automatic else { return options }
        if options.reader == .reference {
            // It is asked for spectra, not for bytes.
            options.spectraPerChunk = chunkSize
            return options
        }
        // Bytes, so that chunks take as long to decode whatever the spectra are: some that stay in a core's cache, and so many
        // chunks that no worker waits long for the last ones.
        let even = fileBytes > 0 ? fileBytes / (Self.chunksPerWorker * max(workers, 1)) : .max
        options.maximumChunkBytes = min(
            min(max(even, Self.automaticChunkBytes.lowerBound), Self.automaticChunkBytes.upperBound),
            budget.maximumChunkBytes)
        return options
    }

    private static let chunksPerWorker = 32
    private static let automaticChunkBytes = (32 << 10)...(768 << 10)

    /// Traces per detection job and items per job of the later stages. Traces are lighter than spectra, so more of them.
    var tracesPerJob: Int { scheduling.grain(min(chunkSize, 1 << 16) * 8) }

    /// Features, or texts of fragment spectra, that are formatted together.
    var rowsPerPiece: Int { scheduling.grain(chunkSize) }

    /// The parameters of a preset with everything that was set explicitly put over them.
    func detection(preset: DetectionPreset) -> DetectionParameters {
        var parameters = preset.parameters
        centWave?.apply(to: &parameters)
        func set<Value>(_ target: inout Value, _ value: Value?) { if let value { target = value } }
        set(&parameters.centroiding.method, optionalChoice("centroiding.method"))
        set(&parameters.centroiding.apex, optionalChoice("centroiding.apex"))
        set(&parameters.centroiding.signalToNoise, resolved.optionalNumber("centroiding.signal_to_noise"))
        set(&parameters.centroiding.maxWidthSamples, resolved.optionalInteger("centroiding.max_width"))
        set(&parameters.centroiding.minRidgeLength, resolved.optionalInteger("centroiding.min_ridge_length"))
        set(&parameters.centroiding.minSamples, resolved.optionalInteger("centroiding.min_samples"))
        set(&parameters.centroiding.maxSpacingRatio, resolved.optionalNumber("centroiding.max_spacing_ratio"))
        parameters.traces.method = MassTraceMethod(rawValue: resolved.choice("traces.method")) ?? .streaming
        set(&parameters.traces.minSampleRate, resolved.optionalNumber("traces.min_sample_rate"))
        parameters.traces.tolerance = tolerance("traces.tolerance", preset: parameters.traces.tolerance)
        if let distance = resolved.optionalNumber("traces.merge_distance") {
            parameters.traces.mergeDistance = .dalton(distance)
        }
        set(&parameters.traces.noiseThreshold, resolved.optionalNumber("traces.noise_threshold"))
        set(&parameters.traces.noiseQuantile, resolved.optionalNumber("traces.noise_quantile"))
        set(&parameters.traces.maxMissedScans, resolved.optionalInteger("traces.max_missed_scans"))
        set(&parameters.traces.minPoints, resolved.optionalInteger("traces.min_points"))
        set(&parameters.traces.minDurationSeconds, resolved.optionalNumber("traces.min_duration"))
        set(&parameters.traces.apexFactor, resolved.optionalNumber("traces.apex_factor"))
        set(&parameters.peaks.minWidthSeconds, resolved.optionalNumber("peaks.min_width"))
        set(&parameters.peaks.maxWidthSeconds, resolved.optionalNumber("peaks.max_width"))
        set(&parameters.peaks.signalToNoise, resolved.optionalNumber("peaks.signal_to_noise"))
        set(&parameters.peaks.isotopeSignalToNoise, resolved.optionalNumber("peaks.isotope_signal_to_noise"))
        set(&parameters.peaks.minQuality, resolved.optionalNumber("peaks.min_quality"))
        set(&parameters.peaks.minAutocorrelation, resolved.optionalNumber("peaks.min_autocorrelation"))
        parameters.peaks.maxFalseRate = resolved.optionalNumber("peaks.max_false_rate")
        set(&parameters.peaks.minPoints, resolved.optionalInteger("peaks.min_points"))
        set(&parameters.peaks.valleyRatio, resolved.optionalNumber("peaks.valley_ratio"))
        set(&parameters.peaks.edgeFraction, resolved.optionalNumber("peaks.edge_fraction"))
        set(&parameters.isotopes.maxCharge, resolved.optionalInteger("isotopes.max_charge"))
        parameters.isotopes.tolerance = tolerance("isotopes.tolerance", preset: parameters.isotopes.tolerance)
        set(&parameters.isotopes.minCosine, resolved.optionalNumber("isotopes.min_cosine"))
        set(&parameters.isotopes.maxApexShift, resolved.optionalNumber("isotopes.max_apex_shift"))
        set(&parameters.isotopes.maxIsotopes, resolved.optionalInteger("isotopes.max_isotopes"))
        return parameters
    }

    /// What tells ions of one molecule; `nil` when that is switched off.
    func adducts(tolerance: Tolerance) -> AdductParameters? {
        guard resolved.boolean("adducts.enabled") else { return nil }
        return AdductParameters(
            tolerance: tolerance, minCorrelation: resolved.number("adducts.min_correlation"),
            maxApexShift: resolved.number("adducts.max_apex_shift"),
            minEvidence: resolved.number("adducts.min_evidence"))
    }

    /// `detection`, with what no single range can check: settings that contradict each other under this preset.
    /// - Throws: `AnalysisError(.badConfiguration)` naming both settings.
    func validDetection(preset: DetectionPreset) throws(AnalysisError) -> DetectionParameters {
        let parameters = detection(preset: preset)
        guard parameters.peaks.minWidthSeconds < parameters.peaks.maxWidthSeconds else {
            throw AnalysisError(
                .badConfiguration,
                "peaks.min_width (\(parameters.peaks.minWidthSeconds) s) must be below peaks.max_width "
                    + "(\(parameters.peaks.maxWidthSeconds) s) with preset \(preset.rawValue)")
        }
        return parameters
    }

    /// A choice, or `nil` when it is left to the preset.
    private func optionalChoice<Choice: RawRepresentable<String>>(_ name: String) -> Choice? {
        resolved[name].value == .automatic ? nil : Choice(rawValue: resolved.choice(name))
    }

    /// A tolerance whose number or unit may be left to the preset; a unit alone keeps the preset's number.
    private func tolerance(_ name: String, preset: Tolerance) -> Tolerance {
        let (presetNumber, presetUnit) =
            switch preset {
            case .ppm(let value): (value, "ppm")
            case .dalton(let value): (value, "Da")
            }
        let number = resolved.optionalNumber(name) ?? presetNumber
        let unit =
            resolved["\(name)_unit"].value == .automatic ? presetUnit : resolved.choice("\(name)_unit")
        return unit == "ppm" ? .ppm(number) : .dalton(number)
    }

    private static func annotation(_ resolved: ResolvedConfiguration) -> AnnotationParameters {
        var parameters = AnnotationParameters()
        parameters.massTolerance = .ppm(resolved.number("annotation.tolerance_ppm"))
        parameters.top = resolved.integer("annotation.top")
        parameters.libraryScoreThreshold = resolved.number("annotation.library_score_threshold")
        parameters.isotopeScoreThreshold = resolved.number("annotation.isotope_score_threshold")
        // A list that does not read is refused by `validateAdducts` before anything is analysed.
        parameters.adducts = (try? AnnotationParameters.adducts(resolved.choice("annotation.adducts"))) ?? nil
        parameters.maxIsotopes = resolved.optionalInteger("isotopes.max_isotopes") ?? parameters.maxIsotopes
        return parameters
    }

    private static func search(_ resolved: ResolvedConfiguration) -> SearchParameters {
        var parameters = SearchParameters()
        parameters.precursorTolerance = .ppm(resolved.number("matching.precursor_tolerance_ppm"))
        let fragment = resolved.number("matching.fragment_tolerance")
        parameters.fragmentTolerance =
            resolved.choice("matching.fragment_tolerance_unit") == "ppm" ? .ppm(fragment) : .dalton(fragment)
        parameters.search = SearchType(rawValue: resolved.choice("matching.search")) ?? .identity
        parameters.minimumMatchedPeaks = resolved.integer("matching.min_matched_peaks")
        parameters.minimumScore = resolved.number("matching.min_score")
        parameters.top = resolved.integer("matching.top")
        parameters.similarity =
            SimilarityMeasure(rawValue: resolved.choice("matching.similarity")) ?? .spectralEntropy
        parameters.assignment = PeakAssignment(rawValue: resolved.choice("matching.assignment")) ?? .optimal
        parameters.intensityPower = resolved.number("matching.intensity_power")
        parameters.mzPower = resolved.number("matching.mz_power")
        parameters.analog = resolved.boolean("matching.analog")
        parameters.analogMaximumShift = resolved.number("matching.analog_max_shift")
        parameters.noiseFraction = resolved.number("matching.noise_fraction")
        parameters.removePrecursor = resolved.boolean("matching.remove_precursor")
        return parameters
    }
}
