import Statistics

/// Sobol's low-discrepancy sequence with a nested uniform scramble per dimension.
///
/// Direction numbers: Joe and Kuo 2008 (new-joe-kuo-6), first 32 dimensions. Scramble: hash-based Owen scrambling,
/// Laine and Karras 2011 and Burley 2020 (JCGT 9(4)), which keeps the stratification of every power-of-two block.
struct SobolSequence: Sendable {
    static let maximumDimensions = 32

    /// Direction numbers, 32 per dimension.
    private let directions: [UInt32]
    private let scrambles: [UInt32]?
    let dimensions: Int

    /// - Parameter dimensions: at most 32. - Parameter seed: of the scramble; `nil` gives the plain sequence.
    init(dimensions: Int, seed: UInt64?) {
        precondition((1...Self.maximumDimensions).contains(dimensions), "dimensions outside 1...32")
        self.dimensions = dimensions
        directions = (0..<dimensions).flatMap(Self.directions)
        scrambles = seed.map { seed in
            var generator = SeededGenerator(seed: seed)
            return (0..<dimensions).map { _ in UInt32(truncatingIfNeeded: generator.next() >> 32) }
        }
    }

    /// The point with this index (Gray code order), each coordinate in [0, 1). - Complexity: O(32 d).
    func point(_ index: Int) -> [Double] {
        let gray = UInt32(truncatingIfNeeded: index) ^ (UInt32(truncatingIfNeeded: index) >> 1)
        return (0..<dimensions).map { d in
            var bits: UInt32 = 0
            for k in 0..<32 where gray >> UInt32(k) & 1 == 1 { bits ^= directions[d * 32 + k] }
            if let scrambles { bits = Self.scramble(bits, seed: scrambles[d]) }
            return Double(bits) * 0x1p-32
        }
    }

    private static func directions(of dimension: Int) -> [UInt32] {
        guard dimension > 0 else { return (0..<32).map { 1 << UInt32(31 - $0) } }
        let (polynomial, initial) = joeKuo[dimension - 1]
        let degree = initial.count
        var v = initial.enumerated().map { UInt32($1) << UInt32(31 - $0) }
        for k in degree..<32 {
            var next = v[k - degree] ^ (v[k - degree] >> UInt32(degree))
            for j in 1..<max(degree, 1) where polynomial >> (degree - 1 - j) & 1 == 1 { next ^= v[k - j] }
            v.append(next)
        }
        return v
    }

    private static func scramble(_ bits: UInt32, seed: UInt32) -> UInt32 {
        var x = reversed(bits)
        x &+= seed
        x ^= x &* 0x6C50_B47C
        x ^= x &* 0xB82F_1E52
        x ^= x &* 0xC7AF_E638
        x ^= x &* 0x8D22_F6E6
        return reversed(x)
    }

    private static func reversed(_ value: UInt32) -> UInt32 {
        var x = value
        x = (x >> 1) & 0x5555_5555 | (x & 0x5555_5555) << 1
        x = (x >> 2) & 0x3333_3333 | (x & 0x3333_3333) << 2
        x = (x >> 4) & 0x0F0F_0F0F | (x & 0x0F0F_0F0F) << 4
        return x.byteSwapped
    }

    /// Coefficients of the primitive polynomial and initial numbers of dimensions 2 to 32.
    private static let joeKuo: [(polynomial: Int, initial: [Int])] = [
        (0, [1]),
        (1, [1, 3]),
        (1, [1, 3, 1]),
        (2, [1, 1, 1]),
        (1, [1, 1, 3, 3]),
        (4, [1, 3, 5, 13]),
        (2, [1, 1, 5, 5, 17]),
        (4, [1, 1, 5, 5, 5]),
        (7, [1, 1, 7, 11, 19]),
        (11, [1, 1, 5, 1, 1]),
        (13, [1, 1, 1, 3, 11]),
        (14, [1, 3, 5, 5, 31]),
        (1, [1, 3, 3, 9, 7, 49]),
        (13, [1, 1, 1, 15, 21, 21]),
        (16, [1, 3, 1, 13, 27, 49]),
        (19, [1, 1, 1, 15, 7, 5]),
        (22, [1, 3, 1, 15, 13, 25]),
        (25, [1, 1, 5, 5, 19, 61]),
        (1, [1, 3, 7, 11, 23, 15, 103]),
        (4, [1, 3, 7, 13, 13, 15, 69]),
        (7, [1, 1, 3, 13, 7, 35, 63]),
        (8, [1, 3, 5, 9, 1, 25, 53]),
        (14, [1, 3, 1, 13, 9, 35, 107]),
        (19, [1, 3, 1, 5, 27, 61, 31]),
        (21, [1, 1, 5, 11, 19, 41, 61]),
        (28, [1, 3, 5, 3, 3, 13, 69]),
        (31, [1, 1, 7, 13, 1, 19, 1]),
        (32, [1, 3, 7, 5, 13, 19, 59]),
        (37, [1, 1, 3, 9, 25, 29, 41]),
        (41, [1, 3, 5, 13, 23, 1, 55]),
        (42, [1, 3, 7, 3, 13, 59, 17]),
    ]
}
