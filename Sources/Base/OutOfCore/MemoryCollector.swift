import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Looks at the resident memory of the process now and then, and has everybody who registered give back what can be had
/// again: pages of files, cached blocks, buffers that are not in use.
///
/// Workers call `look()` between jobs; it costs a clock reading unless a look is due.
public final class MemoryCollector: Sendable {
    public enum Strategy: String, Sendable, Hashable, CaseIterable, Codable {
        /// At every look that finds a sixteenth more than the last collection left.
        case aggressive
        /// When the resident memory is above the threshold.
        case conservative
        /// The same, and like `aggressive` while the machine is short of memory.
        case adaptive
    }

    public struct Rules: Sendable, Hashable {
        /// Most resident memory of the process.
        public var limitBytes: Int
        /// Share of the limit above which memory is given back; more than 0.9 counts as that.
        public var threshold: Double
        public var strategy: Strategy
        /// Longest time between two looks: they are the more frequent the nearer the limit is. `nil`: a fiftieth of a second.
        public var secondsBetweenLooks: Double?
        /// Bytes that may be touched at once, between two looks, which stay free below the limit.
        public var touchedBetweenLooks: Int

        public init(
            limitBytes: Int, threshold: Double = 0.85, strategy: Strategy = .adaptive,
            secondsBetweenLooks: Double? = nil, touchedBetweenLooks: Int = 0
        ) {
            self.touchedBetweenLooks = touchedBetweenLooks
            self.limitBytes = limitBytes
            self.threshold = threshold
            self.strategy = strategy
            self.secondsBetweenLooks = secondsBetweenLooks
        }
    }

    public struct Counts: Sendable, Hashable, Codable {
        public var looks = 0
        public var collections = 0
        /// Looks at which the machine was short of memory.
        public var looksUnderPressure = 0
        /// What the collections made the resident memory fall by, in all.
        public var returnedBytes = 0

        public init() {}
    }

    private struct State {
        var counts = Counts()
        /// Resident bytes behind the last collection: nothing is collected again before it has grown by something.
        var floorBytes = 0
        var lastPressureLook = -Double.infinity
        var isUnderPressure = false
        var releases: [(number: Int, release: @Sendable () -> Void)] = []
        var nextNumber = 0
    }

    public let rules: Rules
    private let residentBytes: @Sendable () -> Int?
    private let isMachineShort: @Sendable () -> Bool
    private let nextLook = Atomic<UInt64>(0)
    /// Between the last look and the next one, nanoseconds.
    private let interval: Atomic<UInt64>
    /// Memory can be touched about that fast by one worker, bytes per second; there is room for eight of them.
    private static let fastestGrowth = 8e9
    private let state = Mutex(State())
    private let secondsBetweenPressureLooks: Double

    /// - Parameters:
    ///   - residentBytes: of this process; `nil` where the system does not tell, and nothing is collected then.
    ///   - isMachineShort: asked by the adaptive strategy alone, and not more often than stated, in seconds.
    public init(
        _ rules: Rules, residentBytes: @escaping @Sendable () -> Int? = { processResidentBytes() },
        isMachineShort: @escaping @Sendable () -> Bool = { false }, secondsBetweenPressureLooks: Double = 0.5
    ) {
        self.rules = rules
        self.residentBytes = residentBytes
        self.isMachineShort = isMachineShort
        self.secondsBetweenPressureLooks = secondsBetweenPressureLooks
        interval = Atomic(UInt64((rules.secondsBetweenLooks ?? 0.001) * 1e9))
    }

    public var counts: Counts { state.withLock { $0.counts } }
    var thresholdBytes: Int {
        min(
            Int(Double(rules.limitBytes) * min(rules.threshold, Self.highestThreshold)),
            max(rules.limitBytes - rules.touchedBetweenLooks, 0))
    }
    /// What is touched between two looks has to fit below the limit.
    public static let highestThreshold = 0.9

    /// What a collection calls, in the order of registration, on the thread that met it.
    /// - Returns: the number to `remove` it by.
    public func register(_ release: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.nextNumber += 1
            state.releases.append((state.nextNumber, release))
            return state.nextNumber
        }
    }

    public func remove(_ number: Int) { state.withLock { $0.releases.removeAll { $0.number == number } } }

    /// Collects if a look is due and finds a reason.
    public func look() {
        let now = UInt64(monotonicSeconds() * 1e9)
        let due = nextLook.load(ordering: .relaxed)
        guard now >= due else { return }
        let next = now + interval.load(ordering: .relaxed)
        guard nextLook.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged else { return }
        lookNow()
        nextLook.store(now + interval.load(ordering: .relaxed), ordering: .relaxed)
    }

    /// The same without waiting for the time to come: where much memory was touched at once.
    public func lookNow() {
        guard let resident = residentBytes() else { return }
        plan(resident)
        let releases = state.withLock { state -> [@Sendable () -> Void] in
            state.counts.looks += 1
            guard isReason(resident, &state) else { return [] }
            state.counts.collections += 1
            // Until it is known what is left, nobody else collects for the same reason.
            state.floorBytes = resident
            return state.releases.map(\.release)
        }
        guard !releases.isEmpty else { return }
        for release in releases { release() }
        guard let left = residentBytes() else { return }
        state.withLock { state in
            state.floorBytes = left
            state.counts.returnedBytes += max(resident - left, 0)
        }
        plan(left)
    }

    /// When the next look is due: before the limit could be reached, within reason.
    private func plan(_ resident: Int) {
        let seconds = Double(max(rules.limitBytes - resident, 0)) / Self.fastestGrowth
        interval.store(
            UInt64(min(max(seconds, 0.001), rules.secondsBetweenLooks ?? 0.02) * 1e9), ordering: .relaxed)
    }

    private func isReason(_ resident: Int, _ state: inout State) -> Bool {
        if rules.strategy == .adaptive, monotonicSeconds() - state.lastPressureLook >= secondsBetweenPressureLooks {
            state.lastPressureLook = monotonicSeconds()
            state.isUnderPressure = isMachineShort()
        }
        if state.isUnderPressure { state.counts.looksUnderPressure += 1 }
        // What could not be given back at the last collection is no reason for another one, nor is a little more.
        let grain = max(min(rules.limitBytes - thresholdBytes, state.floorBytes) / 16, 1 << 20)
        guard resident >= state.floorBytes + grain || resident < state.floorBytes - grain else { return false }
        if resident < state.floorBytes { state.floorBytes = 0 }
        return rules.strategy == .aggressive || state.isUnderPressure || resident > thresholdBytes
    }
}

/// Resident memory of this process in bytes (`/proc/self/statm`); `nil` where the system does not tell.
///
/// Looked at between pieces of work, so the file stays open and its text is read without making strings of it.
public func processResidentBytes() -> Int? {
    guard residentFile >= 0 else { return nil }
    return withUnsafeTemporaryAllocation(byteCount: 64, alignment: 1) { text in
        // The second of the numbers.
        let count = pread(residentFile, text.baseAddress, text.count, 0)
        var place = 0
        while place < count, text[place] != UInt8(ascii: " ") { place += 1 }
        place += 1
        var pages = 0
        let first = place
        while place < count, text[place] >= UInt8(ascii: "0"), text[place] <= UInt8(ascii: "9") {
            pages = pages * 10 + Int(text[place] - UInt8(ascii: "0"))
            place += 1
        }
        return place > first ? pages * pageBytes : nil
    }
}

private let residentFile = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
private let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))
