import ArgumentParser
import SpectralMatching

extension SearchStrategy: ExpressibleByArgument {}
extension SearchUseCase: ExpressibleByArgument {}
extension ApproximateIndexType: ExpressibleByArgument {}

/// How much `match` may miss; the same as `matching.search_strategy` and its companions in `analyze`.
struct ApproximationOptions: ParsableArguments {
    @Option(
        help: """
            exact, or approximate where the measured recall is high enough, or auto: where that takes less work too.
            """)
    var searchStrategy = ApproximationSettings().strategy
    @Option(help: "Approximate index.") var indexType = ApproximationSettings().indexType
    @Option(help: "What must reach --accuracy-threshold: all hits, surely or as measured, or the best of each query.")
    var useCase = ApproximationSettings().useCase
    @Option(help: "Part of the exact search's hits that an approximate one must find (0...1).")
    var accuracyThreshold = ApproximationSettings().accuracyThreshold

    @Option(help: "1: the fastest at --accuracy-threshold; 0: the most accurate; between: a part of the way (0...1).")
    var speedPriority = ApproximationSettings().speedPriority

    func validate() throws {
        guard (0...1).contains(accuracyThreshold) else {
            throw ValidationError("--accuracy-threshold must be 0 to 1")
        }
        guard (0...1).contains(speedPriority) else { throw ValidationError("--speed-priority must be 0 to 1") }
    }

    var settings: ApproximationSettings {
        var settings = ApproximationSettings()
        settings.strategy = searchStrategy
        settings.indexType = indexType
        settings.useCase = useCase
        settings.accuracyThreshold = accuracyThreshold
        settings.speedPriority = speedPriority
        return settings
    }
}
