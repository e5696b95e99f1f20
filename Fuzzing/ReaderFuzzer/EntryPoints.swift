import CLibFuzzer
import ReaderChecks

/// libFuzzer's entry point; `main` is libFuzzer's too.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
    do {
        try ReaderChecks.check(UnsafeBufferPointer(start: data, count: size), scratch: scratch.file)
    } catch {
        fatalError("\(error)")
    }
    return 0
}

/// Half of the mutations are libFuzzer's, on the bytes; the others know what the bytes mean.
@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ capacity: Int, _ seed: CUnsignedInt) -> Int {
    var mutator = StructuredMutator(seed: seed)
    let input = UnsafeBufferPointer(start: UnsafePointer(data), count: size)
    guard let mutated = mutator.mutate(input), mutated.count <= capacity else {
        return LLVMFuzzerMutate(data, size, capacity)
    }
    mutated.withUnsafeBufferPointer { bytes in
        if let base = bytes.baseAddress { data.update(from: base, count: bytes.count) }
    }
    return mutated.count
}

/// `@unchecked Sendable`: libFuzzer runs one input at a time.
private struct Scratch: @unchecked Sendable {
    let file = ScratchFile(in: "/dev/shm")
}

private let scratch = Scratch()
