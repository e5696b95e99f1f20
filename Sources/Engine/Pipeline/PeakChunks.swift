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

    /// One table of all peaks, in the given order. The chunks are given up one by one, so that both never lie there in whole.
    static func joined(_ parts: inout [PeakChunks], schedule: RangeSchedule) -> PeakTable {
        let count = parts.reduce(0) { $0 + $1.peakCount }
        let samples = parts.reduce(0) { $0 + $1.sampleCount }
        var starts: [(peak: Int, sample: Int)] = [(0, 0)]
        for part in parts {
            starts.append(
                (starts[starts.count - 1].peak + part.peakCount, starts[starts.count - 1].sample + part.sampleCount))
        }
        var table = PeakTable()
        table.mzRanges = parts.flatMap { $0.chunks.flatMap(\.mzRanges) }
        parts.withUnsafeMutableBufferPointer { parts in
            let parts = SharedMemory(parts)
            table.peaks = [ChromatographicPeak](unsafeUninitializedCapacity: count) { peaks, filled in
                let peaks = SharedMemory(peaks)
                table.profiles = [Float](unsafeUninitializedCapacity: samples) { profiles, filled in
                    let profiles = SharedMemory(profiles)
                    let starts = starts
                    schedule.run(parts.buffer.count) { range in
                        for index in range {
                            parts.buffer[index].move(to: starts[index], peaks.buffer, profiles.buffer)
                            // What was freed in pieces would stay with the process.
                            if count >= 8 * peaksPerChunk { free_memory_release() }
                        }
                    }
                    filled = samples
                }
                filled = count
            }
        }
        return table
    }

    private mutating func move(
        to start: (peak: Int, sample: Int), _ peaks: UnsafeMutableBufferPointer<ChromatographicPeak>,
        _ profiles: UnsafeMutableBufferPointer<Float>
    ) {
        var (place, sample) = start
        for index in chunks.indices {
            let chunk = chunks[index]
            for var peak in chunk.peaks {
                peak.profileStart += sample
                peaks.initializeElement(at: place, to: peak)
                place += 1
            }
            for value in chunk.profiles {
                profiles.initializeElement(at: sample, to: value)
                sample += 1
            }
            chunks[index] = PeakTable()
        }
        self = PeakChunks()
    }
}
