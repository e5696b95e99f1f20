import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// E[max_i (a_i + b_i Z)] - max_i a_i for standard normal Z: by how much the best of several means grows through one
/// measurement that moves them all together.
///
/// Only lines on the upper envelope count; between neighbours with slopes b < b' that cross at c the gain is
/// (b' - b) f(-|c|), f(z) = phi(z) + z Phi(z). Source: Frazier, Powell and Dayanik 2009, INFORMS J. Computing 21(4),
/// algorithm 1. - Complexity: O(n log n).
func expectedRise(of means: [Double], slopes: [Double]) -> Double {
    let order = means.indices.sorted {
        slopes[$0] != slopes[$1] ? slopes[$0] < slopes[$1] : means[$0] != means[$1] ? means[$0] < means[$1] : $0 < $1
    }
    var envelope: [Int] = []
    // Where each line of the envelope takes over from the one before.
    var starts: [Double] = []
    for line in order {
        // Of parallel lines the highest is the last.
        if let last = envelope.last, slopes[last] == slopes[line] {
            envelope.removeLast()
            starts.removeLast()
        }
        while let last = envelope.last {
            let crossing = (means[last] - means[line]) / (slopes[line] - slopes[last])
            if envelope.count > 1, crossing <= starts[starts.count - 1] {
                envelope.removeLast()
                starts.removeLast()
            } else {
                envelope.append(line)
                starts.append(crossing)
                break
            }
        }
        if envelope.isEmpty {
            envelope = [line]
            starts = [-.infinity]
        }
    }
    var rise = 0.0
    for position in envelope.indices.dropFirst() {
        let step = slopes[envelope[position]] - slopes[envelope[position - 1]]
        rise += step * exp(NormalDistribution.logExpectedExcess(-abs(starts[position])))
    }
    return rise
}
