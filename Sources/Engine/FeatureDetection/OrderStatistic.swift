/// The value of rank `rank` (0 is the smallest) of `count` values, which are reordered. O(count) on average.
///
/// Quickselect with the median of three as pivot: no randomness, so the cost is the same in every run.
func orderStatistic(_ values: UnsafeMutablePointer<Double>, count: Int, rank: Int) -> Double {
    precondition(rank >= 0 && rank < count, "rank outside the values")
    var low = 0
    var high = count - 1
    while high > low {
        let pivot = medianOfThree(values[low], values[(low + high) / 2], values[high])
        var i = low
        var j = high
        while i <= j {
            while values[i] < pivot { i += 1 }
            while values[j] > pivot { j -= 1 }
            if i <= j {
                let swapped = values[i]
                values[i] = values[j]
                values[j] = swapped
                i += 1
                j -= 1
            }
        }
        if rank <= j {
            high = j
        } else if rank >= i {
            low = i
        } else {
            return values[rank]
        }
    }
    return values[rank]
}

@inline(__always)
private func medianOfThree(_ a: Double, _ b: Double, _ c: Double) -> Double {
    max(min(a, b), min(max(a, b), c))
}
