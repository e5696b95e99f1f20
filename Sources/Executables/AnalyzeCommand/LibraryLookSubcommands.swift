import Annotation
import ArgumentParser
import Console
import Foundation
import Pipeline
import SpectralMatching
import SpectrumModel

extension LibrarySubcommand {
    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What is in a library; without LIBRARY, in the bundled one and the compound table.",
            discussion: """
                JSON: path, bytes, formatVersion, sources (name, hash), cleaning (noiseFraction, maximumPeakCount), \
                checksums (ok, or unchecked without --verify), and contents: spectra, compounds, peaks, withInChIKey, \
                precursorMZ (smallest, largest), polarities, instruments, instrumentTypes, adducts, licences, each a list \
                of value and spectra.
                """)

        @Argument(
            help: ArgumentHelp("A library (.lvsl), or a source that is built into the cache.", valueName: "library"))
        var path: String?
        @OptionGroup var references: ReferenceOptions
        @Flag(help: "Check every byte against the stored checksums.") var verify = false
        @Flag(help: "Print JSON.") var json = false

        func run() throws {
            try reportingFailures {
                guard let path else { return try describePrepared() }
                let library = try opened(path, references)
                if verify { try library.verify() }
                try Console.output(try describe(library))
            }
        }

        private func describePrepared() throws {
            let paths = try prepared(references)
            let library = try SpectralLibrary.open(paths[0])
            let compounds = try CompoundTable.open(paths[1])
            if verify {
                try library.verify()
                try compounds.verify()
            }
            try Console.output(try describe(library))
            if json { return }
            try Console.output(
                """
                compounds  \(compounds.path)
                  sources  \(compounds.sources.joined(separator: "; "))
                  holds    \(compounds.count) compounds, \(compounds.byteCount) bytes
                \(verify ? "checksums  ok\n" : "")
                """)
        }

        private func describe(_ library: SpectralLibrary) throws -> String {
            let description = LibraryDescription(library, isVerified: verify)
            return json ? try description.json() : description.text
        }
    }

    struct Search: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look up spectra by name, InChIKey, formula or precursor m/z.",
            discussion: """
                All conditions that are given must hold. A line per spectrum, in order of polarity and precursor m/z; \
                'lavoisier match' compares peaks.

                Try:   lavoisier library search mine.lvsl --name caffeine --mz 195.0877 --tolerance 5ppm
                       lavoisier library search mine.lvsl --inchikey RYYVLZVUVIJVGH --json
                """)

        @Argument(
            help: ArgumentHelp("A library (.lvsl), or a source that is built into the cache.", valueName: "library"))
        var path: String
        @OptionGroup var references: ReferenceOptions
        @Option(help: "Part of the compound's name, upper or lower case.") var name: String?
        @Option(help: "InChIKey or its beginning; the first block names the skeleton.") var inchikey: String?
        @Option(help: "Whole molecular formula.") var formula: String?
        @Option(help: "m/z of the precursor.") var mz: Double?
        @Option(help: ArgumentHelp("Largest distance from --mz, such as 10ppm or 0.01Da.", valueName: "number+unit"))
        var tolerance: Tolerance = .ppm(10)
        @Option(help: "Spectra to print, at most; the number of all is told.") var limit = 50
        @Flag(help: "Print JSON, peaks included.") var json = false

        func validate() throws {
            guard name != nil || inchikey != nil || formula != nil || mz != nil else {
                throw ValidationError("give --name, --inchikey, --formula or --mz")
            }
            if let mz, !(mz > 0 && mz.isFinite) { throw ValidationError("--mz: a positive number") }
            guard limit >= 1 else { throw ValidationError("--limit: 1 or more") }
        }

        func run() throws {
            try reportingFailures {
                let library = try opened(path, references)
                var query = LibraryQuery()
                query.name = name
                query.inchiKey = inchikey
                query.formula = formula
                query.precursorMZ = mz
                query.tolerance = tolerance
                let positions = library.positions(of: query)
                let shown = positions.prefix(limit).map { FoundSpectrum(library, at: $0) }
                if json {
                    try Console.output(try encoded(FoundSpectra(found: positions.count, spectra: shown)))
                } else {
                    try Console.output(FoundSpectra(found: positions.count, spectra: shown).text)
                }
            }
        }
    }
}

extension Tolerance: ExpressibleByArgument {
    public init?(argument: String) {
        let text = argument.filter { $0 != " " }
        let isPPM = text.lowercased().hasSuffix("ppm")
        guard isPPM || text.lowercased().hasSuffix("da"), let number = Double(text.dropLast(isPPM ? 3 : 2)),
            number >= 0, number.isFinite
        else { return nil }
        self = isPPM ? .ppm(number) : .dalton(number)
    }

    public var defaultValueDescription: String { description }
}

/// Opens a library; a source of spectra is built into the cache first, as analyze does it.
private func opened(_ path: String, _ references: ReferenceOptions) throws -> SpectralLibrary {
    if path.hasSuffix(".lvsl") { return try SpectralLibrary.open(path) }
    let cache = references.locations().cache
    return try SpectralLibrary.open(
        try ReferenceData.prepareLibrary(path, cache: cache, note: { Console.note("lavoisier: \($0)") }))
}

func encoded(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}
