import SignalKernels
import Statistics
import Testing

@Suite struct FixedLaneReductionTests {
    @Test(arguments: [0, 1, 7, 8, 9, 64, 1001])
    func `reductions agree with the plain loop`(count: Int) {
        var generator = SeededGenerator(seed: UInt64(100 + count))
        let a = (0..<count).map { _ in generator.uniform() - 0.5 }
        let b = (0..<count).map { _ in generator.uniform() - 0.5 }
        let sum = a.withUnsafeBufferPointer { fixedLaneSum($0) }
        #expect(abs(sum - a.reduce(0, +)) < 1e-12)
        let dot = a.withUnsafeBufferPointer { x in b.withUnsafeBufferPointer { fixedLaneDot(x, $0) } }
        #expect(abs(dot - zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-12)
        #expect(a.withUnsafeBufferPointer { fixedLaneMaximum($0) } == (a.max() ?? -.infinity))

        let c = a.map { Float($0) }
        let d = b.map { Float($0) }
        #expect(abs(c.withUnsafeBufferPointer { fixedLaneSum($0) } - c.reduce(0, +)) < 1e-3)
        let single = c.withUnsafeBufferPointer { x in d.withUnsafeBufferPointer { fixedLaneDot(x, $0) } }
        #expect(abs(Double(single) - zip(c, d).reduce(0) { $0 + Double($1.0) * Double($1.1) }) < 1e-4)
        #expect(c.withUnsafeBufferPointer { fixedLaneMaximum($0) } == (c.max() ?? -.infinity))
    }

    @Test func `the lane order is the documented one`() {
        // Lane 0 gets 1e16 and -1e16, all others ones: no other order of addition gives exactly this.
        var values = [Double](repeating: 1, count: 16)
        values[0] = 1e16
        values[8] = -1e16
        #expect(values.withUnsafeBufferPointer { fixedLaneSum($0) } == 14)
    }

    @Test func `unaligned slices are read correctly`() {
        let values = (0..<50).map { Double($0) }
        values.withUnsafeBufferPointer { all in
            for start in 0..<8 {
                let slice = UnsafeBufferPointer(rebasing: all[start..<(start + 33)])
                #expect(fixedLaneSum(slice) == Double((start..<(start + 33)).reduce(0, +)))
            }
        }
    }
}
