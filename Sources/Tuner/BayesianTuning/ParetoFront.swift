/// The points of a set that no other point of it is at least as good as in both coordinates; smaller is better.
///
/// Negate what is maximised. Of equal points one is kept.
public struct ParetoFront: Sendable, Hashable {
    public struct Point: Sendable, Hashable {
        public var first: Double
        public var second: Double

        public init(_ first: Double, _ second: Double) {
            self.first = first
            self.second = second
        }
    }

    /// `first` ascending, `second` descending, both strictly.
    public let points: [Point]

    /// Points with a coordinate that is not a number are left out. - Complexity: O(n log n).
    public init(_ points: [Point]) {
        let numbers = points.indices.filter { !points[$0].first.isNaN && !points[$0].second.isNaN }
        self.points = Self.members(of: numbers, points.map(\.first), points.map(\.second)).map { points[$0] }
    }

    /// Of some rows those on the front of both values, by the first one; the earliest of equal ones. - Complexity: O(n log n).
    static func members(of rows: [Int], _ first: [Double], _ second: [Double]) -> [Int] {
        let sorted = rows.sorted {
            first[$0] != first[$1]
                ? first[$0] < first[$1] : second[$0] != second[$1] ? second[$0] < second[$1] : $0 < $1
        }
        var kept: [Int] = []
        for row in sorted where kept.last.map({ second[row] < second[$0] }) ?? true { kept.append(row) }
        return kept
    }

    /// Whether some member is at least as good in both coordinates and better in one.
    public func dominates(_ point: Point) -> Bool {
        points.contains { $0.first <= point.first && $0.second <= point.second && $0 != point }
    }

    /// The area that members dominate within the reference point; members beyond it count nothing.
    /// - Complexity: O(n).
    public func hypervolume(reference: Point) -> Double {
        var area = 0.0
        var ceiling = reference.second
        for point in points where point.first < reference.first && point.second < ceiling {
            area += (reference.first - point.first) * (ceiling - point.second)
            ceiling = point.second
        }
        return area
    }
}
