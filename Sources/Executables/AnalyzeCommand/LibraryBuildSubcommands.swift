import ArgumentParser
import Console
import Foundation
import SpectralMatching

extension LibrarySubcommand {
    struct Build: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build a library from files of reference spectra.",
            discussion: """
                SOURCE is a file of any readable format or a folder, in which every .txt, .msp, .mgf and .json (or .gz) is \
                read and files of another kind are left out. Prints what was taken in, what was left out and why.
                """)

        @Argument(help: ArgumentHelp("Files or folders of reference spectra.", valueName: "source"))
        var sources: [String]
        @Option(name: [.short, .long], help: ArgumentHelp("The library to write.", valueName: "file.lvsl"))
        var output: String
        @Flag(help: "Overwrite an existing file.") var force = false
        @Option(help: "Peaks below this fraction of the base peak are left out; 0 keeps all.") var noiseFraction = 0.01
        @Option(help: "Most intense peaks kept of a spectrum.") var maxPeaks = 512
        @Flag(help: "Keep spectra that came before, too; they are counted all the same.") var keepDuplicates = false
        @Option(help: "Cases to print of what was skipped, at most 100.") var show = 10

        func validate() throws {
            guard noiseFraction >= 0, noiseFraction < 1 else { throw ValidationError("--noise-fraction: 0 to below 1") }
            guard (1...100_000).contains(maxPeaks) else { throw ValidationError("--max-peaks: 1 to 100000") }
            guard show >= 0 else { throw ValidationError("--show: 0 or more") }
            guard output.hasSuffix(".lvsl") else {
                throw ValidationError("--output: a library ends in .lvsl, so that other commands know it")
            }
        }

        func run() throws {
            try reportingFailures {
                for source in sources { try OutputTarget.check(output, source: source, mayReplace: force) }
                let report = try SpectralLibraryBuilder.build(
                    sources: sources, destination: output,
                    cleaning: PeakCleaning(noiseFraction: noiseFraction, maximumPeakCount: maxPeaks),
                    keepsDuplicates: keepDuplicates)
                try Console.output(
                    BuildText(report: report, path: output, cases: show, keepsDuplicates: keepDuplicates).text)
            }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add reference spectra to a library.",
            discussion: """
                Writes a new file from the stored spectra and the sources, then puts it in the library's place: other \
                programs see the old library or the new one, never a part. Added spectra are cleaned as the library's \
                were. A spectrum that the library has already stays as it is there.
                """)

        @Argument(help: ArgumentHelp("A library that was built (.lvsl).", valueName: "library")) var library: String
        @Argument(help: ArgumentHelp("Files or folders of reference spectra.", valueName: "source"))
        var sources: [String]
        @Option(help: "Cases to print of what was skipped, at most 100.") var show = 10

        func validate() throws {
            guard !sources.isEmpty else { throw ValidationError("give at least one source") }
            guard show >= 0 else { throw ValidationError("--show: 0 or more") }
        }

        func run() throws {
            try reportingFailures {
                let base = try SpectralLibrary.open(library)
                // A damaged library must not be written again with fresh checksums.
                try base.verify()
                let report = try SpectralLibraryBuilder.build(
                    sources: sources, destination: library, cleaning: base.cleaning, base: base)
                let added = report.spectra - base.count
                try Console.output(BuildText(report: report, path: library, cases: show, added: added).text)
            }
        }
    }
}

/// What a build took in and left out, for people.
struct BuildText {
    let report: SpectralLibraryBuilder.Report
    let path: String
    let cases: Int
    var added: Int?
    var keepsDuplicates = false

    var text: String {
        let source = report.source
        var lines = [
            "library    \(path)",
            "  holds    \(report.spectra) spectra of \(report.compounds) compounds, \(report.peaks) peaks",
        ]
        if let added { lines.append("  added    \(added) spectra") }
        for origin in report.sources { lines.append("  source   \(origin.name), SHA-256 \(origin.hash)") }
        lines.append("  skipped  \(source.skippedRecords) records, \(source.skippedValues) values or peaks")
        lines.append(
            "  repeated \(report.duplicates) spectra that came before\(keepsDuplicates ? ", kept" : ", left out")")
        for problem in SourceProblem.allCases {
            if let count = source.problems[problem] { lines.append("           \(count) \(problem.rawValue)") }
        }
        let missing = LibraryField.allCases.compactMap { field in
            source.missing[field].map { "\(field.rawValue) \($0)" }
        }
        if !missing.isEmpty { lines.append("  without  " + missing.joined(separator: ", ")) }
        if source.derivedPolarities > 0 {
            lines.append("  polarity told by adduct or charge: \(source.derivedPolarities) spectra")
        }
        for issue in source.issues.prefix(cases) { lines.append("  first    \(issue)") }
        return lines.joined(separator: "\n") + "\n"
    }
}
