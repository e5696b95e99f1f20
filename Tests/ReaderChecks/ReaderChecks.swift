import CLibXML2
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
        guard bytes.starts(with: [0x1F, 0x8B]) else {
            try checkReaders(scratch, isWellFormed: isWellFormed(bytes))
            try checkMemory(bytes, scratch)
            // Cut off, by a rule that depends on nothing but the bytes.
            if bytes.count > 64 { try checkCut(bytes, at: bytes.count * 7 / 8, scratch) }
            return
        }
        let inflated = try GzipCheck.check(bytes, scratch: scratch)
        let isXML = inflated.map { $0.withUnsafeBufferPointer { isWellFormed($0) } } ?? false
        try checkReaders(scratch, isWellFormed: isXML)
    }

    private static func isWellFormed(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let options = Int32(XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue | XML_PARSE_NONET.rawValue)
        let document = bytes.withMemoryRebound(to: CChar.self) {
            xmlReadMemory($0.baseAddress, Int32($0.count), nil, nil, options)
        }
        xmlFreeDoc(document)
        return document != nil
    }

    /// Inputs that start like this go to the Numpress decoder.
    private static let numpressPrefix = Array("NUMPRESS".utf8)

    /// All ways of reading keep the promises; what is well-formed XML they read alike, errors included. What is not is
    /// damaged somewhere, and how soon that shows may depend on the way.
    private static func checkReaders(_ scratch: ScratchFile, isWellFormed: Bool) throws(Finding) {
        let careful = Outcome(path: scratch.path, options: options { $0.cutting = .careful })
        try careful.requirePromises("careful")
        for (name, mode) in modes {
            let outcome = Outcome(path: scratch.path, options: mode)
            try outcome.requirePromises(name)
            guard isWellFormed else { continue }
            if let difference = careful.difference(to: outcome) { throw Finding("\(name): \(difference)") }
            guard careful.counts == outcome.counts else {
                throw Finding("\(name): counts \(careful.counts) and \(outcome.counts)")
            }
            // How far beyond a defect the file was looked at depends on the way.
            guard careful.error != nil || careful.warnings == outcome.warnings else {
                throw Finding("\(name): warnings \(careful.warnings) and \(outcome.warnings)")
            }
            guard careful.error == outcome.error else {
                throw Finding("\(name): \(text(careful.error)) and \(text(outcome.error))")
            }
        }
        let selected = try checkedSelection(scratch.path)
        let reference = Outcome(path: scratch.path, options: options { $0.reader = .reference })
        try reference.requirePromises("reference")
        guard isWellFormed else { return }
        try requireSelection(selected, of: careful)
        try requireSame(careful, reference)
    }

    private static func checkMemory(_ bytes: UnsafeBufferPointer<UInt8>, _ scratch: ScratchFile) throws(Finding) {
        let path = scratch.path
        let file = Outcome(path: path, options: options { $0.cutting = .scan })
        for cutting in [ReadingOptions.Cutting.careful, .scan] {
            let memory = Outcome(memory: bytes, name: path, options: options { $0.cutting = cutting })
            try memory.requirePromises("memory")
            guard memory.error == nil, file.error == nil else { continue }
            if let difference = file.difference(to: memory) { throw Finding("memory: \(difference)") }
        }
    }

    /// A file that ends too early gives what it holds whole, and recovery gives the same without the error.
    private static func checkCut(
        _ bytes: UnsafeBufferPointer<UInt8>, at end: Int, _ scratch: ScratchFile
    ) throws(Finding) {
        guard isWellFormed(bytes) else { return }
        scratch.write(UnsafeBufferPointer(rebasing: bytes[..<end]))
        let careful = Outcome(path: scratch.path, options: options { $0.cutting = .careful })
        let quick = Outcome(path: scratch.path, options: options { $0.access = .mapped })
        let reference = Outcome(path: scratch.path, options: options { $0.reader = .reference })
        let recovered = Outcome(path: scratch.path, options: options { $0.recoversTruncation = true })
        // A spectrum that is cut may hold another defect, which the reference reader meets first.
        for (name, outcome) in [("quick", quick), ("reference", reference), ("recovery", recovered)] {
            try outcome.requirePromises("cut, \(name)")
            if let difference = careful.difference(to: outcome) {
                throw Finding("cut at \(end), \(name): \(difference)")
            }
            guard name == "recovery" || (careful.error == nil) == (outcome.error == nil) else {
                throw Finding("cut at \(end), \(name): \(text(careful.error)) and \(text(outcome.error))")
            }
        }
        if careful.error?.code == .truncated, careful.header != nil {
            guard recovered.error == nil, !recovered.warnings.isEmpty else {
                throw Finding("cut at \(end), recovery: \(text(recovered.error)), \(recovered.warnings)")
            }
        } else if careful.error != recovered.error {
            throw Finding("cut at \(end), recovery: \(text(careful.error)) and \(text(recovered.error))")
        }
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
                $0.prefetcher = Prefetcher(strategy: .sequential, size: 1 << 16, threads: 1)
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

    private static let window = 300.0...500.0

    private static func checkedSelection(_ path: String) throws(Finding) -> Outcome {
        let selected = Outcome(
            path: path,
            options: options {
                $0.access = .mapped
                $0.selection = SpectrumSelection(msLevels: [1], retentionTimeSeconds: 0...100, mz: window)
            })
        try selected.requirePromises("selection")
        return selected
    }

    /// A selection is what is left when the rest is taken away.
    private static func requireSelection(_ selected: Outcome, of whole: Outcome) throws(Finding) {
        guard whole.error == nil else { return }
        guard selected.error == nil else { throw Finding("selection: \(text(selected.error))") }
        var next = 0
        for i in 0..<whole.block.count {
            let header = whole.block.headers[i]
            guard header.msLevel == 1, (0...100).contains(header.retentionTimeSeconds) else { continue }
            let mz = whole.block.points(of: i).filter { window.contains(whole.block.mz[$0]) }.map { whole.block.mz[$0] }
            let isThere = next < selected.block.count && selected.block.headers[next].index == header.index
            // A spectrum whose stated range lies apart from the window is left out.
            if !isThere, mz.isEmpty { continue }
            guard isThere, Array(selected.block.mz[selected.block.points(of: next)]) == mz else {
                throw Finding("selection: spectrum \(header.index)")
            }
            next += 1
        }
        guard next == selected.block.count else { throw Finding("selection: more than was wanted") }
    }

    /// What libxml2 reads, the fast reader reads, and the same; where one stops, the other does.
    private static func requireSame(_ fast: Outcome, _ reference: Outcome) throws(Finding) {
        guard fast.error?.code == reference.error?.code else {
            throw Finding("reference: \(text(reference.error)); fast: \(text(fast.error))")
        }
        if let difference = fast.difference(to: reference) { throw Finding("reference: \(difference)") }
        var counts = (fast.counts, reference.counts)
        counts.0.skippedArrayKinds = [:]
        counts.1.skippedArrayKinds = [:]
        guard fast.error != nil || "\(fast.chromatograms)" == "\(reference.chromatograms)" else {
            throw Finding("reference: chromatograms \(fast.chromatograms) and \(reference.chromatograms)")
        }
        guard counts.0 == counts.1 else { throw Finding("reference: counts \(counts.0) and \(counts.1)") }
    }
}
