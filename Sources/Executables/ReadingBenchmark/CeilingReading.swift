import CReadingCeilings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file in memory, and the ceilings that run over it.
final class CeilingReading {
    /// The three passes that can be timed.
    enum Pass: String, CaseIterable {
        case tokenizer, bytewiseTokenizer, arrays
    }

    let path: String
    /// Bytes of the file.
    let length: Int
    /// Whether the payloads are compressed, all alike; `nil` when some are and some are not.
    private(set) var isCompressed: Bool?
    private var decodedBytes = 0
    private let document: UnsafeMutablePointer<UInt8>
    private let scratch: OpaquePointer

    /// Loads the file.
    init(path: String) throws(ReadingBenchmarkError) {
        guard let file = fopen(path, "rb") else {
            throw ReadingBenchmarkError(path: path, reason: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var information = stat()
        guard fstat(fileno(file), &information) == 0, let scratch = ceiling_scratch_create() else {
            throw ReadingBenchmarkError(path: path, reason: String(cString: strerror(errno)))
        }
        let length = Int(information.st_size)
        document = .allocate(capacity: length + Int(CEILING_PADDING))
        document.update(repeating: 0, count: length + Int(CEILING_PADDING))
        self.path = path
        self.length = length
        self.scratch = scratch
        guard fread(document, 1, length, file) == length else {
            throw ReadingBenchmarkError(path: path, reason: "only a part of it could be read")
        }
    }

    deinit {
        document.deallocate()
        ceiling_scratch_destroy(scratch)
    }

    /// The bytes of the file; valid while this lives.
    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: document, count: length) }

    /// One timed pass.
    func run(_ pass: Pass) throws(ReadingBenchmarkError) {
        let totals = run(pass, sums: nil)
        guard totals.status == ceiling_ok, totals.decoded_bytes == decodedBytes else {
            throw failure(of: pass, totals)
        }
    }

    /// What the file holds. Runs every pass once, and holds their payloads equal; to be called before `run`.
    func answer() throws(ReadingBenchmarkError) -> ReadingAnswer {
        var sums = ceiling_sums()
        let totals = run(.tokenizer, sums: &sums)
        guard totals.status == ceiling_ok else { throw failure(of: .tokenizer, totals) }
        decodedBytes = totals.decoded_bytes
        let compressed = totals.inflated_payloads
        isCompressed = compressed == 0 ? false : compressed == totals.payloads ? true : nil
        guard sums.mz_points == sums.intensity_points else {
            throw ReadingBenchmarkError(
                path: path, reason: "\(sums.mz_points) values of m/z and \(sums.intensity_points) intensities")
        }
        for other in Pass.allCases where other != .tokenizer && (other != .arrays || isCompressed != nil) {
            var found = ceiling_sums()
            let again = run(other, sums: &found)
            guard again.status == ceiling_ok, found.digest == sums.digest, again.payloads == totals.payloads else {
                throw failure(of: other, again)
            }
        }
        return ReadingAnswer(points: sums.mz_points, mzSum: sums.mz_sum, intensitySum: sums.intensity_sum)
    }

    private func run(_ pass: Pass, sums: UnsafeMutablePointer<ceiling_sums>?) -> ceiling_totals {
        switch pass {
        case .tokenizer: ceiling_tokenizer(scratch, document, length, ceiling_vectorised_tags, sums)
        case .bytewiseTokenizer: ceiling_tokenizer(scratch, document, length, ceiling_bytewise_tags, sums)
        case .arrays: ceiling_arrays(scratch, document, length, isCompressed == true ? 1 : 0, sums)
        }
    }

    private func failure(of pass: Pass, _ totals: ceiling_totals) -> ReadingBenchmarkError {
        ReadingBenchmarkError(
            path: path,
            reason:
                "the ceiling '\(pass.rawValue)' stops at byte \(totals.position) with status \(totals.status.rawValue)"
                + " after \(totals.payloads) payloads of \(totals.decoded_bytes) bytes (\(decodedBytes) expected)")
    }
}
