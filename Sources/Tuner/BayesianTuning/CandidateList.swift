import Parameters
import Statistics

/// The points of a space whose legal configurations are listed one by one.
struct CandidateList: Sendable {
    /// Distinct, in the order of the list.
    let points: [LatticePoint]
    private let members: Set<LatticePoint>
    private let isCategorical: [Bool]
    /// Encoded inputs, one contiguous column per modelled dimension.
    private let columns: [[Float]]

    /// - Parameter points: canonical; repeats are dropped. - Complexity: O(points * d).
    init(_ points: [LatticePoint], dimensions: [SearchDimension], modelled: [Int]) {
        var members: Set<LatticePoint> = []
        members.reserveCapacity(points.count)
        let distinct = points.filter { members.insert($0).inserted }
        self.points = distinct
        self.members = members
        isCategorical = modelled.map { dimensions[$0].isCategorical }
        columns = modelled.map { d in
            let positions = dimensions[d].positions.map { Float($0) }
            return distinct.map { positions[Int($0.levels[d])] }
        }
    }

    func contains(_ point: LatticePoint) -> Bool { members.contains(point) }

    /// Squared distance of every point to an encoded one; a category counts 0 or 1. - Complexity: O(points * d).
    func squaredDistances(to inputs: [Double]) -> [Float] {
        var distances = [Float](repeating: 0, count: points.count)
        distances.withUnsafeMutableBufferPointer { distances in
            for (j, column) in columns.enumerated() {
                let x = Float(inputs[j])
                let isCategory = isCategorical[j]
                column.withUnsafeBufferPointer { column in
                    if isCategory {
                        for i in 0..<column.count { distances[i] += column[i] == x ? 0 : 1 }
                    } else {
                        for i in 0..<column.count { distances[i] += (column[i] - x) * (column[i] - x) }
                    }
                }
            }
        }
        return distances
    }

    /// The point nearest to an encoded one, the earliest of equals.
    func nearest(to inputs: [Double]) -> LatticePoint? {
        let distances = squaredDistances(to: inputs)
        var best = 0
        for i in distances.indices where distances[i] < distances[best] { best = i }
        return points.isEmpty ? nil : points[best]
    }

    /// The nearest points to an encoded one that are not `excluded`, nearest first, earlier ones first among equals.
    /// - Complexity: O(points * d), and O(points log wanted) in the worst order.
    func nearest(_ wanted: Int, to inputs: [Double], excluding excluded: Set<LatticePoint>) -> [LatticePoint] {
        let distances = squaredDistances(to: inputs)
        // Room for the excluded ones, so that hashing happens for few points only.
        let room = min(wanted + excluded.count, points.count)
        guard room > 0 else { return [] }
        // A bounded heap with the farthest on top.
        var heap: [Int] = []
        heap.reserveCapacity(room)
        func isFarther(_ a: Int, _ b: Int) -> Bool {
            distances[a] != distances[b] ? distances[a] > distances[b] : a > b
        }
        func siftDown() {
            var parent = 0
            while true {
                var child = 2 * parent + 1
                if child >= room { return }
                if child + 1 < room, isFarther(heap[child + 1], heap[child]) { child += 1 }
                if !isFarther(heap[child], heap[parent]) { return }
                heap.swapAt(child, parent)
                parent = child
            }
        }
        heap = (0..<room).sorted { isFarther($0, $1) }
        for i in room..<max(room, points.count) where distances[i] < distances[heap[0]] {
            heap[0] = i
            siftDown()
        }
        heap.sort { isFarther($1, $0) }
        return Array(heap.lazy.map { points[$0] }.filter { !excluded.contains($0) }.prefix(wanted))
    }
}
