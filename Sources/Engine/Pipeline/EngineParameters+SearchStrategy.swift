import Parameters
import SpectralMatching

/// How much a library search may miss, and what it remembers.
extension EngineParameters {
    private static let approximation = ApproximationSettings()
    private static let whenApproximate = ParameterCondition(
        parameter: "matching.search_strategy",
        values: [SearchStrategy.approximate, .automatic].map { .choice($0.rawValue) })

    /// Within a stated bound (the demanded recall), so numeric; asked for, never taken by a tuner.
    private static func numeric(
        _ name: String, _ domain: ParameterDomain, _ defaultValue: ParameterValue, _ text: String,
        condition: ParameterCondition?
    ) -> ParameterDescription {
        ParameterDescription(
            name: name, group: .numeric, domain: domain, defaultValue: defaultValue, text: text, condition: condition,
            searchValues: [], notSearched: "how much a search may miss is for the user to say")
    }

    static let searchStrategy: [ParameterDescription] = [
        numeric(
            "matching.search_strategy", .choice(SearchStrategy.allCases.map(\.rawValue)),
            .choice(approximation.strategy.rawValue),
            "exact finds what comparing all library spectra gives. approximate uses matching.index_type where its recall, "
                + "measured on a sample of the library, reaches matching.accuracy_threshold, and exact search otherwise; auto "
                + "only where that also takes less work. Identity searches are always exact.",
            condition: ParameterCondition(parameter: "matching.enabled", values: [.boolean(true)])),
        numeric(
            "matching.index_type", .choice(ApproximateIndexType.allCases.map(\.rawValue)),
            .choice(approximation.indexType.rawValue),
            "Approximate index: prefix trees over random samples of the peaks.",
            condition: whenApproximate),
        numeric(
            "matching.use_case", .choice(SearchUseCase.allCases.map(\.rawValue)),
            .choice(approximation.useCase.rawValue),
            "What must reach matching.accuracy_threshold: balanced, all hits of the sample; high_accuracy, the same with the "
                + "uncertainty of the sample (lower end of the 95 % interval); high_throughput, the best hit of each query.",
            condition: whenApproximate),
        numeric(
            "matching.accuracy_threshold", .number(0...1, .linear), .number(approximation.accuracyThreshold),
            "Part of the exact search's hits that an approximate one must find.", condition: whenApproximate),
        numeric(
            "matching.speed_priority", .number(0...1, .linear), .number(approximation.speedPriority),
            "How the approximate index is set once matching.accuracy_threshold is reached: 1 takes the fastest setting, 0 the "
                + "one with the highest recall, a value between the fastest of a recall of threshold + (1 - priority) (1 - "
                + "threshold), where one has it.",
            condition: whenApproximate),
        ParameterDescription(
            name: "matching.cache_size", group: .execution, domain: .size(0...(1 << 40)), defaultValue: .integer(0),
            unit: "bytes",
            text:
                "Matches of fragment spectra that are remembered, for spectra that come again to the last bit; at most a "
                + "quarter of execution.memory_limit. Spectra of different runs hardly ever do, so 0, nothing, is the default.",
            condition: ParameterCondition(parameter: "matching.enabled", values: [.boolean(true)]), searchValues: [],
            notSearched: "spectra that come again to the last bit are a matter of the data, not of the machine"),
    ]
}

extension AnalysisConfiguration {
    /// How much a library search may miss.
    var approximation: ApproximationSettings {
        var settings = ApproximationSettings()
        settings.strategy = SearchStrategy(rawValue: resolved.choice("matching.search_strategy")) ?? .exact
        settings.indexType = ApproximateIndexType(rawValue: resolved.choice("matching.index_type")) ?? .lshForest
        settings.useCase = SearchUseCase(rawValue: resolved.choice("matching.use_case")) ?? .balanced
        settings.accuracyThreshold = resolved.number("matching.accuracy_threshold")
        settings.speedPriority = resolved.number("matching.speed_priority")
        return settings
    }

    /// Where matches are remembered; `nil` when they are not.
    func matchCache() -> MatchCache? {
        matchCacheBytes > 0 ? MatchCache(budget: matchCacheBytes) : nil
    }

    /// Most bytes of matches that are remembered.
    var matchCacheBytes: Int {
        search == nil ? 0 : min(resolved.integer("matching.cache_size"), memoryLimit / 4)
    }
}

/// How the library of a run is searched.
struct SearchMeans: Sendable {
    /// `nil` when exact search was asked for, or nothing is matched.
    var plan: SearchPlan?
    var forest: ForestSearch?
    var cache: MatchCache?

    init(_ configuration: AnalysisConfiguration, library: SpectralLibrary?) {
        guard let library, let parameters = configuration.search else { return }
        cache = configuration.matchCache()
        let settings = configuration.approximation
        guard settings.strategy != .exact else { return }
        let (plan, forest) = SearchCalibration.plan(
            library: library, parameters: parameters, settings: settings, unit: .compounds)
        self.plan = plan
        self.forest = forest
    }
}
