import GaussianProcess
import Statistics

/// A forest of randomised regression trees with a mean and a variance per point.
///
/// 40 bootstrap trees; each node tries 5/6 of the features with one random threshold each (for a category: one level
/// against the rest) and keeps the best variance reduction; leaves hold one value or equal ones. The hedge against a
/// Gaussian process that has settled on wrong length scales. Source: Breiman 2001; thresholds as in Geurts et al. 2006.
struct RandomForest {
    /// All trees one after the other; children are counted from the start of their tree.
    private let nodes: [Node]
    private let roots: [Int]

    private struct Node {
        /// -1 for a leaf.
        var feature = -1
        var threshold = 0.0
        var isCategorical = false
        var left = 0
        var right = 0
        var mean = 0.0
        var variance = 0.0

        func goesLeft(_ x: Double) -> Bool { isCategorical ? x == threshold : x <= threshold }
    }

    static let treeCount = 40

    init(_ training: TrainingSet, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let n = training.count
        var nodes: [Node] = []
        var roots: [Int] = []
        for _ in 0..<Self.treeCount {
            let rows = (0..<n).map { _ in generator.integer(below: n) }
            roots.append(nodes.count)
            nodes += Self.grow(training, rows, using: &generator)
        }
        self.nodes = nodes
        self.roots = roots
    }

    /// Mean over trees; variance between trees plus the mean variance within leaves plus 1e-4.
    /// - Complexity: O(points * trees * depth).
    func posterior(at points: [Double], dimensions: Int) -> Posterior {
        let count = points.count / max(1, dimensions)
        let size = Double(roots.count)
        var means = [Double](repeating: 0, count: count)
        var variances = [Double](repeating: 0, count: count)
        points.withUnsafeBufferPointer { points in
            nodes.withUnsafeBufferPointer { nodes in
                for c in 0..<count {
                    var sum = 0.0
                    var squares = 0.0
                    var within = 0.0
                    for root in roots {
                        var at = root
                        while nodes[at].feature >= 0 {
                            let x = points[c * dimensions + nodes[at].feature]
                            at = root + (nodes[at].goesLeft(x) ? nodes[at].left : nodes[at].right)
                        }
                        sum += nodes[at].mean
                        squares += nodes[at].mean * nodes[at].mean
                        within += nodes[at].variance
                    }
                    means[c] = sum / size
                    variances[c] = max(0, squares / size - means[c] * means[c]) + within / size + 1e-4
                }
            }
        }
        return Posterior(means: means, variances: variances)
    }

    private static func grow(
        _ training: TrainingSet, _ rows: [Int], using generator: inout SeededGenerator
    ) -> [Node] {
        var nodes = [Node()]
        var pending = [(node: 0, rows: rows)]
        while let (index, rows) = pending.popLast() {
            var average = 0.0
            for row in rows { average += training.targets[row] }
            average /= Double(rows.count)
            var spread = 0.0
            for row in rows { spread += (training.targets[row] - average) * (training.targets[row] - average) }
            var node = Node(mean: average, variance: spread / Double(rows.count))
            if rows.count > 1, spread > 1e-12,
                let split = bestSplit(training, rows, using: &generator)
            {
                node.feature = split.feature
                node.threshold = split.threshold
                node.isCategorical = training.kinds[split.feature] == .categorical
                node.left = nodes.count
                node.right = nodes.count + 1
                nodes.append(Node())
                nodes.append(Node())
                let d = training.dimensions
                let goesLeft = rows.map { node.goesLeft(training.inputs[$0 * d + split.feature]) }
                pending.append((node.left, zip(rows, goesLeft).compactMap { $1 ? $0 : nil }))
                pending.append((node.right, zip(rows, goesLeft).compactMap { $1 ? nil : $0 }))
            }
            nodes[index] = node
        }
        return nodes
    }

    private static func bestSplit(
        _ training: TrainingSet, _ rows: [Int], using generator: inout SeededGenerator
    ) -> (feature: Int, threshold: Double)? {
        let d = training.dimensions
        var features = Array(0..<d)
        var best: (feature: Int, threshold: Double, within: Double)?
        for tried in 0..<(5 * d + 5) / 6 {
            features.swapAt(tried, tried + generator.integer(below: d - tried))
            let feature = features[tried]
            let isCategorical = training.kinds[feature] == .categorical
            var lower = Double.infinity
            var upper = -Double.infinity
            for row in rows {
                lower = min(lower, training.inputs[row * d + feature])
                upper = max(upper, training.inputs[row * d + feature])
            }
            guard upper > lower else { continue }
            let threshold =
                isCategorical
                ? training.inputs[rows[generator.integer(below: rows.count)] * d + feature]
                : lower + generator.uniform() * (upper - lower)
            let probe = Node(feature: feature, threshold: threshold, isCategorical: isCategorical)
            var count = (0.0, 0.0)
            var sum = (0.0, 0.0)
            var squares = 0.0
            for row in rows {
                let y = training.targets[row]
                squares += y * y
                if probe.goesLeft(training.inputs[row * d + feature]) {
                    count.0 += 1
                    sum.0 += y
                } else {
                    count.1 += 1
                    sum.1 += y
                }
            }
            guard count.0 > 0, count.1 > 0 else { continue }
            let within = squares - sum.0 * sum.0 / count.0 - sum.1 * sum.1 / count.1
            if best.map({ within < $0.within }) ?? true { best = (feature, threshold, within) }
        }
        return best.map { ($0.feature, $0.threshold) }
    }
}
