extension HostReader {
    /// What the CPU can execute, in the steps that libraries and compilers choose code by: `x86-64` to `x86-64-v4`
    /// (x86-64 psABI, section 3.1.1), `armv8-a`, `armv8-a+sve`, `armv8-a+sve2`; else the architecture's name.
    public func instructionSetLevel() -> Measured<String> {
        read().architecture.flatMap { architecture in
            hostText("/proc/cpuinfo").map { Self.instructionSetLevel(architecture: architecture, processors: $0) }
        }
    }

    static func instructionSetLevel(architecture: String, processors text: String) -> String {
        switch architecture {
        case "x86_64", "amd64":
            let flags = Set((parseSpacedField("flags", in: text) ?? "").fields.map(String.init))
            var level = "x86-64"
            for (name, needed) in x86Levels {
                guard needed.allSatisfy(flags.contains) else { return level }
                level = name
            }
            return level
        case "aarch64", "arm64":
            let features = (parseSpacedField("Features", in: text) ?? "").fields
            return features.contains("sve2")
                ? "armv8-a+sve2" : features.contains("sve") ? "armv8-a+sve" : "armv8-a"
        default: return architecture
        }
    }

    /// In the kernel's spelling: `pni` is SSE3, `abm` is LZCNT.
    private static let x86Levels: [(String, [String])] = [
        ("x86-64-v2", ["cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"]),
        ("x86-64-v3", ["avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"]),
        ("x86-64-v4", ["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"]),
    ]
}

/// The text after `key<blanks>:` as `/proc/cpuinfo` writes it, of the first such line.
func parseSpacedField(_ key: String, in text: String) -> String? {
    for line in text.lines where line.hasPrefix(key) {
        guard let colon = line.firstIndex(of: ":"), line[..<colon].trimmed == key else { continue }
        return line[line.index(after: colon)...].trimmed
    }
    return nil
}
