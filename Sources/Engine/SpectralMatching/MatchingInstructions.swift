import CMatchingKernels

/// Which loops this process matches with. Scores are the same in all of them; bounds, and what an approximate search finds,
/// may round differently. What is set counts for every thread from then on.
public enum MatchingInstructions {
    /// - Parameter isVectorized: the widest vectors that the machine has; otherwise what the build allows.
    public static func use(isVectorized: Bool) { matching_use(isVectorized ? matching_avx512 : matching_portable) }

    /// `avx512`, `avx2` or `portable`: in use.
    public static var name: String {
        switch matching_best_instructions() {
        case matching_avx512: "avx512"
        case matching_avx2: "avx2"
        default: "portable"
        }
    }
}
