import Synchronization

/// Memory for one purpose, counted in bytes and bounded.
///
/// The pool holds no memory itself: whoever needs some takes its bytes here first and gives them back. Where the maximum is
/// reached, `take` says no, and the caller spills, waits or works with less.
public final class MemoryPool: Sendable {
    public struct Counts: Sendable, Hashable, Codable {
        public var name: String
        public var maximumBytes: Int
        /// Most bytes that were taken at a time, those above the maximum included.
        public var peakBytes = 0
        public var refusals = 0
        /// Buffers that were used again, and those that had to be made.
        public var reusedBuffers = 0
        public var newBuffers = 0
        /// Times that a buffer was too small and made larger, and the largest that there was.
        public var growths = 0
        public var largestBufferBytes: Int?
    }

    private struct State {
        var used = 0
        var counts: Counts
    }

    public let maximumBytes: Int
    private let state: Mutex<State>

    public init(_ name: String, maximumBytes: Int) {
        self.maximumBytes = maximumBytes
        state = Mutex(State(counts: Counts(name: name, maximumBytes: maximumBytes)))
    }

    public var counts: Counts { state.withLock { $0.counts } }
    public var usedBytes: Int { state.withLock { $0.used } }

    /// Takes bytes if there is room for them.
    public func take(_ bytes: Int) -> Bool {
        state.withLock { state in
            let wanted = state.used + bytes
            guard wanted <= maximumBytes else {
                state.counts.refusals += 1
                return false
            }
            note(wanted, &state)
            return true
        }
    }

    /// Takes bytes that cannot be done without.
    public func takeAnyway(_ bytes: Int) {
        state.withLock { state in note(state.used + bytes, &state) }
    }

    private func note(_ used: Int, _ state: inout State) {
        state.used = used
        state.counts.peakBytes = max(state.counts.peakBytes, used)
    }

    public func give(_ bytes: Int) {
        state.withLock { state in
            precondition(bytes <= state.used, "more is given back than was taken")
            state.used -= bytes
        }
    }

    public func noteBuffer(isReused: Bool) {
        state.withLock { state in
            if isReused { state.counts.reusedBuffers += 1 } else { state.counts.newBuffers += 1 }
        }
    }

    /// Notes the size of a buffer.
    public func noteSize(_ bytes: Int) {
        state.withLock { $0.counts.largestBufferBytes = max($0.counts.largestBufferBytes ?? 0, bytes) }
    }

    public func noteGrowths(_ count: Int) { state.withLock { $0.counts.growths += count } }
}
