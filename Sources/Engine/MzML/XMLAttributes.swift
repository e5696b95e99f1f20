import CLibXML2

/// The attributes of one start tag as libxml2 hands them over: decoded to UTF-8, references resolved, valid only inside
/// the callback. Attributes with a namespace prefix are others' and are not found.
struct XMLAttributes {
    /// Five pointers per attribute: local name, prefix, namespace, start and end of the value.
    let fields: UnsafeMutablePointer<UnsafePointer<xmlChar>?>?
    let count: Int

    /// The value without leading and trailing blanks; `nil` when the tag has no such attribute.
    func trimmedValue(_ name: StaticString) -> ByteRun? { run(name).map { trimmed($0) } }

    /// The value as text.
    subscript(name: StaticString) -> String? {
        run(name).map { value in
            let text = String(decoding: value, as: UTF8.self)
            return value.contains(UInt8(ascii: "&")) ? Self.unescaped(text) : text
        }
    }

    private func run(_ name: StaticString) -> ByteRun? {
        guard let fields else { return nil }
        for i in 0..<count where fields[5 * i + 1] == nil {
            guard let key = fields[5 * i], let start = fields[5 * i + 3], let end = fields[5 * i + 4] else { continue }
            if xmlStrEqual(key, name.utf8Start) != 0 { return ByteRun(start: start, count: end - start) }
        }
        return nil
    }

    /// Without entity substitution libxml2 leaves these two as character references.
    private static func unescaped(_ text: String) -> String {
        text.split(separator: "&#60;", omittingEmptySubsequences: false).joined(separator: "<")
            .split(separator: "&#38;", omittingEmptySubsequences: false).joined(separator: "&")
    }
}
