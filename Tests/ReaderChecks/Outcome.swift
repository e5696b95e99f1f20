import MzML
import SpectrumModel

/// All that a reading gives, and how it ended.
struct Outcome {
    var header: RunHeader?
    var block = SpectrumBlock()
    var counts = DecodeCounts()
    var warnings: [String] = []
    var chromatograms: [Chromatogram] = []
    var error: MzMLError?

    /// Small enough that what a few bytes can promise is refused rather than taken.
    static let maximumPoints = 1 << 20
    static let maximumSpectrumBytes = 8 << 20

    /// By the reader that the options name.
    init(path: String, options: ReadingOptions) {
        var options = options
        options.maximumSpectrumBytes = Self.maximumSpectrumBytes
        do throws(MzMLError) {
            var reader = try SpectrumReader(path: path, options: options, maximumPoints: Self.maximumPoints)
            header = reader.header
            do throws(MzMLError) {
                while try reader.next(into: &block) {}
                chromatograms = try reader.chromatograms()
            } catch {
                self.error = error
            }
            counts = reader.counts
            warnings = reader.warnings
        } catch {
            self.error = error
        }
    }

    /// The same bytes in memory that ends where they end, so that the address sanitizer sees what is read behind them.
    ///
    /// What only the reference reader reads ends with `beyondScanner`.
    init(memory: UnsafeBufferPointer<UInt8>, name: String, options: ReadingOptions) {
        var options = options
        options.maximumSpectrumBytes = Self.maximumSpectrumBytes
        do throws(MzMLError) {
            let source = try MzMLChunkSource(memory: memory, name: name, options: options)
            header = source.header
            var decoder = SpectrumDecoder(header: source.header, maximumPoints: Self.maximumPoints)
            do throws(MzMLError) {
                while let chunk = try source.next() {
                    do throws(MzMLError) {
                        try decoder.decode(chunk, into: &block)
                        source.recycle(chunk)
                    } catch {
                        guard error.code == .cutMismatch else { throw error }
                        try source.readCarefully(from: chunk)
                    }
                }
            } catch {
                self.error = error
            }
            counts = decoder.counts
            warnings = source.warnings
        } catch {
            self.error = error
        }
    }

    /// What the model promises, whatever the file.
    func requirePromises(_ mode: String) throws(Finding) {
        func require(_ holds: Bool, _ promise: String) throws(Finding) {
            if !holds { throw Finding("\(mode): \(promise)") }
        }
        try require(block.offsets.count == block.count + 1 && block.offsets.first == 0, "offsets per spectrum")
        try require(
            block.offsets.last == block.mz.count && block.mz.count == block.intensity.count, "arrays end together")
        try require(counts.points >= block.mz.count || error != nil, "points are counted")
        for i in 0..<block.count {
            try require(block.offsets[i] <= block.offsets[i + 1], "offsets ascend")
            let header = block.headers[i]
            try require(header.msLevel >= 0, "levels are not negative")
            try require(header.msLevel > 0 || block.offsets[i] == block.offsets[i + 1], "level 0 has no points")
            try require(i == 0 || block.headers[i - 1].index < header.index, "indices ascend")
        }
        for i in 0..<block.count {
            var last = 0.0
            for p in block.points(of: i) {
                try require(block.mz[p].isFinite && block.mz[p] >= last, "m/z ascends from 0 and is finite")
                try require(
                    block.intensity[p].isFinite && block.intensity[p] >= 0, "intensity is finite and not negative")
                last = block.mz[p]
            }
        }
        if let error {
            try require(!error.reason.isEmpty && error.description.utf8.count < 10_000, "an error says why")
        }
    }

    /// The first way in which the spectra of two readings differ, to the bit; `nil` when they do not.
    func difference(to other: Outcome) -> String? {
        if block.count != other.block.count { return "\(block.count) and \(other.block.count) spectra" }
        for i in 0..<block.count where !Self.same(block.headers[i], other.block.headers[i]) {
            return "headers \(block.headers[i]) and \(other.block.headers[i])"
        }
        if block.offsets != other.block.offsets { return "other numbers of points" }
        for p in 0..<block.mz.count {
            if block.mz[p].bitPattern != other.block.mz[p].bitPattern { return "m/z of point \(p)" }
            if block.intensity[p].bitPattern != other.block.intensity[p].bitPattern { return "intensity of point \(p)" }
        }
        return nil
    }

    /// NaN is the same as NaN here.
    private static func same(_ a: SpectrumHeader, _ b: SpectrumHeader) -> Bool {
        if a == b { return true }
        // Numbers that the file states may be NaN too.
        return "\(a)" == "\(b)"
    }
}
