#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A baseline file cannot be used.
public struct BaselineError: Error, Sendable, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable, Hashable {
        /// Not JSON, or not a baseline.
        case malformed
        /// Written by a newer version of the program.
        case newerSchema
        case cannotEncode
    }

    public let code: Code
    public let reason: String
    public var description: String { reason }
}

extension Baseline {
    /// The file's text: sorted keys, short values on one line, each run on a line of its own, so that a change is read
    /// in a review. The same baseline gives the same bytes.
    /// - Throws: `BaselineError` with code `cannotEncode` for a number that JSON has not.
    public func json() throws(BaselineError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data: Data
        do { data = try encoder.encode(self) } catch {
            throw BaselineError(code: .cannotEncode, reason: "baseline \(name) cannot be written as JSON: \(error)")
        }
        return BaselineLayout.text(compact: [UInt8](data))
    }

    private struct Version: Decodable { let schemaVersion: Int }

    /// Reads what `json()` wrote.
    /// - Parameter source: the file's name, for messages.
    /// - Throws: `BaselineError`; the version is looked at before anything else, because a newer file may hold anything.
    public init(json: String, source: String) throws(BaselineError) {
        let decoder = JSONDecoder()
        let data = Data(json.utf8)
        let version: Int
        do { version = try decoder.decode(Version.self, from: data).schemaVersion } catch {
            throw BaselineError(
                code: .malformed,
                reason:
                    "\(source) is not a baseline: \(Self.explain(error)); make one with 'lavoisier-tune baseline create'"
            )
        }
        guard version <= Self.currentSchemaVersion else {
            throw BaselineError(
                code: .newerSchema,
                reason: "\(source) has schema version \(version), this program reads up to "
                    + "\(Self.currentSchemaVersion): use the version of lavoisier-tune that wrote it, or a newer one")
        }
        do { self = try decoder.decode(Baseline.self, from: data) } catch {
            throw BaselineError(code: .malformed, reason: "\(source) is not a whole baseline: \(Self.explain(error))")
        }
    }

    /// Where in the file and what, without the decoder's own types.
    private static func explain(_ error: any Error) -> String {
        func place(_ path: [any CodingKey]) -> String {
            path.isEmpty
                ? "at its top"
                : "at " + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context):
            return "'\(key.stringValue)' is missing \(place(context.codingPath))"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            return "a value of another type stands \(place(context.codingPath))"
        case DecodingError.dataCorrupted(let context): return "\(context.debugDescription) \(place(context.codingPath))"
        default: return "\(error)"
        }
    }
}

/// Lays out compact JSON: what fits stands on one line, the rest has a line per member.
enum BaselineLayout {
    private static let width = 118

    private indirect enum Node {
        case scalar(String)
        case array([Node])
        case object([(key: String, value: Node)])

        var flat: String {
            switch self {
            case .scalar(let text): text
            case .array(let elements): "[" + elements.map(\.flat).joined(separator: ", ") + "]"
            case .object(let members):
                "{" + members.map { "\($0.key): \($0.value.flat)" }.joined(separator: ", ") + "}"
            }
        }

        /// How deep containers stand in each other.
        var depth: Int {
            switch self {
            case .scalar: 0
            case .array(let elements): 1 + (elements.map(\.depth).max() ?? 0)
            case .object(let members): 1 + (members.map(\.value.depth).max() ?? 0)
            }
        }
    }

    /// - Parameter compact: what `JSONEncoder` writes without `prettyPrinted`. - Complexity: O(bytes * depth).
    static func text(compact bytes: [UInt8]) -> String {
        var position = 0
        return lines(parse(bytes, &position), indent: 0) + "\n"
    }

    private static func lines(_ node: Node, indent: Int) -> String {
        let flat = node.flat
        // A run with its values is two deep; deeper things are for reading.
        if node.depth <= 2, flat.count + indent <= width || isRun(node) { return flat }
        let pad = String(repeating: " ", count: indent + 1)
        let end = "\n" + String(repeating: " ", count: indent)
        switch node {
        case .scalar(let text): return text
        case .array(let elements):
            return "[\n" + elements.map { pad + lines($0, indent: indent + 1) }.joined(separator: ",\n") + end + "]"
        case .object(let members):
            return "{\n"
                + members.map { "\(pad)\($0.key): \(lines($0.value, indent: indent + 1))" }.joined(separator: ",\n")
                + end + "}"
        }
    }

    /// Runs keep to a line each, however long: a review sees how many there are.
    private static func isRun(_ node: Node) -> Bool {
        guard case .object(let members) = node else { return false }
        return members.contains { $0.key == "\"values\"" }
    }

    private static func parse(_ bytes: [UInt8], _ position: inout Int) -> Node {
        switch bytes[position] {
        case UInt8(ascii: "["):
            position += 1
            var elements: [Node] = []
            while bytes[position] != UInt8(ascii: "]") {
                if bytes[position] == UInt8(ascii: ",") { position += 1 }
                elements.append(parse(bytes, &position))
            }
            position += 1
            return .array(elements)
        case UInt8(ascii: "{"):
            position += 1
            var members: [(key: String, value: Node)] = []
            while bytes[position] != UInt8(ascii: "}") {
                if bytes[position] == UInt8(ascii: ",") { position += 1 }
                let key = scalar(bytes, &position)
                position += 1
                members.append((key, parse(bytes, &position)))
            }
            position += 1
            return .object(members)
        default: return .scalar(scalar(bytes, &position))
        }
    }

    /// A string with its quotes, a number, `true`, `false` or `null`.
    private static func scalar(_ bytes: [UInt8], _ position: inout Int) -> String {
        let start = position
        if bytes[position] == UInt8(ascii: "\"") {
            position += 1
            while bytes[position] != UInt8(ascii: "\"") { position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1 }
            position += 1
        } else {
            let ends = Array(",]}:".utf8)
            while position < bytes.count, !ends.contains(bytes[position]) { position += 1 }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }
}
