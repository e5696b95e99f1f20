import SpectrumModel

/// Tells what mzML files hold, from their metadata alone or from every value.
///
/// Memory: that of reading, and 24 bytes per spectrum; of the chromatograms, as `SpectrumReader.chromatograms`.
public struct RunInspector: Sendable {
    /// A checksum of a larger file is only verified where all values are read.
    private static let checksumBytes = 8 << 20

    private let options: ReadingOptions
    private let readsValues: Bool
    private let maximumPoints: Int

    /// - Parameters:
    ///   - options: how files are read; all of them is, whatever their `selection`.
    ///   - readsValues: decodes all arrays of m/z and intensity, and adds them up.
    ///   - maximumPoints: as for `SpectrumDecoder`.
    public init(
        options: ReadingOptions = ReadingOptions(), readsValues: Bool = false,
        maximumPoints: Int = SpectrumDecoder.maximumPointsPerSpectrum
    ) {
        var options = options
        options.selection = .everything
        self.options = options
        self.readsValues = readsValues
        self.maximumPoints = maximumPoints
    }

    /// Reads a file to its end, or to what stops the reading: then `failure` says it.
    ///
    /// - Parameter eachSpectrum: called for every spectrum in order, where values are read. The sums of a spectrum add
    ///   its points from the first to the last, in double precision and as they are repaired.
    public func inspect(_ path: String, eachSpectrum: (SpectrumSums) -> Void = { _ in }) -> RunInspection {
        var run = RunInspection(path: path, valuesRead: readsValues)
        do throws(MzMLError) {
            let checks = try FileChecks(path: path)
            run.bytes = checks.size
            run.container = checks.container
            var survey = RunSurvey()
            do throws(MzMLError) {
                try read(path, &run, &survey, checks, eachSpectrum)
            } catch {
                fail(error, &run)
            }
            survey.describe(&run)
            conclude(&run, survey)
        } catch {
            fail(error, &run)
            run.problems.append(error.reason)
        }
        return run
    }

    private func fail(_ error: MzMLError, _ run: inout RunInspection) {
        run.failure = RunInspection.Failure(
            code: error.code.rawValue, message: error.description, byteOffset: error.byteOffset,
            spectrumIndex: error.spectrumIndex, spectrumID: error.spectrumID)
    }

    private func read(
        _ path: String, _ run: inout RunInspection, _ survey: inout RunSurvey, _ checks: borrowing FileChecks,
        _ eachSpectrum: (SpectrumSums) -> Void
    ) throws(MzMLError) {
        var reported = 0
        if options.reader == .fast {
            do throws(MzMLError) {
                try readFast(path, &run, &survey, checks) { spectrum in
                    reported = spectrum.index + 1
                    eachSpectrum(spectrum)
                }
                return
            } catch {
                guard error.code == .beyondScanner else { throw error }
                try requireRereadable(path, error.reason + ": the reference reader")
            }
            survey = RunSurvey()
            run.problems = []
        }
        try readByReference(path, &run, &survey, checks) { spectrum in
            if spectrum.index >= reported { eachSpectrum(spectrum) }
        }
    }

    // MARK: The two readers

