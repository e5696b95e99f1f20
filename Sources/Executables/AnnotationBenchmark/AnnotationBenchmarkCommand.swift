import Annotation
import ArgumentParser
import Foundation
import Pipeline
import SpectrumModel

/// The program `lavoisier-annotation-benchmark`.
@main
struct AnnotationBenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lavoisier-annotation-benchmark",
        abstract: "CPU time of one worker for naming features by exact mass; prints JSON.")

    @Option(help: "Features per pass.") var features = 10_000
    @Option(help: "Timed passes.") var runs = 20
    @Option(help: "Adducts: common, all, or a list, as for annotation.adducts.") var adducts = "all"
    @Option(help: "Mass tolerance in ppm.") var tolerance = 5.0
    @Option(help: "Features whose answer is compared with a search through everything.") var check = 20
    @Option(help: "Seed of the features.") var seed: UInt64 = 6

    func validate() throws {
        guard features > 0, runs > 0, check >= 0, tolerance > 0 else {
            throw ValidationError("counts must be positive")
        }
    }

    func run() throws {
        let locations = DataLocations.standard(
            environment: ProcessInfo.processInfo.environment, programPath: DataLocations.programPath)
        let references = try ReferenceData.open(
            .bundled(locations), cache: locations.cache, wantsLibrary: false, wantsCompounds: true, note: { _ in })
        guard let table = references.compounds else { throw ValidationError("no compound table") }
        var parameters = AnnotationParameters()
        parameters.massTolerance = .ppm(tolerance)
        parameters.top = 3
        parameters.adducts = try AnnotationParameters.adducts(adducts)
        var results: [PolarityResult] = []
        for polarity in [Polarity.positive, .negative] {
            let benchmark = AnnotationPasses(
                table: table, parameters: parameters,
                features: SampleFeatures(table: table, polarity: polarity, count: features, seed: seed).features)
            results.append(try benchmark.measure(polarity, runs: runs, check: check))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        print(String(decoding: try encoder.encode(results), as: UTF8.self))
    }
}
