import SpectrumModel

extension SpectralLibraryBuilder {
    /// Writes the library to a temporary name and renames it. The builder is empty after that: what it holds is freed as soon
    /// as it is in the file.
    /// - Throws: `LibraryFileError.unwritable`, or `.tooLarge` beyond 4 G peaks or 4 GiB of texts.
    public consuming func write(to path: String, sourceHash: String, sourceName: String) throws(LibraryFileError) {
        try write(to: path, sources: [LibraryProvenance(name: sourceName, hash: sourceHash)])
    }

    /// The same for a library of several sources, at least one.
    public consuming func write(to path: String, sources: [LibraryProvenance]) throws(LibraryFileError) {
        try write(to: path, sources: sources, memory: PreparationMemory(limit: nil, source: path))
    }

    /// - Throws: also `.memoryLimit`, before anything is written.
    consuming func write(
        to path: String, sources: [LibraryProvenance], memory: PreparationMemory
    ) throws(LibraryFileError) {
        guard peakMZ.count < Int(UInt32.max), pending.count < Int(UInt32.max), !strings.overflowed else {
            throw LibraryFileError(
                .tooLarge, path: path, reason: "more than 4 G peaks or 4 GiB of texts; split the source")
        }
        let provenance = sources.flatMap { [strings.number(of: $0.hash), strings.number(of: $0.name)] }
        endReading()
        releaseFreedMemory()
        try memory.check(next: 6 * pending.count, later: bytesToWrite.most)
        let order = sortedOrder()
        let polarityStart = polarityStart()
        try memory.check(next: bytesToIndex(order, polarityStart))
        let preparations = PeakPreparation.stored(cleaning: cleaning)
        let file = try SectionedFileWriter(
            kind: SpectralLibraryFormat.kind, path: path,
            sections: 14 + preparations.reduce(0) { $0 + FragmentIndexSections.count(of: $1) })
        addSpectra(order, polarityStart, to: file)
        addPeaks(order, to: file)
        pending = ChunkedArray()
        texts = ChunkedArray()
        (peakMZ, peakIntensity, peakEntropyWeight) = (ChunkedArray(), ChunkedArray(), ChunkedArray())
        releaseFreedMemory()
        for (number, preparation) in preparations.enumerated() {
            let mapped = try file.mapped()
            let spectra = indexedSpectra(polarityStart, in: mapped, of: file)
            FragmentIndexBuilder.write(spectra, preparation: preparation, to: file, number: number)
            withExtendedLifetime(mapped) {}
            try file.check()
        }
        file.add(SpectralLibraryFormat.stringOffsets, strings.offsets)
        file.add(SpectralLibraryFormat.stringBytes, strings.bytes)
        file.add(
            SpectralLibraryFormat.settings,
            [cleaning.noiseFraction, Double(cleaning.maximumPeakCount), Double(compoundCount)])
        file.add(SpectralLibraryFormat.provenance, provenance)
        try file.finish()
    }

    /// Frees what only reading needs.
    private mutating func endReading() {
        duplicates = DuplicateFinder()
        compounds = [:]
        strings.endNumbering()
    }

    /// Bytes that what has been added is known to need beyond what is held, and may need: indexing takes 30 bytes for each
    /// peak at most and frees 16, and what reading needs goes before, some hundred bytes of tables and texts a spectrum.
    var bytesToWrite: (least: Int, most: Int) {
        let index =
            FragmentIndexBuilder.byteCount(spectra: pending.count, peaks: peakMZ.count, peaksOfBlock: peakMZ.count)
            - 16 * peakMZ.count
        return (max(0, index - 300 * pending.count), max(0, index - duplicates.byteCount))
    }

