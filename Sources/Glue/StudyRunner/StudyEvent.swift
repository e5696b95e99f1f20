import BayesianTuning
import Parameters

/// What a study tells while it runs.
public enum StudyEvent: Sendable {
    case note(String)
    case trialStarted(number: Int, StudyPosition)
    case trialFinished(TrialSummary, StudyPosition)
    /// A row of the confirmation is about to run, counted from 0.
    case confirming(row: Int, rows: Int, StudyPosition)
}

/// How far a study has come.
public struct StudyPosition: Sendable, Hashable {
    /// Configurations that are done.
    public var done: Int
    public var budget: Int
    /// Best objective that meets the constraints.
    public var best: Double?
    /// How many times better than the default that is.
    public var gain: Double?
    /// Objective of the last configuration; `nil` when it failed.
    public var last: Double?
    /// `nil` while too little is known.
    public var remainingSeconds: Double?
}

/// A finished trial.
public struct TrialSummary: Sendable {
    public var number: Int
    public var settings: [Setting]
    public var judgement: TrialJudgement
    public var runs: Int
    /// Whether it is the best that meets the constraints so far.
    public var isBest: Bool
}

/// How `Study.run` came back.
public enum StudyEnd: Sendable, Hashable {
    case finished(StudyVerdict)
    /// By this signal; the study can be resumed.
    case interrupted(signal: Int32)
    /// The built-in default does not run, so nothing can be compared.
    case failed(reason: String)
}
