/// Which bytes of a file are read before they are needed.
public enum PrefetchStrategy: String, Sendable, Hashable, CaseIterable, Codable {
    /// None: what is needed is read when it is needed.
    case none
    /// The next ones in the order of the file, twice as far with every piece that was used, up to the file's share.
    case sequential
    /// As many as may be in flight, from the moment that the file is open.
    case aggressive
    /// As many as will be needed while the next piece is being read, and only of spectra that are wanted.
    case predictive
}

/// What was read ahead of its use, for `run.json`.
public struct PrefetchCounts: Sendable, Hashable, Codable {
    /// Pieces that were asked for.
    public var requests = 0
    public var bytesRequested = 0
    /// Of these, bytes that a reader came to.
    public var bytesUsed = 0
    /// Of the used ones, those that a reader needed before they had been read.
    public var bytesLate = 0
    /// Bytes that were read for nothing: behind the last spectrum, or before a step back. Right once the reading has ended.
    public var bytesWasted = 0
    /// Buffers or chunks that were needed before they had been read.
    public var waits = 0
    /// The most that was asked for and not used yet, at any time.
    public var largestBytesInFlight = 0
    /// What was asked for before anything was used.
    public var bytesBeforeFirstUse = 0

    public init() {}
}

/// How many bytes of one file should be in flight: a pure function of what was seen.
struct PrefetchPolicy: Sendable {
    let strategy: PrefetchStrategy
    /// Pieces that a sequential window is wide.
    private var pieces = 1
    /// Bytes per second that readers take while they do not wait; 0 when not known yet.
    private(set) var rate = 0.0
    /// Seconds from a request to its bytes; 0 when not known yet.
    private(set) var latency = 0.0

    /// What a new measurement weighs against all earlier ones: the order of ten of them count.
    private static let weight = 0.2
    /// Latencies vary; twice the mean is seldom exceeded.
    private static let margin = 2.0

    init(_ strategy: PrefetchStrategy) { self.strategy = strategy }

    /// A reader took `bytes` in `seconds`, waiting apart.
    mutating func used(bytes: Int, seconds: Double) {
        pieces = min(2 * pieces, 1 << 20)
        guard seconds > 0 else { return }
        let measured = Double(bytes) / seconds
        rate += rate == 0 ? measured : Self.weight * (measured - rate)
    }

    /// A piece was there `seconds` after it had been asked for.
    mutating func filled(seconds: Double) {
        latency += latency == 0 ? seconds : Self.weight * (seconds - latency)
    }

    /// Bytes that should be in flight.
    /// - Parameters:
    ///   - piece: bytes of one request.
    ///   - share: the most that this file should take while others are open.
    ///   - size: the most that all files may take.
    func wanted(piece: Int, share: Int, size: Int) -> Int {
        switch strategy {
        case .none: return 0
        case .sequential: return min(pieces * piece, share)
        case .aggressive: return size
        case .predictive:
            // What is taken meanwhile, in whole pieces, and the one that is being taken, which counts until it is used up.
            let distance = min(rate * latency * Self.margin, Double(share))
            return min((Int((distance / Double(max(piece, 1))).rounded(.up)) + 1) * piece, share)
        }
    }
}