    private func readFast(
        _ path: String, _ run: inout RunInspection, _ survey: inout RunSurvey, _ checks: borrowing FileChecks,
        _ eachSpectrum: (SpectrumSums) -> Void
    ) throws(MzMLError) {
        let source = try MzMLChunkSource(path: path, options: options)
        run.describe(source.header)
        var decoder = SpectrumDecoder(header: source.header, maximumPoints: maximumPoints)
        var scan = ElementScan(header: source.header)
        var facts: [SpectrumFacts] = []
        var block = SpectrumBlock()
        // What came before a defect has been taken in and stays.
        defer { run.problems += source.warnings }
        while let chunk = try source.next() {
            facts.removeAll(keepingCapacity: true)
            block.removeAll()
            var failure: MzMLError?
            do throws(MzMLError) {
                if readsValues {
                    do throws(MzMLError) {
                        try decoder.decode(chunk, into: &block)
                    } catch {
                        if error.code == .cutMismatch || error.code == .beyondScanner { throw error }
                        failure = error
                    }
                }
                do throws(MzMLError) {
                    try scan.read(
                        chunk, count: readsValues ? block.count : chunk.count, isDecoded: readsValues, into: &facts)
                } catch {
                    if error.code == .beyondScanner || chunk.cut != .careful { throw error }
                    failure = failure ?? error
                }
            } catch {
                guard error.code != .beyondScanner else { throw error }
                try source.readCarefully(from: chunk)
                continue
            }
            take(facts, block, &survey, eachSpectrum)
            if readsValues { survey.takeValues(decoder.counts) }
            if let failure { throw failure }
            source.recycle(chunk)
        }
        if !source.isCutOff { readChromatograms(&run, checks) { () throws(MzMLError) in try source.chromatograms() } }
        try check(&run, survey, checks, source.header)
    }

    private func readByReference(
        _ path: String, _ run: inout RunInspection, _ survey: inout RunSurvey, _ checks: borrowing FileChecks,
        _ eachSpectrum: (SpectrumSums) -> Void
    ) throws(MzMLError) {
        run.reader = .reference
        let reader = try ReferenceSpectrumReader(path: path, options: options, maximumPoints: maximumPoints)
        run.describe(reader.header)
        reader.readsValues = readsValues
        var facts: [SpectrumFacts] = []
        reader.observe = { facts.append(SpectrumFacts($0)) }
        var block = SpectrumBlock()
        defer { run.problems += reader.warnings }
        while try reader.next(into: &block, limit: options.spectraPerChunk) {
            take(facts, block, &survey, eachSpectrum)
            if readsValues { survey.takeValues(reader.counts) }
            facts.removeAll(keepingCapacity: true)
            block.removeAll()
        }
        run.describe(reader.chromatograms)
        try check(&run, survey, checks, reader.header)
    }

    private func take(
        _ facts: [SpectrumFacts], _ block: SpectrumBlock, _ survey: inout RunSurvey,
        _ eachSpectrum: (SpectrumSums) -> Void
    ) {
        for (i, fact) in facts.enumerated() {
            survey.take(fact)
            guard readsValues else { continue }
            let spectrum = SpectrumSums(block.headers[i], id: fact.id, points: block.points(of: i), of: block)
            survey.add(spectrum)
            eachSpectrum(spectrum)
        }
    }

    // MARK: What stands behind the spectra

    private func readChromatograms(
        _ run: inout RunInspection, _ checks: borrowing FileChecks,
        _ read: () throws(MzMLError) -> [Chromatogram]
    ) {
        guard checks.container != .pipe else {
            run.problems.append("the chromatograms are not read from a pipe")
            return
        }
        do throws(MzMLError) {
            run.describe(try read())
        } catch {
            run.problems.append("the chromatograms cannot be read: \(error.reason)")
        }
    }

    private func check(
        _ run: inout RunInspection, _ survey: RunSurvey, _ checks: borrowing FileChecks, _ header: RunHeader
    ) throws(MzMLError) {
        run.index = checks.index(spectraAt: survey.offsets, header: header)
        if readsValues || checks.size <= Self.checksumBytes {
            run.checksum = try checks.checksum()
        } else {
            run.checksum.reason = "with all values only"
        }
    }

