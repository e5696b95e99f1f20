import Instrumentation
import OutOfCore
import Synchronization

/// Makes pieces of text by all workers and writes them in their order, a wave of pieces at a time.
///
/// While a wave is made, some of the workers write the wave before, one for each file: otherwise all of them would wait for the
/// files and their hashes. Waves have as many pieces as keep the workers busy, and waves and pieces are no larger than the memory for
/// results takes by the size of the elements before.
final class WaveWriter<Piece: Sendable>: @unchecked Sendable {
    // @unchecked: `write` is called for a file by one worker at a time: the one that took its job of a wave, or the caller between two
    // waves. `waiting` and its bytes change between two waves, or by the last of those that write it.

    private let bytes: @Sendable (Piece) -> Int
    private let files: Int
    private let write: (_ file: Int, Piece) throws(AnalysisError) -> Void
    private var waiting: [Piece] = []
    private var waitingBytes = 0
    /// Files to which the pieces that wait are still to be written.
    private let unwritten = Atomic<Int>(0)

    private static var piecesPerWorker: Int { 256 }
    /// Pieces of the last wave, which is written when nothing else is left to do.
    private static var lastPiecesPerWorker: Int { 4 }
    private static var firstPiecesPerWorker: Int { 4 }
    /// Fewest elements of a piece, where there are so many: to hand out a wave takes as long as to make some rows.
    private static var fewestElementsPerPiece: Int { 16 }
    /// Most elements of a piece of the first wave, which tells how large they are.
    private static var elementsPerFirstPiece: Int { 32 }
    /// What an element may take that nobody has seen yet: a spectrum of some 1,500 peaks.
    private static var bytesPerUnseenElement: Int { 32 << 10 }
    /// Elements of a wave, at most, for each of the one before: what comes later may be larger.
    private static var growth: Int { 16 }

    /// - Parameters:
    ///   - bytes: of a piece.
    ///   - files: how many files a piece has something for.
    ///   - write: writes what a piece has for one of them, counted from 0; called for one piece after the other, in order, from any
    ///     thread, and for several files at the same time.
    init(
        bytes: @escaping @Sendable (Piece) -> Int, files: Int = 1,
        write: @escaping (_ file: Int, Piece) throws(AnalysisError) -> Void
    ) {
        self.bytes = bytes
        self.files = files
        self.write = write
    }

    /// Makes and writes the pieces of `0 ..< count`, at most `grain` elements each.
    /// - Throws: the first error in the order of the pieces, and what writing meets.
    func run<State>(
        count: Int, grain: Int, memory: RunMemory, pool: WorkerPool, clock: StageClock,
        makeState: @escaping @Sendable () -> State,
        _ make: @escaping @Sendable (inout State, Range<Int>) throws(AnalysisError) -> Piece
    ) throws(AnalysisError) {
        let files = files
        // Two waves are in memory at a time.
        let room = memory.results.maximumBytes / 2
        var first = 0
        var bytesPerElement = 0
        var lastWave = 0
        while first < count {
            let (pieceSize, most) = Self.piece(
                of: grain, room: room, lastWave: lastWave, bytesPerElement: bytesPerElement, workers: pool.workers)
            let pieces = Self.waveSize(
                rest: (count - first + pieceSize - 1) / pieceSize, most: most, workers: pool.workers)
            let wave = first..<min(first + pieces * pieceSize, count)
            unwritten.store(files, ordering: .relaxed)
            let made = clock.measure("annotate and format") {
                pool.map(
                    count: files + pieces, grain: 1,
                    // Writing a wave takes about as long as making a sixteenth of one.
                    cost: { Double($0 < files ? wave.count / (16 * files) : pieceSize) }, makeState: makeState
                ) {
                    state, job -> Result<Piece?, AnalysisError> in
                    do throws(AnalysisError) {
                        guard job >= files else {
                            try self.writeWaiting(toFile: job, memory)
                            return .success(nil)
                        }
                        let start = wave.lowerBound + (job - files) * pieceSize
                        return .success(try make(&state, start..<min(start + pieceSize, wave.upperBound)))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            for result in made {
                if let piece = try result.get() { waiting.append(piece) }
            }
            for (number, piece) in waiting.enumerated() {
                let (size, elements) = (bytes(piece), min(pieceSize, wave.count - number * pieceSize))
                waitingBytes += size
                bytesPerElement = max(bytesPerElement, size / elements + 1)
            }
            memory.results.takeAnyway(waitingBytes)
            lastWave = wave.count
            first = wave.upperBound
        }
        try clock.measure("write") { () throws(AnalysisError) in
            unwritten.store(files, ordering: .relaxed)
            for file in 0..<files { try writeWaiting(toFile: file, memory) }
        }
    }

    /// Pieces of the next wave: one for each worker at least, and otherwise no more than the memory takes.
    ///
    /// The last waves become smaller, each as far as making it takes as long as writing the one before.
    static func waveSize(rest: Int, most: Int, workers: Int) -> Int {
        let last = lastPiecesPerWorker * workers
        let wanted = rest <= last ? rest : max(rest * 8 / 9, last)
        return min(wanted, max(most, workers), piecesPerWorker * workers)
    }

    /// Elements of the next wave's pieces, and most pieces of it: as much as the room takes by what the elements before took, and not very
    /// much more than the last wave.
    private static func piece(
        of grain: Int, room: Int, lastWave: Int, bytesPerElement: Int, workers: Int
    ) -> (elements: Int, most: Int) {
        guard lastWave > 0 else {
            let most = firstPiecesPerWorker * workers
            let fitting = room / (most * bytesPerUnseenElement)
            return (min(grain, elementsPerFirstPiece, max(fitting, fewestElementsPerPiece)), most)
        }
        let elements = min(room / bytesPerElement, growth * lastWave)
        let size = min(grain, max(elements / workers, fewestElementsPerPiece))
        return (size, elements / size)
    }

    private func writeWaiting(toFile file: Int, _ memory: RunMemory) throws(AnalysisError) {
        for piece in waiting { try write(file, piece) }
        // Whoever is last has seen all others end, so nobody looks at the pieces any more.
        if unwritten.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 {
            waiting.removeAll(keepingCapacity: true)
            memory.results.give(waitingBytes)
            waitingBytes = 0
        }
    }
}
