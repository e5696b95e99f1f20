import Testing

@testable import GaussianProcess

struct LBFGSTests {
    private let wide = ([-10.0, -10.0], [10.0, 10.0])

    @Test func findsTheMinimumOfRosenbrock() {
        var optimiser = LBFGS()
        optimiser.maximumIterations = 200
        optimiser.minimumDecrease = 1e-14
        let minimum = optimiser.minimise(from: [-1.2, 1], lower: wide.0, upper: wide.1, rosenbrock)
        #expect(abs(minimum.point[0] - 1) < 1e-4)
        #expect(abs(minimum.point[1] - 1) < 1e-4)
    }

    @Test func stopsAtTheBox() {
        let minimum = LBFGS().minimise(from: [0, 0], lower: [-1, -1], upper: [1, 1]) { x in
            ((x[0] - 3) * (x[0] - 3) + (x[1] + 0.5) * (x[1] + 0.5), [2 * (x[0] - 3), 2 * (x[1] + 0.5)])
        }
        #expect(minimum.point[0] == 1)
        #expect(abs(minimum.point[1] + 0.5) < 1e-3)
    }

    @Test func keepsToItsIterationsAndSteps() {
        var calls: [[Double]] = []
        let minimum = LBFGS().minimise(from: [-1.2, 1], lower: wide.0, upper: wide.1) { x in
            calls.append(x)
            return rosenbrock(x)
        }
        #expect(minimum.iterations <= 12)
        #expect(abs(calls[1][0] + 1.2) <= 2 && abs(calls[1][1] - 1) <= 2)
    }

    @Test func anUndefinedStartIsReturnedAsItIs() {
        let minimum = LBFGS().minimise(from: [1, 1], lower: wide.0, upper: wide.1) { _ in (.infinity, [0, 0]) }
        #expect(minimum.point == [1, 1])
    }

    private func rosenbrock(_ x: [Double]) -> (Double, [Double]) {
        let a = 1 - x[0]
        let b = x[1] - x[0] * x[0]
        return (a * a + 100 * b * b, [-2 * a - 400 * x[0] * b, 200 * b])
    }
}
