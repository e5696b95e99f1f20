public import HostEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Under what a number of instructions was counted: two numbers may be compared when their keys are equal.
///
/// Holds what changes the count of an unchanged program by more than its spread and stays equal on other machines of a
/// kind: not the CPU's model, its clock or its number of cores, but who made it.
public struct InstructionKey: Sendable, Hashable, Codable, CustomStringConvertible {
    public let architecture: String
    /// What the program sees: valgrind has no AVX-512, so there `x86-64-v3` is the most.
    public let cpuLevel: String
    /// Name and version, for instance `valgrind-3.19.0`.
    public let tool: String
    /// The compilers that made the program, as its file says.
    public let toolchain: String
    /// The C library, whose copying and comparing is chosen by CPU and changes from version to version.
    public let library: String

    public init(architecture: String, cpuLevel: String, tool: String, toolchain: String, library: String) {
        self.architecture = architecture
        self.cpuLevel = cpuLevel
        self.tool = tool
        self.toolchain = toolchain
        self.library = library
    }

    public var description: String { "\(cpuLevel) (\(architecture)), \(tool), \(toolchain), \(library)" }

    /// What differs, for people: `tool valgrind-3.19.0 against valgrind-3.22.0`; empty for equal keys.
    public func differences(from other: InstructionKey) -> [String] {
        let pairs = [
            ("architecture", architecture, other.architecture), ("CPU level", cpuLevel, other.cpuLevel),
            ("tool", tool, other.tool), ("toolchain", toolchain, other.toolchain),
            ("C library", library, other.library),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1) against \($0.2)" }
    }

    /// Who made the CPU, ` on GenuineIntel`: the library's choices follow it.
    private static var vendor: String {
        let lines = HostReader().hostText("/proc/cpuinfo").value?.split(separator: "\n") ?? []
        let value = lines.first { $0.hasPrefix("vendor_id") }?.split(separator: ":").last
        return value.map { " on \($0.drop { $0 == " " || $0 == "\t" })" } ?? ""
    }

    /// What the C library calls itself, and whose CPU it chooses for: `glibc 2.36 on GenuineIntel`.
    static var systemLibrary: String {
        #if canImport(Glibc)
            var text = [CChar](repeating: 0, count: 64)
            if confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count) > 0 {
                return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + vendor
            }
        #endif
        return "unknown C library"
    }

    /// The level that a program sees under the given tool.
    static func level(_ host: String, under tool: InstructionTool.Kind) -> String {
        guard tool == .cachegrind else { return host }
        if host == "x86-64-v4" { return "x86-64-v3" }
        return host.hasPrefix("armv8-a") ? "armv8-a" : host
    }
}

/// The instructions of one run of a program.
public struct InstructionCount: Sendable, Hashable, Codable {
    /// Instructions of the program in user mode, all threads, start-up included.
    public let instructions: Measured<Int>
    /// Missing where the program or the machine could not be described.
    public let key: Measured<InstructionKey>
    /// SHA-256 of the program's file, debug information included: what was counted.
    public let programSHA256: String?
    /// The run under the tool: whether it ended well and what it said. Its times and memory are the tool's.
    public let run: ChildMeasurement

    public init(
        instructions: Measured<Int>, key: Measured<InstructionKey>, programSHA256: String?, run: ChildMeasurement
    ) {
        self.instructions = instructions
        self.key = key
        self.programSHA256 = programSHA256
        self.run = run
    }
}
