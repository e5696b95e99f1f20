/// Limited-memory BFGS inside a box, for smooth functions of a few variables.
///
/// Two-loop recursion (Nocedal and Wright 2006, algorithm 7.4), backtracking line search with Armijo's rule, trial
/// points clamped to the box and gradient components that point out of it set to zero.
struct LBFGS {
    var memory = 8
    var maximumIterations = 12
    var armijo = 1e-4
    var backtrack = 0.4
    var maximumBacktracks = 6
    /// Largest change of one variable in one iteration.
    var maximumStep = 2.0
    /// Ends when an iteration lowers the value by less.
    var minimumDecrease = 1e-4

    struct Minimum {
        var point: [Double]
        var value: Double
        var iterations: Int
    }

    /// - Parameter function: value and gradient; an infinite value marks a point where it is undefined.
    func minimise(
        from start: [Double], lower: [Double], upper: [Double], _ function: ([Double]) -> (Double, [Double])
    ) -> Minimum {
        var x = clamp(start, lower, upper)
        var (value, gradient) = function(x)
        var steps: [[Double]] = []
        var changes: [[Double]] = []
        var iteration = 0
        while iteration < maximumIterations, value.isFinite {
            iteration += 1
            let free = projected(gradient, at: x, lower, upper)
            var direction = descent(free, steps, changes)
            for i in direction.indices where free[i] == 0 { direction[i] = 0 }
            if dot(direction, free) >= 0 { direction = free.map { -$0 } }
            let largest = direction.reduce(0) { max($0, abs($1)) }
            guard largest > 0 else { break }
            var step = largest > maximumStep ? maximumStep / largest : 1
            var accepted: (point: [Double], value: Double, gradient: [Double])?
            for _ in 0...maximumBacktracks {
                let trial = clamp(zip(x, direction).map { $0 + step * $1 }, lower, upper)
                let (trialValue, trialGradient) = function(trial)
                if trialValue <= value + armijo * dot(free, difference(trial, x)) {
                    accepted = (trial, trialValue, trialGradient)
                    break
                }
                step *= backtrack
            }
            guard let accepted else { break }
            let s = difference(accepted.point, x)
            let y = difference(accepted.gradient, gradient)
            if dot(s, y) > 1e-10 {
                steps.append(s)
                changes.append(y)
                if steps.count > memory {
                    steps.removeFirst()
                    changes.removeFirst()
                }
            }
            let decrease = value - accepted.value
            (x, value, gradient) = accepted
            if decrease < minimumDecrease { break }
        }
        return Minimum(point: x, value: value, iterations: iteration)
    }

    /// -H g by the two-loop recursion.
    private func descent(_ gradient: [Double], _ steps: [[Double]], _ changes: [[Double]]) -> [Double] {
        var q = gradient
        var factors = [Double](repeating: 0, count: steps.count)
        for k in steps.indices.reversed() {
            factors[k] = dot(steps[k], q) / dot(steps[k], changes[k])
            for i in q.indices { q[i] -= factors[k] * changes[k][i] }
        }
        if let s = steps.last, let y = changes.last {
            let scale = dot(s, y) / dot(y, y)
            for i in q.indices { q[i] *= scale }
        }
        for k in steps.indices {
            let correction = dot(changes[k], q) / dot(steps[k], changes[k])
            for i in q.indices { q[i] += (factors[k] - correction) * steps[k][i] }
        }
        return q.map { -$0 }
    }

    private func projected(_ gradient: [Double], at x: [Double], _ lower: [Double], _ upper: [Double]) -> [Double] {
        x.indices.map { i in
            (x[i] <= lower[i] && gradient[i] > 0) || (x[i] >= upper[i] && gradient[i] < 0) ? 0 : gradient[i]
        }
    }

    private func clamp(_ x: [Double], _ lower: [Double], _ upper: [Double]) -> [Double] {
        x.indices.map { min(max(x[$0], lower[$0]), upper[$0]) }
    }

    private func difference(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }

    private func dot(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for i in a.indices { sum += a[i] * b[i] }
        return sum
    }
}
