/// The small grammars of mzTab-M: parameters, numbers, adducts, formulas, keys.
enum MzTabSyntax {
    struct Parameter: Sendable, Hashable {
        let label: String
        let accession: String
        let name: String
        let value: String
    }

    /// `[label, accession, name, value]` with a name; label and accession both or neither; commas only inside quotes.
    static func parameter(_ text: String) -> Parameter? {
        guard let (parsed, rest) = parameter(at: text[...]), rest.isEmpty else { return nil }
        return parsed
    }

    /// Parameters with bars between them.
    static func parameters(_ text: String) -> [Parameter]? {
        var found: [Parameter] = []
        var rest = text[...]
        while let (parsed, after) = parameter(at: rest) {
            found.append(parsed)
            if after.isEmpty { return found }
            guard after.first == "|" else { return nil }
            rest = after.dropFirst()
        }
        return nil
    }

    private static func parameter(at text: Substring) -> (Parameter, Substring)? {
        guard text.first == "[" else { return nil }
        var fields = [""]
        var isQuoted = false
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            if character == "\"" {
                isQuoted.toggle()
            } else if isQuoted {
                fields[fields.count - 1].append(character)
            } else if character == "," {
                fields.append("")
            } else if character == "]" {
                let parts = fields.map(trimmed)
                guard parts.count == 4, !parts[2].isEmpty, parts[0].isEmpty == parts[1].isEmpty,
                    parts[1].isEmpty || parts[1].hasPrefix("\(parts[0]):")
                else { return nil }
                return (Parameter(label: parts[0], accession: parts[1], name: parts[2], value: parts[3]), rest)
            } else if character == "[" {
                return nil
            } else {
                fields[fields.count - 1].append(character)
            }
        }
        return nil
    }

    private static func trimmed(_ text: String) -> String {
        var slice = text[...]
        while slice.first == " " { slice.removeFirst() }
        while slice.last == " " { slice.removeLast() }
        return String(slice)
    }

    /// xs:decimal or NaN: no exponent, no infinity, no blank.
    static func isDecimal(_ text: Substring) -> Bool {
        if text == "NaN" { return true }
        let unsigned = text.first == "-" || text.first == "+" ? text.dropFirst() : text
        let digits = unsigned.utf8.count { $0 >= 0x30 && $0 <= 0x39 }
        let points = unsigned.utf8.count { $0 == 0x2E }
        return digits > 0 && points <= 1 && digits + points == unsigned.utf8.count
    }

    /// `\[\d*M([+-][\w\d]+)*\]\d*[+-]`.
    static func isAdduct(_ text: Substring) -> Bool {
        guard text.hasPrefix("["), let sign = text.last, sign == "+" || sign == "-", let end = text.lastIndex(of: "]")
        else {
            return false
        }
        let charge = text[text.index(after: end)...].dropLast()
        guard charge.allSatisfy(isDigit) else { return false }
        let inside = text[text.index(after: text.startIndex)..<end].drop(while: isDigit)
        guard inside.first == "M" else { return false }
        let rest = inside.dropFirst()
        guard let first = rest.first else { return true }
        guard first == "+" || first == "-" else { return false }
        return rest.dropFirst().split(omittingEmptySubsequences: false) { $0 == "+" || $0 == "-" }.allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { isWordByte($0) }
        }
    }

    /// Elements with counts, C and H first where there is carbon, all others by the alphabet; each once.
    static func isHill(_ text: Substring) -> Bool {
        var symbols: [String] = []
        var rest = text
        while let first = rest.first {
            guard first.isASCII, first.isUppercase else { return false }
            var symbol = String(first)
            rest = rest.dropFirst()
            if let second = rest.first, second.isASCII, second.isLowercase {
                symbol.append(second)
                rest = rest.dropFirst()
            }
            let count = rest.prefix(while: isDigit)
            guard count.first != "0" else { return false }
            rest = rest.dropFirst(count.count)
            symbols.append(symbol)
        }
        let hasCarbon = symbols.contains("C")
        func rank(_ symbol: String) -> String {
            hasCarbon ? symbol == "C" ? " C" : symbol == "H" ? " H" : symbol : symbol
        }
        let ranks = symbols.map(rank)
        return !symbols.isEmpty && ranks == ranks.sorted() && Set(symbols).count == symbols.count
    }

    /// A scheme, a colon, and characters that RFC 3986 allows.
    static func isURI(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":"), text.first?.isLetter == true else { return false }
        let allowed = "-._~:/?#[]@!$&'()*+,;=%"
        func isPlain(_ byte: UInt8) -> Bool {
            (isWordByte(byte) && byte != 0x5F) || allowed.utf8.contains(byte) || byte == 0x5F
        }
        return text[..<colon].allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
            && text.utf8.allSatisfy(isPlain) && text.index(after: colon) < text.endIndex
    }

    /// `2.0.0-M` and later versions of the second major one.
    static func isVersion(_ text: String) -> Bool {
        guard text.hasSuffix("-M") else { return false }
        let parts = text.dropLast(2).split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0] == "2" && parts.allSatisfy { Int($0) != nil }
    }

    /// A key with `#` for its numbers, and the numbers: `ms_run[2]-location` is `ms_run[#]-location`, [2].
    static func pattern(of key: String) -> (pattern: String, numbers: [Int]) {
        var pattern = ""
        var numbers: [Int] = []
        var rest = key[...]
        while let character = rest.popFirst() {
            pattern.append(character)
            guard character == "[", let end = rest.firstIndex(of: "]"), let number = Int(rest[..<end]) else { continue }
            numbers.append(number)
            pattern.append("#]")
            rest = rest[rest.index(after: end)...]
        }
        return (pattern, numbers)
    }

    /// What a key belongs to: `ms_run` of `ms_run[#]-location`; a key without number is its own.
    static func element(of pattern: String) -> String {
        pattern.firstIndex(of: "[").map { String(pattern[..<$0]) } ?? pattern
    }

    static func isNameByte(_ byte: UInt8) -> Bool { isWordByte(byte) || "-[]:".utf8.contains(byte) }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        byte == 0x5F || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5A)
            || (byte >= 0x61 && byte <= 0x7A)
    }

    private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }
}
