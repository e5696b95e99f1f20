import SpectrumModel

/// A referenceable parameter group in the form that the element scan reads.
struct ParameterGroup: Sendable {
    struct Term: Sendable {
        let accession: Int
        /// `value` and `unitAccession` as attribute text.
        let attributes: [UInt8]
    }

    let id: [UInt8]
    let terms: [Term]

    init(id: String, terms: [CVTerm]) {
        self.id = Array(id.utf8)
        self.terms = terms.map { term in
            // A value that holds a quote is no number, and no term that is read here has text for a value.
            let value = term.value.contains("\"") ? "" : term.value
            let unit = term.unit == 0 ? "" : " unitAccession=\"\(Accession.text(term.unit))\""
            return Term(accession: term.accession, attributes: Array(" value=\"\(value)\"\(unit)>".utf8))
        }
    }

    func hasID(_ text: ByteRun) -> Bool {
        text.count == id.count && zip(text, id).allSatisfy { $0 == $1 }
    }
}
