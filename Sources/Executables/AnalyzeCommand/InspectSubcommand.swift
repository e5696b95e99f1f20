import ArgumentParser
import Console
import Foundation
import MzML
import Pipeline

extension ReadingOptions.Reader: ExpressibleByArgument {}

struct InspectSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Tell what is in mzML files, and what is wrong with them.",
        discussion: """
            Reads the metadata of every spectrum and passes over the arrays: points and m/z are then as the file states \
            them. --sums reads every value too, and verifies checksums of any size (without it: of files up to 8 MiB). A \
            folder means all .mzML and .mzML.gz in it.

            The sums are those that any reader can compute: within a spectrum, m/z as 64-bit numbers and intensities as \
            32-bit numbers are added up from the first point to the last in double precision, without compensation; the \
            sums of a level add those of its spectra in file order. They are taken after the repairs that are listed \
            under problems: points without a finite m/z and intensity are dropped, negative intensities are 0, unsorted \
            m/z is sorted. Spectra that are not mass spectra are level 0 and have no points. Observed m/z is what the \
            spectra state as such, or their scan windows.

            --json prints a list with one object per file: path, bytes, container (plain, gzip, bgzip, pipe), isIndexed, \
            mzMLVersion, runID, started, instrument, software, sourceFiles, samples, dataProcessing, declaredSpectra, \
            spectra, levels (level, spectra, emptySpectra, declaredPoints, polarities, representations, \
            retentionTimeSeconds, statedMZ, sums), encodings, extraArrays, precursors (spectra, several, windowOnly), \
            chromatograms, index and checksum (state: right, wrong, absent, not-checked; reason), reader, valuesRead, \
            problems (sentences), failure. A key that has nothing to say is absent.

            --spectra prints a line per spectrum instead, separated by tabs or as JSON: index, id, level, polarity, \
            retentionTimeSeconds, precursorMZ, points, sumMZ, sumIntensity, firstMZ, lastMZ.

            Exit status 65 if a file cannot be read to its end; what was read of it, and the other files, are shown.
            """)

    @Argument(help: ArgumentHelp("mzML files, or folders with mzML files.", valueName: "file"))
    var inputs: [String]

    @Flag(help: "Read every value, and add up m/z and intensity.") var sums = false
    @Flag(help: "A line per spectrum, with its sums.") var spectra = false
    @Flag(help: "JSON instead of text.") var json = false
    @Option(help: "fast, or reference: slowly through libxml2, which also refuses what is not well formed.")
    var reader = ReadingOptions
        .Reader.fast
    @Flag(help: "Take a file that ends too early for one that ends there.") var recover = false

    func run() throws {
        try reportingFailures {
            var options = ReadingOptions()
            options.reader = reader
            options.recoversTruncation = recover
            let inspector = RunInspector(options: options, readsValues: sums || spectra)
            let files = try InputFiles.expand(inputs)
            let names = InputFiles.displayNames(files)
            var failed = false
            var output = InspectionOutput(isJSON: json)
            if spectra, !json { try Console.output(SpectrumLine.header) }
            for (path, name) in zip(files, names) {
                let run = spectra ? try lines(of: path, name, inspector) : inspector.inspect(path)
                if let failure = run.failure {
                    failed = true
                    Console.note("lavoisier: \(failure.message)")
                }
                if spectra {
                    for problem in run.problems.dropFirst(run.failure == nil ? 0 : 1) {
                        Console.note("lavoisier: \(name): \(problem)")
                    }
                } else {
                    try output.add(run, name: name)
                }
            }
            if !spectra { try output.finish() }
            if failed { throw ExitCode(65) }
        }
    }

    /// Prints a file's spectra as they come.
    private func lines(of path: String, _ name: String, _ inspector: RunInspector) throws -> RunInspection {
        var text = ""
        var failure: (any Error)?
        func flush() {
            guard failure == nil else { return }
            do { try Console.output(text) } catch { failure = error }
            text.removeAll(keepingCapacity: true)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let run = inspector.inspect(path) { spectrum in
            let line = SpectrumLine(file: name, spectrum: spectrum)
            if json {
                guard let data = try? encoder.encode(line) else { return }
                text += String(decoding: data, as: UTF8.self) + "\n"
            } else {
                text += line.text
            }
            if text.utf8.count > 1 << 16 { flush() }
        }
        flush()
        if let failure { throw failure }
        return run
    }
}

/// One spectrum of one file.
struct SpectrumLine: Encodable {
    let file: String
    let spectrum: SpectrumSums

    private enum Key: String, CodingKey { case file }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(file, forKey: .file)
        try spectrum.encode(to: encoder)
    }

    static let header = """
        file\tindex\tid\tlevel\tpolarity\tretention_time_s\tprecursor_mz\tpoints\tsum_mz\tsum_intensity\tfirst_mz\tlast_mz

        """

    var text: String {
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        // An id may hold anything.
        let id = String(spectrum.id.map { $0.isNewline || $0 == "\t" ? " " : $0 })
        return [
            file, "\(spectrum.index)", id, "\(spectrum.level)", spectrum.polarity,
            number(spectrum.retentionTimeSeconds), number(spectrum.precursorMZ), "\(spectrum.points)",
            number(spectrum.sumMZ), number(spectrum.sumIntensity), number(spectrum.firstMZ), number(spectrum.lastMZ),
        ].joined(separator: "\t") + "\n"
    }
}
