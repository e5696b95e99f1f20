import SpectrumModel

/// The XML of a spectrum around its arrays, in the order that the schema demands.
enum SpectrumXML {
    static let closing = "          </binaryDataArrayList>\n        </spectrum>\n"
    /// Blanks in front of the start tag of a spectrum or a chromatogram.
    static let offsetOfTag = 8

    private static let indent = "          "
    private static let survey = indent + cvParam("MS:1000579", "MS1 spectrum")
    private static let fragment = indent + cvParam("MS:1000580", "MSn spectrum")
    private static let centroid = indent + cvParam("MS:1000127", "centroid spectrum")
    private static let profile = indent + cvParam("MS:1000128", "profile spectrum")
    private static let noCombination = cvParam("MS:1000795", "no combination")

    /// Everything before the first array. A Double's description is the shortest text that reads back to the same bits.
    /// - Parameter id: the native id as attribute text.
    static func opening(_ header: SpectrumHeader, id: String, index: Int, pointCount: Int) -> String {
        var text = "        <spectrum index=\"\(index)\" id=\"\(id)\" defaultArrayLength=\"\(pointCount)\">\n"
        text += indent
        text += cvParam("MS:1000511", "ms level", "\(header.msLevel)")
        text += header.msLevel > 1 ? fragment : survey
        if let polarity = polarityParam(header.polarity) { text += indent + polarity }
        switch header.representation {
        case .centroid: text += centroid
        case .profile: text += profile
        case .unknown: break
        }
        text += "          <scanList count=\"1\">\n            \(noCombination)            <scan>\n"
        if header.retentionTimeSeconds.isFinite {
            text += "              "
            text += cvParam("MS:1000016", "scan start time", "\(header.retentionTimeSeconds)", unit: WrittenUnit.second)
        }
        text += "            </scan>\n          </scanList>\n"
        if let precursor = header.precursor { text += precursorList([precursor] + header.furtherPrecursors) }
        return text + "          <binaryDataArrayList count=\"2\">\n"
    }

    private static func precursorList(_ precursors: [Precursor]) -> String {
        // Ions that repeat window and activation of the one before them came out of the same isolation.
        var groups: [[Precursor]] = []
        for precursor in precursors {
            if let last = groups.last?.last, last.hasIon, precursor.hasIon, last.isIsolatedLike(precursor) {
                groups[groups.count - 1].append(precursor)
            } else {
                groups.append([precursor])
            }
        }
        var text = "          <precursorList count=\"\(groups.count)\">\n"
        for group in groups { text += element(of: group) }
        return text + "          </precursorList>\n"
    }

    /// One `<precursor>` with its ions.
    private static func element(of ions: [Precursor]) -> String {
        let precursor = ions[0]
        let indent = "                "
        var text = "            <precursor>\n"
        let window = isolationWindow(
            target: precursor.isolationTargetMZ, lower: precursor.isolationLowerOffset,
            upper: precursor.isolationUpperOffset)
        if !window.isEmpty { text += window }
        if precursor.hasIon {
            text += "              <selectedIonList count=\"\(ions.count)\">\n"
            for ion in ions { text += selectedIon(ion) }
            text += "              </selectedIonList>\n"
        }
        text += "              <activation>\n"
        if let energy = precursor.collisionEnergy {
            text += indent + cvParam("MS:1000045", "collision energy", "\(energy)", unit: WrittenUnit.electronvolt)
        }
        return text + "              </activation>\n            </precursor>\n"
    }

    private static func selectedIon(_ ion: Precursor) -> String {
        let indent = "                  "
        var text = "                <selectedIon>\n"
        if let mz = ion.selectedIonMZ {
            text += indent + cvParam("MS:1000744", "selected ion m/z", "\(mz)", unit: WrittenUnit.mz)
        }
        if let charge = ion.charge { text += indent + cvParam("MS:1000041", "charge state", "\(charge)") }
        if let intensity = ion.intensity {
            text += indent + cvParam("MS:1000042", "peak intensity", "\(intensity)", unit: WrittenUnit.counts)
        }
        return text + "                </selectedIon>\n"
    }

    /// An `<isolationWindow>` of a spectrum or a chromatogram; empty when nothing of it is known.
    static func isolationWindow(target: Double?, lower: Double? = nil, upper: Double? = nil) -> String {
        let indent = "                "
        var text = ""
        for (value, accession, name) in [
            (target, "MS:1000827", "isolation window target m/z"),
            (lower, "MS:1000828", "isolation window lower offset"),
            (upper, "MS:1000829", "isolation window upper offset"),
        ] {
            if let value { text += indent + cvParam(accession, name, "\(value)", unit: WrittenUnit.mz) }
        }
        return text.isEmpty ? "" : "              <isolationWindow>\n\(text)              </isolationWindow>\n"
    }
}

extension Precursor {
    /// Whether anything is known of the ion itself.
    fileprivate var hasIon: Bool { selectedIonMZ != nil || charge != nil || intensity != nil }

    fileprivate func isIsolatedLike(_ other: Precursor) -> Bool {
        isolationTargetMZ == other.isolationTargetMZ && isolationLowerOffset == other.isolationLowerOffset
            && isolationUpperOffset == other.isolationUpperOffset && collisionEnergy == other.collisionEnergy
    }
}
