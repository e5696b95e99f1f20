import SpectrumModel

/// The text of one CV parameter.
func cvParam(_ accession: String, _ name: String, _ value: String = "", unit: (String, String)? = nil) -> String {
    var text = "<cvParam cvRef=\"\(accession.prefix(2))\" accession=\"\(accession)\" name=\"\(escaped(name))\""
    text += " value=\"\(escaped(value))\""
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

/// What polarity is called, in an element's own parameters.
func polarityParam(_ polarity: Polarity) -> String? {
    switch polarity {
    case .positive: cvParam("MS:1000130", "positive scan")
    case .negative: cvParam("MS:1000129", "negative scan")
    case .unknown: nil
    }
}

/// Units that are written.
enum WrittenUnit {
    static let mz = ("MS:1000040", "m/z")
    static let counts = ("MS:1000131", "number of detector counts")
    static let second = ("UO:0000010", "second")
    static let electronvolt = ("UO:0000266", "electronvolt")
}

/// The XML of a `<binaryDataArray>` around its payload.
enum BinaryArrayXML {
    static let mz = cvParam("MS:1000514", "m/z array", unit: WrittenUnit.mz)
    static let intensity = cvParam("MS:1000515", "intensity array", unit: WrittenUnit.counts)
    static let time = cvParam("MS:1000595", "time array", unit: WrittenUnit.second)
    static let closing = "</binary>\n            </binaryDataArray>\n"

    private static let float64 = cvParam("MS:1000523", "64-bit float")
    private static let float32 = cvParam("MS:1000521", "32-bit float")
    private static let uncompressed = cvParam("MS:1000576", "no compression")
    private static let zlib = cvParam("MS:1000574", "zlib compression")

    static func opening(encodedLength: Int, coding: WritingOptions.Coding, content: String) -> String {
        let indent = "              "
        var text = "            <binaryDataArray encodedLength=\"\(encodedLength)\">\n\(indent)"
        // A Numpress stream stands for 64-bit numbers.
        text += coding.numpress != nil || coding.precision == .double ? float64 : float32
        text += indent
        text += compression(coding)
        text += indent
        text += content
        text += indent
        return text + "<binary>"
    }

    private static func compression(_ coding: WritingOptions.Coding) -> String {
        let isPacked = coding.compression == .zlib
        let suffix = isPacked ? " followed by zlib compression" : ""
        switch coding.numpress {
        case nil: return isPacked ? zlib : uncompressed
        case .linear:
            return cvParam(
                isPacked ? "MS:1002746" : "MS:1002312", "MS-Numpress linear prediction compression\(suffix)")
        case .pic:
            return cvParam(isPacked ? "MS:1002747" : "MS:1002313", "MS-Numpress positive integer compression\(suffix)")
        case .slof:
            return cvParam(
                isPacked ? "MS:1002748" : "MS:1002314", "MS-Numpress short logged float compression\(suffix)")
        }
    }
}
