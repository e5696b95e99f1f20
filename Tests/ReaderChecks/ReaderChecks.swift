import MzML
import SpectrumModel

/// What must hold for any bytes whatever: nothing crashes or breaks a promise, and all ways of reading agree.
///
/// Used by the fuzzer, and by a test that runs what the fuzzer has collected.
public enum ReaderChecks {
    /// - Parameter scratch: holds the bytes while they are read.
    /// - Throws: the first promise that is broken.
    public static func check(_ bytes: UnsafeBufferPointer<UInt8>, scratch: ScratchFile) throws(Finding) {
        if bytes.starts(with: numpressPrefix) {
            try NumpressCheck.check(UnsafeBufferPointer(rebasing: bytes[numpressPrefix.count...]))
            return
        }
        scratch.write(bytes)
        if bytes.starts(with: [0x1F, 0x8B]) { try GzipCheck.check(bytes, scratch: scratch) }
        try checkReaders(scratch.path)
    }

    /// Inputs that start like this go to the Numpress decoder.
    private static let numpressPrefix = Array("NUMPRESS".utf8)

    private static func checkReaders(_ path: String) throws(Finding) {
        let careful = Outcome(path: path, options: options { $0.cutting = .careful })
        try careful.requirePromises("careful")
        for (name, mode) in modes {
            let outcome = Outcome(path: path, options: mode)
            try outcome.requirePromises(name)
            if let difference = careful.difference(to: outcome) { throw Finding("\(name): \(difference)") }
            guard careful.counts == outcome.counts else {
                throw Finding("\(name): counts \(careful.counts) and \(outcome.counts)")
            }
            guard careful.warnings == outcome.warnings else {
                throw Finding("\(name): warnings \(careful.warnings) and \(outcome.warnings)")
            }
            guard careful.error == outcome.error else {
                throw Finding("\(name): \(text(careful.error)) and \(text(outcome.error))")
            }
        }
        try checkRecovery(path, careful)
        try checkSelection(path, careful)
        try checkReference(path, careful)
    }

    private static func text(_ error: MzMLError?) -> String { error?.description ?? "no error" }

    private static func options(_ change: (inout ReadingOptions) -> Void) -> ReadingOptions {
        var options = ReadingOptions()
        options.access = .buffered
        options.bufferSize = 4096
        options.spectraPerChunk = 3
        change(&options)
        return options
    }

    /// Different in everything that must make no difference.
    private static let modes: [(String, ReadingOptions)] = [
        (
            "mapped index",
            options {
                $0.access = .mapped
                $0.spectraPerChunk = 64
            }
        ),
        (
            "mapped scan",
            options {
                $0.access = .mapped
                $0.cutting = .scan
                $0.spectraPerChunk = 2
                $0.prefetchDepth = 2
            }
        ),
        ("buffered index", options { $0.spectraPerChunk = 1 }),
        (
            "buffered scan",
            options {
                $0.cutting = .scan
                $0.bufferSize = 1 << 16
                $0.maximumChunkBytes = 1000
            }
        ),
    ]

    /// A truncation that is recovered from gives what preceded it; anything else is what it was.
    private static func checkRecovery(_ path: String, _ plain: Outcome) throws(Finding) {
        let recovered = Outcome(
            path: path,
            options: options {
                $0.recoversTruncation = true
                $0.access = .mapped
            })
        try recovered.requirePromises("recovery")
        if let difference = plain.difference(to: recovered) { throw Finding("recovery: \(difference)") }
        if plain.error?.code == .truncated, plain.header != nil {
            guard recovered.error == nil, !recovered.warnings.isEmpty else {
                throw Finding("recovery: \(text(recovered.error)), \(recovered.warnings)")
            }
        } else if plain.error != recovered.error {
            throw Finding("recovery: \(text(plain.error)) and \(text(recovered.error))")
        }
    }

    /// A selection is what is left when the rest is taken away.
    private static func checkSelection(_ path: String, _ whole: Outcome) throws(Finding) {
        let window = 300.0...500.0
        let selected = Outcome(
            path: path,
            options: options {
                $0.access = .mapped
                $0.selection = SpectrumSelection(msLevels: [1], retentionTimeSeconds: 0...100, mz: window)
            })
        try selected.requirePromises("selection")
        guard whole.error == nil else { return }
        guard selected.error == nil else { throw Finding("selection: \(text(selected.error))") }
        var next = 0
        for i in 0..<whole.block.count {
            let header = whole.block.headers[i]
            guard header.msLevel == 1, (0...100).contains(header.retentionTimeSeconds) else { continue }
            let mz = whole.block.points(of: i).filter { window.contains(whole.block.mz[$0]) }.map { whole.block.mz[$0] }
            // A spectrum whose stated range lies apart from the window is left out.
            if mz.isEmpty, next >= selected.block.count || selected.block.headers[next].index != header.index {
                continue
            }
            guard next < selected.block.count, selected.block.headers[next].index == header.index,
                Array(selected.block.mz[selected.block.points(of: next)]) == mz
            else { throw Finding("selection: spectrum \(header.index)") }
            next += 1
        }
        guard next == selected.block.count else { throw Finding("selection: more than was wanted") }
    }

    /// What libxml2 reads, the fast reader reads, and the same; what is not well-formed XML only libxml2 must notice.
    private static func checkReference(_ path: String, _ fast: Outcome) throws(Finding) {
        let reference = Outcome(path: path, options: options { $0.reader = .reference })
        try reference.requirePromises("reference")
        if let error = reference.error {
            guard error.code != .malformedXML, error.code != .documentType, error.code != .truncated else { return }
            guard fast.error != nil else {
                throw Finding("reference: \(text(error)), and the fast reader finds nothing")
            }
            return
        }
        guard fast.error == nil else {
            throw Finding("reference: reads what stops the fast reader: \(text(fast.error))")
        }
        if let difference = fast.difference(to: reference) { throw Finding("reference: \(difference)") }
        var counts = (fast.counts, reference.counts)
        counts.0.skippedArrayKinds = [:]
        counts.1.skippedArrayKinds = [:]
        guard counts.0 == counts.1 else { throw Finding("reference: counts \(counts.0) and \(counts.1)") }
    }
}
