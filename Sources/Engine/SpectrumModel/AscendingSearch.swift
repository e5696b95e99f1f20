extension RandomAccessCollection where Index == Int, Element: Comparable {
    /// Position of the first value that is not below `bound`, in ascending values; the end when all are. O(log n).
    @inlinable
    package func firstIndex(notBelow bound: Element) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if self[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
