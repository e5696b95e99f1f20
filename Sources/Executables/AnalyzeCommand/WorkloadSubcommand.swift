import ArgumentParser
import Console
import Foundation
import Pipeline
import Workloads

struct WorkloadSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workload", abstract: "The bundled runs that tuning and benchmarks use.",
        subcommands: [List.self, Prepare.self, Verify.self])

    struct FolderOptions: ParsableArguments {
        @Option(name: .customLong("workloads"), help: "Folder with the workloads. Default: the project's.")
        var folder: String?

        func catalog() throws -> WorkloadCatalog {
            if let folder { return try WorkloadCatalog(root: folder) }
            guard let found = Self.locations().workloads else {
                throw AnalysisError(
                    .badInput, "the bundled workloads were not found; give --workloads FOLDER or set LAVOISIER_DATA_DIR"
                )
            }
            return try WorkloadCatalog(root: found)
        }

        static func locations() -> DataLocations {
            DataLocations.standard(
                environment: ProcessInfo.processInfo.environment, programPath: DataLocations.programPath)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print all workloads.",
            discussion: """
                Type: metabolomics_analysis (MS1 and some MS/MS), spectral_matching (more MS/MS spectra than features) or \
                feature_detection (MS1 only). Complexity: features per minute of chromatography, low below 100, high from \
                1,000. 'lavoisier-tune --workload-type TYPE --size SIZE --complexity COMPLEXITY' chooses by them.
                """)

        @OptionGroup var folder: FolderOptions

        func run() throws {
            try reportingFailures {
                var table = ConsoleTable(
                    header: [
                        "name", "tier", "type", "size", "complexity", "MB", "polarity", "MS levels", "truth", "title",
                    ],
                    alignments: [.left, .left, .left, .left, .left, .right, .left, .left, .left, .left])
                for workload in try folder.catalog().workloads {
                    table.append([
                        workload.name, workload.tier.rawValue, workload.type?.rawValue ?? "-", workload.size.rawValue,
                        workload.complexity?.rawValue ?? "-",
                        String((workload.totalBytes + 50_000) / 100_000 * 100_000 / 1_000_000),
                        "\(workload.polarity)", workload.msLevels.map(String.init).joined(separator: ","),
                        workload.truthPath == nil ? "no" : "yes", workload.title,
                    ])
                }
                try Console.output(table.text)
            }
        }
    }

    struct Prepare: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make what is made on first use (tiled runs), into the cache folder, and print its paths.")

        @OptionGroup var folder: FolderOptions
        @Argument(help: "Names of workloads; all when none is given.") var names: [String] = []

        func run() throws {
            try reportingFailures {
                StopSignals.install()
                let catalog = try folder.catalog()
                let cache = FolderOptions.locations().cache
                let line = LiveLine(mode: .suitable(quiet: false))
                for workload in try select(names, from: catalog) {
                    let files = try workload.prepare(cacheDirectory: cache) { fraction in
                        line.update("preparing \(workload.name): \(Int(fraction * 100)) %")
                    }
                    line.clear()
                    for file in files { try Console.output("\(workload.name)\t\(file)\n") }
                }
            }
        }
    }

    struct Verify: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Compare sizes and SHA-256 of all data files with the manifests.")

        @OptionGroup var folder: FolderOptions
        @Argument(help: "Names of workloads; all when none is given.") var names: [String] = []

        func run() throws {
            try reportingFailures {
                let catalog = try folder.catalog()
                let cache = FolderOptions.locations().cache
                var failed = false
                for workload in try select(names, from: catalog) {
                    let problems = workload.verify(cacheDirectory: cache)
                    // What is made on first use is allowed to be absent.
                    let serious = problems.filter { $0.code != .notPrepared }
                    failed = failed || !serious.isEmpty
                    let state = problems.isEmpty ? "ok" : serious.isEmpty ? "not prepared yet" : "damaged"
                    try Console.output("\(workload.name)\t\(state)\n")
                    for problem in serious { Console.note("lavoisier: \(problem)") }
                }
                if failed { throw ExitCode(65) }
            }
        }
    }
}

private func select(_ names: [String], from catalog: WorkloadCatalog) throws -> [Workload] {
    names.isEmpty ? catalog.workloads : try names.map { try catalog.find($0) }
}
