/// A line of local maxima through neighbouring wavelet scales: the trace of one peak in scale space.
struct RidgeLine {
    /// Column of the maximum at the finest scale reached so far.
    var position: Int32
    /// Row of that scale.
    var row: Int32
    /// Rows that the line has a maximum in.
    var length: Int32
    /// Coefficient at the finest scale reached, and the largest on the line.
    var coefficient: Double
    var largest: Double
    /// Row and coefficient of the finest scale at which the coefficient stopped falling towards finer scales.
    var bestRow: Int32
    var bestCoefficient: Double
}

/// Links local maxima from the coarsest to the finest scale. Source: Du, Kibbe and Lin 2006 (gap of one scale allowed).
struct RidgeLinker {
    private(set) var lines: [RidgeLine] = []
    private var next: [RidgeLine] = []
    private(set) var finished: [RidgeLine] = []
    private var maxima: [Int32] = []
    private var winner: [Int32] = []
    private var taken: [Bool] = []

    /// Finds the lines in `rows` rows of coefficients; only maxima of at least `threshold` count. O(rows * columns).
    ///
    /// - Parameter reach: per row, how far (columns) a maximum may lie from the line's position one scale coarser.
    mutating func link<Scalar: BinaryFloatingPoint>(
        _ coefficients: UnsafePointer<Scalar>, rows: Int, stride: Int, columns: Int, threshold: Scalar, reach: [Int32]
    ) {
        lines.removeAll(keepingCapacity: true)
        finished.removeAll(keepingCapacity: true)
        for row in (0..<rows).reversed() {
            let values = coefficients + row * stride
            findMaxima(values, columns: columns, threshold: threshold)
            chooseLines(reach: reach[row])
            advance(values, row: Int32(row), mayStart: true)
        }
        finished.append(contentsOf: lines)
        finished.sort { ($0.position, $1.largest) < ($1.position, $0.largest) }
    }

    @inline(__always)
    private mutating func findMaxima<Scalar: BinaryFloatingPoint>(
        _ values: UnsafePointer<Scalar>, columns: Int, threshold: Scalar
    ) {
        maxima.removeAll(keepingCapacity: true)
        guard columns > 0 else { return }
        var previous = -Scalar.infinity
        var current = values[0]
        for column in 0..<columns {
            let following = column + 1 < columns ? values[column + 1] : -Scalar.infinity
            if current >= threshold && current > previous && current >= following {
                maxima.append(Int32(truncatingIfNeeded: column))
            }
            previous = current
            current = following
        }
    }

    /// For every line the nearest maximum within reach that has no nearer line.
    private mutating func chooseLines(reach: Int32) {
        winner.removeAll(keepingCapacity: true)
        winner.append(contentsOf: repeatElement(-1, count: lines.count))
        taken.removeAll(keepingCapacity: true)
        taken.append(contentsOf: repeatElement(false, count: maxima.count))
        guard !lines.isEmpty else { return }
        var line = 0
        for index in 0..<maxima.count {
            let x = maxima[index]
            while line + 1 < lines.count && lines[line].position + lines[line + 1].position <= 2 * x { line += 1 }
            let distance = abs(x - lines[line].position)
            guard distance <= reach else { continue }
            let rival = winner[line]
            if rival >= 0 {
                guard distance < abs(maxima[Int(rival)] - lines[line].position) else { continue }
                taken[Int(rival)] = false
            }
            winner[line] = Int32(truncatingIfNeeded: index)
            taken[index] = true
        }
    }

    @inline(__always)
    private mutating func advance<Scalar: BinaryFloatingPoint>(
        _ values: UnsafePointer<Scalar>, row: Int32, mayStart: Bool
    ) {
        next.removeAll(keepingCapacity: true)
        var fresh = mayStart ? 0 : maxima.count
        for index in 0..<lines.count {
            var line = lines[index]
            while fresh < maxima.count && maxima[fresh] < line.position {
                if !taken[fresh] { start(maxima[fresh], values, row: row) }
                fresh += 1
            }
            if winner[index] >= 0 {
                let position = maxima[Int(winner[index])]
                let value = Double(values[Int(position)])
                if value > line.coefficient {
                    line.bestRow = row
                    line.bestCoefficient = value
                }
                line.position = position
                line.row = row
                line.length += 1
                line.coefficient = value
                line.largest = max(line.largest, value)
            } else if line.row > row + 1 {
                finished.append(line)
                continue
            }
            insert(line)
        }
        while fresh < maxima.count {
            if !taken[fresh] { start(maxima[fresh], values, row: row) }
            fresh += 1
        }
        swap(&lines, &next)
    }

    @inline(__always)
    private mutating func start<Scalar: BinaryFloatingPoint>(
        _ position: Int32, _ values: UnsafePointer<Scalar>, row: Int32
    ) {
        let value = Double(values[Int(position)])
        insert(
            RidgeLine(
                position: position, row: row, length: 1, coefficient: value, largest: value, bestRow: row,
                bestCoefficient: value))
    }

    /// Appends and keeps the list ascending in position: a line that moved passes a neighbour at most rarely.
    @inline(__always)
    private mutating func insert(_ line: RidgeLine) {
        next.append(line)
        var slot = next.count - 1
        while slot > 0 && next[slot - 1].position > line.position {
            next[slot] = next[slot - 1]
            slot -= 1
        }
        next[slot] = line
    }
}
