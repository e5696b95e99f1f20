import Synchronization

/// Memory for one purpose, counted in bytes and bounded.
///
/// The pool holds no memory itself: whoever needs some takes its bytes here first and gives them back. Its capacity begins
/// small and grows by a factor when it is not enough, up to the maximum; behind that `take` says no, and the caller spills,
/// waits or works with less.
public final class MemoryPool: Sendable {
    public struct Rules: Sendable, Hashable {
        public var initialBytes: Int
        public var maximumBytes: Int
        /// Of the capacity, above 1.
        public var growthFactor: Double

        public init(initialBytes: Int, maximumBytes: Int, growthFactor: Double = 1.5) {
            self.initialBytes = min(initialBytes, maximumBytes)
            self.maximumBytes = maximumBytes
            self.growthFactor = growthFactor
        }
    }

    public struct Counts: Sendable, Hashable, Codable {
        public var name: String
        public var maximumBytes: Int
        public var capacityBytes: Int
        /// Most bytes that were taken at a time, those above the maximum included.
        public var peakBytes = 0
        public var growths = 0
        public var refusals = 0
        /// Times that the capacity was lowered to what was in use.
        public var shrinks = 0
        /// Buffers that were used again, and those that had to be made.
        public var reusedBuffers = 0
        public var newBuffers = 0
    }

    private struct State {
        var used = 0
        var counts: Counts
    }

    public let rules: Rules
    private let state: Mutex<State>

    public init(_ name: String, _ rules: Rules) {
        self.rules = rules
        state = Mutex(
            State(counts: Counts(name: name, maximumBytes: rules.maximumBytes, capacityBytes: rules.initialBytes)))
    }

    public var counts: Counts { state.withLock { $0.counts } }
    public var usedBytes: Int { state.withLock { $0.used } }

    /// Takes bytes if there is room for them, after growing where that helps.
    public func take(_ bytes: Int) -> Bool {
        state.withLock { state in
            let wanted = state.used + bytes
            guard wanted <= rules.maximumBytes else {
                state.counts.refusals += 1
                return false
            }
            while state.counts.capacityBytes < wanted {
                let grown = Double(state.counts.capacityBytes) * rules.growthFactor
                state.counts.capacityBytes = min(
                    max(grown < 0x1p60 ? Int(grown) : Int.max, state.counts.capacityBytes + 1, 1 << 16),
                    rules.maximumBytes)
                state.counts.growths += 1
            }
            note(wanted, &state)
            return true
        }
    }

    /// Takes bytes that cannot be done without.
    public func takeAnyway(_ bytes: Int) {
        state.withLock { state in
            note(state.used + bytes, &state)
            state.counts.capacityBytes = max(state.counts.capacityBytes, min(state.used, rules.maximumBytes))
        }
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

    /// Lowers the capacity to what is in use, and at least the initial size.
    public func shrink() {
        state.withLock { state in
            let least = max(state.used, rules.initialBytes)
            guard state.counts.capacityBytes > least else { return }
            state.counts.capacityBytes = least
            state.counts.shrinks += 1
        }
    }

    public func noteBuffer(isReused: Bool) {
        state.withLock { state in
            if isReused { state.counts.reusedBuffers += 1 } else { state.counts.newBuffers += 1 }
        }
    }
}
