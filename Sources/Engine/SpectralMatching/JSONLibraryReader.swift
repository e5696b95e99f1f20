import SpectrumModel
import TextNumbers

/// Reads reference spectra from JSON (GNPS libraries, matchms, MoNA-like), plain or gzip-compressed, one at a time.
///
/// A spectrum is an object that has peaks: `peaks_json` (a text that holds `[[m/z, intensity], ...]`, as GNPS writes, or
/// the list itself), `peaks`, or `spectrum` (a list of pairs, or a text `m/z:intensity m/z:intensity`). Spectra may stand
/// in a list, in a list under `spectra`, `library` or `data` of an object, or one after the other. Keys are those of the
/// other formats, without regard to case and underscores. Of MoNA's records the lists `metaData` (objects with `name` and
/// `value`) and `compound` (objects with `names`, `inchiKey` and `metaData`) are read as well.
public struct JSONLibraryReader {
    private var parser: JSONPullParser
    var byteOffset: Int { parser.sourceOffset }
    public private(set) var report = SourceReport()
    private var draft = RecordDraft()
    private var key: [UInt8] = []

    /// - Throws: `LibraryFileError.unreadable`.
    public init(path: String) throws(LibraryFileError) {
        parser = try JSONPullParser(path: path)
    }

    /// The next usable spectrum, or `nil` at the end of the file.
    /// - Throws: `LibraryFileError` when the file cannot be read on or is not JSON; what is wrong inside a spectrum
    ///   never throws.
    public mutating func next() throws(LibraryFileError) -> LibrarySpectrum? {
        while true {
            switch try parser.next() {
            case .end: return nil
            case .beginObject:
                if let spectrum = try readObject() { return spectrum }
            case .string, .number, .boolean, .null:
                report.skipValue(line: parser.line, "a value that is no spectrum", .strayText)
            case .key:
                // Only a wrapper is read key by key here.
                key = parser.text
                if keyKind() != .wrapper { try skipNextValue() }
            case .beginArray, .endArray, .endObject: continue
            }
        }
    }

    private mutating func skipNextValue() throws(LibraryFileError) {
        let outside = parser.depth
        repeat { _ = try parser.next() } while parser.depth > outside
    }

    /// Reads an object to its end. One that has a list of spectra is only a wrapper: then the reading goes on inside it.
    private mutating func readObject() throws(LibraryFileError) -> LibrarySpectrum? {
        draft.close()
        draft.open(line: parser.line)
        var isSpectrum = false
        while true {
            switch try parser.next() {
            case .endObject, .end:
                if isSpectrum { return finish() }
                report.skipRecord(line: draft.line, record: draft.record, "the object has no peaks", .noPeaks)
                draft.close()
                return nil
            case .key:
                key = parser.text
                let kind = keyKind()
                if kind == .peaks {
                    isSpectrum = true
                    try readPeaks()
                } else if kind == .nested {
                    try readNested()
                } else if kind == .wrapper {
                    guard try beginsWrapper(isSpectrum: isSpectrum) else { continue }
                    // The list's objects come from `next()`; the wrapper itself is no record.
                    draft.forget()
                    return nil
                } else {
                    try readField()
                }
            default: throw parser.failure("a key is expected")
            }
        }
    }

    private enum KeyKind { case peaks, wrapper, nested, field }

    private func keyKind() -> KeyKind {
        key.withUnsafeBufferPointer { key in
            if isKeyword(key, "PEAKS_JSON") || isKeyword(key, "PEAKS") || isKeyword(key, "SPECTRUM") { return .peaks }
            if isKeyword(key, "SPECTRA") || isKeyword(key, "LIBRARY") || isKeyword(key, "DATA") { return .wrapper }
            if isKeyword(key, "METADATA") || isKeyword(key, "COMPOUND") { return .nested }
            return .field
        }
    }

    /// Whether a list begins that may hold spectra. Any other value of such a key, as `library` in MoNA's records, is passed
    /// over.
    private mutating func beginsWrapper(isSpectrum: Bool) throws(LibraryFileError) -> Bool {
        switch try parser.next() {
        case .beginArray where !isSpectrum: return true
        case .beginArray, .beginObject: try leaveValue()
        default: break
        }
        return false
    }

    private mutating func set(_ field: RecordField, _ text: [UInt8]) {
        if let (problem, reason) = text.withUnsafeBufferPointer({ draft.set(field, $0) }) {
            report.skipValue(line: parser.line, record: draft.record, reason, problem)
        }
    }

