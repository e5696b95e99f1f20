import Synchronization

/// A request to stop that any thread (or a signal handler) may make; long work looks at it between pieces.
public final class CancellationFlag: Sendable {
    private let requested = Atomic<Bool>(false)

    public init() {}

    public func cancel() { requested.store(true, ordering: .relaxed) }

    public var isCancelled: Bool { requested.load(ordering: .relaxed) }
}
