/// Sorts numbers in single precision, and says where each came from; equal ones stay in their order.
///
/// Least significant digit first. Digits are as wide as the range of the values asks for: fragment m/z span 26 bits, which
/// are two passes of 13; neutral losses, on both sides of zero, span nearly all 32.
/// - Complexity: O(n) for n numbers, in at most three passes.
struct RadixSorter {
    /// Upper half: bits of the value, so that they compare as the values do. Lower half: where it came from.
    private let keys: FlatArray<UInt64>
    private let spare: FlatArray<UInt64>
    private var count = 0
    private var least = UInt32.max
    private var most = UInt32.min

    private static let widestDigit = 13

    /// - Parameter capacity: the most numbers that are ever in it at a time.
    init(capacity: Int) {
        keys = FlatArray(count: capacity)
        spare = FlatArray(count: capacity)
    }

    mutating func removeAll() {
        count = 0
        least = .max
        most = .min
    }

    /// - Precondition: fewer than `capacity` numbers are in it.
    @inline(__always) mutating func append(_ value: Float) {
        let bits = value.bitPattern
        let ordered = bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
        least = min(least, ordered)
        most = max(most, ordered)
        keys.buffer[count] = UInt64(ordered) << 32 | UInt64(truncatingIfNeeded: count)
        count += 1
    }

    /// - Parameter body: place, value, place before sorting; by ascending value.
    mutating func sort(_ body: (Int, Float, Int) -> Void) {
        guard count > 0 else { return }
        let bits = UInt32.bitWidth - (most - least).leadingZeroBitCount
        let passes = (bits + Self.widestDigit - 1) / Self.widestDigit
        let width = passes == 0 ? 0 : (bits + passes - 1) / passes
        let digits = 1 << width
        let (least, mask) = (UInt64(least) << 32, UInt64(digits - 1))
        var from = keys.buffer
        var to = spare.buffer
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(passes, 1) * digits) { places in
            places.initialize(repeating: 0)
            for place in 0..<count {
                var rest = (from[place] - least) >> 32
                for pass in 0..<passes {
                    places[pass * digits + Int(rest & mask)] += 1
                    rest >>= UInt64(width)
                }
            }
            for pass in 0..<passes {
                let table = UnsafeMutableBufferPointer(rebasing: places[(pass * digits)..<((pass + 1) * digits)])
                var next: UInt32 = 0
                for digit in 0..<digits { (table[digit], next) = (next, next + table[digit]) }
                let shift = UInt64(32 + width * pass)
                for place in 0..<count {
                    let digit = Int(((from[place] - least) >> shift) & mask)
                    to[Int(table[digit])] = from[place]
                    table[digit] += 1
                }
                (from, to) = (to, from)
            }
        }
        for place in 0..<count {
            let ordered = UInt32(truncatingIfNeeded: from[place] >> 32)
            let bits = ordered & 0x8000_0000 != 0 ? ordered & 0x7FFF_FFFF : ~ordered
            body(place, Float(bitPattern: bits), Int(from[place] & 0xFFFF_FFFF))
        }
    }
}
