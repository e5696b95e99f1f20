import BayesianTuning

extension Study {
    /// Trials of one configuration, the first included, that the search may ask for.
    static let mostTrialsOfOne = 4
    /// A repeat must be worth this share at least: below it, neither it nor a new configuration is worth much.
    static let smallestWorth = 0.001

    /// A known configuration whose next measurement tells more than that of the best new one; `nil` when a new one does.
    ///
    /// Not the default, which runs beside every trial. At most one repeat for two configurations, so that the budget is
    /// spent on the search.
    func worthRepeating(_ tuner: Tuner, _ search: SearchState) -> Configuration? {
        guard options.strategy == .bayesian, 2 * (search.repeats + 1) <= search.done,
            let proposal = tuner.repeatProposal(), proposal.isWorthMoreThanANewPoint,
            proposal.worth >= Self.smallestWorth, proposal.configuration != space.defaultConfiguration,
            search.results.trials(of: proposal.configuration) < Self.mostTrialsOfOne
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
