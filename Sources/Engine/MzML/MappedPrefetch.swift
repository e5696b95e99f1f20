import CMappedRegions
import Instrumentation
import Synchronization

/// Has pages of a mapped file brought in ahead of those who decode them.
///
/// The file's bytes are asked for in pieces, in order; a piece is in flight until all readers are behind it.
final class MappedPrefetch: Sendable {
    let file: FilePrefetch
    private let state = Mutex(State())

    private struct State: Sendable {
        /// All before this offset was asked for, or passed.
        var next = 0
        /// Ascending, those that readers are not behind yet.
        var requests: [MappedRequest] = []
        var lastUse: Double?
        var chooser: SpectrumChooser?
    }

    init(_ file: FilePrefetch) { self.file = file }

    /// From now on only what the chooser wants is brought in.
    func choose(by chooser: SpectrumChooser?) { state.withLock { $0.chooser = chooser } }

    /// Asks for what should be in flight when the readers have come to `cursor`.
    func advance(to cursor: Int, input: MappedInput) {
        let requests = state.withLock { state in
            var made: [MappedRequest] = []
            state.next = max(state.next, cursor)
            while state.next < input.bytes.count {
                let count = file.request(upTo: input.bytes.count - state.next)
                guard count > 0 else { break }
                made.append(
                    MappedRequest(state.next..<(state.next + count), input: input, file: file, chooser: state.chooser))
                state.next += count
            }
            state.requests += made
            return made
        }
        for request in requests { file.prefetcher.submit(request) }
    }

    /// Everything before `finished` is done with.
    func use(upTo finished: Int) {
        let (passed, seconds) = state.withLock { state -> ([MappedRequest], Double) in
            let count = state.requests.prefix { $0.range.upperBound <= finished }.count
            guard count > 0 else { return ([], 0) }
            let now = monotonicSeconds()
            defer { state.lastUse = now }
            defer { state.requests.removeFirst(count) }
            return (Array(state.requests[..<count]), state.lastUse.map { (now - $0) / Double(count) } ?? 0)
        }
        for request in passed {
            let (wanted, isLate) = request.pass()
            file.use(wanted, seconds: seconds, isLate: isLate)
        }
    }

    /// What has become of the pieces when the readers are behind `finished`.
    func counts(at finished: Int) -> PrefetchCounts { file.counts(alsoUsed: usedOfOpenPieces(before: finished)) }

    /// The reading has ended behind `finished`.
    func close(at finished: Int) { file.close(alsoUsed: usedOfOpenPieces(before: finished)) }

    /// Readers leave off within a piece: at the end of the spectra, which is not that of the file, or earlier.
    private func usedOfOpenPieces(before finished: Int) -> UsedBytes {
        state.withLock { state in
            var used = UsedBytes()
            for request in state.requests where request.range.lowerBound < finished {
                let (bytes, isLate) = request.used(before: finished)
                used.bytes += bytes
                used.late += isLate ? bytes : 0
            }
            return used
        }
    }

    /// Notes whether a stretch that is needed now has been brought in.
    func need(_ stretch: Range<Int>) {
        let isThere = state.withLock { state in
            stretch.upperBound <= state.next
                && state.requests.allSatisfy { !$0.range.overlaps(stretch) || $0.isDone }
        }
        if !isThere { file.waited() }
    }
}

/// A piece of a mapping that is to be brought in.
private final class MappedRequest: PrefetchJob {
    private enum State: Sendable { case waiting, running, done }

    let range: Range<Int>
    // Set once, before anybody else sees it.
    private nonisolated(unsafe) weak var input: MappedInput?
    private let file: FilePrefetch
    private let chooser: SpectrumChooser?
    private let requestedAt = monotonicSeconds()
    private let state = Mutex((state: State.waiting, wanted: [Range<Int>](), isPassed: false))

    init(_ range: Range<Int>, input: MappedInput, file: FilePrefetch, chooser: SpectrumChooser?) {
        self.range = range
        self.input = input
        self.file = file
        self.chooser = chooser
    }

    var isWaiting: Bool { state.withLock { $0.state == .waiting } }
    var isDone: Bool { state.withLock { $0.state == .done } }

