import BayesianTuning
import Reporting
import StudyRunner

extension StudyReport {
    /// Both objectives of every trial and the front that the tuner believes in; `nil` for a study with one objective.
    static func tradeOff(_ tuner: Tuner, _ history: StudyHistory) -> TradeOff? {
        let targets = history.options.target.objectives
        guard targets.count == 2 else { return nil }
        let scales = targets.map { ObjectiveScale($0) }
        let believed = Dictionary(
            tuner.paretoFront().map { ($0.configuration, $0.believed) }, uniquingKeysWith: { first, _ in first })
        let points = history.judged.compactMap { trial -> TradeOff.Point? in
            guard let judgement = trial.judgement, judgement.objectives.count == 2 else { return nil }
            let onFront = believed[trial.configuration]
            let values = onFront ?? judgement.objectives.map(\.value)
            return TradeOff.Point(
                trial: trial.number, first: values[0] * scales[0].factor, second: values[1] * scales[1].factor,
                isOnFront: onFront != nil)
        }
        func objective(_ position: Int) -> Objective {
            Objective(
                name: scales[position].title, unit: scales[position].unit,
                higherIsBetter: targets[position].direction == .maximise)
        }
        return TradeOff(
            first: objective(0), second: objective(1), points: points,
            chosen: history.verdict?.bestTrial,
            rule:
                "No configuration on the front is worse than another in both. Of them the one with the most throughput "
                + "per memory is chosen: it costs the least memory-time for each MB. Points on the front stand where they "
                + "are believed to be, between measurement and model; all others where they were measured, so one "
                + "beyond the line was lucky as far as the model knows.")
    }
}
