/// A text is not the notation of an adduct.
public struct AdductError: Error, CustomStringConvertible, Sendable, Hashable {
    public let text: String
    public let reason: String

    public init(text: String, reason: String) {
        self.text = text
        self.reason = reason
    }

    public var description: String { "\"\(text)\" is not an adduct like [M+H]+ or [2M+Na-2H]-: \(reason)" }
}

/// The parts of an adduct's notation: `[2M+Na-2H]-` is two molecules, Na gained, H2 lost, one negative charge.
///
/// What is gained and lost is a count with a formula (`2Na`, `C6H10O5`) or with a common short name (`ACN`, `FA`, `HAc`,
/// `TFA`, `MeOH`, `iPrOH`, `DMSO`). What one part gains and another loses cancels, so `[M-H2O+H]+` and `[M+H-H2O]+`, or
/// `[M+HCOO]-` and `[M+FA-H]-`, have the same parts. The charge is written `+`, `2+`, `++` or `1+`; the dot or star
/// of a radical is allowed after it.
public struct AdductNotation: Sendable, Hashable {
    /// Molecules per ion, 1 ... 9.
    public let multiplicity: Int
    /// Atoms of the ion that the molecules do not have; `nil` for none.
    public let gain: MolecularFormula?
    /// Atoms of the molecules that the ion does not have; `nil` for none.
    public let loss: MolecularFormula?
    /// Charge with its sign, magnitude 1 ... 20.
    public let charge: Int

    /// Longer texts are no adduct but a damaged file.
    private static let maximumLength = 100

    /// Solvents and modifiers by the short names that libraries and mass tables use, lower case.
    private static let shortNames = [
        "acn": "C2H3N", "fa": "CH2O2", "hac": "C2H4O2", "ac": "C2H4O2", "tfa": "C2HF3O2", "meoh": "CH4O",
        "etoh": "C2H6O", "iproh": "C3H8O", "isoprop": "C3H8O", "dmso": "C2H6OS", "formate": "CHO2", "acetate": "C2H3O2",
    ]

    /// - Throws: `AdductError` with what is wrong.
    public init(_ text: String) throws(AdductError) {
        func failure(_ reason: String) -> AdductError {
            AdductError(text: String(text.prefix(Self.maximumLength)), reason: reason)
        }
        guard text.utf8.count <= Self.maximumLength else { throw failure("it is too long") }
        guard text.hasPrefix("["), let end = text.lastIndex(of: "]") else { throw failure("brackets are missing") }
        guard let charge = Self.charge(text[text.index(after: end)...]) else {
            throw failure("after the bracket comes a charge: +, -, 2+, 2-")
        }
        var rest = text[text.index(after: text.startIndex)..<end]
        let digits = rest.prefix { $0.isNumber && $0.isASCII }
        guard let multiplicity = digits.isEmpty ? 1 : Int(digits), (1...9).contains(multiplicity) else {
            throw failure("1 to 9 molecules")
        }
        rest = rest.dropFirst(digits.count)
        guard rest.first == "M" else { throw failure("the molecule is written M") }
        rest = rest.dropFirst()
        var net: [Int: Int] = [:]
        while let sign = rest.first {
            guard sign == "+" || sign == "-" else { throw failure("parts are joined by + or -") }
            rest = rest.dropFirst()
            let part = rest.prefix { $0 != "+" && $0 != "-" }
            rest = rest.dropFirst(part.count)
            let number = part.prefix { $0.isNumber && $0.isASCII }
            let name = String(part.dropFirst(number.count))
            guard let count = number.isEmpty ? 1 : Int(number), (1...1_000).contains(count), !name.isEmpty else {
                throw failure("\"\(part)\" is not a count with a formula")
            }
            let formula: MolecularFormula
            do { formula = try MolecularFormula(Self.shortNames[name.lowercased()] ?? name) } catch {
                throw failure(error.description)
            }
            guard formula.charge == 0 else { throw failure("the charge stands after the bracket") }
            for term in formula.terms { net[term.element, default: 0] += (sign == "+" ? count : -count) * term.count }
        }
        self.multiplicity = multiplicity
        self.charge = charge
        gain = Self.formula(net)
        loss = Self.formula(net.mapValues { -$0 })
    }

    private static func formula(_ counts: [Int: Int]) -> MolecularFormula? {
        let formula = MolecularFormula(counts: counts, charge: 0)
        return formula.terms.isEmpty ? nil : formula
    }

    /// `+`, `2+`, `+2`, `++`, with a radical's dot or star.
    private static func charge(_ text: Substring) -> Int? {
        var text = text
        while let last = text.last, last == "*" || last == "." || last == "•" { text = text.dropLast() }
        guard let sign = text.first(where: { $0 == "+" || $0 == "-" }) else { return nil }
        let factor = sign == "+" ? 1 : -1
        if text.allSatisfy({ $0 == sign }) { return text.count <= 20 ? factor * text.count : nil }
        guard text.count(where: { $0 == sign }) == 1, text.first == sign || text.last == sign,
            let magnitude = Int(text.first == sign ? text.dropFirst() : text.dropLast()), (1...20).contains(magnitude)
        else { return nil }
        return factor * magnitude
    }
}
