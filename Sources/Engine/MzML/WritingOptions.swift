/// How binary arrays are packed.
public enum ArrayCompression: String, Sendable, Hashable, Codable, CaseIterable {
    case none
    case zlib
}

/// How a file is written.
public struct WritingOptions: Sendable, Hashable {
    /// Bits of a floating-point number.
    public enum Precision: Int, Sendable, Hashable, Codable, CaseIterable {
        case single = 32
        case double = 64
    }

    /// How the arrays of one kind are written.
    public struct Coding: Sendable, Hashable {
        public var precision: Precision
        /// Takes the place of the floating-point numbers. Arrays that it cannot hold are written without it: empty ones,
        /// and for pic those with an intensity of 2^31 - 1 or more.
        public var numpress: Numpress.Kind?
        /// Of the numbers or of the Numpress stream.
        public var compression: ArrayCompression

        public init(precision: Precision, numpress: Numpress.Kind? = nil, compression: ArrayCompression = .zlib) {
            self.precision = precision
            self.numpress = numpress
            self.compression = compression
        }
    }

    public var mz: Coding
    public var intensity: Coding
    /// 1 (fast) to 12 (small), as libdeflate counts.
    public var zlibLevel = 6
    /// Version of the program that writes, as the file will state it.
    public var programVersion = ""

    /// Lossless for what the reader delivers: m/z as 64-bit and intensity as 32-bit floats.
    public init(compression: ArrayCompression = .zlib) {
        mz = Coding(precision: .double, compression: compression)
        intensity = Coding(precision: .single, compression: compression)
    }
}
