import Synchronization

/// Only the planner of FFTW is not thread-safe; both precisions share this lock.
let fourierPlanner = Mutex<Void>(())

/// Zeroed memory at the alignment that FFTW's vector code wants, freed with its owner. Not for sharing between threads.
public final class AlignedScratch<Scalar: BitwiseCopyable & AdditiveArithmetic> {
    /// Bytes; a multiple of every vector width in use.
    public static var alignment: Int { 64 }
    public let pointer: UnsafeMutablePointer<Scalar>
    public let count: Int

    public init(count: Int) {
        let bytes = max(count, 1) * MemoryLayout<Scalar>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        pointer = raw.bindMemory(to: Scalar.self, capacity: max(count, 1))
        pointer.initialize(repeating: .zero, count: max(count, 1))
        self.count = count
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}
