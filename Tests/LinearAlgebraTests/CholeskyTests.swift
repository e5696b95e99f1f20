import LinearAlgebra
import Statistics
import Testing

struct CholeskyTests {
    /// numpy 2.4.6: linalg.cholesky, solve, slogdet and inv of the same matrix.
    @Test func agreesWithNumpy() throws {
        let a = Matrix(rows: 3, columns: 3, columnMajor: [4, 2, 0.6, 2, 3, 0.4, 0.6, 0.4, 1.5])
        let cholesky = try Cholesky(a)
        expect(
            cholesky.factor.elements,
            [2, 1, 0.3, 0, 1.414_213_562_373_095_1, 0.070_710_678_118_654_77, 0, 0, 1.185_326_959_112_969_8])
        expect(
            cholesky.solve([1, 2, 3]), [-0.371_886_120_996_441_25, 0.651_245_551_601_423_5, 1.975_088_967_971_530_2])
        #expect(abs(cholesky.logDeterminant - 2.419_478_844_465_545) < 1e-14)
        expect(
            cholesky.inverse().elements,
            [
                0.386_120_996_441_281_1, -0.245_551_601_423_487_53, -0.088_967_971_530_249_1,
                -0.245_551_601_423_487_53, 0.501_779_359_430_605, -0.035_587_188_612_099_66,
                -0.088_967_971_530_249_1, -0.035_587_188_612_099_66, 0.711_743_772_241_992_9,
            ])
        #expect(cholesky.jitter == 0)
    }

    @Test(arguments: [1, 2, 7, 40]) func factorTimesItsTransposeIsTheMatrix(order: Int) throws {
        let seed = UInt64(order)
        print("seed \(seed)")
        let a = positiveDefinite(order, seed: seed)
        let cholesky = try Cholesky(a)
        expect(cholesky.factor.multiplied(by: cholesky.factor.transposed).elements, a.elements, tolerance: 1e-11)
        let identity = a.multiplied(by: cholesky.inverse())
        for i in 0..<order {
            for j in 0..<order { #expect(abs(identity[i, j] - (i == j ? 1 : 0)) < 1e-9) }
        }
    }

    @Test func solvesForManyColumns() throws {
        let seed: UInt64 = 11
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        let a = positiveDefinite(9, seed: seed)
        let b = Matrix(rows: 9, columns: 5, columnMajor: (0..<45).map { _ in generator.uniform() })
        let cholesky = try Cholesky(a)
        expect(a.multiplied(by: cholesky.solve(b)).elements, b.elements, tolerance: 1e-10)
        var half = b
        cholesky.solveLower(&half)
        expect(cholesky.factor.multiplied(by: half).elements, b.elements, tolerance: 1e-11)
    }

    @Test func onlyTheLowerTriangleIsRead() throws {
        var a = positiveDefinite(4, seed: 3)
        let expected = try Cholesky(a).factor
        a[0, 3] = 1e9
        #expect(try Cholesky(a).factor == expected)
    }

    @Test func aSingularMatrixGetsTheSmallestJitterThatHelps() throws {
        let ones = Matrix(rows: 3, columns: 3, filledWith: 1)
        let cholesky = try Cholesky(ones)
        #expect(cholesky.jitter > 0 && cholesky.jitter <= 1e-8)
        var expected = ones
        for i in 0..<3 { expected[i, i] += cholesky.jitter }
        expect(cholesky.factor.multiplied(by: cholesky.factor.transposed).elements, expected.elements)
    }

    @Test func anIndefiniteMatrixIsAnError() {
        let a = Matrix(rows: 2, columns: 2, columnMajor: [1, 2, 2, 1])
        let error = #expect(throws: FactorizationError.self) { try Cholesky(a) }
        #expect(error?.code == .notPositiveDefinite)
        #expect(error?.minor == 2)
        #expect(error.map { abs($0.jitter - 1e-4) < 1e-12 } == true)
        #expect(error?.description.contains("not positive definite") == true)
    }

    @Test func jitterStopsAtTheGivenMaximum() {
        let ones = Matrix(rows: 3, columns: 3, filledWith: 1)
        #expect(throws: FactorizationError.self) { try Cholesky(ones, maximumJitter: 0) }
    }

    @Test(arguments: [Double.nan, .infinity]) func aMatrixThatIsNotFiniteIsAnError(value: Double) {
        var a = positiveDefinite(3, seed: 1)
        a[2, 1] = value
        let error = #expect(throws: FactorizationError.self) { try Cholesky(a) }
        #expect(error?.code == .notFinite)
    }

    @Test func aRectangleIsAnError() {
        let error = #expect(throws: FactorizationError.self) { try Cholesky(Matrix(rows: 2, columns: 3)) }
        #expect(error?.code == .notSquare)
    }

    @Test func theEmptyMatrixHasAnEmptyFactor() throws {
        let cholesky = try Cholesky(Matrix(rows: 0, columns: 0))
        #expect(cholesky.logDeterminant == 0)
        #expect(cholesky.solve([]).isEmpty)
        #expect(cholesky.inverse().elements.isEmpty)
    }

    @Test func openBLASRunsOneThreadAndSaysWhatItIs() throws {
        _ = try Cholesky(positiveDefinite(2, seed: 1))
        #expect(BLASLibrary.threadCount == 1)
        #expect(BLASLibrary.configuration.contains("OpenBLAS"))
    }

    private func positiveDefinite(_ order: Int, seed: UInt64) -> Matrix {
        var generator = SeededGenerator(seed: seed)
        let g = Matrix(
            rows: order, columns: order, columnMajor: (0..<order * order).map { _ in generator.uniform() - 0.5 })
        var a = g.multiplied(by: g.transposed)
        for i in 0..<order { a[i, i] += 0.1 }
        return a
    }

    private func expect(
        _ values: [Double], _ expected: [Double], tolerance: Double = 1e-14,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(values.count == expected.count, sourceLocation: sourceLocation)
        for (value, wanted) in zip(values, expected) {
            #expect(abs(value - wanted) <= tolerance * max(1, abs(wanted)), sourceLocation: sourceLocation)
        }
    }
}
