import BayesianTuning

extension Study {
    /// Trials of one configuration, the first included, that the search may ask for.
    static let mostTrialsOfOne = 4
    /// A repeat must be worth this share at least: below it, neither it nor a new configuration is worth much.
    static let smallestWorth = 0.001
    /// Trials at the end of the search in which repeats compete with new configurations, and repeats at most. Earlier a
    /// trial spent on a new configuration is worth more: on recorded tables repeats before the end made the configuration
    /// that was recommended worse (`docs/tuner-quality.md`).
    static let finalTrials = 5

    /// What to run next; `nil` when the search is over, with the reason in `search.end` unless the budget is used up.
    ///
    /// Depends on the stored trials alone, so that a resumed study goes on as it would have.
    func nextTrial(_ tuner: inout Tuner, _ search: inout SearchState) -> (
        configuration: Configuration, suggestion: Suggestion
    )? {
        let isUsedUp = search.done >= options.budget
        let outOfTime = search.pace.endOfSearch(arms: armCount, done: search.done, options)
        search.end = isUsedUp ? nil : outOfTime ?? littleToGain(tuner, search)
        if outOfTime != nil { return nil }
        let isOver = search.end != nil || isUsedUp
        if let again = worthRepeating(tuner, search, isOver: isOver) { return (again, Suggestion()) }
        if isOver { return nil }
        if let next = tuner.ask() {
            let isTradeOff = options.target.objectives.count > 1
            return (
                next,
                Suggestion(
                    predicted: isTradeOff ? nil : tuner.lastSuggestion?.predicted,
                    origin: tuner.lastSuggestion?.origin)
            )
        }
        search.end = "all \(search.done) configurations of the search space have been tried"
        return worthRepeating(tuner, search, isOver: true).map { ($0, Suggestion()) }
    }

    /// A known configuration of which one more measurement is worth more than anything new; `nil` when nothing is.
    ///
    /// Not the default, which runs beside every trial.
    /// - Parameter isOver: no new configuration will be tried.
    func worthRepeating(_ tuner: Tuner, _ search: SearchState, isOver: Bool) -> Configuration? {
        guard options.strategy == .bayesian, search.repeats < Self.finalTrials,
            isOver || options.budget - search.done < Self.finalTrials,
            let proposal = tuner.repeatProposal(
                excluding: search.results.configurations(withTrials: Self.mostTrialsOfOne)
                    .union([space.defaultConfiguration])),
            isOver || proposal.isWorthMoreThanANewPoint, proposal.worth >= Self.smallestWorth
        else { return nil }
        return proposal.configuration
    }

    /// Why nothing that was not tried yet is worth a trial; `nil` while something is, or when the rule is switched off.
    func littleToGain(_ tuner: Tuner, _ search: SearchState) -> String? {
        guard options.worthwhileGain > 0 else { return nil }
        // An exhausted space is said where there is nothing left to ask.
        guard let reason = tuner.stoppingAdvice(threshold: options.worthwhileGain), reason != .exhausted else {
            return nil
        }
        return "the search stopped after \(search.done) of \(options.budget) configurations: \(reason)"
    }
}
