/// The order in which the keys ascend; equal keys stay in the order in which they are.
///
/// Radix sort on the upper 33 bits of the numbers, eleven at a time from the lowest: O(count). Keys that these do not tell
/// apart (closer than a part in two million) are compared. As many work at it as the schedule has. -0 stands before 0, and NaN with a sign before, without one
/// behind all others.
func ascendingOrder(of keys: [Double], schedule: RangeSchedule = .serial) -> [Int32] {
    ascendingOrder(of: keys, schedule: schedule) { _ in 0 }
}

/// The same, with equal keys in the order of a second key, and in the order in which they are where that is equal too.
func ascendingOrder(
    of keys: [Double], schedule: RangeSchedule = .serial, then second: @escaping @Sendable (_ index: Int) -> Double
) -> [Int32] {
    let (values, sorted) = byUpperBits(keys, schedule)
    var order = sorted
    order.withUnsafeMutableBufferPointer { buffer in
        let order = SharedMemory(buffer)
        schedule.run(values.count) { range in
            var ties: [(key: UInt64, second: Double, index: Int32)] = []
            // A range has the runs that begin in it.
            var first = range.lowerBound
            while first > 0, first < range.upperBound, isTied(values, first - 1, first) { first += 1 }
            while first < range.upperBound {
                var end = first + 1
                while end < values.count, isTied(values, first, end) { end += 1 }
                if end - first > 1 {
                    // Copied, so that comparisons look at nothing else: what others look at too is counted by each.
                    ties.removeAll(keepingCapacity: true)
                    for place in first..<end {
                        let index = order.buffer[place]
                        ties.append((values[place], second(Int(index)), index))
                    }
                    ties.sort { a, b in
                        a.key != b.key ? a.key < b.key : (a.second, a.index) < (b.second, b.index)
                    }
                    for (place, tie) in zip(first..<end, ties) { order.buffer[place] = tie.index }
                }
                first = end
            }
        }
    }
    return order
}

private func isTied(_ values: [UInt64], _ one: Int, _ other: Int) -> Bool { values[one] >> 31 == values[other] >> 31 }

/// Bits of a number as one that orders like it: negative ones are turned over, the others go behind them.
private func ordered(_ key: Double) -> UInt64 {
    let bits = key.bitPattern
    return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
}

/// Sorted as far as the upper 33 bits tell, and the bits in that order.
private func byUpperBits(_ keys: [Double], _ schedule: RangeSchedule) -> (values: [UInt64], order: [Int32]) {
    guard keys.count >= 256 else {
        let values = keys.map(ordered)
        let order = (0..<Int32(truncatingIfNeeded: keys.count))
            .sorted { (values[Int($0)], $0) < (values[Int($1)], $1) }
        return (order.map { values[Int($0)] }, order)
    }
    let blocks = DigitBlocks(count: keys.count)
    // With few blocks, sorting takes less time than starting threads.
    let schedule = blocks.count < 4 ? .serial : schedule
    var values = schedule.elements(keys.count) { ordered(keys[$0]) }
    var order = schedule.elements(keys.count) { Int32(truncatingIfNeeded: $0) }
    var nextValues = [UInt64](repeating: 0, count: values.count)
    var nextOrder = [Int32](repeating: 0, count: order.count)
    var places = [Int32](repeating: 0, count: blocks.count * DigitBlocks.digits)
    for shift in [UInt64(31), 42, 53] {
        let isSpread = values.withUnsafeMutableBufferPointer { values in
            order.withUnsafeMutableBufferPointer { order in
                nextValues.withUnsafeMutableBufferPointer { nextValues in
                    nextOrder.withUnsafeMutableBufferPointer { nextOrder in
                        places.withUnsafeMutableBufferPointer { places in
                            blocks.distribute(
                                DigitBlocks.Elements(values: SharedMemory(values), order: SharedMemory(order)),
                                to: DigitBlocks.Elements(
                                    values: SharedMemory(nextValues), order: SharedMemory(nextOrder)),
                                by: shift, places: SharedMemory(places), schedule)
                        }
                    }
                }
            }
        }
        guard isSpread else { continue }
        swap(&values, &nextValues)
        swap(&order, &nextOrder)
    }
    return (values, order)
}

/// One pass of the sort: blocks of elements count their digits, then each puts its elements where those of the blocks before
/// it end. So passes are stable whoever does which block.
private struct DigitBlocks: Sendable {
    struct Elements: Sendable {
        let values: SharedMemory<UInt64>
        let order: SharedMemory<Int32>
    }

    static let digits = 1 << 11
    private static let blockSize = 1 << 14

    private let elementCount: Int
    /// Number of blocks.
    let count: Int

    init(count elementCount: Int) {
        self.elementCount = elementCount
        count = (elementCount + Self.blockSize - 1) / Self.blockSize
    }

    /// - Parameter places: as many as blocks times digits. - Returns: false, and nothing written, where all have the same digit.
    func distribute(
        _ source: Elements, to target: Elements, by shift: UInt64, places: SharedMemory<Int32>,
        _ schedule: RangeSchedule
    ) -> Bool {
        let mask = UInt64(Self.digits - 1)
        forEach(schedule) { block, elements in
            let own = block * Self.digits
            for digit in 0..<Self.digits { places.buffer[own + digit] = 0 }
            for index in elements { places.buffer[own + Int(source.values.buffer[index] >> shift & mask)] &+= 1 }
        }
        var start: Int32 = 0
        for digit in 0..<Self.digits {
            let first = start
            for block in 0..<count {
                let place = block * Self.digits + digit
                let found = places.buffer[place]
                places.buffer[place] = start
                start &+= found
            }
            if Int(start - first) == elementCount { return false }
        }
        forEach(schedule) { block, elements in
            let own = block * Self.digits
            for index in elements {
                let value = source.values.buffer[index]
                let digit = own + Int(value >> shift & mask)
                let place = Int(places.buffer[digit])
                places.buffer[digit] &+= 1
                target.values.buffer[place] = value
                target.order.buffer[place] = source.order.buffer[index]
            }
        }
        return true
    }

    /// A range has the blocks that begin in it.
    private func forEach(
        _ schedule: RangeSchedule, _ body: @escaping @Sendable (_ block: Int, _ elements: Range<Int>) -> Void
    ) {
        schedule.run(elementCount) { range in
            let first = (range.lowerBound + Self.blockSize - 1) / Self.blockSize
            for block in first..<max((range.upperBound + Self.blockSize - 1) / Self.blockSize, first) {
                let start = block * Self.blockSize
                body(block, start..<min(start + Self.blockSize, elementCount))
            }
        }
    }
}
