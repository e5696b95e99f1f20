/// What stands before the first spectrum of a written file, in the order that the schema demands.
///
/// Elements get ids of our own making (`SW1`, `SF1` ...): those of the source need not be unique in the new document.
enum MzMLPreamble {
    static let spectrumListOpening = "      <spectrumList count=\""
    static let program = "lavoisier"
    static let processing = "conversion"

    /// Everything up to `<spectrumList count="`.
    static func text(header: RunHeader, options: WritingOptions) -> String {
        let schema = "http://psi.hupo.org/ms/mzml"
        var text = """
            <?xml version="1.0" encoding="utf-8"?>
            <indexedmzML xmlns="\(schema)" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
            xsi:schemaLocation="\(schema) http://psidev.info/files/ms/mzML/xsd/mzML1.1.2_idx.xsd">
              <mzML xmlns="\(schema)" xsi:schemaLocation="\(schema) \
            http://psidev.info/files/ms/mzML/xsd/mzML1.1.0.xsd" version="1.1.0">
                <cvList count="2">
                  <cv id="MS" fullName="Proteomics Standards Initiative Mass Spectrometry Ontology" \
            URI="https://raw.githubusercontent.com/HUPO-PSI/psi-ms-CV/master/psi-ms.obo"/>
                  <cv id="UO" fullName="Unit Ontology" \
            URI="https://raw.githubusercontent.com/bio-ontology-research-group/unit-ontology/master/unit.obo"/>
                </cvList>
                <fileDescription>

            """
        text += fileContent(header.contentTerms) + sourceFiles(header.sourceFileList) + "    </fileDescription>\n"
        text += samples(header.samples) + software(header.softwareList, options)
        text += instrument(header) + dataProcessing(header)
        let started = header.startTimestamp.map { " startTimeStamp=\"\(escaped($0))\"" } ?? ""
        let source =
            header.sourceFileList.firstIndex { $0.nativeIDFormat != nil }
            .map { " defaultSourceFileRef=\"SF\($0 + 1)\"" } ?? ""
        text +=
            "    <run id=\"\(identifier(header.runID))\" defaultInstrumentConfigurationRef=\"IC1\"\(source)\(started)>\n"
        return text + spectrumListOpening
    }

    /// An `xs:ID`: a letter or underscore, then letters, digits, dots, hyphens and underscores.
    private static func identifier(_ text: String?) -> String {
        guard let text, !text.isEmpty else { return "run" }
        var result = ""
        for byte in text.utf8 {
            let isLetter = (65...90).contains(byte & 0xDF) || byte == UInt8(ascii: "_")
            let isOther = (48...57).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            if result.isEmpty, !isLetter { result = "_" }
            result.unicodeScalars.append(isLetter || isOther ? Unicode.Scalar(byte) : "_")
        }
        // Ours are short; one more character keeps them apart.
        return ["IC1", program, processing].contains(result) ? result + "_" : result
    }

