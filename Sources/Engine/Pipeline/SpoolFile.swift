import OutOfCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Text that is written now and read once later, in a file that has no name: a crash leaves nothing.
final class SpoolFile {
    private let file: ScratchFile
    private var gathered: GatheredBytes
    private var byteCount = 0

    /// - Parameter folder: where the space is taken.
    init(folder: String, writing: OutputWriting) throws(AnalysisError) {
        gathered = GatheredBytes(writing, isLasting: false)
        do throws(ScratchError) {
            file = try ScratchFile(folder: folder)
        } catch {
            throw AnalysisError(error)
        }
    }

    func write(_ buffer: TextBuffer) throws(AnalysisError) {
        let isWritten = buffer.bytes.withUnsafeBytes { gathered.write($0, to: file.descriptor) }
        guard isWritten else { throw .output("write to folder", file.folder, errorNumber: errno) }
        byteCount += buffer.count
    }

    /// Everything that was written, at the end of another file.
    func append(to output: OutputFile) throws(AnalysisError) {
        guard gathered.flush(to: file.descriptor) else {
            throw .output("write to folder", file.folder, errorNumber: errno)
        }
        for start in stride(from: 0, to: byteCount, by: Self.pieceSize) {
            var piece = [UInt8](repeating: 0, count: min(Self.pieceSize, byteCount - start))
            do throws(ScratchError) {
                try read(&piece, at: start)
            } catch {
                throw AnalysisError(error)
            }
            var buffer = TextBuffer()
            buffer.append(bytes: piece[...])
            try output.write(buffer)
        }
    }

    private func read(_ piece: inout [UInt8], at start: Int) throws(ScratchError) {
        var failure: ScratchError?
        piece.withUnsafeMutableBytes { bytes in
            do throws(ScratchError) { try file.read(into: bytes, at: start) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static let pieceSize = 1 << 16
}
