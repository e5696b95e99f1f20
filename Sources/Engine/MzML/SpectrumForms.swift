import CReadingKernels
import SpectrumModel
import TextNumbers

/// The forms that the spectra of a run were met in, and the spectrum that is read by one of them.
///
/// A program writes one spectrum like the other: nearly all that tells them apart are numbers. A spectrum whose bytes are
/// those of a form, but for the values that may differ, means what the form's first spectrum meant, with those values, so
/// comparing replaces parsing. What has none of the forms is parsed, and learned from.
///
/// Memory: at most `maximumCount` times `SpectrumForm.maximumConstantBytes` and a few kilobytes.
struct SpectrumForms: ~Copyable {
    /// MS1 and MS2, two polarities, with and without points. One more, and all are learned anew.
    static let maximumCount = 8

    /// Where a part of a form lies in the flat arrays below.
    private struct Part {
        var firstByte: Int
        var pieces: Range<Int>
        var readings: Range<Int>
    }

    /// Constant bytes, pieces and readings of all forms, one after the other: a spectrum costs no reference count.
    private var constant: [UInt8] = []
    private var pieces: [form_piece] = []
    private var readings: [SpectrumForm.Reading] = []
    /// Three of each form, and its two arrays in the order of the file.
    private var parts: [Part] = []
    private var arrays: [EncodedArray] = []
    private var headers: [SpectrumHeader] = []
    private var scanStartUnits: [TimeUnit] = []

    /// The form that fitted last.
    private var recent = 0
    private var learned = 0
    /// Spectra whose first part had the text of a form.
    private(set) var matched = 0
    /// Start and end of the values of a part.
    private let values: UnsafeMutablePointer<UnsafePointer<UInt8>?>

    /// Of the spectrum in work; what is not read yet is as the form's first spectrum had it.
    private(set) var header = SpectrumHeader(
        index: 0, scanNumber: 0, msLevel: 0, polarity: .unknown, representation: .unknown, retentionTimeSeconds: .nan)
    private var part = 0
    private var defaultLength = -1
    private var arrayLength = -1
    private var encodedLength = -1

    init() {
        values = .allocate(capacity: 2 * SpectrumForm.maximumPieces)
        values.initialize(repeating: nil, count: 2 * SpectrumForm.maximumPieces)
    }

    deinit { values.deallocate() }

    /// Whether a spectrum without a form is worth one: a run that goes on in ever new forms is not.
    var wantsAnother: Bool { learned < Self.maximumCount || learned * 16 < matched }

    /// Learns from a spectrum that had to be parsed.
    /// - Parameter header: what became of it.
    mutating func learn(_ element: SpectrumElement, header: SpectrumHeader, from text: ByteRun) {
        learned += 1
        guard let form = SpectrumForm(element, from: text) else { return }
        if headers.count == Self.maximumCount {
            constant.removeAll(keepingCapacity: true)
            pieces.removeAll(keepingCapacity: true)
            readings.removeAll(keepingCapacity: true)
            parts.removeAll(keepingCapacity: true)
            arrays.removeAll(keepingCapacity: true)
            headers.removeAll(keepingCapacity: true)
            scanStartUnits.removeAll(keepingCapacity: true)
        }
        recent = headers.count
        for part in form.parts {
            parts.append(
                Part(
                    firstByte: constant.count, pieces: pieces.count..<pieces.count + part.pieces.count,
                    readings: readings.count..<readings.count + part.readings.count))
            constant += part.constant
            pieces += part.pieces
            readings += part.readings
        }
        arrays += form.arrays
        headers.append(header)
        scanStartUnits.append(form.scanStartUnit)
    }

    /// Begins to read the spectrum at `start`: returns where the text of its first array begins, or `nil` when it has none
    /// of the forms.
    mutating func begin(
        _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, index: Int
    ) -> UnsafePointer<UInt8>? {
        var form = recent
        for _ in 0..<headers.count {
            if let behind = matchPart(3 * form, start, end) {
                recent = form
                header = headers[form]
                header.index = index
                part = 0
                defaultLength = -1
                guard takeValues(3 * form) else { return nil }
                matched += 1
                return behind
            }
            form = form + 1 < headers.count ? form + 1 : 0
        }
        return nil
    }

