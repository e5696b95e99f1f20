import Caching
import Statistics
import Synchronization
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// All entries in one list, the newest at its end.
private struct SlowCache {
    var budget: Int
    var entries: [(key: Int, value: Int, bytes: Int)] = []
    var counts = CacheCounts(budgetBytes: 0)

    init(budget: Int) { self.budget = budget }

    var bytes: Int { entries.reduce(0) { $0 + $1.bytes } }

    mutating func value(of key: Int) -> Int? {
        guard let place = entries.firstIndex(where: { $0.key == key }) else {
            counts.misses += 1
            return nil
        }
        counts.hits += 1
        let entry = entries.remove(at: place)
        entries.append(entry)
        return entry.value
    }

    mutating func insert(_ value: Int, _ key: Int, _ size: Int) {
        entries.removeAll { $0.key == key }
        guard size <= budget else {
            counts.refusals += 1
            return
        }
        shrink(to: budget - size)
        entries.append((key, value, size))
        counts.largestBytes = max(counts.largestBytes, bytes)
    }

    mutating func shrink(to target: Int) {
        while bytes > target {
            entries.removeFirst()
            counts.evictions += 1
        }
    }

    mutating func remove(_ key: Int) -> Int? {
        guard let place = entries.firstIndex(where: { $0.key == key }) else { return nil }
        return entries.remove(at: place).value
    }

    /// As the real one states them.
    var expected: CacheCounts {
        var expected = counts
        expected.budgetBytes = budget
        expected.usedBytes = bytes
        expected.values = entries.count
        return expected
    }
}

@Suite("Least recently used goes first") struct LRUCacheTests {
    @Test("does what a slow list does", arguments: [0, 1, 50, 400], [31, 32] as [UInt64])
    func likeSlowList(budget: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let cache = LRUCache<Int, Int>(budget: budget)
        var slow = SlowCache(budget: budget)
        for step in 0..<20_000 {
            let key = random.integer(below: 60)
            switch random.integer(below: 200) {
            case 0:
                let target = random.integer(below: budget + 1)
                cache.shrink(to: target)
                slow.shrink(to: target)
            case 1:
                let changed = random.integer(below: 2 * budget + 1)
                cache.setBudget(changed)
                slow.budget = changed
                slow.shrink(to: changed)
            case 2..<12: #expect(cache.remove(key) == slow.remove(key), "seed \(seed), step \(step)")
            case 12..<100: #expect(cache.value(of: key) == slow.value(of: key), "seed \(seed), step \(step)")
            default:
                let size = random.integer(below: 30)
                cache.insert(step, for: key, bytes: size)
                slow.insert(step, key, size)
            }
            guard cache.counts == slow.expected else {
                Issue.record("seed \(seed), step \(step): \(cache.counts), expected \(slow.expected)")
                return
            }
        }
        #expect(cache.counts.hits > 0 || budget == 0)
        for entry in slow.entries { #expect(cache.value(of: entry.key) == entry.value, "seed \(seed)") }
    }

    /// Tells that it ended, and asks the cache while it does: that would wait for ever with the lock held.
    private final class Witness: Sendable {
        let ended: Mutex<Int>
        let cache: LRUCache<Int, Box>
        init(_ cache: LRUCache<Int, Box>) {
            self.cache = cache
            ended = Mutex(0)
        }
    }
    private final class Box: Sendable {
        let witness: Witness
        init(_ witness: Witness) { self.witness = witness }
        deinit {
            let count = witness.cache.count
            witness.ended.withLock { $0 += count >= 0 ? 1 : 0 }
        }
    }

    @Test("values end without the lock") func ends() {
        let cache = LRUCache<Int, Box>(budget: 10)
        let witness = Witness(cache)
        for key in 0..<4 { cache.insert(Box(witness), for: key, bytes: 4) }
        #expect(witness.ended.withLock { $0 } == 2)
        cache.insert(Box(witness), for: 3, bytes: 4)
        #expect(witness.ended.withLock { $0 } == 3)
        cache.insert(Box(witness), for: 9, bytes: 11)
        #expect(witness.ended.withLock { $0 } == 4 && cache.count == 2)
        cache.setBudget(0)
        #expect(witness.ended.withLock { $0 } == 6 && cache.bytes == 0)
    }

    @Test("threads find what was put in, and the budget holds") func threads() {
        let cache = LRUCache<Int, Int>(budget: 300)
        let wrong = Atomic(0)
        let work: @Sendable (UInt64) -> Void = { seed in
            var random = SeededGenerator(seed: seed)
            for _ in 0..<20_000 {
                let key = random.integer(below: 80)
                if let value = cache.value(of: key), value != 7 * key { wrong.add(1, ordering: .relaxed) }
                cache.insert(7 * key, for: key, bytes: 1 + key % 20)
                if cache.bytes > 300 { wrong.add(1, ordering: .relaxed) }
            }
        }
        let threads = (0..<4).map { number -> pthread_t in
            onThread { work(UInt64(number)) }
        }
        for thread in threads { pthread_join(thread, nil) }
        let counts = cache.counts
        #expect(wrong.load(ordering: .relaxed) == 0)
        #expect(counts.hits + counts.misses == 80_000 && counts.largestBytes <= 300 && counts.evictions > 0)
    }
}

private final class Task: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func onThread(_ body: @escaping @Sendable () -> Void) -> pthread_t {
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { argument in
            if let argument { Unmanaged<Task>.fromOpaque(argument).takeRetainedValue().body() }
            return nil
        }, Unmanaged.passRetained(Task(body)).toOpaque())
    precondition(status == 0)
    return thread
}
