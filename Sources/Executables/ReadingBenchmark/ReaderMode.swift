import ArgumentParser
import MzML

/// A way in which the engine can read a file. The only place that knows how a mode is asked for.
enum ReaderMode: String, CaseIterable, ExpressibleByArgument {
    /// Bytes that are in memory before the clock starts, as for the ceilings.
    case memory
    /// As the engine reads when nothing is set.
    case mapped
    /// Mapped, cut without the file's index.
    case mappedScan
    /// Mapped, two buffers brought in ahead of the worker.
    case mappedPrefetch
    case buffered
    case bufferedScan
    /// Buffered, two buffers filled ahead of the worker.
    case bufferedPrefetch
    /// Cut by looking at every tag, as anything is that the quick cut mistakes.
    case careful
    /// libxml2.
    case reference

    static let standard = ReaderMode.mapped

    var options: ReadingOptions {
        var options = ReadingOptions()
        switch self {
        case .memory, .mapped: break
        case .mappedScan: options.cutting = .scan
        case .mappedPrefetch: options.prefetcher = prefetcher(options)
        case .buffered: options.access = .buffered
        case .bufferedScan: (options.access, options.cutting) = (.buffered, .scan)
        case .bufferedPrefetch: (options.access, options.prefetcher) = (.buffered, prefetcher(options))
        case .careful: options.cutting = .careful
        case .reference: options.reader = .reference
        }
        return options
    }

    /// Bytes that the mode is allowed for what it has read and not yet cut: the buffer, and those filled ahead.
    var bufferBytes: Int { options.bufferSize + (options.prefetcher?.size ?? 0) }

    /// One thread, two buffers.
    private func prefetcher(_ options: ReadingOptions) -> Prefetcher {
        Prefetcher(strategy: .aggressive, size: 2 * options.bufferSize, threads: 1)
    }
}
