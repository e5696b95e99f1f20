import ArgumentParser
import Console
import Foundation
import MzML
import Pipeline

struct ConvertSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert", abstract: "Write an mzML file again: packed otherwise, or only a part of it.",
        discussion: """
            Reads mzML, plain or gzip; writes indexed mzML with checksum, gzip where OUT ends in .gz. Native ids, \
            precursors, chromatograms and the header are carried over. What is not carried over is said: arrays other \
            than m/z and intensity, and spectra that are not mass spectra. The selection leaves chromatograms as they are.

            numpress is lossy: m/z to about 1e-7 Da, intensities to about 0.03 % (slof) or to whole counts (pic).
            """)

    enum Packing: String, ExpressibleByArgument, CaseIterable {
        case none, zlib, numpress
        case numpressZlib = "numpress-zlib"
    }

    enum IntensityCoding: String, ExpressibleByArgument, CaseIterable { case slof, pic }

    @Argument(help: ArgumentHelp("The mzML file.", valueName: "in")) var input: String
    @Argument(help: ArgumentHelp("The file to write.", valueName: "out")) var output: String

    @Option(help: "How arrays are packed.") var compression: Packing = .zlib
    @Option(help: "1 (fast) to 12 (small).") var zlibLevel = 6
    @Option(help: "Bits of an m/z: 64 or 32.") var mzPrecision = 64
    @Option(help: "Bits of an intensity: 64 or 32; it is read as 32.") var intensityPrecision = 32
    @Option(help: "Numpress coding of intensities.") var numpressIntensity: IntensityCoding = .slof

    @Option(help: ArgumentHelp("Only spectra of this MS level; may be repeated.", valueName: "level"))
    var msLevel: [Int] = []
    @Option(help: ArgumentHelp("Only spectra between these retention times, in seconds.", valueName: "start:end"))
    var rt: String?
    @Option(help: ArgumentHelp("Only points between these m/z.", valueName: "low:high")) var mz: String?

    @Flag(help: "Keep what comes before a truncation.") var recover = false
    @Flag(help: "Overwrite OUT.") var force = false
    @Flag(help: "No progress on standard error.") var quiet = false

    func validate() throws {
        guard (1...12).contains(zlibLevel) else { throw ValidationError("--zlib-level must be 1 to 12") }
        for (name, bits) in [("mz", mzPrecision), ("intensity", intensityPrecision)] where bits != 32 && bits != 64 {
            throw ValidationError("--\(name)-precision must be 64 or 32")
        }
        guard msLevel.allSatisfy({ (1...100).contains($0) }) else {
            throw ValidationError("--ms-level must be 1 or above")
        }
        _ = try numberRange(rt, "--rt")
        _ = try numberRange(mz, "--mz")
    }

    func run() throws {
        try reportingFailures {
            StopSignals.install()
            try OutputTarget.check(output, source: input, mayReplace: force)
            let progress = FileProgress(LiveLine(mode: .suitable(quiet: quiet)), path: input)
            let summary = try progress.finish(
                convert(
                    source: input, to: output, reading: reading(), writing: writing, progress: progress.report),
                output: output)
            for text in ConversionNotes.left(summary) { Console.note("lavoisier: \(progress.name): \(text)") }
            if !quiet { Console.note(ConversionNotes.summary(summary, output: output)) }
        }
    }

    private func reading() throws -> ReadingOptions {
        var options = ReadingOptions()
        options.recoversTruncation = recover
        options.selection = SpectrumSelection(
            msLevels: msLevel.isEmpty ? nil : Set(msLevel), retentionTimeSeconds: try numberRange(rt, "--rt"),
            mz: try numberRange(mz, "--mz"))
        return options
    }

    private var writing: WritingOptions {
        let isPacked = compression == .zlib || compression == .numpressZlib
        var options = WritingOptions(compression: isPacked ? .zlib : .none)
        options.mz.precision = mzPrecision == 32 ? .single : .double
        options.intensity.precision = intensityPrecision == 64 ? .double : .single
        if compression == .numpress || compression == .numpressZlib {
            options.mz.numpress = .linear
            options.intensity.numpress = numpressIntensity == .pic ? .pic : .slof
        }
        options.zlibLevel = zlibLevel
        options.programVersion = LavoisierVersion.current
        return options
    }
}

/// What `convert` says when it is done.
enum ConversionNotes {
    /// What is not in the new file, and what is not as it was.
    static func left(_ summary: ConversionSummary) -> [String] {
        let counts = summary.counts
        var notes = summary.warnings
        func note(_ count: Int, _ text: (String) -> String) {
            if count > 0 { notes.append(text(count == 1 ? "1" : "\(count)")) }
        }
        note(summary.nonMassSpectra) { "\($0) spectra that are not mass spectra were not carried over" }
        for (kind, count) in counts.skippedArrayKinds.sorted(by: { $0.key < $1.key }) where count > 0 {
            notes.append("\(count) arrays of \(ArrayKind.name(kind)) were not carried over")
        }
        let named = counts.skippedArrayKinds.values.reduce(0, +)
        note(counts.skippedArrays - named) { "\($0) arrays other than m/z and intensity were not carried over" }
        note(counts.unsortedSpectra) { "\($0) spectra were sorted by m/z" }
        note(counts.droppedPoints) { "\($0) points without a finite m/z and intensity were left out" }
        note(counts.clampedIntensities) { "\($0) negative intensities became 0" }
        note(counts.timesWithoutUnit) { "\($0) retention times without a unit were taken as seconds" }
        note(summary.arraysBeyondNumpress) { "\($0) arrays that Numpress cannot hold were written without it" }
        return notes
    }

    static func summary(_ summary: ConversionSummary, output: String) -> String {
        let selected = summary.deselectedSpectra > 0 ? " (\(summary.deselectedSpectra) left out)" : ""
        let chromatograms = summary.chromatograms > 0 ? ", \(summary.chromatograms) chromatograms" : ""
        let megabytes = (Double(summary.byteCount) / 1e5).rounded() / 10
        return
            "\(summary.spectra) spectra\(selected), \(summary.points) points\(chromatograms), \(megabytes) MB of mzML "
            + "in \(output)"
    }
}
