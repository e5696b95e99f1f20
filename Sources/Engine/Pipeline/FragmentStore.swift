import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The fragment spectra of one file, with their points on disk once they exceed a fixed amount of memory.
///
/// Headers stay in memory (about 150 bytes each); points go to an unlinked temporary file, so that a crash leaves nothing.
/// Appending is for one thread at a time; reading is for any number of threads once appending has ended.
final class FragmentStore: @unchecked Sendable {
    // @unchecked: the two phases above never overlap; worker threads start after the last append.

    private struct Place {
        var offset: Int
        var count: Int
    }

    private(set) var headers: [SpectrumHeader] = []
    /// The ids of the spectra in their file; empty where they are not kept.
    private(set) var nativeIDs: [String] = []
    /// Sum of the intensities of each spectrum, counts.
    private(set) var totalIntensities: [Double] = []
    private var places: [Place] = []
    /// Points that are not on disk yet: for each spectrum its m/z (8 bytes each) and then its intensities (4 bytes each).
    private var memory: [UInt8] = []
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

    func append(
        _ header: SpectrumHeader, nativeID: String? = nil, mz: ArraySlice<Double>, intensity: ArraySlice<Float>
    ) throws(AnalysisError) {
        headers.append(header)
        if let nativeID { nativeIDs.append(nativeID) }
        totalIntensities.append(intensity.reduce(0) { $0 + Double($1) })
        places.append(Place(offset: spilledBytes + memory.count, count: mz.count))
        mz.withUnsafeBytes { memory.append(contentsOf: $0) }
        intensity.withUnsafeBytes { memory.append(contentsOf: $0) }
        if memory.count > memoryLimit { try spill() }
    }

    /// The spectrum at a position.
    func spectrum(_ index: Int) throws(AnalysisError) -> FragmentSpectrum {
        let place = places[index]
        let byteCount = place.count * 12
        var bytes: [UInt8]
        if place.offset >= spilledBytes {
            let start = place.offset - spilledBytes
            bytes = Array(memory[start..<(start + byteCount)])
        } else {
            bytes = [UInt8](repeating: 0, count: byteCount)
            var done = 0
            while done < byteCount {
                let read = bytes.withUnsafeMutableBytes {
                    pread(descriptor, $0.baseAddress! + done, byteCount - done, off_t(place.offset + done))
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
        var done = 0
        while done < memory.count {
            let written = memory.withUnsafeBytes {
                pwrite(descriptor, $0.baseAddress! + done, memory.count - done, off_t(spilledBytes + done))
            }
            guard written > 0 || (written < 0 && errno == EINTR) else {
                throw .output("write temporary data to", folder)
            }
            done += max(written, 0)
        }
        spilledBytes += memory.count
        memory.removeAll(keepingCapacity: true)
    }
}
