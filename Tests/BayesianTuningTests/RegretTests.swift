import Parameters
import Statistics
import Testing

@testable import BayesianTuning

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The model must be worth its cost: lower median regret than random search after 50 evaluations.
struct RegretTests {
    enum Problem: String, CaseIterable, Sendable {
        /// Branin (Dixon and Szego 1978) over two numbers; optimum 0.397887.
        case branin
        /// Hartmann in six dimensions (Dixon and Szego 1978); optimum -3.32237, shifted to be positive.
        case hartmann
        /// A throughput with a log-scaled buffer, workers with overhead, a mode and a switch that only helps in one
        /// mode.
        case throughput
    }

    @Test(arguments: Problem.allCases) func theModelBeatsRandomSearch(problem: Problem) throws {
        let seeds = 1...5 as ClosedRange<UInt64>
        let model = median(try seeds.map { try regret(problem, .bayesian, seed: $0) })
        let random = median(try seeds.map { try regret(problem, .random, seed: $0) })
        print("\(problem): median regret at 50 over 5 seeds: model \(model), random \(random)")
        #expect(model < 0.5 * random)
    }

    private func regret(_ problem: Problem, _ strategy: SearchStrategy, seed: UInt64) throws -> Double {
        let space = try space(problem)
        var tuner = Tuner(
            space: space, objective: problem == .throughput ? .maximise : .minimise, seed: seed, strategy: strategy)
        var best = Double.infinity
        for _ in 0..<50 {
            let configuration = try tuner.next()
            let value = value(problem, configuration)
            best = min(best, problem == .throughput ? 1 - value / 1000 : value)
            tuner.tell(configuration, .success(objective: value))
        }
        return switch problem {
        case .branin: best - 0.397_887
        case .hartmann: best - (4 - 3.322_37)
        case .throughput: best - lowestThroughputLoss
        }
    }

    private func space(_ problem: Problem) throws -> SearchSpace {
        switch problem {
        case .branin: try SearchSpace([Spaces.number("x", -5...10), Spaces.number("y", 0...15)])
        case .hartmann: try SearchSpace((0..<6).map { Spaces.number("x\($0)") })
        case .throughput:
            try SearchSpace([
                Spaces.integer("workers", 1...32), Spaces.integer("buffer", 1...65_536, .logarithmic),
                Spaces.integer("chunk", 1...64, searchValues: [1, 2, 4, 8, 16, 32, 64]),
                Spaces.choice("mode", ["map", "read", "direct"]), Spaces.boolean("prefetch"),
            ])
        }
    }

    private func value(_ problem: Problem, _ c: Configuration) -> Double {
        switch problem {
        case .branin:
            let x = c.number("x")
            let y = c.number("y")
            let a: Double = y - 5.1 / (4 * Double.pi * Double.pi) * x * x + 5 / Double.pi * x - 6
            return a * a + 10 * (1 - 1 / (8 * Double.pi)) * cos(x) + 10
        case .hartmann: return 4 - hartmann((0..<6).map { c.number("x\($0)") })
        case .throughput:
            let workers = Double(c.integer("workers"))
            let buffer = log2(Double(c.integer("buffer")))
            let chunk = log2(Double(c.integer("chunk")))
            let modes: [String: Double] = ["map": 0.9, "read": 0.8, "direct": 1]
            let prefetch: Double = c.boolean("prefetch") ? (c.choice("mode") == "read" ? 1.3 : 0.9) : 1
            let scaling: Double = workers / (1 + 0.01 * workers * workers)
            let miss: Double = 0.02 * (buffer - 11) * (buffer - 11) + 0.05 * (chunk - 3) * (chunk - 3)
            return 200 * scaling * (modes[c.choice("mode")] ?? 0) * prefetch * exp(-miss)
        }
    }

    /// 10 workers, 2048, 8, read with prefetch.
    private var lowestThroughputLoss: Double { 1 - 200 * 5 * 0.8 * 1.3 / 1000 }

    private func hartmann(_ x: [Double]) -> Double {
        let alpha = [1.0, 1.2, 3.0, 3.2]
        let a: [[Double]] = [
            [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14],
        ]
        let p: [[Double]] = [
            [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
            [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
        ]
        var sum = 0.0
        for i in 0..<4 {
            var distance = 0.0
            for j in 0..<6 { distance += a[i][j] * (x[j] - p[i][j]) * (x[j] - p[i][j]) }
            sum += alpha[i] * exp(-distance)
        }
        return sum
    }
}
