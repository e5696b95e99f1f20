/// Recursive reader of molecular formulas; depth and counts are bounded, so any text ends with a result or an error.
struct FormulaParser {
    private static let maximumDepth = 8

    private let text: String
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        self.text = text
        bytes = Array(text.utf8)
    }

    mutating func parse() throws(FormulaError) -> MolecularFormula {
        var counts: [Int: Int] = [:]
        let bracketed = take(0x5B)  // [
        repeat {
            let factor = try readNumber() ?? 1
            let part = try readSequence(depth: 0)
            try add(part, factor: factor, to: &counts)
        } while take(0x2E)  // .
        if bracketed, !take(0x5D) { throw failure("a ']' is missing") }
        let charge = try readCharge()
        guard position == bytes.count else { throw failure("an unexpected character") }
        guard !counts.isEmpty else { throw failure("no element") }
        return MolecularFormula(counts: counts, charge: charge)
    }

    /// Elements and groups up to a closing parenthesis or a character that belongs to neither.
    private mutating func readSequence(depth: Int) throws(FormulaError) -> [Int: Int] {
        var result: [Int: Int] = [:]
        while position < bytes.count {
            if bytes[position] == 0x28 {  // (
                guard depth < Self.maximumDepth else { throw failure("too many nested groups") }
                position += 1
                let group = try readSequence(depth: depth + 1)
                guard take(0x29) else { throw failure("a ')' is missing") }
                let factor = try readNumber() ?? 1
                try add(group, factor: factor, to: &result)
            } else if isUpper(bytes[position]) {
                let element = try readElement()
                let count = try readNumber() ?? 1
                try add([element: 1], factor: count, to: &result)
            } else {
                break
            }
        }
        return result
    }

    /// The longest symbol that is an element: two letters before one.
    private mutating func readElement() throws(FormulaError) -> Int {
        if position + 1 < bytes.count, isLower(bytes[position + 1]) {
            let symbol = String(decoding: bytes[position...(position + 1)], as: UTF8.self)
            guard let element = ChemicalElement.index(of: symbol) else { throw failure("'\(symbol)' is no element") }
            position += 2
            return element
        }
        let symbol = String(decoding: bytes[position...position], as: UTF8.self)
        guard let element = ChemicalElement.index(of: symbol) else { throw failure("'\(symbol)' is no element") }
        position += 1
        return element
    }

    private mutating func readNumber() throws(FormulaError) -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, bytes[position] >= 0x30, bytes[position] <= 0x39 {
            value = value * 10 + Int(bytes[position] - 0x30)
            guard value <= MolecularFormula.maximumAtoms else { throw failure("too many atoms") }
            position += 1
        }
        return position > start ? value : nil
    }

    /// Nothing, `+`, `-`, `2+`, `+2`.
    private mutating func readCharge() throws(FormulaError) -> Int {
        guard position < bytes.count else { return 0 }
        let before = try readNumber()
        let negative = position < bytes.count && bytes[position] == 0x2D
        guard take(0x2B) || take(0x2D) else { throw failure("an unexpected character") }
        let after = try readNumber()
        let magnitude = before ?? after ?? 1
        guard before == nil || after == nil, magnitude <= 100 else { throw failure("not a charge") }
        return negative ? -magnitude : magnitude
    }

    private mutating func add(
        _ part: [Int: Int], factor: Int, to result: inout [Int: Int]
    ) throws(FormulaError) {
        for (element, count) in part {
            let (product, overflow) = count.multipliedReportingOverflow(by: factor)
            let sum = result[element, default: 0] + (overflow ? 0 : product)
            guard !overflow, sum <= MolecularFormula.maximumAtoms else { throw failure("too many atoms") }
            if sum > 0 { result[element] = sum }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func isUpper(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }
    private func isLower(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }

    private func failure(_ reason: String) -> FormulaError {
        FormulaError(text: String(text.prefix(80)), byteOffset: position, reason: reason)
    }
}
