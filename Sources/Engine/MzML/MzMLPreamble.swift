/// What stands before the first spectrum of a written file.
enum MzMLPreamble {
    static func text(header: RunHeader, spectrumCount: Int) -> String {
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
                  <fileContent>
                    \(cvParam("MS:1000294", "mass spectrum"))
            """
        text += "      </fileContent>\n"
        text += sourceFiles(header.sourceFiles)
        text += "    </fileDescription>\n" + software(header.software)
        text += instrument(header)
        text += """
                <dataProcessingList count="1">
                  <dataProcessing id="writing">
                    <processingMethod order="0" softwareRef="lavoisier">
                      \(cvParam("MS:1000544", "Conversion to mzML"))
            """
        text += "        </processingMethod>\n      </dataProcessing>\n    </dataProcessingList>\n"
        let started = header.startTimestamp.map { " startTimeStamp=\"\(escaped($0))\"" } ?? ""
        text += "    <run id=\"run\" defaultInstrumentConfigurationRef=\"IC1\"\(started)>\n"
        text += "      <spectrumList count=\"\(spectrumCount)\" defaultDataProcessingRef=\"writing\">\n"
        return text
    }

    private static func sourceFiles(_ names: [String]) -> String {
        guard !names.isEmpty else { return "" }
        var text = "      <sourceFileList count=\"\(names.count)\">\n"
        for (i, name) in names.enumerated() {
            text += "        <sourceFile id=\"SF\(i + 1)\" name=\"\(escaped(name))\" location=\"\"/>\n"
        }
        return text + "      </sourceFileList>\n"
    }

    private static func software(_ names: [String]) -> String {
        var text = "    <softwareList count=\"\(names.count + 1)\">\n"
        for (i, name) in names.enumerated() {
            text += "      <software id=\"SW\(i + 1)\" version=\"\">\n        "
            text += cvParam("MS:1000799", "custom unreleased software tool", name) + "      </software>\n"
        }
        text += "      <software id=\"lavoisier\" version=\"\">\n        "
        text += cvParam("MS:1000799", "custom unreleased software tool", "Lavoisier") + "      </software>\n"
        return text + "    </softwareList>\n"
    }

    private static func instrument(_ header: RunHeader) -> String {
        func term(_ term: CVTerm) -> String { cvParam(Accession.text(term.accession), term.name, term.value) }
        var text = "    <instrumentConfigurationList count=\"1\">\n      <instrumentConfiguration id=\"IC1\">\n        "
        text += header.instrument.map(term) ?? cvParam("MS:1000031", "instrument model")
        if !header.analyzers.isEmpty {
            text += "        <componentList count=\"\(header.analyzers.count + 2)\">\n"
            text += "          <source order=\"1\">\n            " + cvParam("MS:1000008", "ionization type")
            text += "          </source>\n"
            for (i, analyzer) in header.analyzers.enumerated() {
                text += "          <analyzer order=\"\(i + 2)\">\n            \(term(analyzer))          </analyzer>\n"
            }
            text += "          <detector order=\"\(header.analyzers.count + 2)\">\n            "
            text += cvParam("MS:1000026", "detector type") + "          </detector>\n        </componentList>\n"
        }
        return text + "      </instrumentConfiguration>\n    </instrumentConfigurationList>\n"
    }
}
