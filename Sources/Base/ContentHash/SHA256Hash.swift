import CCrypto

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Incremental SHA-256 (FIPS 180-4).
public final class SHA256Hash {
    private let context: OpaquePointer

    public init() {
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            fatalError("libcrypto cannot start SHA-256 (out of memory, or SHA-256 is disabled in this OpenSSL)")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    public func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// The digest as 64 lower-case hexadecimal digits. Call once, after the last update.
    public func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 32)
        var length: UInt32 = 32
        EVP_DigestFinal_ex(context, &digest, &length)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}

/// SHA-256 of a string's UTF-8 bytes, in hexadecimal.
public func sha256(_ text: String) -> String {
    let hash = SHA256Hash()
    hash.update(text)
    return hash.finish()
}

/// SHA-256 of bytes, in hexadecimal.
public func sha256(_ bytes: some Sequence<UInt8>) -> String {
    let hash = SHA256Hash()
    Array(bytes).withUnsafeBytes { hash.update($0) }
    return hash.finish()
}

/// SHA-256 of a file's content, read in blocks of 1 MiB.
/// - Throws: `FileHashError` with the path and the operating system's reason.
public func sha256(file path: String) throws(FileHashError) -> String {
    guard let file = fopen(path, "rb") else { throw FileHashError(path: path, errorNumber: errno) }
    defer { fclose(file) }
    let hash = SHA256Hash()
    var block = [UInt8](repeating: 0, count: 1 << 20)
    while true {
        let read = fread(&block, 1, block.count, file)
        if read == 0 { break }
        block.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0[..<read])) }
    }
    if ferror(file) != 0 { throw FileHashError(path: path, errorNumber: errno) }
    return hash.finish()
}

/// A file could not be read for hashing.
public struct FileHashError: Error, CustomStringConvertible {
    public let path: String
    public let errorNumber: Int32
    public var description: String { "cannot read \(path): \(String(cString: strerror(errorNumber)))" }
}