    /// The array whose text starts at `position`, which moves behind it; `nil` when it cannot be this long.
    mutating func nextArray(_ position: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> EncodedArray? {
        let length = arrayLength >= 0 ? arrayLength : defaultLength
        guard length >= 0, encodedLength >= 0, encodedLength <= end - position else { return nil }
        var array = arrays[2 * recent + part]
        array.length = length
        array.encodedLength = encodedLength
        array.payload = ByteRun(start: position, count: encodedLength)
        position += encodedLength
        return array
    }

    /// Reads the part behind an array; returns where it ends, `nil` when it is another.
    mutating func goOn(
        _ position: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        part += 1
        guard let behind = matchPart(3 * recent + part, position, end), takeValues(3 * recent + part) else {
            return nil
        }
        return behind
    }

    @inline(__always)
    private func matchPart(
        _ number: Int, _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        let part = parts[number]
        return constant.withUnsafeBufferPointer { constant in
            pieces.withUnsafeBufferPointer { pieces in
                form_match(
                    constant.baseAddress! + part.firstByte, pieces.baseAddress! + part.pieces.lowerBound,
                    part.pieces.count, start, end, values)
            }
        }
    }

    @inline(__always)
    private mutating func takeValues(_ number: Int) -> Bool {
        arrayLength = -1
        encodedLength = -1
        for i in parts[number].readings {
            let reading = readings[i]
            guard let start = values[2 * reading.piece], let end = values[2 * reading.piece + 1],
                take(reading.field, ByteRun(start: start, count: end - start))
            else { return false }
        }
        return true
    }

    /// Takes a value; false when it is not plainly what it should be, which is for the parser.
    @inline(__always)
    private mutating func take(_ field: SpectrumField, _ text: ByteRun) -> Bool {
        switch field {
        case .fixed, .ignored:
            return true
        case .id:
            guard !text.contains(UInt8(ascii: "&")) else { return false }
            header.scanNumber = nativeScanNumber(text) ?? header.index + 1
            return true
        case .scanNumber:
            // A sign is no digit.
            guard let first = text.first, first >= UInt8(ascii: "0"), let number = wholeNumber(text) else {
                return false
            }
            header.scanNumber = number
            return true
        case .defaultLength: return Self.take(text, &defaultLength)
        case .arrayLength: return Self.take(text, &arrayLength)
        case .encodedLength: return Self.take(text, &encodedLength)
        case .scanStart:
            guard let number = decimalNumber(text) else { return false }
            header.retentionTimeSeconds = scanStartUnits[recent].seconds(number)
            return true
        case .isolationTargetMZ, .isolationLowerOffset, .isolationUpperOffset, .collisionEnergy, .selectedIonMZ,
            .charge,
            .ionIntensity:
            // Values of a precursor that does not exist are not taken in the first place.
            return header.precursor?.set(field, from: text) ?? false
        }
    }

    @inline(__always)
    private static func take(_ text: ByteRun, _ number: inout Int) -> Bool {
        guard let value = wholeNumber(text), value >= 0 else { return false }
        number = value
        return true
    }
}

extension Precursor {
    /// Sets a field to the number that the text is, to `nil` where it is none; says whether it is one.
    mutating func set(_ field: SpectrumField, from text: ByteRun?) -> Bool {
        if field == .charge {
            charge = text.flatMap { wholeNumber($0) }.map { abs($0) }
            return charge != nil
        }
        let number = text.flatMap { decimalNumber($0) }
        switch field {
        case .isolationTargetMZ: isolationTargetMZ = number
        case .isolationLowerOffset: isolationLowerOffset = number
        case .isolationUpperOffset: isolationUpperOffset = number
        case .collisionEnergy: collisionEnergy = number
        case .selectedIonMZ: selectedIonMZ = number
        case .ionIntensity: intensity = number
        case .fixed, .ignored, .id, .scanNumber, .defaultLength, .scanStart, .charge, .arrayLength, .encodedLength:
            break
        }
        return number != nil
    }
}
