/// One-to-one assignment with as many pairs as possible and, among those, the smallest sum of costs.
///
/// Shortest augmenting paths with dual variables (Jonker and Volgenant, Computing 38, 1987) on the sparse graph; each
/// row also owns a private "unmatched" column that costs more than all pairs together. Costs are in 0...2. Ties go to
/// a free column, then to the lower index, so the outcome is the same in every run. Complexity O(rows x reach log
/// reach); the reach is the number of pairs among the rows that compete for the same columns, a few in real tables.
struct OptimalAssignment {
    /// Column of each row; -1 for none.
    private(set) var columnOfRow: [Int]

    init(_ pairs: CandidatePairs, columnCount: Int) {
        let rowCount = pairs.rowCount
        var search = AugmentingSearch(pairs: pairs, columnCount: columnCount)
        for row in 0..<rowCount { search.assign(row) }
        columnOfRow = search.columnOfRow.map { $0 < columnCount ? $0 : -1 }
    }
}

private struct AugmentingSearch {
    let pairs: CandidatePairs
    let columnCount: Int
    let unmatchedCost: Double
    var columnOfRow: [Int]
    var rowOfColumn: [Int]
    var rowDual: [Double]
    var columnDual: [Double]
    /// Of the path search in progress: distance and predecessor row of each column, whether it is settled.
    var distance: [Double]
    var predecessor: [Int]
    var settled: [Bool]
    var reached: [Int] = []
    /// Binary heap of reached columns, nearest first; a column that came nearer is in it more than once.
    var frontier: [Entry] = []

    struct Entry {
        let distance: Double
        let isTaken: Bool
        let column: Int

        func isBefore(_ other: Entry) -> Bool {
            if distance != other.distance { return distance < other.distance }
            if isTaken != other.isTaken { return !isTaken }
            return column < other.column
        }
    }

    init(pairs: CandidatePairs, columnCount: Int) {
        self.pairs = pairs
        self.columnCount = columnCount
        let total = columnCount + pairs.rowCount
        unmatchedCost = 4 * Double(pairs.rowCount + 1)
        columnOfRow = Array(repeating: -1, count: pairs.rowCount)
        rowOfColumn = Array(repeating: -1, count: total)
        rowDual = Array(repeating: 0, count: pairs.rowCount)
        columnDual = Array(repeating: 0, count: total)
        distance = Array(repeating: .infinity, count: total)
        predecessor = Array(repeating: -1, count: total)
        settled = Array(repeating: false, count: total)
    }

    mutating func assign(_ start: Int) {
        var row = start
        var rows: [Int] = []
        var length = 0.0
        var sink = -1
        while sink < 0 {
            rows.append(row)
            for edge in pairs.offsets[row]..<pairs.offsets[row + 1] {
                relax(pairs.columns[edge], from: row, cost: length + pairs.costs[edge])
            }
            relax(columnCount + row, from: row, cost: length + unmatchedCost)
            let nearest = takeNearestColumn()
            length = distance[nearest]
            settled[nearest] = true
            if rowOfColumn[nearest] < 0 { sink = nearest } else { row = rowOfColumn[nearest] }
        }
        rowDual[start] += length
        for other in rows where other != start { rowDual[other] += length - distance[columnOfRow[other]] }
        for column in reached where settled[column] { columnDual[column] -= length - distance[column] }
        augment(to: sink, from: start)
        for column in reached {
            distance[column] = .infinity
            settled[column] = false
        }
        reached.removeAll(keepingCapacity: true)
        frontier.removeAll(keepingCapacity: true)
    }

    private mutating func relax(_ column: Int, from row: Int, cost: Double) {
        if settled[column] { return }
        let candidate = cost - rowDual[row] - columnDual[column]
        if candidate < distance[column] {
            if distance[column] == .infinity { reached.append(column) }
            distance[column] = candidate
            predecessor[column] = row
            push(Entry(distance: candidate, isTaken: rowOfColumn[column] >= 0, column: column))
        }
    }

    /// The nearest reached column that is not settled; every row reaches its own unmatched column, so there is one.
    private mutating func takeNearestColumn() -> Int {
        while true {
            let entry = pop()
            if !settled[entry.column] { return entry.column }
        }
    }

    private mutating func push(_ entry: Entry) {
        var child = frontier.count
        frontier.append(entry)
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.isBefore(frontier[parent]) else { break }
            frontier[child] = frontier[parent]
            child = parent
        }
        frontier[child] = entry
    }

    private mutating func pop() -> Entry {
        let top = frontier[0]
        let last = frontier.removeLast()
        if frontier.isEmpty { return top }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= frontier.count { break }
            if child + 1 < frontier.count, frontier[child + 1].isBefore(frontier[child]) { child += 1 }
            guard frontier[child].isBefore(last) else { break }
            frontier[parent] = frontier[child]
            parent = child
        }
        frontier[parent] = last
        return top
    }

    private mutating func augment(to sink: Int, from start: Int) {
        var column = sink
        while true {
            let row = predecessor[column]
            let previous = columnOfRow[row]
            rowOfColumn[column] = row
            columnOfRow[row] = column
            if row == start { return }
            column = previous
        }
    }
}
