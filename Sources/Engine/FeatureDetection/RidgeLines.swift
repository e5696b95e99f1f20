import SignalKernels

/// A line of local maxima through neighbouring wavelet scales: the trace of one peak in scale space.
struct RidgeLine {
    /// Column of the maximum at the finest scale reached so far.
    var position: Int32
    /// Row of that scale.
    var row: Int32
    /// Rows that the line has a maximum in.
    var length: Int32
    /// Row of the finest scale at which the coefficient stopped falling towards finer scales, and that coefficient.
    var bestRow: Int32
    var bestCoefficient: Double
    /// Coefficient at the finest scale reached, and the largest on the line.
    var coefficient: Double
    var largest: Double

    static let blank = RidgeLine(
        position: 0, row: 0, length: 0, bestRow: 0, bestCoefficient: 0, coefficient: 0, largest: 0)
}

/// Links local maxima from the coarsest to the finest scale. Source: Du, Kibbe and Lin 2006 (gap of one scale allowed).
struct RidgeLinker {
    /// The lines of the last `link`, ascending in position, then falling in their largest coefficient.
    private(set) var finished: [RidgeLine] = []
    // Of each array only the first few elements count: they are not shortened, so that loops can run on plain memory.
    private var lines: [RidgeLine] = []
    private var next: [RidgeLine] = []
    private var maxima: [Int32] = []
    /// By line: the maximum that continues it, or -1.
    private var winner: [Int32] = []
    /// By maximum: whether it continues a line.
    private var taken: [Bool] = []

    /// Finds the lines in `rows` rows of coefficients; only maxima of at least `threshold` count. O(rows * columns).
    ///
    /// - Parameters:
    ///   - reach: per row, how far (columns) a maximum may lie from the line's position one scale coarser.
    ///   - shifts: per row, the logarithm to base 2 of the distance between the columns that are there.
    mutating func link<Scalar: TransformScalar>(
        _ coefficients: UnsafePointer<Scalar>, rows: Int, stride: Int, columns: Int, threshold: Scalar,
        reach: ArraySlice<Int32>, shifts: ArraySlice<Int>
    ) {
        link(rows: rows, columns: columns, threshold: threshold, reach: reach, shifts: shifts) {
            coefficients + $0 * stride
        }
    }

    /// The same, with rows that are asked for one after the other, from the coarsest to the finest, and once each.
    /// - Parameter valuesOf: the coefficients of a row, valid until the next is asked for.
    mutating func link<Scalar: TransformScalar>(
        rows: Int, columns: Int, threshold: Scalar, reach: ArraySlice<Int32>, shifts: ArraySlice<Int>,
        valuesOf: (_ row: Int) -> UnsafePointer<Scalar>
    ) {
        finished.removeAll(keepingCapacity: true)
        if maxima.count < columns {
            maxima = Array(repeating: 0, count: 2 * columns)
            taken = Array(repeating: false, count: 2 * columns)
        }
        var lineCount = 0
        for row in Swift.stride(from: rows - 1, through: 0, by: -1) {
            let values = valuesOf(row)
            let shift = shifts[shifts.startIndex + row]
            let maximumCount = maxima.withUnsafeMutableBufferPointer { buffer -> Int in
                guard columns > 0, let positions = buffer.baseAddress else { return 0 }
                let count = (columns - 1) >> shift + 1
                return Scalar.localMaxima(values, count: count, threshold: threshold, into: positions)
            }
            guard lineCount + maximumCount > 0 else { continue }
            reserve(lineCount + maximumCount)
            lineCount = advance(
                lineCount: lineCount, maximumCount: maximumCount, values, row: Int32(truncatingIfNeeded: row),
                shift: shift, reach: reach[reach.startIndex + row])
        }
        finished.append(contentsOf: lines[..<lineCount])
        sortFinished()
    }

    private mutating func reserve(_ count: Int) {
        guard next.count < count else { return }
        lines.append(contentsOf: repeatElement(.blank, count: 2 * count - lines.count))
        next.append(contentsOf: repeatElement(.blank, count: 2 * count - next.count))
        winner.append(contentsOf: repeatElement(-1, count: 2 * count - winner.count))
    }

