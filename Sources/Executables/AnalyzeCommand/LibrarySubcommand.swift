import Annotation
import ArgumentParser
import Console
import Pipeline
import SpectralMatching

struct LibrarySubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "library", abstract: "Spectral libraries and the compound table: build, extend, look up.",
        discussion: """
            A library is one binary file (.lvsl) that analyze maps into memory. The bundled MassBank subset is ready \
            without any step; these commands make and read libraries of your own.

            Try:   lavoisier library build GNPS.mgf MoNA.msp MassBank-data/ --output mine.lvsl
                   lavoisier library info mine.lvsl
                   lavoisier library search mine.lvsl --name caffeine
                   lavoisier library add mine.lvsl lab.json
                   lavoisier analyze run.mzML --output results --library mine.lvsl

            Sources, plain or gzip, are told apart by their content: MSP (NIST, MassBank, MoNA, MS-DIAL), MGF (GNPS), \
            MassBank records (one, many in a file, or a folder of them), JSON (GNPS, matchms, MoNA), and libraries built \
            before. Records without peaks or without a precursor m/z are skipped; what was skipped is counted, the first \
            cases with their line.

            Duplicates, within one compound (first block of the InChIKey, else the name): the same accession, or the \
            same polarity, adduct, precursor and peaks. The first stays, the later ones are left out and counted; build \
            --keep-duplicates keeps them.
            """,
        subcommands: [Build.self, Add.self, Info.self, Search.self, Prepare.self])

    struct Prepare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build the binary files that analyze maps into memory; done once, kept in the cache folder.",
            discussion: """
                The library, the compound table and the library's decoys, one path a line. analyze does so by itself when they \
                are missing, within its memory limit.
                """)

        @OptionGroup var references: ReferenceOptions

        func run() throws {
            try reportingFailures {
                let paths = try prepared(references)
                let decoys = try ReferenceData.prepareDecoys(
                    of: SpectralLibrary.open(paths[0]), cache: references.locations().cache,
                    note: { Console.note("lavoisier: \($0)") })
                for path in paths + [decoys] { try Console.output("\(path)\n") }
            }
        }
    }
}

/// Paths of the prepared library and compound table.
func prepared(_ references: ReferenceOptions) throws -> [String] {
    let sources = references.sources()
    let cache = references.locations().cache
    guard let library = sources.library, !sources.compounds.isEmpty else {
        throw AnalysisError(
            .referenceData,
            "the bundled libraries were not found; give --library and --compounds, or set LAVOISIER_DATA_DIR")
    }
    return [
        try ReferenceData.prepareLibrary(library, cache: cache, note: { Console.note("lavoisier: \($0)") }),
        try ReferenceData.prepareCompounds(sources.compounds, cache: cache, note: { Console.note("lavoisier: \($0)") }),
    ]
}
