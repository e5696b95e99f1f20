/// The order in which the keys ascend; equal keys stay in the order in which they are.
///
/// Radix sort on the upper 33 bits of the numbers, eleven at a time from the lowest: O(count). Keys that these do not tell
/// apart (closer than a part in two million) are compared. -0 stands before 0, and NaN with a sign before, without one
/// behind all others.
func ascendingOrder(of keys: [Double]) -> [Int32] { ascendingOrder(of: keys) { _ in 0 } }

/// The same, with equal keys in the order of a second key, and in the order in which they are where that is equal too.
func ascendingOrder(
    of keys: [Double], schedule: RangeSchedule = .serial, then second: @escaping @Sendable (_ index: Int) -> Double
) -> [Int32] {
    let (values, sorted) = byUpperBits(keys)
    var order = sorted
    order.withUnsafeMutableBufferPointer { buffer in
        let order = SharedMemory(buffer)
        schedule.run(values.count) { range in
            // A range has the runs that begin in it.
            var first = range.lowerBound
            while first > 0, first < range.upperBound, isTied(values, first - 1, first) { first += 1 }
            while first < range.upperBound {
                var end = first + 1
                while end < values.count, isTied(values, first, end) { end += 1 }
                if end - first > 1 {
                    var run = order.buffer[first..<end]
                    run.sort { one, other in
                        let (a, b) = (ordered(keys[Int(one)]), ordered(keys[Int(other)]))
                        return a != b ? a < b : (second(Int(one)), one) < (second(Int(other)), other)
                    }
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
private func byUpperBits(_ keys: [Double]) -> (values: [UInt64], order: [Int32]) {
    var values = keys.map(ordered)
    var order = (0..<Int32(truncatingIfNeeded: keys.count)).map { $0 }
    guard keys.count >= 256 else {
        order.sort { (values[Int($0)], $0) < (values[Int($1)], $1) }
        return (order.map { values[Int($0)] }, order)
    }
    var nextValues = [UInt64](repeating: 0, count: values.count)
    var nextOrder = [Int32](repeating: 0, count: order.count)
    var counts = [Int32](repeating: 0, count: 1 << 11)
    for shift in [UInt64(31), 42, 53] {
        let isSpread = values.withUnsafeBufferPointer { values in
            order.withUnsafeBufferPointer { order in
                nextValues.withUnsafeMutableBufferPointer { nextValues in
                    nextOrder.withUnsafeMutableBufferPointer { nextOrder in
                        counts.withUnsafeMutableBufferPointer {
                            distribute(values, order, by: shift, nextValues, nextOrder, counts: $0)
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

/// One pass of the sort; false, and nothing written, where all have the same digit.
private func distribute(
    _ values: UnsafeBufferPointer<UInt64>, _ order: UnsafeBufferPointer<Int32>, by shift: UInt64,
    _ nextValues: UnsafeMutableBufferPointer<UInt64>, _ nextOrder: UnsafeMutableBufferPointer<Int32>,
    counts: UnsafeMutableBufferPointer<Int32>
) -> Bool {
    let mask: UInt64 = 1 << 11 - 1
    counts.update(repeating: 0)
    for value in values { counts[Int(value >> shift & mask)] &+= 1 }
    if counts[Int(values[0] >> shift & mask)] == Int32(truncatingIfNeeded: values.count) { return false }
    var start: Int32 = 0
    for digit in counts.indices {
        let count = counts[digit]
        counts[digit] = start
        start &+= count
    }
    for index in values.indices {
        let digit = Int(values[index] >> shift & mask)
        let place = Int(counts[digit])
        counts[digit] &+= 1
        nextValues[place] = values[index]
        nextOrder[place] = order[index]
    }
    return true
}