    /// The same once the order is known.
    private func bytesToIndex(_ order: [UInt32], _ polarityStart: [UInt32]) -> Int {
        let blocks = FragmentIndexBuilder.blocks(polarityStart: polarityStart.map { Int($0) })
        let largest = zip(blocks, blocks.dropFirst()).map { first, end in
            order[Int(first)..<Int(end)].reduce(0) { $0 + Int(pending[Int($1)].peakCount) }
        }.max()
        let taken = FragmentIndexBuilder.byteCount(
            spectra: pending.count, peaks: peakMZ.count, peaksOfBlock: largest ?? 0)
        return max(0, taken - 16 * peakMZ.count)
    }

    private func sortedOrder() -> [UInt32] {
        (0..<UInt32(pending.count)).sorted { left, right in
            let (first, second) = (pending[Int(left)], pending[Int(right)])
            if first.polarity != second.polarity { return first.polarity < second.polarity }
            if first.precursorMZ != second.precursorMZ { return first.precursorMZ < second.precursorMZ }
            let accession = TextField.accession.rawValue
            let (a, b) = (
                texts[Int(left) * TextField.count + accession], texts[Int(right) * TextField.count + accession]
            )
            return a != b ? strings.precedes(a, b) : left < right
        }
    }

    private func polarityStart() -> [UInt32] {
        var start = [UInt32](repeating: 0, count: 4)
        for index in 0..<pending.count { start[Int(pending[index].polarity) + 1] += 1 }
        for index in 1..<4 { start[index] += start[index - 1] }
        return start
    }

    private func addSpectra(_ order: [UInt32], _ polarityStart: [UInt32], to file: SectionedFileWriter) {
        typealias Format = SpectralLibraryFormat
        file.add(Format.polarityStart, polarityStart)
        file.add(Format.precursorMZ, count: order.count) { pending[Int(order[$0])].precursorMZ }
        file.add(Format.exactMass, count: order.count) { pending[Int(order[$0])].exactMass }
        file.add(Format.retentionTime, count: order.count) { pending[Int(order[$0])].retentionTime }
        file.add(Format.compound, count: order.count) { pending[Int(order[$0])].compound }
        file.add(Format.texts, count: order.count * TextField.count) { place in
            let (spectrum, field) = place.quotientAndRemainder(dividingBy: TextField.count)
            return texts[Int(order[spectrum]) * TextField.count + field]
        }
    }

    private func addPeaks(_ order: [UInt32], to file: SectionedFileWriter) {
        typealias Format = SpectralLibraryFormat
        var end: UInt32 = 0
        file.add(Format.peakOffset, count: order.count + 1) { place in
            if place > 0 { end += pending[Int(order[place - 1])].peakCount }
            return end
        }
        func add<Value>(_ id: UInt32, _ values: ChunkedArray<Value>) {
            var section = SectionBuffer(file.begin(id, Value.self, count: values.count))
            for index in order {
                for peak in pending[Int(index)].peaks { section.append(values[peak]) }
            }
            section.flush()
        }
        add(Format.peakMZ, peakMZ)
        add(Format.peakIntensity, peakIntensity)
        add(Format.peakEntropyWeight, peakEntropyWeight)
    }

    /// The spectra as they are in the file already.
    private func indexedSpectra(
        _ polarityStart: [UInt32], in mapped: MappedFile, of file: SectionedFileWriter
    ) -> IndexedSpectra {
        typealias Format = SpectralLibraryFormat
        return IndexedSpectra(
            precursorMZ: file.elements(Format.precursorMZ, as: Double.self, in: mapped),
            polarityStart: polarityStart.map { Int($0) },
            peakOffset: file.elements(Format.peakOffset, as: UInt32.self, in: mapped),
            peakMZ: file.elements(Format.peakMZ, as: Double.self, in: mapped),
            peakIntensity: file.elements(Format.peakIntensity, as: Float.self, in: mapped),
            peakEntropyWeight: file.elements(Format.peakEntropyWeight, as: Float.self, in: mapped),
            noiseFraction: cleaning.noiseFraction, transient: mapped)
    }
}
