import MzML

/// How mzTab-M writes cells, lists and parameters.
enum MzTabText {
    /// A cell: what is empty or no number is `null`; tabs and line breaks become blanks.
    static func cell(_ text: String) -> String {
        let clean = String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
        return clean.allSatisfy(\.isWhitespace) ? "null" : clean
    }

    /// An element of a list that bars separate: a bar inside becomes a slash.
    static func element(_ text: String) -> String { cell(text.replacing("|", with: "/")) }

    /// `[MS, MS:1001834, name, value]`; names and values with commas, brackets or quotes are quoted.
    static func parameter(_ name: String, accession: Int? = nil, value: String = "") -> String {
        let term = accession.map { number in
            let digits = String(number)
            return "MS, MS:\(String(repeating: "0", count: max(0, 7 - digits.count)))\(digits)"
        }
        return "[\(term ?? ", "), \(quoted(name)), \(value.isEmpty ? "" : quoted(value))]"
    }

    static func parameter(_ term: CVTerm) -> String {
        parameter(term.name, accession: term.accession, value: term.value)
    }

    private static func quoted(_ text: String) -> String {
        let clean = cell(text).replacing("\"", with: "'")
        return clean.contains { ",[]|".contains($0) } ? "\"\(clean)\"" : clean
    }

    /// A file as RFC 8089 writes it.
    static func fileURI(_ path: String) -> String {
        var text = "file://"
        for byte in path.utf8 {
            let isPlain =
                (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A) || (byte >= 0x61 && byte <= 0x7A)
                || "/-._~".utf8.contains(byte)
            if isPlain {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }
}

extension TextBuffer {
    /// A cell with a tab before it.
    mutating func appendMzTab(_ text: String?) {
        tab()
        append(MzTabText.cell(text ?? ""))
    }

    /// A number with a tab before it; `null` where it is none.
    mutating func appendMzTab(_ value: Double?, decimals: Int) {
        tab()
        if let value, value.isFinite { append(value, decimals: decimals) } else { append("null") }
    }

    mutating func appendMzTab(_ value: Int?) {
        tab()
        if let value { append(value) } else { append("null") }
    }
}
