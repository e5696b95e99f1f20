import CFreeMemory
import FeatureDetection

/// Peaks of a file while they are found: tables of bounded size, so that nothing is moved when more come.
///
/// One table that grows would be copied again and again, and would leave its former places behind as holes in memory.
struct PeakChunks {
    private static let peaksPerChunk = 4096
    private static let samplesPerChunk = 32 * peaksPerChunk

    private var chunks: [PeakTable] = []
    private(set) var peakCount = 0
    private(set) var sampleCount = 0

    mutating func append(_ part: PeakTable) {
        guard part.count > 0 else { return }
        let isFull = chunks.last.map {
            $0.count + part.count > Self.peaksPerChunk
                || $0.profiles.count + part.profiles.count > Self.samplesPerChunk
        }
        if isFull ?? true {
            var chunk = PeakTable()
            chunk.reserve(
                peaks: max(Self.peaksPerChunk, part.count), samples: max(Self.samplesPerChunk, part.profiles.count))
            chunks.append(chunk)
        }
        chunks[chunks.count - 1].append(part)
        peakCount += part.count
        sampleCount += part.profiles.count
    }

    /// Moves all peaks behind those of a table.
    mutating func drain(into table: inout PeakTable) {
        for index in chunks.indices {
            table.append(chunks[index])
            chunks[index] = PeakTable()
        }
        self = PeakChunks()
        // What was freed in pieces would stay with the process.
        if table.count >= 8 * Self.peaksPerChunk { free_memory_release() }
    }
}
