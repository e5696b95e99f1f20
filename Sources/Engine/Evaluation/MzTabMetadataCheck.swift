/// The metadata of an mzTab-M file while it is checked: keys, their order, their values, and what the tables need of them.
struct MzTabMetadataCheck: Sendable {
    /// What the value of a key must be.
    private enum Value { case text, parameter, parameters, uri, reference(String), references(String), version }

    private struct Key {
        let name: String
        let value: Value
        let isMandatory: Bool

        init(_ name: String, _ value: Value, mandatory: Bool = false) {
            (self.name, self.value, isMandatory) = (name, value, mandatory)
        }
    }

    /// In the order of the specification, `#` for a number; mandatory ones for every element that there is, at least one.
    private static let keys: [Key] = [
        Key("mzTab-version", .version, mandatory: true), Key("mzTab-ID", .text, mandatory: true), Key("title", .text),
        Key("description", .text), Key("sample_processing[#]", .parameters), Key("instrument[#]-name", .parameter),
        Key("instrument[#]-source", .parameter), Key("instrument[#]-analyzer[#]", .parameter),
        Key("instrument[#]-detector", .parameter), Key("software[#]", .parameter, mandatory: true),
        Key("software[#]-setting", .text), Key("software[#]-setting[#]", .text), Key("publication[#]", .text),
        Key("contact[#]-name", .text), Key("contact[#]-affiliation", .text), Key("contact[#]-email", .text),
        Key("uri[#]", .uri), Key("external_study_uri[#]", .uri),
        Key("quantification_method", .parameter, mandatory: true),
        Key("sample[#]", .text), Key("sample[#]-species[#]", .parameter), Key("sample[#]-tissue[#]", .parameter),
        Key("sample[#]-cell_type[#]", .parameter), Key("sample[#]-disease[#]", .parameter),
        Key("sample[#]-description", .text), Key("sample[#]-custom[#]", .parameter),
        Key("ms_run[#]-location", .uri, mandatory: true), Key("ms_run[#]-instrument_ref", .reference("instrument")),
        Key("ms_run[#]-format", .parameter), Key("ms_run[#]-id_format", .parameter),
        Key("ms_run[#]-fragmentation_method[#]", .parameter),
        Key("ms_run[#]-scan_polarity[#]", .parameter, mandatory: true), Key("ms_run[#]-hash", .text),
        Key("ms_run[#]-hash_method", .parameter), Key("assay[#]", .text, mandatory: true),
        Key("assay[#]-custom[#]", .parameter), Key("assay[#]-external_uri", .uri),
        Key("assay[#]-sample_ref", .reference("sample")),
        Key("assay[#]-ms_run_ref", .references("ms_run"), mandatory: true),
        Key("study_variable[#]", .text, mandatory: true),
        Key("study_variable[#]-assay_refs", .references("assay"), mandatory: true),
        Key("study_variable[#]-average_function", .parameter), Key("study_variable[#]-variation_function", .parameter),
        Key("study_variable[#]-description", .text, mandatory: true), Key("study_variable[#]-factors", .parameters),
        Key("custom[#]", .parameter), Key("cv[#]-label", .text, mandatory: true),
        Key("cv[#]-full_name", .text, mandatory: true), Key("cv[#]-version", .text, mandatory: true),
        Key("cv[#]-uri", .uri, mandatory: true), Key("database[#]", .parameter, mandatory: true),
        Key("database[#]-prefix", .text, mandatory: true), Key("database[#]-version", .text, mandatory: true),
        Key("database[#]-uri", .uri, mandatory: true), Key("derivatization_agent[#]", .parameter),
        Key("small_molecule-quantification_unit", .parameter, mandatory: true),
        Key("small_molecule_feature-quantification_unit", .parameter),
        Key("small_molecule-identification_reliability", .parameter),
        Key("id_confidence_measure[#]", .parameter, mandatory: true), Key("colunit-small_molecule", .text),
        Key("colunit-small_molecule_feature", .text), Key("colunit-small_molecule_evidence", .text),
    ]

    private var values: [String: String] = [:]
    /// Keys without numbers, where they first came, and their elements in order: `ms_run`, [1, 2].
    private var patterns: Set<String> = []
    private var elementNumbers: [String: [Int]] = [:]
    private var lastElementOrder = 0

