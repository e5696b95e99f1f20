#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension HostReader {
    /// What `uname -m` says.
    static func systemArchitecture() -> Measured<String> {
        var name = utsname()
        guard uname(&name) == 0 else { return .unavailable(reason: "uname: \(String(cString: strerror(errno)))") }
        let machine = withUnsafePointer(to: &name.machine) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                String(cString: $0)
            }
        }
        return .available(machine)
    }

    /// Cache sizes as libc knows them (from CPUID), for machines whose sysfs has none.
    static func systemCaches() -> CacheSizes {
        #if canImport(Glibc)
            func size(_ name: Int, _ level: String) -> Measured<Int> {
                let bytes = sysconf(Int32(name))
                return Measured(
                    bytes > 0 ? bytes : nil, otherwise: "neither sysfs nor sysconf knows the \(level) cache")
            }
            return CacheSizes(
                l1Data: size(Int(_SC_LEVEL1_DCACHE_SIZE), "L1 data"), l2: size(Int(_SC_LEVEL2_CACHE_SIZE), "L2"),
                l3: size(Int(_SC_LEVEL3_CACHE_SIZE), "L3"))
        #else
            let none = Measured<Int>.unavailable(reason: "cache sizes are read on Linux only")
            return CacheSizes(l1Data: none, l2: none, l3: none)
        #endif
    }
}

/// The given variables of this process's environment, those that are set.
func environmentVariables(_ names: [String]) -> [String: String] {
    var variables: [String: String] = [:]
    for name in names {
        if let value = getenv(name) { variables[name] = String(cString: value) }
    }
    return variables
}