    /// Takes the lines one scale finer: continued, kept for one more scale, or finished; the rest of the maxima start new ones.
    private mutating func advance<Scalar: TransformScalar>(
        lineCount: Int, maximumCount: Int, _ values: UnsafePointer<Scalar>, row: Int32, shift: Int,
        reach: Int32
    ) -> Int {
        var kept = 0
        lines.withUnsafeBufferPointer { lines in
            next.withUnsafeMutableBufferPointer { next in
                maxima.withUnsafeMutableBufferPointer { maxima in
                    winner.withUnsafeMutableBufferPointer { winner in
                        taken.withUnsafeMutableBufferPointer { taken in
                            let before = UnsafeBufferPointer(rebasing: lines[..<lineCount])
                            for index in 0..<maximumCount { maxima[index] <<= shift }
                            let maxima = UnsafeBufferPointer(rebasing: maxima[..<maximumCount])
                            Self.chooseLines(before, maxima: maxima, reach: reach, winner: winner, taken: taken)
                            kept = Self.merge(
                                before, maxima: maxima, winner: winner, taken: taken, values, row: row, shift: shift,
                                into: next,
                                finished: &finished)
                        }
                    }
                }
            }
        }
        swap(&lines, &next)
        return kept
    }

    /// For every line the nearest maximum within reach that has no nearer line.
    private static func chooseLines(
        _ lines: UnsafeBufferPointer<RidgeLine>, maxima: UnsafeBufferPointer<Int32>, reach: Int32,
        winner: UnsafeMutableBufferPointer<Int32>, taken: UnsafeMutableBufferPointer<Bool>
    ) {
        for index in 0..<lines.count { winner[index] = -1 }
        for index in 0..<maxima.count { taken[index] = false }
        guard !lines.isEmpty else { return }
        var line = 0
        for index in 0..<maxima.count {
            let x = maxima[index]
            while line + 1 < lines.count && lines[line].position &+ lines[line + 1].position <= 2 &* x { line += 1 }
            let distance = abs(x &- lines[line].position)
            guard distance <= reach else { continue }
            let rival = winner[line]
            if rival >= 0 {
                guard distance < abs(maxima[Int(rival)] &- lines[line].position) else { continue }
                taken[Int(rival)] = false
            }
            winner[line] = Int32(truncatingIfNeeded: index)
            taken[index] = true
        }
    }

    private static func merge<Scalar: TransformScalar>(
        _ lines: UnsafeBufferPointer<RidgeLine>, maxima: UnsafeBufferPointer<Int32>,
        winner: UnsafeMutableBufferPointer<Int32>, taken: UnsafeMutableBufferPointer<Bool>,
        _ values: UnsafePointer<Scalar>, row: Int32, shift: Int, into next: UnsafeMutableBufferPointer<RidgeLine>,
        finished: inout [RidgeLine]
    ) -> Int {
        var kept = 0
        var fresh = 0

        /// Keeps the list ascending in position: a line that moved passes a neighbour at most rarely.
        @inline(__always) func insert(_ line: RidgeLine) {
            var slot = kept
            while slot > 0 && next[slot - 1].position > line.position {
                next[slot] = next[slot - 1]
                slot -= 1
            }
            next[slot] = line
            kept += 1
        }
        @inline(__always) func startLines(before position: Int32) {
            while fresh < maxima.count && maxima[fresh] < position {
                if !taken[fresh] {
                    let value = Double(values[Int(maxima[fresh]) >> shift])
                    insert(
                        RidgeLine(
                            position: maxima[fresh], row: row, length: 1, bestRow: row, bestCoefficient: value,
                            coefficient: value, largest: value))
                }
                fresh += 1
            }
        }

        for index in 0..<lines.count {
            var line = lines[index]
            startLines(before: line.position)
            if winner[index] >= 0 {
                let position = maxima[Int(winner[index])]
                let value = Double(values[Int(position) >> shift])
                if value > line.coefficient {
                    line.bestRow = row
                    line.bestCoefficient = value
                }
                line.position = position
                line.row = row
                line.length &+= 1
                line.coefficient = value
                line.largest = max(line.largest, value)
            } else if line.row > row + 1 {
                finished.append(line)
                continue
            }
            insert(line)
        }
        startLines(before: Int32.max)
        return kept
    }

    /// Insertion sort: nearly all lines are in order already.
    private mutating func sortFinished() {
        finished.withUnsafeMutableBufferPointer { lines in
            for index in lines.indices.dropFirst() {
                let line = lines[index]
                var slot = index
                while slot > 0,
                    (line.position, lines[slot - 1].largest) < (lines[slot - 1].position, line.largest)
                {
                    lines[slot] = lines[slot - 1]
                    slot -= 1
                }
                lines[slot] = line
            }
        }
    }
}
