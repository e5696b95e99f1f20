import CReadingKernels

/// Quick cuts: whole spectra are found by the file's index or by their end tags alone, and nothing in between is looked
/// at. What the bytes really hold shows when they are decoded; if it is something else, the careful scan reads them again.
extension SpectrumScanner {
    /// Fills the chunk with up to `wanted` spectra, never the last one of the list; false when the careful scan has to go
    /// on from here.
    ///
    /// - Throws: `spectrumTooLarge`, `cannotRead`.
    mutating func cutQuickly(
        into chunk: inout RawChunk, wanted: Int, maximumBytes: Int, index: SpectrumIndex?
    ) throws(MzMLError) -> Bool {
        // A window does not grow for more than one spectrum.
        let maximumBytes = mapped == nil ? min(maximumBytes, bufferSize) : maximumBytes
        let cut: (start: Int, end: Int, count: Int)? =
            if let index {
                try cutByIndex(index, wanted: wanted, maximumBytes: maximumBytes)
            } else {
                try cutByScan(wanted: wanted, maximumBytes: maximumBytes)
            }
        guard let cut else { return false }
        chunk.cut = .quick
        chunk.count = cut.count
        chunk.stretch = chunk.stretch.lowerBound..<cut.end
        if let mapped {
            chunk.mapped = mapped
            chunk.mappedRange = cut.start..<cut.end
        } else {
            chunk.mappedRange = cut.start..<cut.end
            chunk.bytes.append(contentsOf: ByteRun(start: pointer(cut.start), count: cut.end - cut.start))
        }
        cursor = cut.end
        spectraRead += cut.count
        return true
    }

    private mutating func cutByIndex(
        _ index: SpectrumIndex, wanted: Int, maximumBytes: Int
    ) throws(MzMLError) -> (start: Int, end: Int, count: Int)? {
        let offsets = index.offsets
        let first = spectraRead
        guard first < offsets.count - 1, offsets[first] >= cursor else { return nil }
        let start = offsets[first]
        var next = min(first + wanted, offsets.count - 1)
        if offsets[next] - start > maximumBytes {
            // The last offset within the limit, found by bisection; at least one spectrum.
            var low = first + 1
            var high = next
            while low < high {
                let middle = (low + high) / 2
                if offsets[middle] - start <= maximumBytes { low = middle + 1 } else { high = middle }
            }
            next = max(low - 1, first + 1)
        }
        // One that is too large is left to the careful scan, which says so.
        while next > first,
            let large = (first..<next).first(where: { offsets[$0 + 1] - offsets[$0] > limits.spectrumBytes })
        {
            next = large
        }
        guard next > first else { return nil }
        let end = offsets[next]
        // Pages of a mapped file are first touched by whoever decodes them, who also finds out an index that is wrong.
        if mapped == nil {
            guard try holds(upTo: end + 10), isSpectrumTag(at: end), isSpectrumTag(at: start) else { return nil }
        }
        return (start, end, next - first)
    }

    /// Whether the window holds everything from the cursor up to `end`, after reading as far as needed.
    private mutating func holds(upTo end: Int) throws(MzMLError) -> Bool {
        while base + filled < end {
            if try !refillSpectra(keeping: cursor) { return false }
        }
        return true
    }

    private func isSpectrumTag(at offset: Int) -> Bool {
        let tag = pointer(offset)
        return windowEnd - tag >= 10 && matches("<spectrum", tag, windowEnd) && isXMLSpace(tag[9])
    }

    private mutating func cutByScan(
        wanted: Int, maximumBytes: Int
    ) throws(MzMLError) -> (start: Int, end: Int, count: Int)? {
        guard var start = try nextSpectrumTag(from: cursor, grows: true) else { return nil }
        let first = start
        var count = 0
        while count < wanted, start - first < maximumBytes || count == 0 {
            guard let end = try endOfSpectrum(from: start, grows: count == 0), end - start <= limits.spectrumBytes,
                count == 0 || end - first <= maximumBytes, let next = try nextSpectrumTag(from: end, grows: count == 0)
            else { break }
            count += 1
            start = next
        }
        return count > 0 ? (first, start, count) : nil
    }

    /// The `<spectrum` tag that follows `offset` with nothing but blanks before it.
    private mutating func nextSpectrumTag(from offset: Int, grows: Bool) throws(MzMLError) -> Int? {
        var p = offset
        while true {
            while p < base + filled, isXMLSpace(pointer(p).pointee) { p += 1 }
            if base + filled - p >= 10 { return isSpectrumTag(at: p) ? p : nil }
            if try !readMore(grows: grows) { return nil }
        }
    }

    private mutating func endOfSpectrum(from offset: Int, grows: Bool) throws(MzMLError) -> Int? {
        let tag: StaticString = "</spectrum>"
        let length = tag.utf8CodeUnitCount
        var p = offset
        while true {
            if let found = bytes_find(pointer(p), windowEnd - pointer(p), tag.utf8Start, length) {
                return self.offset(of: UnsafePointer(found.assumingMemoryBound(to: UInt8.self))) + length
            }
            p = max(p, base + filled - length + 1)
            if try !readMore(grows: grows) { return nil }
        }
    }

    /// Reads behind what lies in the window from the cursor on; false at the end, and when it would have to grow but may not.
    private mutating func readMore(grows: Bool) throws(MzMLError) -> Bool {
        guard grows || base < cursor || filled < capacity else { return false }
        return try refillSpectra(keeping: cursor)
    }
}
