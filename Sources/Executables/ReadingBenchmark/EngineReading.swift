import MzML
import SpectrumModel

/// What a file holds, as whoever read it found: equal for everybody, apart from the rounding of the sums.
struct ReadingAnswer {
    var points = 0
    var mzSum = 0.0
    var intensitySum = 0.0

    /// Points equal, sums within a relative 1e-12, which leaves room for the order of addition.
    func agrees(with other: ReadingAnswer) -> Bool {
        func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-12 * max(abs(a), abs(b)) }
        return points == other.points && near(mzSum, other.mzSum) && near(intensitySum, other.intensitySum)
    }

    /// One spectrum at a time: the rounding of a sum grows with its length.
    mutating func add(_ block: SpectrumBlock) {
        points += block.mz.count
        for spectrum in 0..<block.count {
            var (mz, intensity) = (0.0, 0.0)
            for point in block.points(of: spectrum) {
                mz += block.mz[point]
                intensity += Double(block.intensity[point])
            }
            mzSum += mz
            intensitySum += intensity
        }
    }
}

/// A file as the engine is given it.
struct EngineInput {
    let path: String
    /// The same bytes, for the mode that reads them from memory.
    var memory: UnsafeBufferPointer<UInt8>?

    func open(_ mode: ReaderMode) throws(MzMLError) -> any ChunkSource {
        if mode == .memory, let memory {
            return try MzMLChunkSource(memory: memory, name: path, options: mode.options)
        }
        return try openChunkSource(path: path, options: mode.options)
    }
}

/// Memory of one worker, kept from file to file as the engine keeps it.
struct EngineReading {
    private var block = SpectrumBlock()

    /// Reads the whole file as one worker of the engine does: chunks in order, flat arrays of every spectrum built, with
    /// its header. Returns the number of points.
    mutating func points(of input: EngineInput, mode: ReaderMode) throws(MzMLError) -> Int {
        var points = 0
        try forEachBlock(of: input, mode: mode) { points += $0.mz.count }
        return points
    }

    /// The same with the sums, which take longer than the reading.
    mutating func answer(of input: EngineInput, mode: ReaderMode) throws(MzMLError) -> ReadingAnswer {
        var answer = ReadingAnswer()
        try forEachBlock(of: input, mode: mode) { answer.add($0) }
        return answer
    }

    private mutating func forEachBlock(
        of input: EngineInput, mode: ReaderMode, _ use: (SpectrumBlock) -> Void
    ) throws(MzMLError) {
        let source = try input.open(mode)
        var decoder = SpectrumDecoder(header: source.header)
        while let chunk = try source.next() {
            block.removeAll()
            try decoder.decode(chunk, into: &block)
            use(block)
            source.recycle(chunk)
        }
    }
}
