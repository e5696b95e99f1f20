import CCrypto

/// Incremental SHA-1 (FIPS 180-4): for formats that demand it, such as indexed mzML. Not for identities; those are SHA-256.
public final class SHA1Hash {
    private let context: OpaquePointer

    /// `nil` where this OpenSSL does not offer SHA-1, as hardened systems may decide.
    public init?() {
        guard let context = EVP_MD_CTX_new() else { return nil }
        guard EVP_DigestInit_ex(context, EVP_sha1(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            return nil
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    public func update(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count > 0 else { return }
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The digest as 40 lower-case hexadecimal digits. Call once, after the last update.
    public func finish() -> String {
        var digest = [UInt8](repeating: 0, count: 20)
        var length: UInt32 = 20
        EVP_DigestFinal_ex(context, &digest, &length)
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
