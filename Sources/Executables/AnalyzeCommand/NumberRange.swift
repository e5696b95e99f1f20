import ArgumentParser

/// Two numbers with a colon between them, the lower one first.
/// - Throws: `ValidationError` that names the option; nothing for an option that was not given.
func numberRange(_ text: String?, _ option: String) throws -> ClosedRange<Double>? {
    guard let text else { return nil }
    let ends = text.split(separator: ":", omittingEmptySubsequences: false).map { Double($0) }
    guard ends.count == 2, let low = ends[0], let high = ends[1], low.isFinite, high.isFinite, low <= high else {
        throw ValidationError("\(option) needs two numbers with a colon, the lower one first: '\(text)'")
    }
    return low...high
}
