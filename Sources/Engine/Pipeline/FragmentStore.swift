import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The fragment spectra of a block, packed by the worker that decoded it, so that they only have to be handed over in turn.
struct FragmentBatch: Sendable {
    private(set) var headers: [SpectrumHeader] = []
    /// Their ids in the file; empty where they are not kept.
    private(set) var nativeIDs: [String] = []
    /// Sum of the intensities of each spectrum, counts.
    private(set) var totalIntensities: [Double] = []
    fileprivate private(set) var pointCounts: [Int] = []
    /// For each spectrum its m/z (8 bytes each) and then its intensities (4 bytes each).
    fileprivate private(set) var bytes: [UInt8] = []

    /// - Parameter nativeIDs: of all spectra of the block; empty where they are not wanted.
    init(of block: SpectrumBlock, nativeIDs ids: [String] = []) {
        let fragments = (0..<block.count).filter { block.headers[$0].msLevel == 2 }
        bytes.reserveCapacity(fragments.reduce(0) { $0 + block.points(of: $1).count * 12 })
        for index in fragments {
            let points = block.points(of: index)
            headers.append(block.headers[index])
            if !ids.isEmpty { nativeIDs.append(ids[index]) }
            pointCounts.append(points.count)
            totalIntensities.append(block.intensity[points].reduce(0) { $0 + Double($1) })
            block.mz[points].withUnsafeBytes { bytes.append(contentsOf: $0) }
            block.intensity[points].withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
    }
}

/// The fragment spectra of one file, with their points on disk once they exceed a fixed amount of memory.
///
/// Headers stay in memory (about 150 bytes each); points go to an unlinked temporary file, so that a crash leaves nothing.
/// Appending is for one thread at a time; reading is for any number of threads once appending has ended.
final class FragmentStore: @unchecked Sendable {
    // @unchecked: the two phases above never overlap; worker threads start after the last append.

    private struct Place {
        let batch: Int
        /// Of its batch's bytes, the first.
        let offset: Int
        let count: Int
    }

    private(set) var headers: [SpectrumHeader] = []
    /// The ids of the spectra in their file; empty where they are not kept.
    private(set) var nativeIDs: [String] = []
    /// Sum of the intensities of each spectrum, counts.
    private(set) var totalIntensities: [Double] = []
    private var places: [Place] = []
    /// Points of the batches that are not on disk yet.
    private var memory: [[UInt8]] = []
    private var memoryBytes = 0
    /// Where the batches on disk start in the file, in the order in which they came.
    private var spilledOffsets: [Int] = []
    private var spilledBytes = 0
    private var descriptor: Int32 = -1
    private let folder: String
    private let memoryLimit: Int

    init(folder: String, memoryLimit: Int = 8 << 20) {
        self.folder = folder
        self.memoryLimit = memoryLimit
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    var count: Int { headers.count }

    func append(_ batch: FragmentBatch) throws(AnalysisError) {
        guard !batch.headers.isEmpty else { return }
        let number = spilledOffsets.count + memory.count
        var offset = 0
        for count in batch.pointCounts {
            places.append(Place(batch: number, offset: offset, count: count))
            offset += count * 12
        }
        headers += batch.headers
        nativeIDs += batch.nativeIDs
        totalIntensities += batch.totalIntensities
        memory.append(batch.bytes)
        memoryBytes += batch.bytes.count
        if memoryBytes > memoryLimit { try spill() }
    }

    /// Peaks of the spectrum at a position.
    func pointCount(_ index: Int) -> Int { places[index].count }

    /// The spectrum at a position.
    func spectrum(_ index: Int) throws(AnalysisError) -> FragmentSpectrum {
        let place = places[index]
        let byteCount = place.count * 12
        var bytes: [UInt8]
        if place.batch >= spilledOffsets.count {
            bytes = Array(memory[place.batch - spilledOffsets.count][place.offset..<(place.offset + byteCount)])
        } else {
            let start = spilledOffsets[place.batch] + place.offset
            bytes = [UInt8](repeating: 0, count: byteCount)
            var done = 0
            while done < byteCount {
                let read = bytes.withUnsafeMutableBytes {
                    pread(descriptor, $0.baseAddress! + done, byteCount - done, off_t(start + done))
                }
                guard read > 0 || (read < 0 && errno == EINTR) else { throw .output("read back fragments in", folder) }
                done += max(read, 0)
            }
        }
        let (mz, intensity) = bytes.withUnsafeBytes { raw in
            (
                (0..<place.count).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Double.self) },
                (0..<place.count).map { raw.loadUnaligned(fromByteOffset: place.count * 8 + $0 * 4, as: Float.self) }
            )
        }
        return FragmentSpectrum(header: headers[index], mz: mz, intensity: intensity)
    }

    private func spill() throws(AnalysisError) {
        if descriptor < 0 {
            var template = Array("\(folder)/.fragments-XXXXXX".utf8CString)
            descriptor = mkstemp(&template)
            guard descriptor >= 0 else { throw .output("write temporary data to", folder) }
            unlink(template)
        }
        for batch in memory {
            var done = 0
            while done < batch.count {
                let written = batch.withUnsafeBytes {
                    pwrite(descriptor, $0.baseAddress! + done, batch.count - done, off_t(spilledBytes + done))
                }
                guard written > 0 || (written < 0 && errno == EINTR) else {
                    throw .output("write temporary data to", folder)
                }
                done += max(written, 0)
            }
            spilledOffsets.append(spilledBytes)
            spilledBytes += batch.count
        }
        memory.removeAll(keepingCapacity: true)
        memoryBytes = 0
    }
}
