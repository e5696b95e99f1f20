import ArgumentParser
import Console
import Foundation
import MzML
import Pipeline
import RunSimulation
import SpectrumModel

extension Polarity: ExpressibleByArgument {
    public init?(argument: String) {
        switch argument {
        case "positive": self = .positive
        case "negative": self = .negative
        default: return nil
        }
    }

    public static var allValueStrings: [String] { ["positive", "negative"] }
}

struct SimulateSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Put peaks that are known into the scans of a real run, to see what an analysis finds.",
        discussion: """
            Reads BACKGROUND, a centroid run, and writes it to OUT with ions whose m/z, time, area, charge and isotopes \
            are known; gzip where OUT ends in .gz. Real points stay, unless a signal is too close for the instrument to \
            tell the two apart: they merge. Spectra of other levels and of the other polarity pass through unchanged. \
            TRUTH has one row per ion, in the form that 'lavoisier evaluate' reads, with its signal-to-noise, shape and \
            isotope ratios behind.

            Try:   lavoisier simulate run.mzML sim.mzML --truth truth.tsv --seed 7
                   lavoisier analyze sim.mzML --output results
                   lavoisier evaluate results --truth truth.tsv

            Ions: charge 1 or 2, isotopologues by their carbon count; Gaussian, or with an exponential tail; heights \
            uniform in their logarithm over four decades; some in pairs that overlap in m/z or in time. Noise: counting \
            (relative, 1 / square root of the ions), a spray that flickers, m/z that scatters more for weak signals; \
            what is below a scan's detection limit is missing.

            --permute shuffles the contents of the MS1 scans, the times staying as they are: no chromatographic peak is \
            left, so what is found then is false. With --peaks 0 nothing else is done.

            The same background, options and seed give the same result on every machine. Equations: docs/simulation.md.
            """)

    enum Packing: String, ExpressibleByArgument, CaseIterable { case none, zlib }
    enum Analyzer: String, ExpressibleByArgument, CaseIterable {
        case orbitrap, tof, fticr
        case unitResolution = "unit-resolution"
    }

    @Argument(help: ArgumentHelp("The mzML file with real scans.", valueName: "background")) var background: String
    @Argument(help: ArgumentHelp("The mzML file to write.", valueName: "out")) var output: String
    @Option(
        help: ArgumentHelp("The table of injected ions to write; may be left out with --peaks 0.", valueName: "file"))
    var truth: String?

    @Option(help: "Ions to inject.") var peaks = 200
    @Option(help: "Of everything that is drawn.") var seed: UInt64 = 1
    @Option(help: ArgumentHelp("Shuffle the contents of the MS1 scans.", valueName: "seed")) var permute: UInt64?
    @Option(
        help: ArgumentHelp("Apex heights in counts. Default: from twice the detection limit.", valueName: "low:high"))
    var intensity: String?
    @Option(help: "Decades that heights span, without --intensity. Default: 4.") var decades: Double?
    @Option(
        help: ArgumentHelp(
            "Full widths at half maximum in seconds. Default: 6 to 30 scan intervals.", valueName: "low:high"))
    var width: String?
    @Option(help: "Part of the ions with a tail.") var tailing = 0.5
    @Option(help: ArgumentHelp("Tail over Gaussian width (tau / sigma).", valueName: "low:high")) var tau = "0.5:3"
    @Option(help: ArgumentHelp("Range of the monoisotopic m/z. Default: the background's.", valueName: "low:high"))
    var mz: String?
    @Option(help: ArgumentHelp("Where whole peaks lie, in seconds. Default: all of the run.", valueName: "start:end"))
    var rt: String?
    @Option(help: "Polarity of the scans to inject into. Default: that of most MS1 spectra.") var polarity: Polarity?
    @Option(help: "Part of the ions with charge 2.") var doublyCharged = 0.1
    @Option(help: "Isotopologues per ion at most, 1 to 10.") var isotopologues = 4
    @Option(help: "Part of the ions in overlapping pairs.") var overlaps = 0.2
    @Option(help: "Widths of the resolution that other ions keep apart while they elute.") var separation = 3.0
    @Option(help: "How resolution follows m/z. Default: as the file's instrument.") var analyzer: Analyzer?
    @Option(help: "m/z over width, at m/z 200. Default: from the distances of neighbouring real points.")
    var resolvingPower: Double?
    @Option(help: ArgumentHelp("One width for all m/z, instead.", valueName: "dalton")) var resolutionDalton: Double?
    @Option(help: "Detection limit: this quantile of a scan's intensities.") var limitQuantile = 0.05
    @Option(help: "Ions in a signal at the detection limit: the fewer, the noisier.") var ionsAtLimit = 10.0
    @Option(help: "Relative standard deviation of the spray.") var sprayNoise = 0.03
    @Option(help: ArgumentHelp("m/z scatter of strong signals.", valueName: "ppm")) var mzNoise = 0.5

    @Flag(help: "Rows for M+1, M+2 ... too.") var everyIsotopologue = false
    @Flag(help: "Take spectra that do not say so for centroid.") var assumeCentroid = false
    @Option(help: "How arrays are packed; without, the bytes do not depend on the zlib of the machine.")
    var compression: Packing = .zlib
    @Flag(help: "Print what was used and written as JSON.") var json = false
    @Flag(help: "Overwrite OUT and TRUTH.") var force = false
    @Flag(help: "No progress and no summary on standard error.") var quiet = false

    func validate() throws {
        if truth == nil, peaks > 0 { throw ValidationError("--truth says where the table of injected ions goes") }
        if intensity != nil, decades != nil { throw ValidationError("give --intensity or --decades, not both") }
        do { try parameters().validate() } catch let error as SimulationError { throw ValidationError("\(error)") }
    }

    func run() throws {
        try reportingFailures {
            StopSignals.install()
            try checkTargets()
            let progress = FileProgress(LiveLine(mode: .suitable(quiet: quiet)), path: background)
            var writing = WritingOptions(compression: compression == .zlib ? .zlib : .none)
            writing.programVersion = LavoisierVersion.current
            let summary = try progress.finish(
                simulate(
                    background: background, to: output, truth: truth, parameters: try parameters(), writing: writing,
                    listsIsotopologues: everyIsotopologue, progress: progress.report),
                output: output)
            for text in SimulationNotes.left(summary) { Console.note("lavoisier: \(progress.name): \(text)") }
            if !quiet { Console.note(SimulationNotes.summary(summary, output: output, truth: truth)) }
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
                try Console.output(String(decoding: try encoder.encode(summary), as: UTF8.self) + "\n")
            }
        }
    }

    private func checkTargets() throws {
        try OutputTarget.check(output, source: background, mayReplace: force)
        guard let truth else { return }
        try OutputTarget.check(truth, source: background, mayReplace: force)
        let paths = [output, truth].map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        if paths[0] == paths[1] { throw ValidationError("OUT and --truth are the same file") }
    }

    private func parameters() throws -> SimulationParameters {
        var parameters = SimulationParameters()
        parameters.peakCount = peaks
        parameters.seed = seed
        parameters.permutationSeed = permute
        parameters.apexIntensity = try numberRange(intensity, "--intensity")
        parameters.decades = decades ?? parameters.decades
        parameters.fullWidthSeconds = try numberRange(width, "--width")
        parameters.tailingFraction = tailing
        parameters.tailing = try numberRange(tau, "--tau") ?? parameters.tailing
        parameters.mz = try numberRange(mz, "--mz")
        parameters.retentionTimeSeconds = try numberRange(rt, "--rt")
        parameters.polarity = polarity
        parameters.doublyChargedFraction = doublyCharged
        parameters.isotopologueLimit = isotopologues
        parameters.overlapFraction = overlaps
        parameters.separation = separation
        parameters.instrumentClass = analyzer.flatMap { InstrumentClass(rawValue: $0.rawValue) }
        parameters.resolvingPower = resolvingPower
        parameters.resolutionDalton = resolutionDalton
        parameters.limitQuantile = limitQuantile
        parameters.ionsAtLimit = ionsAtLimit
        parameters.sprayNoise = sprayNoise
        parameters.mzNoisePPM = mzNoise
        parameters.acceptsUnstatedRepresentation = assumeCentroid
        return parameters
    }
}

/// What `simulate` says when it is done.
enum SimulationNotes {
    static func left(_ summary: SimulationSummary) -> [String] {
        var notes = summary.warnings
        if summary.chromatogramsLeftOut > 0 {
            notes.append(
                "\(summary.chromatogramsLeftOut) total-ion or base-peak chromatograms were left out: no longer true")
        }
        if summary.nonMassSpectra > 0 {
            notes.append("\(summary.nonMassSpectra) spectra that are not mass spectra were not carried over")
        }
        return notes
    }

    static func summary(_ summary: SimulationSummary, output: String, truth: String?) -> String {
        var text = "\(summary.spectra) spectra in \(output)"
        if let seed = summary.permutationSeed {
            text += "; \(summary.targetScans) MS1 scans shuffled with seed \(seed)"
        }
        if summary.ions > 0 {
            text += "; \(summary.ions) ions (\(summary.traces) traces) in \(summary.changedScans) of "
            text += "\(summary.targetScans) scans, \(summary.addedPoints) points added, \(summary.mergedPoints) merged "
            text += "with real ones"
        }
        return text + (truth.map { "; table in \($0)" } ?? "")
    }
}
