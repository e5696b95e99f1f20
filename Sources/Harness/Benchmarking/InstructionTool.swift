/// A program that counts the instructions of another.
public struct InstructionTool: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// valgrind's cachegrind without its caches: exact, the same on every CPU of a level, 20 to 50 times slower.
        case cachegrind
        /// The CPU's own counter: as fast as the program; needs a machine that has one and a kernel that allows it.
        case perf
    }

    public let kind: Kind
    /// Absolute.
    public let path: String
    /// As the tool says, for instance `valgrind-3.19.0`.
    public let version: String

    public init(kind: Kind, path: String, version: String) {
        self.kind = kind
        self.path = path
        self.version = version
    }

    /// Arguments that count `program` and write the count to `result`, the tool's own words to `log`.
    func arguments(program: String, arguments: [String], result: String, log: String) -> [String] {
        switch kind {
        case .cachegrind:
            ["--tool=cachegrind", "--cache-sim=no", "--branch-sim=no", "--cachegrind-out-file=\(result)"]
                + ["--log-file=\(log)", "--error-exitcode=0", program] + arguments
        case .perf:
            ["stat", "--field-separator", ",", "--event", "instructions:u", "--output", result, "--", program]
                + arguments
        }
    }

    /// The count in what the tool wrote; nil when there is none.
    func instructions(in text: String) -> Int? {
        switch kind {
        case .cachegrind:
            // `summary: 41024107`, the last line of cachegrind's file.
            let line = text.split(separator: "\n").last { $0.hasPrefix("summary:") }
            return line.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int($0) }
        case .perf:
            // Value, unit, event, time counted, share of the time: below 100 the value is an extrapolation.
            guard let line = Self.perfLine(in: text) else { return nil }
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            guard let value = Int(fields[0]), fields.count > 4, let share = Double(fields[4]), share >= 100 else {
                return nil
            }
            return value
        }
    }

    /// `41024107,,instructions:u,98000,100.00,,`, or `<not supported>,,instructions:u,0,100.00,,`.
    static func perfLine(in text: String) -> Substring? {
        text.split(separator: "\n").first { !$0.hasPrefix("#") && $0.contains("instructions") }
    }
}
