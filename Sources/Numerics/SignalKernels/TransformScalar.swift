import CSignalKernels

/// The two types that signals are transformed in.
public protocol TransformScalar: BinaryFloatingPoint, Sendable, BitwiseCopyable {
    /// Writes, ascending, the positions of values that are at least `threshold`, above the value before and not below the
    /// one behind; a value at an end has none there. Returns how many there are. O(count).
    ///
    /// - Parameter positions: room for `count` of them.
    static func localMaxima(
        _ values: UnsafePointer<Self>, count: Int, threshold: Self, into positions: UnsafeMutablePointer<Int32>
    ) -> Int
}

extension Double: TransformScalar {
    public static func localMaxima(
        _ values: UnsafePointer<Double>, count: Int, threshold: Double, into positions: UnsafeMutablePointer<Int32>
    ) -> Int {
        local_maxima_double(values, count, threshold, positions)
    }
}

extension Float: TransformScalar {
    public static func localMaxima(
        _ values: UnsafePointer<Float>, count: Int, threshold: Float, into positions: UnsafeMutablePointer<Int32>
    ) -> Int {
        local_maxima_float(values, count, threshold, positions)
    }
}