    /// Readers are behind it: a thread that has not begun need not.
    /// - Returns: what is in flight of it, and whether readers came first.
    func pass() -> (wanted: Int, isLate: Bool) {
        let (wanted, isLate) = state.withLock { state in
            defer { (state.isPassed, state.state) = (true, state.state == .waiting ? .done : state.state) }
            return (state.state == .done ? bytes(in: state.wanted) : range.count, state.state != .done)
        }
        guard isLate, chooser != nil else { return (wanted, isLate) }
        // What would have been chosen nobody knows.
        file.cancel(wanted)
        return (0, true)
    }

    /// What readers who are behind `offset` have used of it, and whether they came first.
    func used(before offset: Int) -> (bytes: Int, isLate: Bool) {
        state.withLock { state in
            // What would have been chosen nobody knows.
            let wanted = state.state == .done ? state.wanted : chooser == nil ? [range] : []
            let used = wanted.map { $0.clamped(to: range.lowerBound..<max(offset, range.lowerBound)) }
            return (bytes(in: used), state.state != .done)
        }
    }

    private func bytes(in stretches: [Range<Int>]) -> Int { stretches.reduce(0) { $0 + $1.count } }

    func run() {
        let isMine = state.withLock { state in
            guard state.state == .waiting else { return false }
            state.state = .running
            return true
        }
        guard isMine else { return }
        var wanted = [range]
        if let input {
            if let chooser { wanted = chooser.stretches(in: range, of: input.bytes) }
            for stretch in wanted { input.populate(stretch) }
        }
        let isPassed = state.withLock { state in
            (state.state, state.wanted) = (.done, wanted)
            return state.isPassed
        }
        file.filled(seconds: monotonicSeconds() - requestedAt)
        // Readers that were behind it already have given back all of it.
        if !isPassed { file.cancel(range.count - bytes(in: wanted)) }
    }
}

/// Tells which bytes of an indexed file will be read where spectra are left out: all of those that are wanted, and the start
/// of the others, up to their first array, because that is where the selection is decided.
struct SpectrumChooser: Sendable {
    let index: SpectrumIndex
    let header: RunHeader
    let selection: SpectrumSelection

    /// The stretches within `range` that will be read, ascending. O(spectra in the range); reads the starts of the spectra.
    func stretches(in range: Range<Int>, of bytes: UnsafeBufferPointer<UInt8>) -> [Range<Int>] {
        guard let base = bytes.baseAddress else { return [] }
        let offsets = index.offsets
        var tags = TagCursor()
        // Bisection: the spectrum that the range starts in.
        var (low, high) = (0, offsets.count)
        while low < high {
            let middle = (low + high) / 2
            if offsets[middle] <= range.lowerBound { low = middle + 1 } else { high = middle }
        }
        var found: [Range<Int>] = []
        if low == 0, let first = offsets.first, first > range.lowerBound {
            found.append(range.lowerBound..<min(first, range.upperBound))
        }
        for place in max(low - 1, 0)..<max(offsets.count, 1) where place < offsets.count {
            let start = offsets[place]
            guard start < range.upperBound else { break }
            let end = place + 1 < offsets.count ? offsets[place + 1] : bytes.count
            let read = start + bytesRead(base + start, base + end, &tags)
            let stretch = max(start, range.lowerBound)..<max(min(read, range.upperBound), max(start, range.lowerBound))
            guard !stretch.isEmpty else { continue }
            if let last = found.last, last.upperBound == stretch.lowerBound {
                found[found.count - 1] = last.lowerBound..<stretch.upperBound
            } else {
                found.append(stretch)
            }
        }
        return found
    }

    /// How many bytes of the element at `start` a decoder will look at.
    private func bytesRead(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, _ tags: inout TagCursor
    ) -> Int {
        var element = SpectrumElement(
            defaultPolarity: header.defaultPolarity, trustsLengths: true, readsMZRange: selection.mz != nil)
        tags.reset(to: start)
        // What is odd is read in whole, and found out by whoever decodes it.
        guard matches("<spectrum", start, end), var p = try? element.readStart(start, end),
            let pause = try? element.step(&p, start, end, groups: groups, selection: selection, tags: &tags),
            case .payload = pause, element.isDeselected, let text = element.array.payload?.baseAddress
        else { return end - start }
        return text - start
    }

    private let groups: [ParameterGroup]

    init(index: SpectrumIndex, header: RunHeader, selection: SpectrumSelection) {
        self.index = index
        self.header = header
        self.selection = selection
        groups = header.parameterGroups.sorted { $0.key < $1.key }.map { ParameterGroup(id: $0.key, terms: $0.value) }
    }
}