    /// Fields of objects inside the record: `name` with `value`, a `name` alone, or a field of a record itself.
    private mutating func readNested() throws(LibraryFileError) {
        switch try parser.next() {
        case .beginArray, .beginObject: break
        case .string where key.withUnsafeBufferPointer({ isKeyword($0, "COMPOUND") }):
            return set(.name, parser.text)
        default: return
        }
        let outside = parser.depth - 1
        var name: [UInt8] = []
        var value: [UInt8] = []
        while parser.depth > outside {
            switch try parser.next() {
            case .beginObject: (name, value) = ([], [])
            case .key: key = parser.text
            case .string, .number:
                let (key, text) = (key, parser.text)
                if key.withUnsafeBufferPointer({ isKeyword($0, "NAME") }) {
                    name = text
                } else if key.withUnsafeBufferPointer({ isKeyword($0, "VALUE") }) {
                    value = text
                } else {
                    set(key.withUnsafeBufferPointer { RecordField(key: $0) }, text)
                }
            case .endObject:
                if !value.isEmpty {
                    set(name.withUnsafeBufferPointer { RecordField(key: $0) }, value)
                } else if !name.isEmpty {
                    set(.name, name)
                }
                (name, value) = ([], [])
            case .end: return
            default: continue
            }
        }
    }

    private mutating func readField() throws(LibraryFileError) {
        // MoNA's name of the accession.
        let field = key.withUnsafeBufferPointer { isKeyword($0, "ID") ? .accession : RecordField(key: $0) }
        switch try parser.next() {
        case .string, .number: set(field, parser.text)
        case .beginObject, .beginArray: try leaveValue()
        default: break
        }
    }

    /// Passes over the rest of the list or object that has just begun.
    private mutating func leaveValue() throws(LibraryFileError) {
        let outside = parser.depth - 1
        while parser.depth > outside { _ = try parser.next() }
    }

    /// `[[m/z, intensity], ...]`, or a text with the same or with `m/z:intensity` words.
    private mutating func readPeaks() throws(LibraryFileError) {
        switch try parser.next() {
        case .string:
            let text = parser.text
            text.withUnsafeBufferPointer { readPeakText($0) }
        case .beginArray: try readPeakList()
        case .beginObject: try leaveValue()
        default: break
        }
    }

    /// Pairs may be lists of two or objects with `mz` and `intensity`.
    private mutating func readPeakList() throws(LibraryFileError) {
        let outside = parser.depth - 1
        var pair: [[UInt8]] = [[], []]
        var place = 0
        while parser.depth > outside {
            switch try parser.next() {
            case .beginArray, .beginObject:
                pair = [[], []]
                place = 0
            case .key:
                place = parser.text.withUnsafeBufferPointer { key in
                    isKeyword(key, "MZ") || isKeyword(key, "M/Z") ? 0 : isKeyword(key, "INTENSITY") ? 1 : 2
                }
            case .number, .string:
                if place < 2 { pair[place] = parser.text }
                place += 1
            // They keep their place, so that the other number does not take it.
            case .null, .boolean: place += 1
            case .endArray, .endObject: if parser.depth > outside { addPeak(pair) }
            case .end: return
            }
        }
    }

    private mutating func addPeak(_ pair: [[UInt8]]) {
        add(
            pair[0].withUnsafeBufferPointer { mz in
                pair[1].withUnsafeBufferPointer { draft.addPeak(mz: mz, intensity: $0) }
            })
    }

    /// Numbers in pairs, whatever brackets, commas, colons and blanks stand between them.
    private mutating func readPeakText(_ text: UnsafeBufferPointer<UInt8>) {
        func separates(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x3A, 0x3B, 0x5B, 0x5D: true
            default: false
            }
        }
        var waiting: UnsafeBufferPointer<UInt8>?
        var start = 0
        for index in 0...text.count where index == text.count || separates(text[index]) {
            defer { start = index + 1 }
            guard index > start else { continue }
            let word = UnsafeBufferPointer(rebasing: text[start..<index])
            guard let mz = waiting else {
                waiting = word
                continue
            }
            waiting = nil
            add(draft.addPeak(mz: mz, intensity: word))
        }
        if let waiting { add(draft.addPeak(mz: waiting, intensity: nil)) }
    }

    private mutating func add(_ problem: (SourceProblem, String)?) {
        if let (problem, reason) = problem {
            report.skipValue(line: parser.line, record: draft.record, reason, problem)
        }
    }

    private mutating func finish() -> LibrarySpectrum? {
        draft.takeAdductFromName()
        return draft.finish(&report)
    }
}
