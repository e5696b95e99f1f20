import SpectrumModel

/// Follows one mzML document: header, then spectra, then chromatograms. Spectra wait, encoded, until they are taken.
final class ReferenceDocument: XMLElementHandler {
    enum Phase { case header, spectra, behindSpectra }

    private let path: String
    private let maximumSpectrumBytes: Int
    private let headerParser: RunHeaderParser
    private let chromatogramReader: ChromatogramReader
    private(set) var phase = Phase.header
    /// Known from the first spectrum on, or from where a run without spectra ends.
    private(set) var header: RunHeader?
    private var waiting: [ReferenceSpectrum] = []
    /// Spectra that were read to their end, taken ones included.
    private(set) var spectraRead = 0
    private var spectrum: ReferenceSpectrum?
    private var bytesFedBeforeSpectrum = 0
    private var hasSpectrumList = false
    private var ownWarnings: [String] = []

    init(path: String, maximumSpectrumBytes: Int, maximumPoints: Int) {
        self.path = path
        self.maximumSpectrumBytes = maximumSpectrumBytes
        headerParser = RunHeaderParser(path: path)
        chromatogramReader = ChromatogramReader(
            path: path, maximumBytes: maximumSpectrumBytes, maximumPoints: maximumPoints, leavesOutDamaged: true)
    }

    var chromatograms: [Chromatogram] { chromatogramReader.chromatograms }
    var isInsideSpectrum: Bool { spectrum != nil }
    /// What was odd, spectra first.
    var warnings: [String] { ownWarnings + chromatogramReader.warnings }

    /// The waiting spectra, first to last; they wait no longer.
    func takeWaiting() -> [ReferenceSpectrum] {
        defer { waiting = [] }
        return waiting
    }

    // MARK: Elements

    func start(_ name: String, _ attributes: XMLAttributes, in parser: XMLPushParser) throws(MzMLError) {
        switch phase {
        case .header:
            if parser.depth == 1 { try checkRoot(name) }
            switch name {
            case "spectrum":
                try enterSpectra(parser)
                startSpectrum(attributes, parser)
            case "chromatogramList":
                try enterSpectra(parser)
                leaveSpectra()
                try chromatogramReader.start(name, attributes, in: parser)
            default:
                if name == "spectrumList" { hasSpectrumList = true }
                try headerParser.start(name, attributes, in: parser)
            }
        case .spectra:
            if name == "spectrum" {
                if spectrum != nil { throw located(.malformedXML, "a spectrum starts inside a spectrum") }
                startSpectrum(attributes, parser)
            } else if spectrum != nil {
                try checkSize(parser)
                do throws(MzMLError) {
                    try spectrum?.start(name, attributes, groups: header?.parameterGroups ?? [:])
                } catch {
                    throw located(error.code, error.reason)
                }
            }
        case .behindSpectra:
            try chromatogramReader.start(name, attributes, in: parser)
        }
    }

    func text(_ piece: ByteRun, in parser: XMLPushParser) throws(MzMLError) {
        if spectrum != nil {
            try checkSize(parser)
            spectrum?.text(piece)
        } else if phase == .behindSpectra {
            try chromatogramReader.text(piece, in: parser)
        }
    }

    func end(_ name: String, in parser: XMLPushParser) throws(MzMLError) {
        switch phase {
        case .header:
            headerParser.end(name, in: parser)
            if name == "spectrumList" || name == "run" || name == "mzML" {
                try enterSpectra(parser)
                leaveSpectra()
            }
        case .spectra:
            if name == "spectrum" {
                try endSpectrum(parser)
            } else if name == "spectrumList" || name == "run" || name == "mzML" {
                leaveSpectra()
            } else {
                spectrum?.end(name)
            }
        case .behindSpectra:
            try chromatogramReader.end(name, in: parser)
        }
    }

    // MARK: Transitions

    private func checkRoot(_ name: String) throws(MzMLError) {
        guard name != "mzML", name != "indexedmzML" else { return }
        throw MzMLError(
            .notMzML, path: path,
            reason: "not an mzML file: its root element is <\(String(decoding: name.utf8.prefix(40), as: UTF8.self))>",
            hint: "convert vendor data to mzML with msconvert")
    }

    private func enterSpectra(_ parser: XMLPushParser) throws(MzMLError) {
        let header = try headerParser.finish(parser)
        self.header = header
        chromatogramReader.groups = header.parameterGroups
        phase = .spectra
    }

    private func leaveSpectra() {
        phase = .behindSpectra
        if spectraRead == 0, !hasSpectrumList {
            ownWarnings.append("the run has no spectrum list")
        } else if let declared = header?.declaredSpectrumCount, declared != spectraRead {
            ownWarnings.append("the spectrum list declares \(declared) spectra and holds \(spectraRead)")
        }
    }

    private func startSpectrum(_ attributes: XMLAttributes, _ parser: XMLPushParser) {
        bytesFedBeforeSpectrum = parser.bytesFed
        spectrum = ReferenceSpectrum(
            index: spectraRead, byteOffset: parser.byteOffset, attributes: attributes,
            defaultPolarity: header?.defaultPolarity ?? .unknown)
    }

    private func endSpectrum(_ parser: XMLPushParser) throws(MzMLError) {
        guard let complete = spectrum else { return }
        if parser.byteOffset - complete.byteOffset > maximumSpectrumBytes { throw tooLarge() }
        spectrum = nil
        waiting.append(complete)
        spectraRead += 1
    }

    /// Within one piece, so that a spectrum that never ends takes no memory; its end is measured to the byte.
    private func checkSize(_ parser: XMLPushParser) throws(MzMLError) {
        guard parser.bytesFed - bytesFedBeforeSpectrum > maximumSpectrumBytes + XMLPushParser.pieceSize else { return }
        throw tooLarge()
    }

    private func tooLarge() -> MzMLError {
        var error = located(.spectrumTooLarge, "one spectrum takes more than \(maximumSpectrumBytes) bytes")
        error.hint = "the file is damaged, or no LC-MS run"
        return error
    }

    /// An error in the spectrum that is open.
    private func located(_ code: MzMLError.Code, _ reason: String) -> MzMLError {
        MzMLError(
            code, path: path, byteOffset: spectrum?.byteOffset, spectrumIndex: spectraRead,
            spectrumID: spectrum?.shortID, reason: reason, hint: "the file is damaged; convert it again")
    }
}
