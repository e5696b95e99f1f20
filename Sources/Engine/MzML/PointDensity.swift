import CReadingKernels
import SpectrumModel
import TextNumbers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How many points and spectra an mzML file holds, told from stretches of it: for what must be known before it is read.
///
/// Stretches at evenly spread places are looked at as text, without decoding: each whole `<spectrum>` start tag in them
/// states its number of points (`defaultArrayLength`) and, close behind, its level. Points per byte of the stretches times
/// the size of the file is the estimate, which does not depend on where the stretches begin (a ratio estimator; Cochran
/// 1977, chapter 6).
public struct PointDensity: Sendable, Hashable {
    /// Points of the survey (MS1) spectra of the whole file.
    public let surveyPoints: Double
    /// Spectra of higher levels.
    public let fragmentSpectra: Double
    public let spectra: Double
    /// That of the model and the analysers which the file names in front of its spectra, the one that resolves the most.
    public let instrument: InstrumentClass

    private static let stretches = 48
    private static let stretchBytes = 1 << 17

    /// Looks at a file; `nil` for one that is compressed, cannot be read again, or shows no spectrum in the stretches.
    /// - Complexity: reads 6 MiB at most.
    public static func estimate(path: String) -> PointDensity? {
        guard let (descriptor, status) = openRegularFile(path) else { return nil }
        defer { close(descriptor) }
        guard status.st_size > 2 else { return nil }
        let size = Int(status.st_size)
        var magic: (UInt8, UInt8) = (0, 0)
        guard pread(descriptor, &magic, 2, 0) == 2, magic != (0x1F, 0x8B) else { return nil }
        var tally = Tally()
        var instrument = InstrumentClass.unknown
        var block = [UInt8](repeating: 0, count: min(stretchBytes, size))
        let count = max(1, min(stretches, size / max(block.count, 1)))
        for number in 0..<count {
            let offset = count == 1 ? 0 : Int(Double(size - block.count) * Double(number) / Double(count - 1))
            let got = pread(descriptor, &block, block.count, off_t(offset))
            guard got > 0 else { return nil }
            block.withUnsafeBufferPointer { block in
                let text = ByteRun(rebasing: block[..<got])
                if number == 0 { instrument = sharpestInstrument(text) }
                tally.take(text)
            }
        }
        guard tally.bytes > 0, tally.spectra > 0 else { return nil }
        let share = Double(size) / Double(tally.bytes)
        return PointDensity(
            surveyPoints: Double(tally.surveyPoints) * share, fragmentSpectra: Double(tally.fragments) * share,
            spectra: Double(tally.spectra) * share, instrument: instrument)
    }

    private static func sharpestInstrument(_ text: ByteRun) -> InstrumentClass {
        guard let start = text.baseAddress else { return .unknown }
        func find(_ text: StaticString, from offset: Int, before end: Int) -> Int? {
            bytes_find(start + offset, end - offset, text.utf8Start, text.utf8CodeUnitCount)
                .map { $0 - UnsafeRawPointer(start) }
        }
        let end = find("<spectrum ", from: 0, before: text.count) ?? text.count
        var sharpest = InstrumentClass.unknown
        var offset = 0
        while let term = find("MS:", from: offset, before: end), term + 10 <= end {
            if let accession = Accession.parse(ByteRun(start: start + term, count: 10)),
                let named = InstrumentClass(accession: accession), named.rank > sharpest.rank
            {
                sharpest = named
            }
            offset = term + 3
        }
        return sharpest
    }

    private struct Tally {
        var bytes = 0
        var spectra = 0
        var fragments = 0
        var surveyPoints = 0
        private var wasSurvey = true

        mutating func take(_ text: ByteRun) {
            guard let base = text.baseAddress else { return }
            bytes += text.count
            let end = base + text.count
            var p = base
            while let tag = find(UInt8(ascii: "<"), p, end) {
                p = tag + 1
                guard matches("<spectrum", tag, end), tag + 10 < end, isXMLSpace(tag[9]),
                    let close = tagEnd(tag + 1, end)
                else { continue }
                take(tag, close, end)
                p = close + 1
            }
        }

        private mutating func take(
            _ tag: UnsafePointer<UInt8>, _ close: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
        ) {
            var attributes = AttributeCursor(tag + 9, close + 1)
            var points = 0
            while let (name, value) = attributes.next() {
                if equals(name, "defaultArrayLength") { points = wholeNumber(value) ?? 0 }
            }
            spectra += 1
            // A level that the stretch cuts off, or that is in a group of parameters, is taken to be that of the one before.
            if let level = level(close + 1, end) { wasSurvey = level <= 1 }
            if wasSurvey { surveyPoints += max(points, 0) } else { fragments += 1 }
        }

        /// The value of MS:1000511 in front of the first array.
        private func level(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int? {
            var p = start
            while let tag = find(UInt8(ascii: "<"), p, end) {
                p = tag + 1
                if matches("<binary", tag, end) || matches("</spectrum", tag, end) { return nil }
                guard matches("<cvParam", tag, end), let close = tagEnd(tag + 1, end) else { continue }
                var attributes = AttributeCursor(tag + 8, close + 1)
                var isLevel = false
                var number: Int?
                while let (name, value) = attributes.next() {
                    if equals(name, "accession") { isLevel = equals(value, "MS:1000511") }
                    if equals(name, "value") { number = wholeNumber(value) }
                }
                if isLevel { return number }
                p = close + 1
            }
            return nil
        }
    }
}
