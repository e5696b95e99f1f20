/// Candidate pairs of peaks and the choice among them; its memory is reused from one pair of spectra to the next.
struct AssignmentWorkspace {
    private struct Pair {
        var row: Int32
        var column: Int32
        var value: Double
    }

    private var pairs: [Pair] = []
    private var rowDegree: [Int32] = []
    private var columnDegree: [Int32] = []
    private var hasConflict = false
    /// What the last conflict-laden choice gave each row; -1 for nothing.
    private var columnOfRow: [Int32] = []
    private var hungarian = HungarianSolver()

    mutating func begin(rows: Int, columns: Int) {
        pairs.removeAll(keepingCapacity: true)
        rowDegree.removeAll(keepingCapacity: true)
        rowDegree.append(contentsOf: repeatElement(0, count: rows))
        columnDegree.removeAll(keepingCapacity: true)
        columnDegree.append(contentsOf: repeatElement(0, count: columns))
        hasConflict = false
    }

    mutating func addPair(row: Int, column: Int, value: Double) {
        pairs.append(Pair(row: Int32(row), column: Int32(column), value: value))
        rowDegree[row] += 1
        columnDegree[column] += 1
        if rowDegree[row] > 1 || columnDegree[column] > 1 { hasConflict = true }
    }

    /// A pair of peaks that was chosen.
    struct Choice {
        var row: Int
        var column: Int
    }

    /// The pairs of the last `solve...`, by ascending row.
    func chosenPairs() -> [Choice] {
        if !hasConflict {
            // Pairs that are moved come behind those in place.
            return pairs.map { Choice(row: Int($0.row), column: Int($0.column)) }.sorted { $0.row < $1.row }
        }
        return columnOfRow.enumerated().compactMap { row, column in
            column >= 0 ? Choice(row: row, column: Int(column)) : nil
        }
    }

    /// Sum and number of the pairs when none competes with another.
    private func sumOfAll() -> (sum: Double, matched: Int) {
        var sum = 0.0
        for pair in pairs { sum += pair.value }
        return (sum, pairs.count)
    }

    private mutating func forgetChoice() {
        columnOfRow.removeAll(keepingCapacity: true)
        columnOfRow.append(contentsOf: repeatElement(-1, count: rowDegree.count))
    }

    /// Pairs in order of falling value, each peak once. Of equal values the pair that was added last comes first, as in
    /// matchms, which reverses a stable ascending sort.
    mutating func solveGreedily() -> (sum: Double, matched: Int) {
        guard hasConflict else { return sumOfAll() }
        forgetChoice()
        let pairs = pairs
        let order = pairs.indices.sorted { left, right in
            pairs[left].value != pairs[right].value ? pairs[left].value > pairs[right].value : left > right
        }
        var columnUsed = [Bool](repeating: false, count: columnDegree.count)
        var sum = 0.0
        var matched = 0
        for index in order {
            let pair = pairs[index]
            guard columnOfRow[Int(pair.row)] < 0, !columnUsed[Int(pair.column)] else { continue }
            columnOfRow[Int(pair.row)] = pair.column
            columnUsed[Int(pair.column)] = true
            sum += pair.value
            matched += 1
        }
        return (sum, matched)
    }

