import SpectrumModel

/// The XML of a chromatogram around its arrays.
enum ChromatogramXML {
    static let closing = "          </binaryDataArrayList>\n        </chromatogram>\n"

    static func opening(_ chromatogram: Chromatogram, index: Int) -> String {
        let indent = "          "
        let length = chromatogram.timesSeconds.count
        var text = "        <chromatogram index=\"\(index)\" id=\"\(escaped(chromatogram.id))\""
        text += " defaultArrayLength=\"\(length)\">\n\(indent)\(term(chromatogram.kind))"
        if let polarity = polarityParam(chromatogram.polarity) { text += indent + polarity }
        if let mz = chromatogram.precursorMZ {
            text += "          <precursor>\n\(SpectrumXML.isolationWindow(target: mz))"
            text += "              <activation/>\n          </precursor>\n"
        }
        if let mz = chromatogram.productMZ {
            text += "          <product>\n\(SpectrumXML.isolationWindow(target: mz))          </product>\n"
        }
        return text + "          <binaryDataArrayList count=\"2\">\n"
    }

    private static func term(_ kind: Chromatogram.Kind) -> String {
        switch kind {
        case .totalIonCurrent: cvParam("MS:1000235", "total ion current chromatogram")
        case .basePeak: cvParam("MS:1000628", "basepeak chromatogram")
        case .selectedIonCurrent: cvParam("MS:1000627", "selected ion current chromatogram")
        case .selectedIonMonitoring: cvParam("MS:1001472", "selected ion monitoring chromatogram")
        case .selectedReactionMonitoring: cvParam("MS:1001473", "selected reaction monitoring chromatogram")
        case .other: cvParam("MS:1000626", "chromatogram type")
        }
    }
}
