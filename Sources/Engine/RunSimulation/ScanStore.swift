import MzML
import SpectrumModel
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The points of all target scans in a file of its own, so that they can be had in any order without being in memory.
///
/// The file has no name: it is gone when the store is. Memory: 16 bytes per scan.
final class ScanStore {
    private let file: UnsafeMutablePointer<FILE>
    private let path: String
    private var offsets: [Int] = []
    private var counts: [Int] = []
    private var end = 0

    /// - Parameter path: a file that is being written; the store's lies in its folder.
    /// - Throws: `cannotWrite`.
    init(beside path: String) throws(SimulationError) {
        self.path = path
        let name = "\(path).\(getpid()).scans"
        guard let file = fopen(name, "w+bx") else { throw Self.failure(path, "create") }
        unlink(name)
        self.file = file
    }

    deinit { fclose(file) }

    var count: Int { counts.count }

    func append(mz: ArraySlice<Double>, intensity: ArraySlice<Float>) throws(SimulationError) {
        let isWritten =
            mz.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
            && intensity.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) == $0.count }
        guard isWritten else { throw Self.failure(path, "write") }
        offsets.append(end)
        counts.append(mz.count)
        end += mz.count * (MemoryLayout<Double>.size + MemoryLayout<Float>.size)
    }

    /// Replaces the contents of the two arrays by the points of one scan.
    func read(_ index: Int, mz: inout [Double], intensity: inout [Float]) throws(SimulationError) {
        let count = counts[index]
        guard fseek(file, offsets[index], SEEK_SET) == 0 else { throw Self.failure(path, "read") }
        mz.removeAll(keepingCapacity: true)
        intensity.removeAll(keepingCapacity: true)
        mz.append(contentsOf: repeatElement(0, count: count))
        intensity.append(contentsOf: repeatElement(0, count: count))
        let isRead =
            mz.withUnsafeMutableBytes { fread($0.baseAddress, 1, $0.count, file) == $0.count }
            && intensity.withUnsafeMutableBytes { fread($0.baseAddress, 1, $0.count, file) == $0.count }
        guard isRead else { throw Self.failure(path, "read") }
    }

    private static func failure(_ path: String, _ verb: String) -> SimulationError {
        SimulationError(
            .cannotWrite, path: path,
            reason: "cannot \(verb) the file that holds the scans meanwhile: \(String(cString: strerror(errno)))")
    }

    /// A random order of `count` things: the position of the one that comes at each place (Fisher and Yates).
    static func order(count: Int, seed: UInt64) -> [Int] {
        var draws = RandomDraws(seed: seed, stream: -1)
        var order = Array(0..<count)
        for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, draws.integer(below: i + 1)) }
        return order
    }
}
