import TestSupport
import Testing

@testable import Pipeline

#if canImport(Glibc)
    import Glibc

    /// Where the C library takes large pieces from while a run is under way: not from the heap, where they would leave holes.
    @Suite struct LargePiecesTests {
        @Test(.enabled(if: !Program.isSanitized, "a sanitizer has an allocator of its own"))
        func largePiecesLieOnPagesOfTheirOwn() throws {
            let folder = try TemporaryDirectory()
            // After this the library would take pieces of up to 24 MiB from the heap.
            free(malloc(24 << 20))
            _ = try EngineRun.memory(folder: folder.path)
            // What the heap has free is used first; that much it has not.
            let pieces = (0..<16).map { _ in malloc(16 << 20) }
            // glibc writes the size of a piece in front of it; its second bit says that the piece was mapped by itself.
            let mapped = pieces.count { piece in piece.map { ($0 - 8).load(as: UInt64.self) & 2 != 0 } ?? false }
            for piece in pieces { free(piece) }
            #expect(mapped >= 8, "\(mapped) of 16 pieces of 16 MiB")
        }
    }
#endif
