import SpectrumModel

/// Gathers the chromatograms of a document, or of the stretch of one that lies behind the spectrum list.
final class ChromatogramReader: XMLElementHandler {
    private let path: String
    private let maximumBytes: Int
    private let maximumPoints: Int
    private let leavesOutDamaged: Bool
    /// Parameter groups that the header defines.
    var groups: [String: [CVTerm]] = [:]
    private(set) var chromatograms: [Chromatogram] = []
    /// What was odd, in file order.
    private(set) var warnings: [String] = []
    /// The list or the run has ended.
    private(set) var isFinished = false
    private var chromatogram: ReferenceChromatogram?
    private var isInsideList = false
    private var bytesFedBefore = 0
    private var found = 0
    private var points = 0

    /// - Parameters:
    ///   - maximumBytes: a larger `<chromatogram>` element is an error.
    ///   - maximumPoints: more points in all chromatograms together are an error, before memory is taken for them.
    ///   - leavesOutDamaged: a chromatogram that cannot be decoded is left out with a warning instead of being an error.
    init(path: String, maximumBytes: Int, maximumPoints: Int, leavesOutDamaged: Bool) {
        self.path = path
        self.maximumBytes = maximumBytes
        self.maximumPoints = maximumPoints
        self.leavesOutDamaged = leavesOutDamaged
    }

    func start(_ name: String, _ attributes: XMLAttributes, in parser: XMLPushParser) throws(MzMLError) {
        switch name {
        case "chromatogramList":
            isInsideList = true
        case "chromatogram" where isInsideList && chromatogram == nil:
            bytesFedBefore = parser.bytesFed
            chromatogram = ReferenceChromatogram(index: found, byteOffset: parser.byteOffset, attributes: attributes)
            found += 1
        default:
            guard chromatogram != nil else { return }
            try checkSize(parser)
            do throws(MzMLError) {
                try chromatogram?.start(name, attributes, groups: groups)
            } catch {
                throw located(error)
            }
        }
    }

    func text(_ piece: ByteRun, in parser: XMLPushParser) throws(MzMLError) {
        guard chromatogram != nil else { return }
        try checkSize(parser)
        chromatogram?.text(piece)
    }

    func end(_ name: String, in parser: XMLPushParser) throws(MzMLError) {
        switch name {
        case "chromatogram":
            try finishChromatogram()
        case "chromatogramList", "run":
            isInsideList = false
            isFinished = true
        default:
            chromatogram?.end(name)
        }
    }

    private func finishChromatogram() throws(MzMLError) {
        guard let complete = chromatogram else { return }
        do throws(MzMLError) {
            let decoded = try complete.decoded(maximumPoints: maximumPoints - points)
            points += decoded.intensities.count
            if complete.isWithoutTimeUnit {
                warnings.append("chromatogram \"\(complete.id)\" states no unit of time; seconds are assumed")
            }
            chromatograms.append(decoded)
        } catch {
            let error = located(error)
            guard leavesOutDamaged else { throw error }
            warnings.append("chromatogram \"\(complete.id)\" is left out: \(error.reason)")
        }
        chromatogram = nil
    }

    private func checkSize(_ parser: XMLPushParser) throws(MzMLError) {
        guard parser.bytesFed - bytesFedBefore > maximumBytes + XMLPushParser.pieceSize else { return }
        throw located(
            MzMLError(.spectrumTooLarge, path: "", reason: "one chromatogram takes more than \(maximumBytes) bytes"))
    }

    private func located(_ error: MzMLError) -> MzMLError {
        var error = error
        error.path = path
        error.byteOffset = chromatogram?.byteOffset
        error.reason = "chromatogram \"\(chromatogram?.id ?? "")\": " + error.reason
        return error
    }
}
