import MzML
import SpectrumModel

/// Injects chromatographic peaks that are known into the scans of a real run, and writes the run and the table of them.
///
/// Every real point stays, unless a signal merges with it; other spectra pass through unchanged. Reads the background
/// twice (three times where scans are permuted). Memory: reading, writing, the injected ions and 12 bytes per scan; 40
/// where scans are permuted. The same background, parameters and writing options give the same points and the same
/// table on every machine, and without compression the same bytes.
///
/// - Parameters:
///   - truth: where the table goes; `nil` for none.
///   - listsIsotopologues: whether M+1, M+2 ... have rows of their own in it.
///   - progress: called with the fraction done, 0...1; false stops, and leaves nothing behind.
/// - Returns: `nil` when it was stopped.
/// - Throws: `SimulationError`, and the `MzMLError` of reading and writing.
public func simulate(
    background: String, to output: String, truth: String?, parameters: SimulationParameters,
    writing: WritingOptions = WritingOptions(), listsIsotopologues: Bool = false,
    progress: (Double) -> Bool = { _ in true }
) throws -> SimulationSummary? {
    try parameters.validate()
    let passes = parameters.permutationSeed == nil ? 2.0 : 3.0
    func report(_ pass: Double, _ fraction: Double) throws {
        if !progress((pass + fraction) / passes) { throw Stopped() }
    }
    do {
        let survey = try BackgroundSurvey(path: background, parameters: parameters) { try report(0, $0) }
        let ranges = try ResolvedRanges(parameters, survey)
        let plan = try InjectionPlan(parameters, ranges, polarity: survey.polarity)
        var permutation: ScanPermutation?
        if let seed = parameters.permutationSeed {
            permutation = try ScanPermutation(
                of: background, polarity: survey.polarity, seed: seed, beside: output
            ) { try report(1, $0) }
        }
        var rewriting = RunRewriting(
            survey: survey, permutation: permutation,
            injector: ScanInjector(
                plan.ions, parameters, ranges.resolution, highestMZ: survey.mz.upperBound))
        let name = fileName(output)
        let writer = try IndexedMzMLWriter(
            path: output, header: writtenHeader(survey.header, background, parameters),
            spectrumCount: survey.spectrumCount, options: writing)
        try rewriting.write(background, to: writer) { try report(passes - 1, $0) }
        let table = SimulatedTruth(
            ions: plan.ions, records: rewriting.injector.records, ranges: ranges,
            source: "simulated, seed \(parameters.seed)", file: name, leastHalfWindow: survey.medianInterval,
            listsIsotopologues: listsIsotopologues)
        let pending = try truth.map { path throws(SimulationError) in try PendingText(table.text, for: path) }
        do {
            try writer.finish()
        } catch {
            pending?.discard()
            throw error
        }
        try pending?.finish()
        return rewriting.summary(parameters, ranges, plan, writer)
    } catch is Stopped {
        return nil
    }
}

/// The caller wants no more.
private struct Stopped: Error {}

private func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

/// The header of the new file: it says that it was simulated, and on which file.
private func writtenHeader(
    _ original: RunHeader, _ background: String, _ parameters: SimulationParameters
) -> RunHeader {
    var header = original
    let format = header.sourceFileList.lazy.compactMap(\.nativeIDFormat).first
    header.sourceFileList.append(
        RunHeader.SourceFile(
            name: fileName(background),
            terms: [
                CVTerm(accession: 1_000_584, name: "mzML format"),
                format ?? CVTerm(accession: 1_000_824, name: "no nativeID format"),
            ]))
    var what: [String] = []
    if let seed = parameters.permutationSeed { what.append("scans permuted (seed \(seed))") }
    if parameters.peakCount > 0 {
        what.append("\(parameters.peakCount) simulated ions injected (seed \(parameters.seed))")
    }
    guard !what.isEmpty else { return header }
    let id = "simulation"
    header.softwareList.append(
        RunHeader.Software(
            id: id, version: "",
            terms: [
                CVTerm(
                    accession: 1_000_799, name: "custom unreleased software tool",
                    value: "Lavoisier simulate: " + what.joined(separator: ", "))
            ]))
    let step = RunHeader.DataProcessing.Step(
        softwareID: id, terms: [CVTerm(accession: 1_000_543, name: "data processing action")])
    if header.dataProcessing.count == 1 {
        header.dataProcessing[0].steps.append(step)
    } else {
        header.dataProcessing.append(RunHeader.DataProcessing(id: id, steps: [step]))
    }
    return header
}
