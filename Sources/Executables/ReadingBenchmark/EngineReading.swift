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
}

/// Memory of one worker, kept from file to file as the engine keeps it.
struct EngineReading {
    private var block = SpectrumBlock()

    /// Reads the whole file as one worker of the engine does: chunks in order, flat arrays of every spectrum built, with
    /// its header. Returns the number of points.
    mutating func points(of path: String, mode: ReaderMode) throws(MzMLError) -> Int {
        let source = try mode.open(path)
        var decoder = SpectrumDecoder(header: source.header)
        var points = 0
        while let chunk = try source.next() {
            block.removeAll()
            try decoder.decode(chunk, into: &block)
            points += block.mz.count
            source.recycle(chunk)
        }
        return points
    }

    /// The same with the sums, which take longer than the reading.
    mutating func answer(of path: String, mode: ReaderMode) throws(MzMLError) -> ReadingAnswer {
        let source = try mode.open(path)
        var decoder = SpectrumDecoder(header: source.header)
        var answer = ReadingAnswer()
        while let chunk = try source.next() {
            block.removeAll()
            try decoder.decode(chunk, into: &block)
            answer.points += block.mz.count
            // One spectrum at a time: the rounding of a sum grows with its length.
            for spectrum in 0..<block.count {
                var (mz, intensity) = (0.0, 0.0)
                for point in block.points(of: spectrum) {
                    mz += block.mz[point]
                    intensity += Double(block.intensity[point])
                }
                answer.mzSum += mz
                answer.intensitySum += intensity
            }
            source.recycle(chunk)
        }
        return answer
    }
}
