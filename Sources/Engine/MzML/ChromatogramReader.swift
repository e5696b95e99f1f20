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
    /// The list or the run has ended.
    private(set) var isFinished = false
    private var chromatogram: ReferenceChromatogram?
    private var isInsideList = false
    private var bytesFedBefore = 0
    private var found = 0
    private var points = 0
    /// Chromatograms whose times state no unit, and those that could not be decoded: how many, and the first.
    private var withoutUnit: (count: Int, first: String) = (0, "")
    private var leftOut: (count: Int, first: String) = (0, "")

    /// More chromatograms than this are an error.
    private static let maximumCount = 1 << 18

    /// - Parameters:
    ///   - maximumBytes: a larger `<chromatogram>` element is an error.
    ///   - maximumPoints: more points in all chromatograms together are an error, before memory is taken for them.
    ///   - leavesOutDamaged: a chromatogram that cannot be decoded is left out with a warning instead of being an
    ///     error.
    init(path: String, maximumBytes: Int, maximumPoints: Int, leavesOutDamaged: Bool) {
        self.path = path
        self.maximumBytes = maximumBytes
        self.maximumPoints = maximumPoints
        self.leavesOutDamaged = leavesOutDamaged
    }

    /// What was odd.
    var warnings: [String] {
        var warnings: [String] = []
        if withoutUnit.count > 0 {
            warnings.append(
                "\(withoutUnit.count) chromatograms state no unit of time, and seconds are assumed; the first is "
                    + "\"\(withoutUnit.first)\"")
        }
        if leftOut.count > 0 {
            warnings.append("\(leftOut.count) chromatograms are damaged and left out; the first: \(leftOut.first)")
        }
        return warnings
    }

    func start(_ name: String, _ attributes: XMLAttributes, in parser: XMLPushParser) throws(MzMLError) {
        switch name {
        case "chromatogramList":
            isInsideList = true
        case "chromatogram" where isInsideList && chromatogram == nil:
            guard found < Self.maximumCount else {
                throw MzMLError(
                    .malformedXML, path: path, byteOffset: parser.byteOffset,
                    reason: "there are more than \(Self.maximumCount) chromatograms")
            }
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
                if withoutUnit.count == 0 { withoutUnit.first = complete.id }
                withoutUnit.count += 1
            }
            chromatograms.append(decoded)
        } catch {
            let error = located(error)
            guard leavesOutDamaged else { throw error }
            if leftOut.count == 0 { leftOut.first = error.reason }
            leftOut.count += 1
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
