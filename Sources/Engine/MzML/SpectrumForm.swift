import CReadingKernels
import SpectrumModel

/// What a value in the XML of a spectrum is about.
enum SpectrumField {
    /// Decides how the spectrum is understood: where it is another, so is the form.
    case fixed
    /// Not looked at.
    case ignored
    case id, scanNumber, defaultLength, scanStart
    case isolationTargetMZ, isolationLowerOffset, isolationUpperOffset, collisionEnergy
    case selectedIonMZ, charge, ionIntensity
    case arrayLength, encodedLength
}

/// A value that was looked at while a spectrum was read.
struct TakenValue {
    let field: SpectrumField
    let text: ByteRun
}

/// The XML that a spectrum has in common with others of the run, and where between it their values stand.
///
/// It is made of a spectrum that was parsed, out of the values that the parser looked at.
struct SpectrumForm {
    /// More constant text, or more values, and a spectrum is not worth a form.
    static let maximumConstantBytes = 1 << 16
    static let maximumPieces = 256

    /// A value that is read, by the number of the piece of the part that it stands behind.
    struct Reading {
        let piece: Int
        let field: SpectrumField
    }

    struct Part {
        /// The constant bytes of all pieces, one after the other.
        var constant: [UInt8] = []
        var pieces: [form_piece] = []
        var readings: [Reading] = []
    }

    /// Three: up to the text of the first array, up to that of the second, and the rest.
    private(set) var parts = [Part()]
    /// In the order of the file.
    let arrays: [EncodedArray]
    let scanStartUnit: TimeUnit
    /// Where the piece in work begins.
    private var pieceStart: UnsafePointer<UInt8>

    /// Learns the form of a spectrum that was read; `nil` when it holds anything out of the ordinary.
    ///
    /// - Parameter text: its bytes, from `<spectrum` to the end of its end tag.
    init?(_ element: SpectrumElement, from text: ByteRun) {
        guard let start = text.baseAddress, element.id != nil, !element.isLight, element.msLevel > 0,
            element.arrayCount == 2, element.skippedArrays.isEmpty, let mz = element.mz,
            let intensity = element.intensity, let mzText = mz.payload?.baseAddress,
            let intensityText = intensity.payload?.baseAddress,
            element.precursorCount <= 1, element.furtherPrecursors.isEmpty,
            element.unreadableValues == 0, element.timesWithoutUnit == 0,
            mz.encodedLength == mz.payload?.count, intensity.encodedLength == intensity.payload?.count
        else { return nil }
        arrays = mzText < intensityText ? [mz, intensity] : [intensity, mz]
        scanStartUnit = element.scanStartUnit ?? .second
        pieceStart = start
        guard split(text, values: element.takenValues), parts.count == 3,
            parts.reduce(0, { $0 + $1.constant.count }) <= Self.maximumConstantBytes,
            parts.allSatisfy({ $0.pieces.count <= Self.maximumPieces })
        else { return nil }
    }

    /// Splits the text into parts and pieces; false where it is not as simple as that.
    private mutating func split(_ text: ByteRun, values: [TakenValue]) -> Bool {
        guard var p = text.baseAddress else { return false }
        let end = p + text.count
        while let tag = find(UInt8(ascii: "<"), p, end), end - tag > 2 {
            guard tag[1] != UInt8(ascii: "!"), tag[1] != UInt8(ascii: "?") else { return false }
            let isEnd = tag[1] == UInt8(ascii: "/")
            var nameEnd = tag + 1
            while nameEnd < end, !endsName(nameEnd.pointee) { nameEnd += 1 }
            var attributes = AttributeCursor(nameEnd, end)
            while !isEnd, let (name, value) = attributes.next() {
                if let slot = Self.slot(name, value, values) { add(slot) }
            }
            guard let close = tagEnd(isEnd ? tag + 2 : attributes.position, end) else { return false }
            p = close + 1
            if !isEnd, equals(ByteRun(start: tag + 1, count: nameEnd - tag - 1), "binary") {
                guard parts.count <= 2, let array = arrays[parts.count - 1].payload, array.baseAddress == p else {
                    return false
                }
                endPiece(at: p, quote: 0)
                p += array.count
                pieceStart = p
                parts.append(Part())
            }
        }
        endPiece(at: end, quote: 0)
        return p == end
    }

    /// The part of an attribute's value that may differ from spectrum to spectrum, and what it is; `nil` for none.
    private static func slot(_ name: ByteRun, _ value: ByteRun, _ values: [TakenValue]) -> TakenValue? {
        guard let taken = values.first(where: { $0.text.baseAddress == value.baseAddress }) else {
            // A term without a value never has one, and one piece costs less than two.
            let isFree = equals(name, "value") || equals(name, "index") || equals(name, "spectrumRef")
            return isFree && !value.isEmpty ? TakenValue(field: .ignored, text: value) : nil
        }
        guard taken.field != .fixed else { return nil }
        if taken.field == .id, let start = value.baseAddress, let digits = scanNumberDigits(value), !digits.isEmpty,
            let first = digits.baseAddress, first + digits.count == start + value.count
        {
            return TakenValue(field: .scanNumber, text: digits)
        }
        return taken
    }

    private mutating func add(_ slot: TakenValue) {
        guard let start = slot.text.baseAddress else { return }
        let last = parts.count - 1
        if slot.field != .ignored {
            parts[last].readings.append(Reading(piece: parts[last].pieces.count, field: slot.field))
        }
        endPiece(at: start, quote: start[slot.text.count])
        pieceStart = start + slot.text.count
    }

    private mutating func endPiece(at end: UnsafePointer<UInt8>, quote: UInt8) {
        let last = parts.count - 1
        parts[last].constant.append(contentsOf: ByteRun(start: pieceStart, count: end - pieceStart))
        parts[last].pieces.append(form_piece(length: UInt32(end - pieceStart), quote: UInt32(quote)))
    }
}