    /// Takes in a line. - Returns: what is wrong with it.
    mutating func read(_ cells: [String]) -> [String] {
        guard cells.count == 3, !cells[1].isEmpty, !cells[2].isEmpty else {
            return ["a metadata line has a key and a value"]
        }
        let (name, value) = (cells[1], cells[2])
        let (pattern, numbers) = MzTabSyntax.pattern(of: name)
        guard let position = Self.keys.firstIndex(where: { $0.name == pattern }) else {
            return ["\"\(name)\" is no key of the metadata"]
        }
        var found: [String] = []
        let isColumnUnit = name.hasPrefix("colunit-")
        if values.updateValue(value, forKey: name) != nil, !isColumnUnit, pattern != "software[#]-setting" {
            found.append("\(name) is given twice")
        }
        if numbers.contains(0) { found.append("\(name): elements are numbered from 1") }
        // Keys of one element may stand together, or one after the other for all elements: the order of what they are keys of
        // is what the specification fixes.
        let element = MzTabSyntax.element(of: pattern)
        let order = Self.keys.firstIndex { MzTabSyntax.element(of: $0.name) == element } ?? position
        if order < lastElementOrder {
            found.append("\(name) stands too late; keys have the order of the specification")
        }
        lastElementOrder = max(lastElementOrder, order)
        patterns.insert(pattern)
        if let number = numbers.first {
            var known = elementNumbers[element] ?? []
            if !known.contains(number) {
                if number != (known.last ?? 0) + 1 {
                    found.append("\(name): \(element)[\((known.last ?? 0) + 1)] is missing")
                }
                known.append(number)
            }
            elementNumbers[element] = known
        }
        if let reason = problem(Self.keys[position].value, value) { found.append("\(name): \(reason)") }
        return found
    }

    private func problem(_ kind: Value, _ value: String) -> String? {
        func isReference(_ text: Substring, _ element: String) -> Bool {
            numbers(of: element).contains { text == "\(element)[\($0)]" }
        }
        let isGood: Bool =
            switch kind {
            case .text: true
            case .version: MzTabSyntax.isVersion(value)
            case .parameter: MzTabSyntax.parameter(value) != nil
            case .parameters: MzTabSyntax.parameters(value) != nil
            case .uri: value == "null" || MzTabSyntax.isURI(value)
            case .reference(let element): isReference(value[...], element)
            case .references(let element): value.split(separator: "|").allSatisfy { isReference($0, element) }
            }
        if isGood { return nil }
        switch kind {
        case .text: return nil
        case .version: return "\"\(value)\" is not 2.x.x-M"
        case .parameter, .parameters: return "\"\(value)\" is no parameter like [MS, MS:1001834, name, ]"
        case .uri: return "\"\(value)\" is no URI"
        case .reference(let element), .references(let element): return "\"\(value)\" names no \(element) of the file"
        }
    }

    /// What mandatory keys lack.
    func missing(hasFeatures: Bool) -> [String] {
        var found: [String] = []
        for key in Self.keys {
            let isMandatory =
                key.isMandatory || (hasFeatures && key.name == "small_molecule_feature-quantification_unit")
            guard isMandatory else { continue }
            guard key.name.contains("[#]") else {
                if values[key.name] == nil { found.append("the key \(key.name) is missing") }
                continue
            }
            let element = MzTabSyntax.element(of: key.name)
            let elements = elementNumbers[element] ?? []
            for number in elements.isEmpty ? [1] : elements {
                let start = key.name.replacing("[#]", with: "[\(number)]", maxReplacements: 1)
                let name = start.replacing("[#]", with: "[1]")
                if values[name] == nil { found.append("the key \(name) is missing") }
            }
        }
        return found
    }

    // MARK: - What the tables ask

    func numbers(of element: String) -> [Int] { elementNumbers[element] ?? [] }

    /// Elements that optional columns may belong to.
    var elements: [String] {
        ["assay", "study_variable", "ms_run"].flatMap { name in numbers(of: name).map { "\(name)[\($0)]" } }
    }

    func hasPrefix(of identifier: Substring) -> Bool {
        numbers(of: "database").contains { number in
            guard let prefix = values["database[\(number)]-prefix"], prefix != "null" else { return false }
            return identifier.hasPrefix("\(prefix):") && identifier.utf8.count > prefix.utf8.count + 1
        }
    }

    func isSpectrumReference(_ text: Substring) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return numbers(of: "ms_run").contains { parts[0] == "ms_run[\($0)]" } && (parts.count == 1 || !parts[1].isEmpty)
    }

    var reliabilityCodes: [String] {
        let system = values["small_molecule-identification_reliability"].flatMap { MzTabSyntax.parameter($0) }
        switch system?.accession {
        case "MS:1002955": return ["1", "2", "2a", "2b", "3", "4", "5"]
        case "MS:1002896": return ["0", "1", "2", "3", "4"]
        default: return ["1", "2", "3", "4"]
        }
    }
}