    private func conclude(_ run: inout RunInspection, _ survey: RunSurvey) {
        if let failure = run.failure {
            // The file is known here; a byte and a spectrum remain.
            let isNamed = [",", ":"].contains { failure.message.hasPrefix(run.path + $0) }
            run.problems.insert(
                "reading stopped: \(failure.message.dropFirst(isNamed ? run.path.count + 2 : 0))", at: 0)
        }
        if run.index.state == .wrong, let reason = run.index.reason {
            run.problems.append("the index is wrong: \(reason)")
        }
        if run.checksum.state == .wrong, let reason = run.checksum.reason {
            run.problems.append("the checksum is wrong: \(reason)")
        }
        if survey.repeatedIDs.count > 0 {
            run.problems.append(
                "\(counted(survey.repeatedIDs.count, "spectrum has", "spectra have")) the id of an earlier one; the first is "
                    + "\"\(survey.repeatedIDs.first)\"")
        }
        if survey.withoutTime > 0 {
            run.problems.append("\(counted(survey.withoutTime, "spectrum states", "spectra state")) no retention time")
        }
        run.problems += survey.counts.repairs
    }
}

// MARK: - From the model of the reader

extension SpectrumSums {
    fileprivate init(_ header: SpectrumHeader, id: String, points: Range<Int>, of block: SpectrumBlock) {
        index = header.index
        self.id = id
        level = header.msLevel
        polarity = header.polarity.symbol
        retentionTimeSeconds = header.retentionTimeSeconds.isFinite ? header.retentionTimeSeconds : nil
        precursorMZ = header.precursor?.mz
        self.points = points.count
        var sums = (mz: 0.0, intensity: 0.0)
        block.mz.withUnsafeBufferPointer { mz in
            block.intensity.withUnsafeBufferPointer { intensity in
                for i in points {
                    sums.mz += mz[i]
                    sums.intensity += Double(intensity[i])
                }
            }
        }
        (sumMZ, sumIntensity) = sums
        firstMZ = points.isEmpty ? nil : block.mz[points.lowerBound]
        lastMZ = points.isEmpty ? nil : block.mz[points.upperBound - 1]
    }
}

extension RunInspection {
    fileprivate init(path: String, valuesRead: Bool) {
        self.path = path
        self.valuesRead = valuesRead
    }

    fileprivate mutating func describe(_ header: RunHeader) {
        isIndexed = header.isIndexed
        mzMLVersion = header.mzMLVersion
        runID = header.runID
        started = header.startTimestamp
        func names(_ terms: [CVTerm]) -> [String] {
            terms.map { $0.value.isEmpty ? $0.name : "\($0.name) \($0.value)" }
        }
        // Attributes of a part (accuracy, resolution) have values, its kinds have none.
        func kinds(_ terms: [CVTerm]) -> [String] { names(terms.filter { $0.value.isEmpty }) }
        instrument = Instrument(
            name: header.instrumentName, kind: header.instrumentClass.rawValue,
            serialNumber: header.instrumentSerialNumber, ionSources: kinds(header.ionSources),
            analyzers: kinds(header.analyzers), detectors: kinds(header.detectors))
        software = header.softwareList.map { Software(name: $0.name, version: $0.version) }
        sourceFiles = header.sourceFileList.map {
            SourceFile(name: $0.name, format: $0.fileFormat?.name, nativeIDFormat: $0.nativeIDFormat?.name)
        }
        samples = header.samples.map { $0.name.isEmpty ? $0.id : $0.name }
        let programs = Dictionary(header.softwareList.map { ($0.id, $0.name) }) { first, _ in first }
        dataProcessing = header.dataProcessing.flatMap(\.steps).map { step in
            let actions = step.terms.isEmpty ? "not stated" : names(step.terms).joined(separator: ", ")
            return programs[step.softwareID].map { "\(actions) (\($0))" } ?? actions
        }
        declaredSpectra = header.declaredSpectrumCount
    }

    fileprivate mutating func describe(_ found: [Chromatogram]) {
        chromatograms = Chromatogram.Kind.allCases.compactMap { kind in
            let ofKind = found.filter { $0.kind == kind }
            guard !ofKind.isEmpty else { return nil }
            return Chromatograms(
                kind: kind.rawValue, count: ofKind.count, points: ofKind.reduce(0) { $0 + $1.intensities.count })
        }
    }
}
