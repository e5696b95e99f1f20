import MzML

/// The Numpress decoder reads any bytes without harm, and encodes what it has decoded to the same again.
enum NumpressCheck {
    static func check(_ bytes: UnsafeBufferPointer<UInt8>) throws(Finding) {}
}
