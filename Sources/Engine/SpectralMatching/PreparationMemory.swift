import CFreeMemory
import OutOfCore

/// Watches the memory of the process while reference data is prepared, where it has a limit.
///
/// What lies in memory is asked of the system, what a step is about to take is known from the numbers of spectra and peaks:
/// so a preparation ends with an error that names a limit that will do, before the memory is taken.
package struct PreparationMemory {
    /// Records between two looks, and peaks, whichever come first.
    package static let recordsBetweenLooks = 4_096
    static let peaksBetweenLooks = 1 << 18
    /// What is read until the next look, buffers, and what the system's count lags behind.
    static let margin = 6 << 20

    /// Chunks of peaks are larger, and pieces of text smaller: these would cost a call of the system each.
    package static let bytesSetApart = 256 << 10

    private let limit: Int?
    private let source: String
    private let remedy: String
    private let resident: () -> Int?
    private let atStart: Int

    /// - Parameters:
    ///   - limit: bytes of the whole process, resident; `nil` for no limit.
    ///   - source: named in the error.
    ///   - remedy: what else can be done, for the error.
    ///   - resident: bytes of the process now; `nil` where the system does not tell, and then nothing is limited.
    package init(
        limit: Int?, source: String,
        remedy: String = "prepare it beforehand without a limit: lavoisier library prepare",
        resident: @escaping () -> Int? = { processResidentBytes() }
    ) {
        self.limit = limit
        self.source = source
        self.remedy = remedy
        self.resident = resident
        // Large arrays on pages of their own, as an analysis has them: they go back when they are freed.
        free_memory_set_apart(Self.bytesSetApart)
        // What was freed before counts as taken otherwise.
        if limit != nil { free_memory_release() }
        atStart = limit == nil ? 0 : resident() ?? 0
    }

    /// Before a step.
    /// - Parameters:
    ///   - next: bytes that it takes beyond what is in memory now.
    ///   - later: bytes that the steps after it take at most; the limit that the error names has room for them.
    /// - Throws: `LibraryFileError.memoryLimit` when what is in memory and `next` exceed the limit.
    package func check(next: Int, later: Int = 0) throws(LibraryFileError) {
        guard let limit, let now = resident(), now + next + Self.margin > limit else { return }
        throw failure(smallest: now + max(next, later) + Self.margin, limit: limit, isEstimate: false)
    }

    /// While a source is read.
    /// - Parameters:
    ///   - share: of the source that has been read, above 0.
    ///   - next: bytes that what has been read is known to need later beyond what is in memory now.
    ///   - atMost: bytes that it may need later; the limit that the error names has room for them.
    /// - Throws: `LibraryFileError.memoryLimit` when it needs more than the limit already.
    package func checkReading(share: Double, next: Int, atMost: Int) throws(LibraryFileError) {
        guard let limit, let now = resident(), now + next + Self.margin > limit else { return }
        let taken = Double(max(0, now - atStart) + atMost) / min(1, max(share, 1e-6))
        let smallest = min(Double(atStart) + taken, 1e18)
        throw failure(smallest: Int(smallest) + Self.margin, limit: limit, isEstimate: share < 1)
    }

    private func failure(smallest: Int, limit: Int, isEstimate: Bool) -> LibraryFileError {
        let most = max(smallest, limit + 1)
        // Rounded up, so that the number of the message will do.
        let megabytes = (most + 999_999) / 1_000_000
        return LibraryFileError(
            .memoryLimit, path: source, smallestLimit: megabytes * 1_000_000,
            reason:
                "preparing it would take more than the memory limit of \(limit / 1_000_000) MB; the smallest that will do "
                + "is \(isEstimate ? "about " : "")\(megabytes) MB; or \(remedy)")
    }
}

/// Gives the system back what was freed: small pieces stay with the heap otherwise.
package func releaseFreedMemory() { free_memory_release() }
