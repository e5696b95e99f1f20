/// Features in order of file, m/z and retention time, to find those inside an m/z range of a file.
struct FeatureIndex {
    /// Features in index order; positions in it are what `OptimalAssignment` calls columns.
    let features: [ResultFeature]
    /// Position in the table that was indexed.
    let original: [Int]
    /// File stems in ascending order, with the positions of their features.
    private(set) var stems: [String] = []
    private(set) var ranges: [Range<Int>] = []

    /// - Complexity: O(n log n).
    init(_ table: [ResultFeature]) {
        let names = table.map { dataFileStem($0.file) }
        let order = table.indices.sorted { a, b in
            if names[a] != names[b] { return names[a] < names[b] }
            let (x, y) = (table[a], table[b])
            if x.mz != y.mz { return x.mz < y.mz }
            if x.retentionTimeSeconds != y.retentionTimeSeconds {
                return x.retentionTimeSeconds < y.retentionTimeSeconds
            }
            if x.area != y.area { return x.area > y.area }
            return a < b
        }
        original = order
        features = order.map { table[$0] }
        var start = 0
        for position in order.indices {
            let isLast = position + 1 == order.count || names[order[position]] != names[order[position + 1]]
            if isLast {
                stems.append(names[order[position]])
                ranges.append(start..<position + 1)
                start = position + 1
            }
        }
    }

    /// Positions of the features of one file; empty for an unknown one.
    func range(ofFile stem: String) -> Range<Int> {
        guard let index = stems.firstIndex(of: stem) else { return 0..<0 }
        return ranges[index]
    }

    /// Ranges of positions whose m/z lies in `window`: of one file, or of each when `stem` is nil.
    func positions(in window: ClosedRange<Double>, file stem: String?) -> [Range<Int>] {
        let scope = stem.map { [range(ofFile: $0)] } ?? ranges
        return scope.map { range in
            let lower = firstPosition(in: range) { $0 >= window.lowerBound }
            let upper = firstPosition(in: lower..<range.upperBound) { $0 > window.upperBound }
            return lower..<upper
        }
    }

    private func firstPosition(in range: Range<Int>, where isReached: (Double) -> Bool) -> Int {
        var (low, high) = (range.lowerBound, range.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if isReached(features[middle].mz) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
