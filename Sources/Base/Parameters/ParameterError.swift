/// A configuration that cannot be used, and how to mend it.
public struct ParameterError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: Sendable, Hashable {
        case unknownKey
        case invalidValue
        case malformed
        case unreadableFile
    }

    public let code: Code
    public let parameter: String
    public let value: String
    /// What is allowed, or the nearest known key, or the parser's reason.
    public let expected: String
    /// `file:line`, `--set`, or the name of an environment variable.
    public let location: String?

    public init(_ code: Code, parameter: String, value: String = "", expected: String, location: String? = nil) {
        self.code = code
        self.parameter = parameter
        self.value = value
        self.expected = expected
        self.location = location
    }

    /// The same error with the place where the value was written.
    public func at(_ location: String) -> ParameterError {
        ParameterError(code, parameter: parameter, value: value, expected: expected, location: location)
    }

    public var description: String {
        switch code {
        case .unreadableFile: message
        case .unknownKey, .invalidValue, .malformed: (location.map { "\($0): " } ?? "") + message
        }
    }

    /// What is wrong and how to mend it, without the place.
    public var message: String {
        switch code {
        case .unknownKey: "unknown key '\(parameter)'; \(expected)"
        case .invalidValue: "'\(value)' is not valid for \(parameter): \(expected)"
        case .malformed: expected
        case .unreadableFile: "cannot read \(parameter): \(expected)"
        }
    }
}

/// The known name that is nearest to what was typed, or `nil` when nothing is similar.
///
/// Damerau-Levenshtein distance (optimal string alignment), at most a third of the length. - Complexity: O(n m) per name.
public func nearestName(to typed: String, among names: some Sequence<String>) -> String? {
    let limit = max(2, typed.count / 3)
    var best: (distance: Int, name: String)?
    for name in names {
        // A forgotten prefix ("chunk_size" for "execution.chunk_size") is the likeliest slip of all.
        let last = String(name.split(separator: ".").last ?? "")
        let isTail = name.hasSuffix(".\(typed)")
        let distance = min(editDistance(typed, name), isTail ? 0 : editDistance(typed, last) + 1)
        if distance <= limit, best.map({ distance < $0.distance }) ?? true { best = (distance, name) }
    }
    return best?.name
}

private func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a.utf8)
    let b = Array(b.utf8)
    var beforePrevious = [Int](repeating: 0, count: b.count + 1)
    var previous = Array(0...b.count)
    for i in 0..<a.count {
        var current = [i + 1] + [Int](repeating: 0, count: b.count)
        for j in 0..<b.count {
            current[j + 1] = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                current[j + 1] = min(current[j + 1], beforePrevious[j - 1] + 1)
            }
        }
        beforePrevious = previous
        previous = current
    }
    return previous[b.count]
}
