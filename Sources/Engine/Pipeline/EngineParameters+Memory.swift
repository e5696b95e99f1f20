import HostEnvironment
import OutOfCore
import Parameters

extension EngineParameters {
    private static let anySize = ParameterDomain.size(0...(1 << 50))

    private static func memory(
        _ name: String, _ domain: ParameterDomain, _ defaultValue: ParameterValue, unit: String = "", _ text: String,
        when condition: ParameterCondition? = nil, aliases: [ParameterAlias] = [], notSearched: String? = nil
    ) -> ParameterDescription {
        ParameterDescription(
            name: name, group: .execution, domain: domain, defaultValue: defaultValue, unit: unit, text: text,
            condition: condition, searchValues: Self.isList(domain) ? nil : [], aliases: aliases,
            notSearched: notSearched)
    }

    /// What has values to try, where somebody asks for it by name.
    private static func isList(_ domain: ParameterDomain) -> Bool {
        switch domain {
        case .boolean, .choice: true
        default: false
        }
    }

    private static let isBudget = "it says how a memory limit is spent, and acts where the limit is reached"
    private static let isReserve =
        "buffers of spectra are little beside what an analysis takes: the peak of 'medium' was the same by 1 %, and 6 % higher "
        + "where all are taken at the start"
    private static let isSpill = "it acts on temporary data only, which a run has where its memory limit is reached"
    private static let isRhythm = "it says when memory is given back, and acts where the limit is near"

    private static let whenPooled = ParameterCondition(
        parameter: "memory.pool_management.enable_pools", values: [.boolean(true)])
    private static let whenCached = ParameterCondition(
        parameter: "memory.caching.enable_smart_cache", values: [.boolean(true)])

    /// How `execution.memory_limit` is spent, and what happens where it does not suffice.
    static func memory(host: HostDescription) -> [ParameterDescription] {
        let usableMemory = host.usableMemoryBytes.value ?? 4 << 30
        return [
            memory(
                "memory.pool_management.enable_pools", .boolean, .boolean(true),
                "Use the buffers of decoded spectra again. Otherwise each chunk gets new ones, and its memory goes back with it.",
                notSearched: isReserve),
            memory(
                "memory.pool_management.allocation_strategy",
                .choice(MemorySettings.Allocation.allCases.map(\.rawValue)), .choice("adaptive"),
                "aggressive takes all buffers of decoded spectra at the start and keeps them; conservative takes them as late as "
                    + "it can and gives back what is idle; adaptive takes them as they are needed and gives them back when memory is "
                    + "short (memory.garbage_collection).", when: whenPooled, notSearched: isReserve),
            memory(
                "memory.pool_management.initial_pool_size", anySize, .automatic, unit: "bytes",
                "What the buffers of decoded spectra take together when they are made; auto is what the first chunks need, and "
                    + "1MiB for each with the aggressive allocation_strategy.", when: whenPooled, notSearched: isReserve
            ),
            memory(
                "memory.pool_management.max_pool_size", anySize, .automatic, unit: "bytes",
                "Most that the three pools take together; auto is what execution.memory_limit leaves. A larger value than "
                    + "that is lowered to it.", notSearched: isBudget),
            memory(
                "memory.pool_management.growth_factor", .number(1.01...64, .logarithmic), .number(1.5),
                "What the size of a buffer of decoded spectra is at least multiplied by when another spectrum has no room in it, "
                    + "up to its share of spectrum_buffer.", when: whenPooled, notSearched: isReserve),
            memory(
                "memory.pool_management.spectrum_buffer", anySize, .automatic, unit: "bytes",
                "Most memory for chunks of spectra between reading and mass traces; auto is a quarter of what the limit leaves. "
                    + "There is always one chunk for each worker and one more.", notSearched: isBudget),
            ParameterDescription(
                name: "memory.pool_management.feature_cache", group: .execution, domain: anySize,
                defaultValue: .integer(((usableMemory >> 30) + 1) << 30), unit: "bytes",
                text:
                    "Most memory for chromatographic peaks and what becomes of them; more than the other pools leave is lowered to "
                    + "that. Further peaks go to a temporary file, and are taken out of memory between uses.",
                searchValues: [0, 16 << 20, 64 << 20, 256 << 20].map { .integer($0) }, percentBase: usableMemory,
                defaultRule: "all that the other pools leave of the memory limit", purposes: [.memory]),
            memory(
                "memory.pool_management.result_buffer", anySize, .automatic, unit: "bytes",
                "Most memory for rows of result tables that wait to be written; auto is an eighth of what the limit leaves, at "
                    + "most 64MiB.", notSearched: isBudget),
            memory(
                "memory.garbage_collection.strategy",
                .choice(MemoryCollector.Strategy.allCases.map(\.rawValue)), .choice("adaptive"),
                "When idle buffers, cached blocks and pages of files are given back. conservative: when the resident memory "
                    + "is above the threshold. aggressive: whenever it has grown by a sixteenth since they were. adaptive: as "
                    + "conservative, and as aggressive while the machine or the control group is short of memory (pressure stall "
                    + "information, the group's use: looked at when the run begins and every 5 s).",
                notSearched: isRhythm),
            memory(
                "memory.garbage_collection.threshold", .number(0.05...1, .linear), .number(0.85),
                "Share of execution.memory_limit above which memory is given back. More than 0.9 counts as 0.9, so that the limit holds.",
                notSearched: isRhythm),
            memory(
                "memory.garbage_collection.frequency", .number(0.001...3_600, .logarithmic), .automatic, unit: "s",
                "Longest time between two looks at the resident memory; auto is 0.02. Near the limit they are more frequent, down to "
                    + "0.001, whatever it says.",
                notSearched: isRhythm),
            memory(
                "memory.caching.enable_smart_cache", .boolean, .boolean(true),
                "Keep blocks that were read back from temporary files as long as there is room.", notSearched: isSpill),
            memory(
                "memory.caching.cache_size", anySize, .automatic, unit: "bytes",
                "Memory for blocks that were read back; the block that was not used for longest goes first. auto is a sixteenth of "
                    + "what the limit leaves, at most 64MiB.", when: whenCached,
                aliases: [ParameterAlias("storage.cache_optimization.page_cache_size")], notSearched: isBudget),
            memory(
                "memory.caching.prefetch_strategy",
                .choice(MemorySettings.Prefetch.allCases.map(\.rawValue)), .choice("predictive"),
                "Block that the kernel is asked for before it is needed: none, the next one (sequential), or the one that "
                    + "follows in the order of the last accesses (predictive).", when: whenCached, notSearched: isSpill),
            memory(
                "storage.write_optimization.compression_level", .choice(MemorySettings.packings.map(\.name)),
                .choice("adaptive"),
                "How temporary data are packed: not at all, by lz4 or by zstd at a level, or adaptive: for each block the codec "
                    + "that costs the least time with writing, by what was measured on the blocks before.",
                notSearched: isSpill),
        ]
    }
}
