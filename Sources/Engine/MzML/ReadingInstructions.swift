import CReadingKernels

/// Which loops this process reads with. All of them give the same result; what is set counts for every thread from then on.
public enum ReadingInstructions {
    /// - Parameter isVectorized: the widest vectors that the machine has; otherwise what the build allows.
    public static func use(isVectorized: Bool) { reading_use(isVectorized ? base64_avx512 : base64_portable) }

    /// `avx512`, `avx2` or `portable`: in use for base64, and about so for the rest.
    public static var name: String {
        switch base64_best_instructions() {
        case base64_avx512: "avx512"
        case base64_avx2: "avx2"
        default: "portable"
        }
    }
}
