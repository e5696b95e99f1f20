/// Features that one molecule may have caused, each with its ion species; the anchor comes first.
struct AdductHypothesis {
    struct Member {
        /// Position of the feature in order of m/z.
        var feature: Int32
        var rule: Int32
    }

    var members: [Member]
    /// Sum over the members of prior times correlation with the anchor; the anchor's own is 1.
    var evidence: Double
}

/// A feature that may be an ion of the molecule that an anchor assumes.
struct AdductPartner {
    var feature: Int32
    var rule: Int32
    /// Prior times correlation.
    var evidence: Double
}

/// A feature that is assumed to be a primary ion, with every feature that fits the molecule that follows.
struct AdductAnchor {
    var feature: Int32
    var rule: Int32
    /// Prior of the anchor's own species.
    var evidence: Double
    /// Its partners, in the order of the rules.
    var partners: Range<Int32>
}
