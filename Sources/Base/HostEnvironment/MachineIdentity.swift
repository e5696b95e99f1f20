import ContentHash

/// The name of a class of machines that may share a tuned profile.
///
/// Holds what decides speed and is stable over reboots: no host name, no clock rate, and memory rounded down to a
/// power of two, because the kernel's total changes by a few MB from boot to boot.
public struct MachineIdentity: Sendable, Hashable, Codable {
    public let architecture: String
    public let cpuModel: String
    public let usableCPUs: Int?
    /// Rounded down to a power of two.
    public let usableMemoryBytes: Int?
    /// `none` without a GPU.
    public let gpuModel: String
    /// The first 12 hexadecimal digits of SHA-256 over `canonicalText`.
    public let id: String

    public init(
        architecture: String, cpuModel: String, usableCPUs: Int?, usableMemoryBytes: Int?, gpuModel: String
    ) {
        self.architecture = architecture
        self.cpuModel = cpuModel
        self.usableCPUs = usableCPUs
        self.usableMemoryBytes = usableMemoryBytes.map(Self.roundedDownToPowerOfTwo)
        self.gpuModel = gpuModel
        let text = Self.canonicalText(architecture, cpuModel, usableCPUs, self.usableMemoryBytes, gpuModel)
        id = String(sha256(text).prefix(12))
    }

    /// The text that is hashed, one `key=value` a line.
    public var canonicalText: String {
        Self.canonicalText(architecture, cpuModel, usableCPUs, usableMemoryBytes, gpuModel)
    }

    /// One line for people: `AMD EPYC, 2 usable CPUs, 16 GiB, GPU none, x86_64`.
    public var summary: String {
        let cpus = usableCPUs.map { $0 == 1 ? "1 usable CPU" : "\($0) usable CPUs" } ?? "CPUs unknown"
        let memory = usableMemoryBytes.map { bytes in
            bytes >= 1 << 30 ? "\(bytes >> 30) GiB" : "\(bytes >> 20) MiB"
        }
        return "\(cpuModel), \(cpus), \(memory ?? "memory unknown"), GPU \(gpuModel), \(architecture)"
    }

    private static func canonicalText(
        _ architecture: String, _ cpuModel: String, _ cpus: Int?, _ memory: Int?, _ gpu: String
    ) -> String {
        """
        architecture=\(architecture)
        cpu=\(cpuModel)
        usable_cpus=\(cpus.map(String.init) ?? "unknown")
        usable_memory=\(memory.map(String.init) ?? "unknown")
        gpu=\(gpu)

        """
    }

    private static func roundedDownToPowerOfTwo(_ bytes: Int) -> Int {
        bytes < 1 ? 0 : 1 << (Int.bitWidth - 1 - bytes.leadingZeroBitCount)
    }
}
