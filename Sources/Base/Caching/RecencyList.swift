/// Values by key within a budget of bytes, for one owner; what was not used for longest goes first. `LRUCache` shares one.
///
/// - Complexity: O(1) for every operation, on average (hashing), and for each value that goes.
struct RecencyList<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// A value in the list from the newest to the oldest; -1 ends it.
    private struct Slot: Sendable {
        var key: Key
        var value: Value
        var bytes: Int
        var newer: Int
        var older: Int
    }

    /// Bytes that all values together may have.
    private(set) var budget: Int
    private(set) var bytes = 0
    private(set) var largestBytes = 0
    private(set) var hits = 0
    private(set) var misses = 0
    private(set) var evictions = 0
    private(set) var refusals = 0

    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var slotOfKey: [Key: Int] = [:]
    private var newest = -1
    private var oldest = -1

    init(budget: Int) { self.budget = max(budget, 0) }

    var count: Int { slotOfKey.count }

    /// The value of `key`, which becomes the newest; counts a hit or a miss.
    mutating func value(of key: Key) -> Value? {
        guard let slot = slotOfKey[key], let held = slots[slot] else {
            misses += 1
            return nil
        }
        hits += 1
        if slot != newest {
            unlink(slot)
            linkAsNewest(slot)
        }
        return held.value
    }

    /// Keeps a value, or replaces that of an equal key. One that is larger than the whole budget is not kept, and what an
    /// equal key had is gone then too.
    /// - Parameter size: bytes, not negative.
    /// - Returns: the values that went.
    mutating func insert(_ value: Value, for key: Key, bytes size: Int) -> [Value] {
        precondition(size >= 0, "a value cannot have \(size) bytes")
        var gone: [Value] = []
        if let slot = slotOfKey[key], let earlier = remove(slot) { gone.append(earlier) }
        guard size <= budget else {
            refusals += 1
            return gone
        }
        gone += shrink(to: budget - size)
        let entry = Slot(key: key, value: value, bytes: size, newer: -1, older: -1)
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            slots[slot] = entry
        } else {
            slot = slots.count
            slots.append(entry)
        }
        slotOfKey[key] = slot
        bytes += size
        largestBytes = max(largestBytes, bytes)
        linkAsNewest(slot)
        return gone
    }

    /// Evicts until at most `target` bytes are left. - Returns: the values that went, the oldest first.
    mutating func shrink(to target: Int) -> [Value] {
        var gone: [Value] = []
        while bytes > target, oldest >= 0 {
            if let value = remove(oldest) { gone.append(value) }
            evictions += 1
        }
        return gone
    }

    mutating func setBudget(_ bytes: Int) -> [Value] {
        budget = max(bytes, 0)
        return shrink(to: budget)
    }

    /// Takes a value out, which counts as nothing.
    mutating func remove(_ key: Key) -> Value? { slotOfKey[key].flatMap { remove($0) } }

    private mutating func remove(_ slot: Int) -> Value? {
        guard let entry = slots[slot] else { return nil }
        unlink(slot)
        slotOfKey[entry.key] = nil
        bytes -= entry.bytes
        slots[slot] = nil
        free.append(slot)
        return entry.value
    }

    private mutating func linkAsNewest(_ slot: Int) {
        slots[slot]?.newer = -1
        slots[slot]?.older = newest
        if newest >= 0 { slots[newest]?.newer = slot }
        newest = slot
        if oldest < 0 { oldest = slot }
    }

    private mutating func unlink(_ slot: Int) {
        guard let entry = slots[slot] else { return }
        if entry.newer >= 0 { slots[entry.newer]?.older = entry.older } else { newest = entry.older }
        if entry.older >= 0 { slots[entry.older]?.newer = entry.newer } else { oldest = entry.newer }
    }
}
