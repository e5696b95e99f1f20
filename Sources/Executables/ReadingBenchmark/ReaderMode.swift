import ArgumentParser
import MzML

/// A way in which the engine can read a file. The only place that knows how a mode is asked for.
enum ReaderMode: String, CaseIterable, ExpressibleByArgument {
    case buffered

    /// The mode that the engine uses when nothing is set.
    static let standard = ReaderMode.buffered

    /// Bytes that the mode may hold at most besides what it decodes.
    static let bufferSize = 1 << 20

    func open(_ path: String) throws(MzMLError) -> MzMLChunkSource {
        try MzMLChunkSource(path: path, bufferSize: Self.bufferSize, spectraPerChunk: 64)
    }
}
