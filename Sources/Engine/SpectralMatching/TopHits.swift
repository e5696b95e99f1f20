/// Hits that can still be among the best, and the score below which none can be.
struct TopHits: Sendable {
    /// What the best are counted in.
    enum Unit: Sendable {
        case spectra
        /// Whatever has the least score that is allowed.
        case everything
        /// Each by its best spectrum.
        case compounds
    }

    private let unit: Unit
    private let wanted: Int
    /// No hit with a lower score is among the best; equal ones may be.
    private(set) var threshold: Double
    private var hits: [LibraryHit] = []
    /// The best scores so far, the least at the root; for compounds unordered, with their numbers.
    private var heap: [Double] = []
    private var compounds: [(number: UInt32, score: Double)] = []

    init(_ unit: Unit, wanted: Int, minimumScore: Double) {
        self.unit = unit
        self.wanted = wanted
        threshold = minimumScore
        if unit == .spectra { heap.reserveCapacity(min(wanted, 128)) }
        hits.reserveCapacity(min(wanted, 128) + 16)
    }

    /// Whether the threshold is that of the best so far, and no longer only the least that is allowed.
    var isFull: Bool { unit != .everything && (unit == .spectra ? heap.count : compounds.count) >= wanted }

    /// Hands out the best, in no particular order, and what equals the last of them.
    mutating func takeRemaining() -> [LibraryHit] {
        var kept = hits
        hits = []
        let threshold = threshold
        kept.removeAll { $0.score < threshold }
        return kept
    }

    mutating func add(_ hit: LibraryHit, compound: UInt32) {
        guard hit.score >= threshold, wanted > 0 else { return }
        hits.append(hit)
        switch unit {
        case .spectra: addSpectrum(hit.score)
        case .everything: break
        case .compounds: addCompound(compound, hit.score)
        }
    }

    private mutating func addSpectrum(_ score: Double) {
        if heap.count < wanted {
            heap.append(score)
            var child = heap.count - 1
            while child > 0, heap[child] < heap[(child - 1) / 2] {
                heap.swapAt(child, (child - 1) / 2)
                child = (child - 1) / 2
            }
        } else if score > heap[0] {
            heap[0] = score
            var parent = 0
            while true {
                var child = 2 * parent + 1
                guard child < heap.count else { break }
                if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
                guard heap[child] < heap[parent] else { break }
                heap.swapAt(child, parent)
                parent = child
            }
        }
        if heap.count == wanted { threshold = max(threshold, heap[0]) }
    }

    private mutating func addCompound(_ number: UInt32, _ score: Double) {
        if let place = compounds.firstIndex(where: { $0.number == number }) {
            guard score > compounds[place].score else { return }
            compounds[place].score = score
        } else if compounds.count < wanted {
            compounds.append((number, score))
        } else if let place = compounds.indices.min(by: { compounds[$0].score < compounds[$1].score }),
            score > compounds[place].score
        {
            compounds[place] = (number, score)
        }
        if compounds.count == wanted {
            threshold = max(threshold, compounds.reduce(.infinity) { min($0, $1.score) })
        }
    }
}
