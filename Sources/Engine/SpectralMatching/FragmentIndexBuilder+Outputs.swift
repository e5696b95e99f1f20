/// Postings in memory.
private struct PostingArrays: PostingOutput {
    let position: FlatArray<Float>
    let weight: FlatArray<Float>
    let spectrum: FlatArray<UInt16>
    let start: FlatArray<UInt32>
    private var count = 0
    private var startCount = 0

    init(peaks: Int, blocks: Int, steps: PostingSteps) {
        position = FlatArray(count: peaks)
        weight = FlatArray(count: peaks)
        spectrum = FlatArray(count: peaks)
        start = FlatArray(count: blocks * (steps.count + 1))
    }

    @inline(__always) mutating func append(_ position: Float, _ weight: Float, _ spectrum: UInt16) {
        self.position.buffer[count] = position
        self.weight.buffer[count] = weight
        self.spectrum.buffer[count] = spectrum
        count += 1
    }

    mutating func endBlock(starts: UnsafeBufferPointer<UInt32>) {
        for value in starts {
            start.buffer[startCount] = value
            startCount += 1
        }
    }

    func order(_ steps: PostingSteps) -> PostingOrder {
        PostingOrder(
            position: position.elements, weight: weight.elements, spectrum: spectrum.elements, start: start.elements,
            steps: steps)
    }
}

/// Postings on their way to the sections of a file.
private struct PostingSectionOutput: PostingOutput {
    private var position: SectionBuffer<Float>
    private var weight: SectionBuffer<Float>
    private var spectrum: SectionBuffer<UInt16>
    private let start: SectionStream<UInt32>

    init(_ file: SectionedFileWriter, _ section: UInt32, peaks: Int, blocks: Int, steps: PostingSteps) {
        position = SectionBuffer(file.begin(section, Float.self, count: peaks))
        weight = SectionBuffer(file.begin(section + 1, Float.self, count: peaks))
        spectrum = SectionBuffer(file.begin(section + 2, UInt16.self, count: peaks))
        start = file.begin(section + 3, UInt32.self, count: blocks * (steps.count + 1))
    }

    @inline(__always) mutating func append(_ position: Float, _ weight: Float, _ spectrum: UInt16) {
        self.position.append(position)
        self.weight.append(weight)
        self.spectrum.append(spectrum)
    }

    mutating func endBlock(starts: UnsafeBufferPointer<UInt32>) { start.append(starts) }

    mutating func flush() {
        position.flush()
        weight.flush()
        spectrum.flush()
    }
}

extension FragmentIndexBuilder {
    private final class Owner {
        let arrays: [AnyObject]

        init(_ arrays: [AnyObject]) { self.arrays = arrays }
    }

    /// The index in memory, for settings that no file has one for.
    static func build(_ spectra: IndexedSpectra, preparation: PeakPreparation) -> FragmentIndex {
        let builder = FragmentIndexBuilder(spectra, preparation: preparation)
        var workspace = Workspace(builder)
        func order(_ steps: PostingSteps, moved: Bool) -> PostingArrays {
            var output = PostingArrays(peaks: builder.peakCount, blocks: builder.blockCount, steps: steps)
            builder.order(steps, moved: moved, &workspace, into: &output)
            return output
        }
        func keep(_ elements: [UInt32]) -> FlatArray<UInt32> {
            let array = FlatArray<UInt32>(count: elements.count)
            _ = array.buffer.update(fromContentsOf: elements)
            return array
        }
        let (blockSpectrum, blockPosting) = (keep(builder.blockSpectrum), keep(builder.blockPosting))
        let (ions, losses) = (order(.ions, moved: false), order(.losses, moved: true))
        let prepared = builder.prepared
        var arrays: [AnyObject] = [blockSpectrum, blockPosting]
        for order in [ions, losses] {
            arrays += [order.position, order.weight, order.spectrum, order.start] as [AnyObject]
        }
        if prepared != nil { arrays += [builder.offsets, builder.masses, builder.weights] as [AnyObject] }
        return FragmentIndex(
            preparation: preparation, blockSpectrum: blockSpectrum.elements, blockPosting: blockPosting.elements,
            ions: ions.order(.ions), losses: losses.order(.losses), prepared: prepared, owner: Owner(arrays))
    }

    /// Writes the index into a library file as its `number`th; no posting stays in memory.
    static func write(
        _ spectra: IndexedSpectra, preparation: PeakPreparation, to file: SectionedFileWriter, number: Int
    ) {
        guard let stored = preparation.stored else { preconditionFailure("no file has an index for this") }
        let sections = FragmentIndexSections(number: number)
        let builder = FragmentIndexBuilder(spectra, preparation: preparation)
        var workspace = Workspace(builder)
        file.add(sections.preparation, stored)
        file.add(sections.blockSpectrum, builder.blockSpectrum)
        file.add(sections.blockPosting, builder.blockPosting)
        for (section, steps, moved) in [
            (sections.ions, PostingSteps.ions, false), (sections.losses, PostingSteps.losses, true),
        ] {
            var output = PostingSectionOutput(
                file, section, peaks: builder.peakCount, blocks: builder.blockCount, steps: steps)
            builder.order(steps, moved: moved, &workspace, into: &output)
            output.flush()
        }
        if let prepared = builder.prepared {
            file.add(sections.prepared, prepared.offset)
            file.add(sections.prepared + 1, prepared.mz)
            file.add(sections.prepared + 2, prepared.weight)
        }
        withExtendedLifetime(builder) {}
    }
}

extension FragmentIndexSections {
    /// How many sections the index of a preparation has.
    static func count(of preparation: PeakPreparation) -> Int {
        if case .entropy = preparation.weighting { return 14 }
        return 11
    }
}