    /// An `xs:anyURI`. Folders of Windows are often written as they are, which is none.
    private static func uri(_ location: String) -> String {
        var path = location.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "/")
        // A drive is no host.
        if path.hasPrefix("file://"), path.dropFirst(8).hasPrefix(":") { path = "file:///" + path.dropFirst(7) }
        var result = ""
        for byte in path.utf8 {
            if byte > 0x20, byte < 0x7F, !"\"<>^`{|}[]".utf8.contains(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                result += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return escaped(result)
    }

    private static func terms(_ terms: [CVTerm], indent: String) -> String {
        terms.map { indent + cvParam(Accession.text($0.accession), $0.name, $0.value, unit: unit(of: $0)) }.joined()
    }

    private static func unit(of term: CVTerm) -> (String, String)? {
        guard term.unit != 0 else { return nil }
        let accession = Accession.text(term.unit)
        let known = [WrittenUnit.mz, WrittenUnit.counts, WrittenUnit.second, WrittenUnit.electronvolt]
        return (accession, known.first { $0.0 == accession }?.1 ?? accession)
    }

    private static func fileContent(_ content: [CVTerm]) -> String {
        let stated = content.isEmpty ? [CVTerm(accession: 1_000_294, name: "mass spectrum")] : content
        return "      <fileContent>\n\(terms(stated, indent: "        "))      </fileContent>\n"
    }

    private static func sourceFiles(_ files: [RunHeader.SourceFile]) -> String {
        guard !files.isEmpty else { return "" }
        var text = "      <sourceFileList count=\"\(files.count)\">\n"
        for (i, file) in files.enumerated() {
            text +=
                "        <sourceFile id=\"SF\(i + 1)\" name=\"\(escaped(file.name))\" location=\"\(uri(file.location))\""
            text += file.terms.isEmpty ? "/>\n" : ">\n\(terms(file.terms, indent: "          "))        </sourceFile>\n"
        }
        return text + "      </sourceFileList>\n"
    }

    private static func samples(_ samples: [RunHeader.Sample]) -> String {
        guard !samples.isEmpty else { return "" }
        var text = "    <sampleList count=\"\(samples.count)\">\n"
        for (i, sample) in samples.enumerated() {
            let name = sample.name.isEmpty ? "" : " name=\"\(escaped(sample.name))\""
            text +=
                "      <sample id=\"S\(i + 1)\"\(name)>\n\(terms(sample.terms, indent: "        "))      </sample>\n"
        }
        return text + "    </sampleList>\n"
    }

    private static func software(_ list: [RunHeader.Software], _ options: WritingOptions) -> String {
        var text = "    <softwareList count=\"\(list.count + 1)\">\n"
        for (i, program) in list.enumerated() {
            text += "      <software id=\"SW\(i + 1)\" version=\"\(escaped(program.version))\">\n"
            let named =
                program.terms.isEmpty
                ? [CVTerm(accession: 1_000_799, name: "custom unreleased software tool", value: program.name)]
                : program.terms
            text += terms(named, indent: "        ") + "      </software>\n"
        }
        text += "      <software id=\"\(program)\" version=\"\(escaped(options.programVersion))\">\n        "
        text += cvParam("MS:1000799", "custom unreleased software tool", "Lavoisier") + "      </software>\n"
        return text + "    </softwareList>\n"
    }

    private static func instrument(_ header: RunHeader) -> String {
        let indent = "            "
        var text = "    <instrumentConfigurationList count=\"1\">\n      <instrumentConfiguration id=\"IC1\">\n"
        text += terms(
            [header.instrument ?? CVTerm(accession: 1_000_031, name: "instrument model")], indent: "        ")
        if let serial = header.instrumentSerialNumber {
            text += "        " + cvParam("MS:1000529", "instrument serial number", serial)
        }
        if !(header.ionSources + header.analyzers + header.detectors).isEmpty {
            func orGeneric(_ terms: [CVTerm], _ accession: Int, _ name: String) -> [CVTerm] {
                terms.isEmpty ? [CVTerm(accession: accession, name: name)] : terms
            }
            // The schema wants one of each at least.
            var parts = [("source", orGeneric(header.ionSources, 1_000_008, "ionization type"))]
            parts += orGeneric(header.analyzers, 1_000_443, "mass analyzer type").map { ("analyzer", [$0]) }
            parts += orGeneric(header.detectors, 1_000_026, "detector type").map { ("detector", [$0]) }
            text += "        <componentList count=\"\(parts.count)\">\n"
            for (i, (element, described)) in parts.enumerated() {
                text += "          <\(element) order=\"\(i + 1)\">\n\(terms(described, indent: indent))"
                text += "          </\(element)>\n"
            }
            text += "        </componentList>\n"
        }
        return text + "      </instrumentConfiguration>\n    </instrumentConfigurationList>\n"
    }

    /// What was done before, and then our own step. One earlier sequence is continued; of several it is not known which
    /// one the spectra went through, so they stay beside ours.
    private static func dataProcessing(_ header: RunHeader) -> String {
        let numbers = Dictionary(
            header.softwareList.enumerated().map { ($1.id, $0 + 1) }, uniquingKeysWith: { first, _ in first })
        func steps(_ processing: RunHeader.DataProcessing) -> [String] {
            // A step without a known program cannot be written.
            processing.steps.compactMap { step in
                numbers[step.softwareID].map { number in
                    " softwareRef=\"SW\(number)\">\n\(terms(step.terms, indent: "          "))"
                }
            }
        }
        let own = " softwareRef=\"\(program)\">\n          " + cvParam("MS:1000544", "Conversion to mzML")
        let earlier = header.dataProcessing.map(steps).filter { !$0.isEmpty }
        let sequences = earlier.count == 1 ? [earlier[0] + [own]] : earlier + [[own]]
        var text = "    <dataProcessingList count=\"\(sequences.count)\">\n"
        for (i, sequence) in sequences.enumerated() {
            let id = i == sequences.count - 1 ? processing : "DP\(i + 1)"
            text += "      <dataProcessing id=\"\(id)\">\n"
            for (order, step) in sequence.enumerated() {
                text += "        <processingMethod order=\"\(order)\"\(step)        </processingMethod>\n"
            }
            text += "      </dataProcessing>\n"
        }
        return text + "    </dataProcessingList>\n"
    }
}
