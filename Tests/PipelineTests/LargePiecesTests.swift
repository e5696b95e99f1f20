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
            for bytes in [16 << 10, 300 << 10, 8 << 20] {
                let piece = try #require(malloc(bytes))
                // glibc writes the size of a piece in front of it; its second bit says that it was mapped by itself.
                let isMapped = (piece - 8).load(as: UInt64.self) & 2 != 0
                #expect(isMapped == (bytes > 256 << 10), "\(bytes) bytes")
                free(piece)
            }
        }
    }
#endif
