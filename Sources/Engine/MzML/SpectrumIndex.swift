import CReadingKernels
import TextNumbers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What the index of an indexed mzML was found to be.
public enum IndexState: Sendable, Hashable {
    /// The file has none, or is read in a way that cannot use one (gzip, pipes).
    case absent
    /// It was not looked at.
    case unread
    /// It names this many spectra, and nothing spoke against it so far.
    case usable(spectra: Int)
    /// It is wrong for the stated reason and not used.
    case wrong(reason: String)
}

/// Where the spectra of an indexed mzML start, as its own index says.
struct SpectrumIndex {
    /// Ascending byte offsets of the `<spectrum` tags.
    let offsets: [Int]

    /// Random access to the bytes of a file.
    enum Bytes {
        case memory(UnsafeBufferPointer<UInt8>)
        case file(descriptor: Int32, size: Int)

        var count: Int {
            switch self {
            case .memory(let bytes): bytes.count
            case .file(_, let size): size
            }
        }

        /// Hands over up to `count` bytes from `offset`; fewer at the end and where they cannot be read.
        func withBytes<Result>(_ offset: Int, _ count: Int, _ body: (ByteRun) -> Result) -> Result {
            let count = min(count, max(0, self.count - offset))
            guard offset >= 0, count > 0 else { return body(ByteRun(start: nil, count: 0)) }
            switch self {
            case .memory(let bytes):
                return body(ByteRun(rebasing: bytes[offset..<(offset + count)]))
            case .file(let descriptor, _):
                let block = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                    while filled < count {
                        let got = pread(
                            descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset + filled))
                        if got < 0, errno == EINTR { continue }
                        if got <= 0 { break }
                        filled += got
                    }
                }
                return block.withUnsafeBufferPointer(body)
            }
        }
    }

    private static let blockBytes = 1 << 20
    private static let tailBytes = 2048
    /// Offsets that are tried when the index is read.
    private static let samples = 4

    private static func isSpectrum(_ bytes: Bytes, at offset: Int) -> Bool {
        bytes.withBytes(offset, 10) { text in
            guard text.count == 10, let base = text.baseAddress else { return false }
            return matches("<spectrum", base, base + 10) && isXMLSpace(text[9])
        }
    }

    /// Reads the index that the end of the file points to and checks it against what is known of the file.
    ///
    /// - Parameters:
    ///   - firstSpectrum: offset of the first `<spectrum` tag.
    ///   - declaredCount: the `count` of the spectrum list.
    /// - Complexity: O(size of the index); memory 1 MiB and 8 bytes per spectrum.
    static func read(
        _ bytes: Bytes, firstSpectrum: Int, declaredCount: Int?
    ) -> (index: SpectrumIndex?, state: IndexState) {
        let stated = bytes.withBytes(max(0, bytes.count - tailBytes), tailBytes) {
            number(behind: "<indexListOffset>", in: $0)
        }
        guard let written = stated else { return (nil, .absent) }
        func wrong(_ reason: String) -> (SpectrumIndex?, IndexState) { (nil, .wrong(reason: reason)) }
        guard written > firstSpectrum, written < bytes.count else {
            return wrong("indexListOffset \(written) lies outside the file")
        }
        guard let offsets = spectrumOffsets(bytes, from: written) else {
            return wrong("there is no readable index of spectra at byte \(written)")
        }
        guard let first = offsets.first, let last = offsets.last else { return wrong("it names no spectra") }
        guard first == firstSpectrum else {
            return wrong("it places the first spectrum at byte \(first), which is at byte \(firstSpectrum)")
        }
        guard zip(offsets, offsets.dropFirst()).allSatisfy({ $0 < $1 }), last < written else {
            return wrong("its offsets are not ascending")
        }
        if let declaredCount, declaredCount != offsets.count {
            return wrong("it names \(offsets.count) spectra of \(declaredCount) declared")
        }
        // All of them would touch pages all over the file; the decoder looks at each where it gets to it.
        let step = max(1, offsets.count / samples)
        if let miss = stride(from: 0, to: offsets.count, by: step).first(where: { !isSpectrum(bytes, at: offsets[$0]) })
        {
            return wrong("it places spectrum \(miss + 1) at byte \(offsets[miss]), where none starts")
        }
        return (SpectrumIndex(offsets: offsets), .usable(spectra: offsets.count))
    }

    private static func number(behind tag: StaticString, in bytes: ByteRun) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        let end = base + bytes.count
        var p = base
        while let found = find(UInt8(ascii: "<"), p, end) {
            p = found + 1
            guard matches(tag, found, end) else { continue }
            let start = found + tag.utf8CodeUnitCount
            guard let close = find(UInt8(ascii: "<"), start, end) else { return nil }
            return wholeNumber(trimmed(ByteRun(start: start, count: close - start)))
        }
        return nil
    }

    /// The numbers in the `<offset>` elements of `<index name="spectrum">`; `nil` when the text is something else.
    private static func spectrumOffsets(_ bytes: Bytes, from start: Int) -> [Int]? {
        var offsets: [Int] = []
        var position = start
        var isOpen = false
        while position < bytes.count {
            let isLast = position + blockBytes >= bytes.count
            let outcome = bytes.withBytes(position, blockBytes) { block in
                scan(block, isFirst: position == start, isOpen: &isOpen, offsets: &offsets)
            }
            switch outcome {
            case .complete: return offsets
            case .failed: return nil
            case .consumed(let count):
                // An element longer than a block is none.
                if isLast || count == 0 { return nil }
                position += count
            }
        }
        return nil
    }

    /// The text from one offset to the next, where only the two values of an element differ from the one before it: a long
    /// index is nothing else, and comparing costs a fraction of looking for tags and attributes.
    private struct OffsetForm {
        private var constant: [UInt8]
        private var pieces: [form_piece]

        /// - Parameters:
        ///   - tag: the `<offset`, which ends at `close`; the number behind it ends at `next`.
        ///   - end: of the text that can be looked at.
        /// - Returns: `nil` when the element has other attributes than one, or something else follows it.
        init?(
            _ tag: UnsafePointer<UInt8>, _ close: UnsafePointer<UInt8>, _ next: UnsafePointer<UInt8>,
            _ end: UnsafePointer<UInt8>
        ) {
            var attributes = AttributeCursor(tag + 7, close + 1)
            guard let (_, value) = attributes.next(), attributes.next() == nil, let first = value.baseAddress,
                matches("</offset>", next, end)
            else { return nil }
            var following = next + 9
            while following < end, isXMLSpace(following.pointee) { following += 1 }
            let last = first + value.count
            constant = Array(ByteRun(start: next, count: following - next))
            constant += ByteRun(start: tag, count: first - tag)
            constant += ByteRun(start: last, count: close + 1 - last)
            pieces = [
                form_piece(length: UInt32(following - next + (first - tag)), quote: UInt32(last.pointee)),
                form_piece(length: UInt32(close + 1 - last), quote: UInt32(UInt8(ascii: "<"))),
            ]
        }

        /// Takes the numbers of the elements that follow at `start` as long as nothing else differs, and returns where their text ends.
        func read(
            _ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, into offsets: inout [Int]
        ) -> UnsafePointer<UInt8> {
            var p = start
            constant.withUnsafeBufferPointer { constant in
                pieces.withUnsafeBufferPointer { pieces in
                    withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: 4) { values in
                        while let behind = form_match(
                            constant.baseAddress, pieces.baseAddress, 2, p, end, values.baseAddress),
                            let text = values[2], let value = wholeNumber(ByteRun(start: text, count: behind - text))
                        {
                            offsets.append(value)
                            p = behind
                        }
                    }
                }
            }
            return p
        }
    }

    private enum Outcome {
        case complete, failed
        /// Everything before this many bytes was taken.
        case consumed(Int)
    }

    private static func scan(
        _ block: ByteRun, isFirst: Bool, isOpen: inout Bool, offsets: inout [Int]
    ) -> Outcome {
        guard let base = block.baseAddress else { return .failed }
        let end = base + block.count
        var p = base
        if isFirst {
            while p < end, isXMLSpace(p.pointee) { p += 1 }
            guard matches("<indexList", p, end) else { return .failed }
            p += 10
        }
        while let tag = find(UInt8(ascii: "<"), p, end) {
            guard let close = tagEnd(tag + 1, end) else { return .consumed(tag - base) }
            if matches("<offset", tag, end) {
                guard isOpen else {
                    p = close + 1
                    continue
                }
                guard let next = find(UInt8(ascii: "<"), close + 1, end) else { return .consumed(tag - base) }
                guard let value = wholeNumber(trimmed(ByteRun(start: close + 1, count: next - close - 1))) else {
                    return .failed
                }
                offsets.append(value)
                p = next
                if let form = OffsetForm(tag, close, next, end) { p = form.read(p, end, into: &offsets) }
                continue
            }
            if matches("<index", tag, end), isXMLSpace(tag[6]) {
                var attributes = AttributeCursor(tag + 6, close + 1)
                while !isOpen, let (name, value) = attributes.next() {
                    isOpen = equals(name, "name") && equals(value, "spectrum")
                }
            } else if matches("</index", tag, end), isOpen {
                return .complete
            } else if matches("</indexList", tag, end) {
                return .failed
            }
            p = close + 1
        }
        // A tag may have begun at the very end.
        return .consumed(p - base)
    }
}
