/// Features that one molecule may have caused, each with its ion species; the anchor comes first.
struct AdductHypothesis {
    struct Member {
        /// Position of the feature in order of m/z.
        var feature: Int32
        var rule: Int32
    }

    var members: [Member]
    /// Natural logarithm of the odds against chance.
    var evidence: Double
    /// Sum of the members' priors.
    var prior: Double
}
