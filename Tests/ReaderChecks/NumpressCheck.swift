import MzML

/// The Numpress decoder gives the number of values that is asked for, or an error, whatever the bytes.
enum NumpressCheck {
    /// - Parameter bytes: the coding, the number of values, and what is decoded.
    static func check(_ bytes: UnsafeBufferPointer<UInt8>) throws(Finding) {
        guard bytes.count >= 2 else { return }
        let kind = Numpress.Kind.allCases[Int(bytes[0]) % Numpress.Kind.allCases.count]
        let payload = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[2...])
        // Of exactly the size, so that the address sanitizer sees what is written outside.
        let count = Int(bytes[1])
        let values = UnsafeMutablePointer<Double>.allocate(capacity: count)
        defer { values.deallocate() }
        do throws(MzMLError) {
            try Numpress.decode(kind, payload, count: count, into: values)
        } catch {
            guard [.wrongLength, .invalidCompression].contains(error.code) else {
                throw Finding("Numpress \(kind): \(error)")
            }
        }
    }
}
