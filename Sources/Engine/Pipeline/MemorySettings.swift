import OutOfCore
import Parameters

/// What `memory.*` says, and how temporary data are packed.
struct MemorySettings: Sendable {
    /// When memory is taken and given back.
    enum Allocation: String, Sendable, CaseIterable {
        /// All buffers at the start; none is given back.
        case aggressive
        /// As late as possible, and back at once.
        case conservative
        /// As needed, and back when memory is short.
        case adaptive
    }

    /// Which blocks the kernel is asked for before they are needed.
    enum Prefetch: String, Sendable, CaseIterable {
        case none
        /// The next one in the order of the file.
        case sequential
        /// The one that follows in the order of the last accesses.
        case predictive
    }

    var usesPools: Bool
    /// Bytes; `nil` is decided by the budget.
    var initialPoolSize: Int?
    var maximumPoolSize: Int?
    var growthFactor: Double
    var allocation: Allocation
    var spectrumBuffer: Int?
    /// Bytes; lowered to what the other pools leave.
    var featureCache: Int
    var resultBuffer: Int?
    var collection: MemoryCollector.Strategy
    /// Share of the memory limit.
    var threshold: Double
    var secondsBetweenLooks: Double?
    var usesCache: Bool
    var cacheSize: Int?
    var prefetch: Prefetch
    var packing: Packing

    init(_ resolved: ResolvedConfiguration) {
        func choice<Choice: RawRepresentable<String>>(_ name: String, _ fallback: Choice) -> Choice {
            Choice(rawValue: resolved.choice(name)) ?? fallback
        }
        let pool = "memory.pool_management."
        usesPools = resolved.boolean(pool + "enable_pools")
        initialPoolSize = resolved.optionalInteger(pool + "initial_pool_size")
        maximumPoolSize = resolved.optionalInteger(pool + "max_pool_size")
        growthFactor = resolved.number(pool + "growth_factor")
        allocation = choice(pool + "allocation_strategy", .adaptive)
        spectrumBuffer = resolved.optionalInteger(pool + "spectrum_buffer")
        featureCache = resolved.integer(pool + "feature_cache")
        resultBuffer = resolved.optionalInteger(pool + "result_buffer")
        collection = choice("memory.garbage_collection.strategy", .adaptive)
        threshold = resolved.number("memory.garbage_collection.threshold")
        secondsBetweenLooks = resolved.optionalNumber("memory.garbage_collection.frequency")
        usesCache = resolved.boolean("memory.caching.enable_smart_cache")
        cacheSize = resolved.optionalInteger("memory.caching.cache_size")
        prefetch = choice("memory.caching.prefetch_strategy", .predictive)
        packing = Self.packing(resolved.choice("storage.write_optimization.compression_level"))
    }

    static let packings: [(name: String, packing: Packing)] = [
        ("adaptive", .adaptive), ("none", .always(.stored)), ("lz4", .always(.lz4)),
        ("zstd-1", .always(.zstd(level: 1))), ("zstd-3", .always(.zstd(level: 3))),
        ("zstd-9", .always(.zstd(level: 9))),
    ]

    private static func packing(_ name: String) -> Packing {
        packings.first { $0.name == name }?.packing ?? .adaptive
    }
}
