import Annotation
import ArgumentParser
import Console
import Pipeline
import SpectralMatching

struct LibrarySubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "library", abstract: "The spectral library and the compound table.",
        subcommands: [Prepare.self, Info.self])

    struct Prepare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build the binary files that analyze maps into memory; done once, kept in the cache folder.")

        @OptionGroup var references: ReferenceOptions

        func run() throws {
            try reportingFailures {
                for path in try prepared(references) { try Console.output("\(path)\n") }
            }
        }
    }

    struct Info: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What is in the library and the compound table.")

        @OptionGroup var references: ReferenceOptions
        @Flag(help: "Check every byte against the stored checksums.") var verify = false

        func run() throws {
            try reportingFailures {
                let paths = try prepared(references)
                let library = try SpectralLibrary.open(paths[0])
                let compounds = try CompoundTable.open(paths[1])
                if verify {
                    try library.verify()
                    try compounds.verify()
                }
                try Console.output(
                    """
                    library    \(library.path)
                      source   \(library.sourceName), SHA-256 \(library.sourceHash)
                      holds    \(library.count) spectra of \(library.compoundCount) compounds, \(library.byteCount) bytes
                    compounds  \(compounds.path)
                      sources  \(compounds.sources.joined(separator: "; "))
                      holds    \(compounds.count) compounds, \(compounds.byteCount) bytes
                    \(verify ? "checksums  ok\n" : "")
                    """)
            }
        }
    }
}

/// Paths of the prepared library and compound table.
private func prepared(_ references: ReferenceOptions) throws -> [String] {
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
