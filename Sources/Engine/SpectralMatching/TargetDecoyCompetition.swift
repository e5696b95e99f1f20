/// False discovery rates from searches in a library and in its decoys.
///
/// For every query the best spectrum of the library competes with the best decoy (Elias and Gygi 2007,
/// doi:10.1038/nmeth1019). A wrong match is as likely to come from the decoys as from the library, so the decoys that win
/// with at least a score t tell how many of the library's matches of at least t are wrong:
///
///     FDR(t) = min(1, (1 + decoys that win with >= t) / library matches that win with >= t)
///     q      = least FDR(t) over all t at which the match is accepted, t <= its score
///
/// The 1 makes the estimate hold on average for few matches too (Levitsky et al. 2017, doi:10.1021/acs.jproteome.6b00144):
/// n matches never give a q-value below 1/n.
/// - Determinism: depends on the scores alone, not on the order of queries.
public struct TargetDecoyCompetition: Sendable, Hashable {
    /// For each query the q-value of its best match: 1 where a decoy has the same or a higher score, `nil` without a match.
    public let qValues: [Double?]
    /// Queries whose best spectrum is one of the library, and one of the decoys; equal scores are the decoy's.
    public let targetWins: Int
    public let decoyWins: Int

    /// - Parameters: for each query its best score in the library, and among the decoys; `nil` where nothing was found.
    /// - Complexity: O(n log n).
    public init(targets: [Double?], decoys: [Double?]) {
        precondition(targets.count == decoys.count, "each query has a search in the library and in the decoys")
        var qValues = targets.map { $0 == nil ? nil : Double?(1) }
        var wins: [(score: Double, query: Int?)] = []
        for (query, (target, decoy)) in zip(targets, decoys).enumerated() {
            if let target, decoy.map({ target > $0 }) ?? true {
                wins.append((target, query))
            } else if let decoy {
                wins.append((decoy, nil))
            }
        }
        wins.sort { $0.score > $1.score }
        targetWins = wins.count { $0.query != nil }
        decoyWins = wins.count - targetWins
        // From the worst score up: what is accepted at a score is everything from there on.
        var (targetsLeft, decoysLeft, least) = (targetWins, decoyWins, 1.0)
        var end = wins.count
        while end > 0 {
            var start = end - 1
            while start > 0, wins[start - 1].score == wins[end - 1].score { start -= 1 }
            if targetsLeft > 0 { least = min(least, Double(decoysLeft + 1) / Double(targetsLeft)) }
            for win in wins[start..<end] {
                if let query = win.query {
                    qValues[query] = least
                    targetsLeft -= 1
                } else {
                    decoysLeft -= 1
                }
            }
            end = start
        }
        self.qValues = qValues
    }

    /// What keeps the estimate from telling small rates apart, for the user; `nil` when there is nothing to say.
    public var notice: String? {
        guard targetWins > 0, targetWins < Self.fewMatches else { return nil }
        let least = (1_000 / Double(targetWins)).rounded() / 1_000
        return "matched spectra: \(targetWins), so q-values cannot fall below \(least)"
    }

    /// Fewer cannot show a rate of 0.01.
    static let fewMatches = 100
}
