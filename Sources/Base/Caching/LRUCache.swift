import Synchronization

/// What a cache did, for `run.json`.
public struct CacheCounts: Sendable, Hashable, Codable {
    public var budgetBytes: Int
    public var usedBytes = 0
    /// The most that lay there at a time.
    public var largestBytes = 0
    public var values = 0
    public var hits = 0
    public var misses = 0
    public var evictions = 0
    /// Values that were larger than the whole budget.
    public var refusals = 0

    public init(budgetBytes: Int) { self.budgetBytes = budgetBytes }

    /// What was done since the same cache counted `earlier`; what it holds is what it holds now.
    public func since(_ earlier: CacheCounts) -> CacheCounts {
        var counts = self
        counts.hits -= earlier.hits
        counts.misses -= earlier.misses
        counts.evictions -= earlier.evictions
        counts.refusals -= earlier.refusals
        return counts
    }
}

/// Values by key within a budget of bytes, shared by threads; what was not used for longest goes first.
///
/// Values that go are released by the calling thread without the lock being held, so a costly end of one keeps nobody waiting.
/// - Complexity: O(1) for every operation, on average (hashing), and for each value that goes.
public final class LRUCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let held: Mutex<RecencyList<Key, Value>>

    /// - Parameter budget: bytes of all values together; at 0 only values of 0 bytes are kept.
    public init(budget: Int) { held = Mutex(RecencyList(budget: budget)) }

    public var budget: Int { held.withLock { $0.budget } }
    /// Bytes of the values that are held.
    public var bytes: Int { held.withLock { $0.bytes } }
    public var count: Int { held.withLock { $0.count } }

    public var counts: CacheCounts {
        held.withLock {
            var counts = CacheCounts(budgetBytes: $0.budget)
            counts.usedBytes = $0.bytes
            counts.largestBytes = $0.largestBytes
            counts.values = $0.count
            counts.hits = $0.hits
            counts.misses = $0.misses
            counts.evictions = $0.evictions
            counts.refusals = $0.refusals
            return counts
        }
    }

    /// The value of `key`, which becomes the newest; counts a hit or a miss.
    public func value(of key: Key) -> Value? { held.withLock { $0.value(of: key) } }

    /// Keeps a value, or replaces that of an equal key. One that is larger than the whole budget is not kept, and what an
    /// equal key had is gone then too.
    /// - Parameter bytes: what the value takes, not negative.
    public func insert(_ value: Value, for key: Key, bytes: Int) {
        let gone = held.withLock { $0.insert(value, for: key, bytes: bytes) }
        withExtendedLifetime(gone) {}
    }

    /// Takes a value out; counts nothing.
    @discardableResult public func remove(_ key: Key) -> Value? { held.withLock { $0.remove(key) } }

    /// Evicts until at most `bytes` are left; the budget stays.
    public func shrink(to bytes: Int) {
        let gone = held.withLock { $0.shrink(to: max(bytes, 0)) }
        withExtendedLifetime(gone) {}
    }

    /// Sets the budget, and evicts what no longer fits.
    public func setBudget(_ bytes: Int) {
        let gone = held.withLock { $0.setBudget(bytes) }
        withExtendedLifetime(gone) {}
    }
}
