import Statistics

/// The order in which arms run: one row of arm indices per pair (or round, with more than two arms).
///
/// Each arm runs once per row, and each row is followed by its mirror image (A B, B A, A B ...; with three arms
/// A B C, C B A, B C A, A C B, C A B, B A C), so a drift that is linear over two rows falls on all arms alike. With
/// three arms, six rows hold every order once. Source: counterbalancing after Williams 1949.
/// - Parameter pairs: rows, not negative. - Parameter arms: at least 1.
/// - Determinism: the seed fixes which arm is first and the order of the row pairs.
public func interleavedOrder(pairs: Int, arms: Int, seed: UInt64) -> [[Int]] {
    precondition(pairs >= 0 && arms >= 1, "negative pairs or no arms")
    var generator = SeededGenerator(seed: seed)
    let names = shuffled(Array(0..<arms), &generator)
    // With two arms the second rotation is the first row's mirror image already.
    let rotations = arms == 2 ? 1 : arms
    var rows: [[Int]] = []
    while rows.count < pairs {
        for shift in shuffled(Array(0..<rotations), &generator) {
            let row = (0..<arms).map { names[($0 + shift) % arms] }
            rows.append(row)
            rows.append(row.reversed())
        }
    }
    return Array(rows.prefix(pairs))
}

/// Fisher-Yates.
private func shuffled(_ values: [Int], _ generator: inout SeededGenerator) -> [Int] {
    var values = values
    for i in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(i, generator.integer(below: i + 1)) }
    return values
}
