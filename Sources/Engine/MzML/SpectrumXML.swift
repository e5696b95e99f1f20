import SpectrumModel

/// The text of one CV parameter.
func cvParam(_ accession: String, _ name: String, _ value: String = "", unit: (String, String)? = nil) -> String {
    var text = "<cvParam cvRef=\"MS\" accession=\"\(accession)\" name=\"\(escaped(name))\" value=\"\(escaped(value))\""
    if let unit {
        text += " unitCvRef=\"\(unit.0.prefix(2))\" unitAccession=\"\(unit.0)\" unitName=\"\(unit.1)\""
    }
    return text + "/>\n"
}

/// Text that may stand in an attribute value; control characters, which XML 1.0 cannot hold, become blanks.
func escaped(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x26 || $0 == 0x3C || $0 == 0x3E || $0 == 0x22 }) else {
        return text
    }
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
        }
    }
    return result
}

/// The XML of a spectrum around its two payloads.
enum SpectrumXML {
    static let float64 = cvParam("MS:1000523", "64-bit float")
    static let float32 = cvParam("MS:1000521", "32-bit float")
    static let mz = cvParam("MS:1000514", "m/z array", unit: mzUnit)
    static let intensity = cvParam("MS:1000515", "intensity array", unit: countUnit)
    static let arrayClosing = "</binary>\n            </binaryDataArray>\n"
    static let closing = "          </binaryDataArrayList>\n        </spectrum>\n"

    private static let mzUnit = ("MS:1000040", "m/z")
    private static let countUnit = ("MS:1000131", "number of detector counts")

    static func arrayOpening(
        encodedLength: Int, type: String, compression: ArrayCompression, content: String
    ) -> String {
        let indent = "              "
        let coding =
            compression == .zlib ? cvParam("MS:1000574", "zlib compression") : cvParam("MS:1000576", "no compression")
        return "            <binaryDataArray encodedLength=\"\(encodedLength)\">\n\(indent)\(type)\(indent)\(coding)"
            + "\(indent)\(content)\(indent)<binary>"
    }

    /// Everything before the first array. A Double's description is the shortest text that reads back to the same bits.
    static func opening(_ header: SpectrumHeader, index: Int, pointCount: Int) -> String {
        let indent = "          "
        var text =
            "<spectrum index=\"\(index)\" id=\"scan=\(header.scanNumber)\" defaultArrayLength=\"\(pointCount)\">\n"
        text += indent + cvParam("MS:1000511", "ms level", "\(header.msLevel)")
        text +=
            indent
            + (header.msLevel > 1
                ? cvParam("MS:1000580", "MSn spectrum") : cvParam("MS:1000579", "MS1 spectrum"))
        switch header.polarity {
        case .positive: text += indent + cvParam("MS:1000130", "positive scan")
        case .negative: text += indent + cvParam("MS:1000129", "negative scan")
        case .unknown: break
        }
        switch header.representation {
        case .centroid: text += indent + cvParam("MS:1000127", "centroid spectrum")
        case .profile: text += indent + cvParam("MS:1000128", "profile spectrum")
        case .unknown: break
        }
        text += "          <scanList count=\"1\">\n            " + cvParam("MS:1000795", "no combination")
        text += "            <scan>\n"
        if !header.retentionTimeSeconds.isNaN {
            text += "              "
            text += cvParam(
                "MS:1000016", "scan start time", "\(header.retentionTimeSeconds)", unit: ("UO:0000010", "second"))
        }
        text += "            </scan>\n          </scanList>\n"
        if let precursor = header.precursor { text += self.text(of: precursor) }
        return text + "          <binaryDataArrayList count=\"2\">\n"
    }

    private static func text(of precursor: Precursor) -> String {
        let indent = "                "
        var window = ""
        for (value, accession, name) in [
            (precursor.isolationTargetMZ, "MS:1000827", "isolation window target m/z"),
            (precursor.isolationLowerOffset, "MS:1000828", "isolation window lower offset"),
            (precursor.isolationUpperOffset, "MS:1000829", "isolation window upper offset"),
        ] {
            if let value { window += indent + cvParam(accession, name, "\(value)", unit: mzUnit) }
        }
        var ion = ""
        if let mz = precursor.selectedIonMZ {
            ion += indent + "  " + cvParam("MS:1000744", "selected ion m/z", "\(mz)", unit: mzUnit)
        }
        if let charge = precursor.charge { ion += indent + "  " + cvParam("MS:1000041", "charge state", "\(charge)") }
        if let intensity = precursor.intensity {
            ion += indent + "  " + cvParam("MS:1000042", "peak intensity", "\(intensity)", unit: countUnit)
        }
        var energy = ""
        if let value = precursor.collisionEnergy {
            energy =
                indent + cvParam("MS:1000045", "collision energy", "\(value)", unit: ("UO:0000266", "electronvolt"))
        }
        var text = "          <precursorList count=\"1\">\n            <precursor>\n"
        if !window.isEmpty {
            text += "              <isolationWindow>\n\(window)              </isolationWindow>\n"
        }
        if !ion.isEmpty {
            text += "              <selectedIonList count=\"1\">\n                <selectedIon>\n\(ion)"
            text += "                </selectedIon>\n              </selectedIonList>\n"
        }
        text += "              <activation>\n\(energy)              </activation>\n"
        return text + "            </precursor>\n          </precursorList>\n"
    }
}
