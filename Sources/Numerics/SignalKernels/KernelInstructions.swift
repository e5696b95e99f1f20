import CSignalKernels

/// Which loops this process uses. All of them give the same bits; what is set counts for every thread from then on.
public enum SignalInstructions {
    /// - Parameters:
    ///   - isVectorized: the widest vectors that the machine has; otherwise what the build allows.
    ///   - isBranchFree: selections (points above a level, local maxima, order statistics) without branches that depend on
    ///     the data; otherwise plain loops, which are not vectorised.
    public static func use(isVectorized: Bool, isBranchFree: Bool) {
        signal_use(isVectorized ? signal_avx512 : signal_portable, isBranchFree ? 0 : 1)
    }

    /// `avx512`, `avx2` or `portable`: in use for everything but selections.
    public static var name: String { name(signal_best_instructions()) }
    /// In use for selections: one of those, or `branching`.
    public static var selectionName: String { name(signal_selection_instructions()) }
    /// What this machine has.
    public static var machineName: String { name(signal_machine_instructions()) }

    private static func name(_ instructions: signal_instructions) -> String {
        switch instructions {
        case signal_avx512: "avx512"
        case signal_avx2: "avx2"
        case signal_branching: "branching"
        default: "portable"
        }
    }
}
