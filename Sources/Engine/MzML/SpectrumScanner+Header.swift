import CReadingKernels

extension SpectrumScanner {
    /// Reads all that precedes the first spectrum. `hasSpectrumList` is false for a run without spectra.
    mutating func readHeader() throws(MzMLError) -> (header: RunHeader, hasSpectrumList: Bool) {
        var p = try documentStart()
        var open: [String] = []
        while true {
            let tag = try nextHeaderTag(from: p)
            let selfClosing = pointer(tag.upperBound - 2).pointee == UInt8(ascii: "/")
            if selfClosing, !open.isEmpty, isTerm(at: tag.lowerBound) {
                p = tag.upperBound
                continue
            }
            let name = tagName(tag.lowerBound)
            if open.isEmpty { try checkRoot(name) }
            if name == "spectrum" { return (try parseHeader(upTo: tag.lowerBound, open: open), true) }
            if name == "/spectrumList" || name == "chromatogramList" || name == "/run" || name == "/mzML" {
                isFinished = true
                return (try parseHeader(upTo: tag.lowerBound, open: open), name == "/spectrumList")
            }
            if selfClosing, name == "mzML" || name == "run" || name == "spectrumList" {
                // An empty run or list: nothing that follows can be a spectrum.
                isFinished = true
                return (try parseHeader(upTo: tag.upperBound, open: open), name == "spectrumList")
            }
            if name.first == "/" {
                _ = open.popLast()
            } else if !selfClosing {
                open.append(name)
            }
            p = tag.upperBound
        }
    }

    /// Whether the tag at `position` is one of those that headers are full of.
    private func isTerm(at position: Int) -> Bool {
        let tag = pointer(position)
        return matches("<cvParam ", tag, windowEnd) || matches("<userParam ", tag, windowEnd)
    }

    private mutating func readMoreHeader() throws(MzMLError) {
        guard try refill(keeping: 0, limit: max(limits.headerBytes, bufferSize), orThrow: .headerTooLarge) else {
            throw truncated("before its first spectrum")
        }
    }

    /// The next tag, from its `<` to behind its `>`; comments and the like are skipped.
    private mutating func nextHeaderTag(from start: Int) throws(MzMLError) -> Range<Int> {
        var p = start
        while true {
            guard let tag = find(UInt8(ascii: "<"), pointer(p), windowEnd) else {
                p = base + filled
                try readMoreHeader()
                continue
            }
            p = offset(of: tag)
            if windowEnd - tag >= 2 {
                if tag[1] == UInt8(ascii: "!") || tag[1] == UInt8(ascii: "?") {
                    switch skipMarkup(tag, windowEnd) {
                    case .skipped(let next):
                        if matches("<?xml", tag, windowEnd) {
                            try refuseOtherEncodings(ByteRun(start: tag, count: min(next - tag, 200)))
                        }
                        p = offset(of: next)
                        continue
                    case .declaration:
                        throw MzMLError(
                            .documentType, path: path, byteOffset: p,
                            reason:
                                "the XML declares a document type or entities; mzML has none, so it is not expanded",
                            hint: "remove the declaration, or convert the file again from the vendor's data")
                    case .unfinished:
                        break
                    }
                } else if let close = tagEnd(tag + 1, windowEnd) {
                    return p..<(offset(of: close) + 1)
                } else if isBroken(tagAt: tag + 1, windowEnd) {
                    throw MzMLError(
                        .malformedXML, path: path, byteOffset: p,
                        reason: "a tag does not end before the next one starts",
                        hint: "the file is damaged; convert it again")
                }
            }
            try readMoreHeader()
        }
    }

    /// The name of the tag at `position`, with its slash when it is an end tag.
    private func tagName(_ position: Int) -> String {
        let start = pointer(position + 1)
        var end = start.pointee == UInt8(ascii: "/") ? start + 1 : start
        while !endsName(end.pointee) { end += 1 }
        return String(decoding: ByteRun(start: start, count: end - start), as: UTF8.self)
    }

    /// Where the XML starts: behind a byte order mark and blanks.
    private mutating func documentStart() throws(MzMLError) -> Int {
        var p = 0
        while true {
            // Enough to know a byte order mark by.
            if base + filled - p >= 4 || atEnd {
                if base + filled == 0 {
                    throw MzMLError(
                        .emptyFile, path: path, reason: "the file is empty",
                        hint: "copy or convert it again")
                }
                if p == 0 { try refuseWideEncodings() }
                if p == 0, matches("\u{FEFF}", pointer(0), windowEnd) { p = 3 }
                while p < base + filled, isXMLSpace(pointer(p).pointee) { p += 1 }
                if p < base + filled {
                    guard pointer(p).pointee == UInt8(ascii: "<") else { throw notMzML("it does not start with XML") }
                    return p
                }
                if atEnd { throw notMzML("it holds nothing but blanks") }
            }
            _ = try refill(keeping: 0, limit: max(limits.headerBytes, bufferSize), orThrow: .headerTooLarge)
        }
    }

    private func refuseWideEncodings() throws(MzMLError) {
        guard filled >= 2 else { return }
        let first = (window[0], window[1])
        guard first == (0xFE, 0xFF) || first == (0xFF, 0xFE) || first == (0x3C, 0) || first == (0, 0x3C) else { return }
        throw MzMLError(.beyondScanner, path: path, reason: "the text is UTF-16 or UTF-32")
    }

    /// Known are those in which a byte below 128 is always the character that ASCII has there.
    private func refuseOtherEncodings(_ declaration: ByteRun) throws(MzMLError) {
        let text = String(decoding: declaration, as: UTF8.self).lowercased()
        let pieces = text.split(omittingEmptySubsequences: false) { $0 == "\"" || $0 == "'" }
        for (label, name) in zip(pieces, pieces.dropFirst()) where label.utf8.count >= 8 {
            let isEncoding = Array(label.utf8).withUnsafeBytes {
                bytes_find($0.baseAddress, $0.count, "encoding", 8) != nil
            }
            guard isEncoding else { continue }
            let isKnown =
                ["utf-8", "utf8", "us-ascii", "ascii", "latin1"].contains(name)
                || ["iso-8859-", "windows-125", "cp125"].contains { name.hasPrefix($0) }
            if !isKnown { throw MzMLError(.beyondScanner, path: path, reason: "the text is in \(name)") }
        }
    }

    private func notMzML(_ reason: String) -> MzMLError {
        MzMLError(
            .notMzML, path: path, reason: "not an mzML file: \(reason)",
            hint: "convert vendor data to mzML with msconvert")
    }

    private func checkRoot(_ name: String) throws(MzMLError) {
        guard name != "mzML", name != "indexedmzML" else { return }
        if name.hasSuffix(":mzML") || name.hasSuffix(":indexedmzML") {
            throw MzMLError(.beyondScanner, path: path, reason: "its elements have a namespace prefix")
        }
        throw notMzML("its root element is <\(String(decoding: name.utf8.prefix(40), as: UTF8.self))>")
    }

    /// Hands the header to the XML parser with its open elements closed, and starts the window behind it.
    private mutating func parseHeader(upTo end: Int, open: [String]) throws(MzMLError) -> RunHeader {
        var document = Array(ByteRun(start: pointer(0), count: end))
        for name in open.reversed() { document.append(contentsOf: "</\(name)>".utf8) }
        let path = path
        let header = try document.withUnsafeBufferPointer { bytes throws(MzMLError) in
            try RunHeaderParser.parse(bytes, path: path)
        }
        startSpectra(at: end)
        return header
    }
}
