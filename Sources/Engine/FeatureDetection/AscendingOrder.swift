/// The order in which the keys ascend; equal keys stay in the order in which they are.
///
/// Radix sort on the bits of the numbers, eleven at a time from the lowest: O(count). -0 stands before 0, and NaN with a sign
/// before, without one behind all others.
func ascendingOrder(of keys: [Double]) -> [Int32] {
    var values = keys.map { key -> UInt64 in
        // Bits of a number as one that orders like it: negative ones are turned over, the others go behind them.
        let bits = key.bitPattern
        return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
    }
    var order = (0..<Int32(truncatingIfNeeded: keys.count)).map { $0 }
    if keys.count < 256 {
        order.sort { (values[Int($0)], $0) < (values[Int($1)], $1) }
        return order
    }
    var nextValues = [UInt64](repeating: 0, count: values.count)
    var nextOrder = [Int32](repeating: 0, count: order.count)
    var counts = [Int32](repeating: 0, count: 1 << 11)
    for shift in stride(from: UInt64(0), to: 64, by: 11) {
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
    return order
}

/// The same, with equal keys in the order of a second key, and in the order in which they are where that is equal too.
func ascendingOrder(of keys: [Double], then second: (_ index: Int) -> Double) -> [Int32] {
    var order = ascendingOrder(of: keys)
    var first = 0
    while first < order.count {
        var end = first + 1
        while end < order.count && keys[Int(order[end])] == keys[Int(order[first])] { end += 1 }
        if end - first > 1 {
            order[first..<end].sort { (second(Int($0)), $0) < (second(Int($1)), $1) }
        }
        first = end
    }
    return order
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