    /// The choice with the highest sum: pairs without a rival are taken, every conflict is solved by itself.
    /// - Determinism: the sum runs over rows in ascending order.
    mutating func solveOptimally() -> (sum: Double, matched: Int) {
        guard hasConflict else { return sumOfAll() }
        forgetChoice()
        var valueOfRow = [Double](repeating: 0, count: rowDegree.count)
        func take(_ row: Int32, _ column: Int32, _ value: Double) {
            guard value > 0 else { return }
            valueOfRow[Int(row)] = value
            columnOfRow[Int(row)] = column
        }
        for group in conflicts() {
            if group.count == 1 {
                let pair = pairs[group[0]]
                take(pair.row, pair.column, pair.value)
                continue
            }
            let rows = Array(Set(group.map { pairs[$0].row })).sorted()
            let columns = Array(Set(group.map { pairs[$0].column })).sorted()
            let rowIndex = Dictionary(uniqueKeysWithValues: rows.enumerated().map { ($1, $0) })
            let columnIndex = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1, $0) })
            hungarian.begin(rows: rows.count, columns: columns.count)
            for member in group {
                let pair = pairs[member]
                guard let row = rowIndex[pair.row], let column = columnIndex[pair.column] else { continue }
                hungarian.setValue(pair.value, row: row, column: column)
            }
            for (row, choice) in hungarian.solve().enumerated() where choice.column >= 0 {
                take(rows[row], columns[choice.column], choice.value)
            }
        }
        var sum = 0.0
        var matched = 0
        for value in valueOfRow where value > 0 {
            sum += value
            matched += 1
        }
        return (sum, matched)
    }

    /// Groups of pairs that share peaks, directly or through others (connected components).
    private func conflicts() -> [[Int]] {
        var parent = Array(0..<(rowDegree.count + columnDegree.count))
        func root(_ node: Int) -> Int {
            var node = node
            while parent[node] != node {
                parent[node] = parent[parent[node]]
                node = parent[node]
            }
            return node
        }
        for pair in pairs {
            let a = root(Int(pair.row))
            let b = root(rowDegree.count + Int(pair.column))
            if a != b { parent[max(a, b)] = min(a, b) }
        }
        var groupOfRoot = [Int](repeating: -1, count: parent.count)
        var groups: [[Int]] = []
        for (index, pair) in pairs.enumerated() {
            let node = root(Int(pair.row))
            if groupOfRoot[node] < 0 {
                groupOfRoot[node] = groups.count
                groups.append([])
            }
            groups[groupOfRoot[node]].append(index)
        }
        return groups
    }
}

/// Maximum-weight assignment on a small dense matrix.
///
/// - Complexity: O(k^2 l) for k <= l.
/// - Source: Kuhn 1955, in the shortest augmenting path form with potentials of Jonker and Volgenant 1987.
struct HungarianSolver {
    private var rows = 0
    private var columns = 0
    private var transposed = false
    /// Negated values, row-major, the shorter side as rows.
    private var cost: [Double] = []

    mutating func begin(rows: Int, columns: Int) {
        transposed = rows > columns
        self.rows = min(rows, columns)
        self.columns = max(rows, columns)
        cost.removeAll(keepingCapacity: true)
        cost.append(contentsOf: repeatElement(0, count: rows * columns))
    }

    mutating func setValue(_ value: Double, row: Int, column: Int) {
        let (r, c) = transposed ? (column, row) : (row, column)
        cost[r * columns + c] = -value
    }

    /// The column that each row of the original matrix gets, with its value; column -1 for a row that gets none.
    func solve() -> [(column: Int, value: Double)] {
        let owner = assign()
        var result = [(column: Int, value: Double)](repeating: (-1, 0), count: transposed ? columns : rows)
        for column in 0..<columns where owner[column] >= 0 {
            let value = -cost[owner[column] * columns + column]
            if transposed { result[column] = (owner[column], value) } else { result[owner[column]] = (column, value) }
        }
        return result
    }

    /// The row that owns each column, -1 for none.
    private func assign() -> [Int] {
        var rowPotential = [Double](repeating: 0, count: rows + 1)
        var columnPotential = [Double](repeating: 0, count: columns + 1)
        // Column `columns` is the virtual start of every augmenting path.
        var owner = [Int](repeating: -1, count: columns + 1)
        var previous = [Int](repeating: columns, count: columns + 1)
        for row in 0..<rows {
            owner[columns] = row
            var current = columns
            var slack = [Double](repeating: .infinity, count: columns + 1)
            var visited = [Bool](repeating: false, count: columns + 1)
            repeat {
                visited[current] = true
                let active = owner[current]
                var delta = Double.infinity
                var nearest = -1
                for column in 0..<columns where !visited[column] {
                    let reduced = cost[active * columns + column] - rowPotential[active] - columnPotential[column]
                    if reduced < slack[column] {
                        slack[column] = reduced
                        previous[column] = current
                    }
                    if slack[column] < delta {
                        delta = slack[column]
                        nearest = column
                    }
                }
                // Only values that are not numbers leave no column; such a row stays without one.
                guard nearest >= 0 else { return Array(owner.dropLast()) }
                for column in 0...columns {
                    if visited[column] {
                        rowPotential[owner[column]] += delta
                        columnPotential[column] -= delta
                    } else {
                        slack[column] -= delta
                    }
                }
                current = nearest
            } while owner[current] >= 0
            while current != columns {
                let before = previous[current]
                owner[current] = owner[before]
                current = before
            }
        }
        owner.removeLast()
        return owner
    }
}
