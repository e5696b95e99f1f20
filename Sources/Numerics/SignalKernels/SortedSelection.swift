import CSignalKernels

/// The value of rank `rank` (0 is the smallest) of `count` values, which may be reordered. O(count) on average.
///
/// - Precondition: no value is NaN; `rank` is one of 0..<`count`.
public func orderStatistic(_ values: UnsafeMutablePointer<Double>, count: Int, rank: Int) -> Double {
    precondition(rank >= 0 && rank < count, "rank outside the values")
    return order_statistic_double(values, count, rank)
}

/// Infinite values that must stand behind the sorted ones of `nearestInAscending`.
public let nearestPadding = Int(kNearestPadding)

/// For each of `wantedCount` ascending values the index of the nearest of `count` ascending ones; of two that are equally
/// near the upper one. O(count + wantedCount).
///
/// - Precondition: `count` > 0, and `nearestPadding` infinite values follow the sorted ones.
@inline(__always)
public func nearestInAscending(
    _ ascending: UnsafePointer<Double>, count: Int, wanted: UnsafePointer<Double>, wantedCount: Int,
    into nearest: UnsafeMutablePointer<Int32>
) {
    nearest_in_ascending(ascending, count, wanted, wantedCount, nearest)
}

/// Elements behind the last that `keepAbove` may write.
public let keepPadding = Int(kKeepPadding)

/// Copies, in order, the points whose value is at least `floor` and whose value and position are finite and above zero;
/// returns how many. O(count).
///
/// - Precondition: `floor` > 0; room for `count + keepPadding` of them.
public func keepAbove(
    _ position: UnsafePointer<Double>, _ value: UnsafePointer<Float>, count: Int, floor: Float,
    into keptPosition: UnsafeMutablePointer<Double>, _ keptValue: UnsafeMutablePointer<Float>
) -> Int {
    keep_above(position, value, count, floor, keptPosition, keptValue)
}

/// Whether no value is below the one before it. O(count).
public func isAscending(_ values: UnsafePointer<Double>, count: Int) -> Bool { is_ascending(values, count) != 0 }
