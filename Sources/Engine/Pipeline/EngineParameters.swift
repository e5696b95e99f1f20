import HostEnvironment
import Parameters

/// Every setting of the engine, described once: help, YAML, environment, tuner and documentation follow from this list.
public enum EngineParameters {
    public static func descriptions(host: HostDescription) -> [ParameterDescription] {
        execution(host: host) + parallel(host: host) + reading(host: host) + storage + memory(host: host) + numeric
            + kernels
            + reduction + detection + centWave
            + searchStrategy
            + identification + output
    }

    /// What is written beside the three tables that there always are.
    private static let output = FurtherTable.allCases.map { table in
        ParameterDescription(
            name: "output.\(table.rawValue)", group: .execution, domain: .boolean, defaultValue: .boolean(false),
            text: table.summary, searchValues: [], notSearched: "it decides what is written")
    }

    /// The same with every other spelling, with lists of switches, and with the names that are built in.
    public static func catalog(host: HostDescription) -> ParameterCatalog {
        ParameterCatalog(
            descriptions(host: host),
            builtIn: builtIn
                + refused.sorted { $0.key < $1.key }.map { BuiltInSetting($0.key, accepted: [], reason: $0.value) },
            lists: [optimizations])
    }

    /// The parameters that a tuner searches for one target or another when nothing else is said: what cannot change results
    /// beyond a stated bound, can matter on this machine, and is worth the time.
    public static func searched(host: HostDescription) -> [ParameterDescription] {
        descriptions(host: host).filter { $0.reasonNotSearched == nil }
    }

    // MARK: - Execution

    /// Spectra per chunk: large enough that taking a chunk costs nothing against decoding it, small enough that the
    /// chunks in flight stay in the caches (a survey scan is some 10 to 50 kB as text).
    static let defaultChunkSize = 32
    /// Where bytes say how large a chunk is.
    static let mostSpectraPerChunk = 512

    private static func execution(host: HostDescription) -> [ParameterDescription] {
        let usableMemory = host.usableMemoryBytes.value ?? 4 << 30
        let usableCPUs = host.usableCPUs.value ?? 1
        let mostWorkers = min(usableCPUs + max(usableCPUs / 2, 1), 256)
        return [
            ParameterDescription(
                name: "execution.chunk_size", group: .execution, domain: .integer(1...65_536, .logarithmic),
                defaultValue: .integer(defaultChunkSize), unit: "spectra",
                text:
                    "Spectra that a worker decodes at a time. Also the grain of the later stages: traces, queries and "
                    + "features per job follow from it.",
                searchValues: [4, 8, 16, 32, 64, 128, 256, 512, 1_024].map { .integer($0) },
                aliases: [ParameterAlias("memory.chunk_size")],
                automaticRule: "by the size of the spectra, of the file and of its share of the memory"),
            ParameterDescription(
                name: "execution.workers", group: .execution, domain: .integer(1...256, .linear),
                defaultValue: .integer(min(host.recommendedWorkers, 256)), unit: "threads",
                text: "Worker threads.", searchValues: (1...mostWorkers).map { .integer($0) },
                aliases: [ParameterAlias("parallel.workers"), ParameterAlias("parallel.cores")],
                defaultRule: "one per usable physical core; one per usable CPU with parallel.hyperthreading",
                capacity: HostCapacity(usableCPUs, of: "usable CPUs", isBound: false)),
            ParameterDescription(
                name: "execution.buffer_size", group: .execution, domain: .size((16 << 10)...(1 << 30)),
                defaultValue: .integer(defaultBufferSize(host)), unit: "bytes",
                text:
                    "Bytes that are read from a file at a time; of a mapped file the pages of eight times as many stay "
                    + "resident behind the reader.",
                searchValues: (16...26).map { .integer(1 << $0) },
                aliases: [ParameterAlias("storage.read_optimization.buffer_size")],
                defaultRule: "half of a core's L2 cache, 256KiB to 16MiB"),
            ParameterDescription(
                name: "execution.reference_pages", group: .execution, domain: .choice(["keep", "release"]),
                defaultValue: .choice("keep"),
                text:
                    "Pages of the mapped spectral library and compound table: keep them resident once they were read, or "
                    + "release them after every job, so that they do not add up to the size of the files. Released pages "
                    + "stay in the page cache, and a job that needs one again takes it from there.", purposes: [.memory]
            ),
            ParameterDescription(
                name: "matching.batch_processing", group: .execution, domain: .boolean, defaultValue: .boolean(true),
                text:
                    "Search fragment spectra in batches of execution.chunk_size (at most 256), so that a part of the index "
                    + "serves all of them while it is in the cache; otherwise one by one.",
                condition: ParameterCondition(parameter: "matching.enabled", values: [.boolean(true)]),
                notSearched: "neither identity nor open searches of the bundled library were measured to differ"),
            ParameterDescription(
                name: "execution.memory_limit", group: .execution, domain: .size(1...(1 << 50)),
                defaultValue: .integer(max(ByteSize(percent: 80, of: usableMemory).bytes, 64 << 20)), unit: "bytes",
                text:
                    "Most resident memory of the process, as a size or a percentage of the usable memory. A limit below "
                    + "what the other settings need is refused at the start.",
                searchValues: [], percentBase: usableMemory, aliases: [ParameterAlias("memory.memory_limit")],
                defaultRule: "80% of the usable memory", notSearched: "it is a promise, and costs nothing by itself",
                capacity: HostCapacity(usableMemory, of: "usable memory", isBound: true)),
        ]
    }

    private static func defaultBufferSize(_ host: HostDescription) -> Int {
        let half = (host.caches.l2.value ?? 1 << 20) / 2
        let powerOfTwo = 1 << (Int.bitWidth - 1 - max(half, 1).leadingZeroBitCount)
        return min(max(powerOfTwo, 256 << 10), 16 << 20)
    }

    // MARK: - Numeric

    private static let numeric: [ParameterDescription] = [
        ParameterDescription(
            name: "numeric.precision", group: .numeric, domain: .choice(["float64", "float32", "mixed"]),
            defaultValue: .choice("float64"),
            text:
                "Arithmetic of the wavelet transform and of integration; mixed transforms in float32 and integrates in "
                + "float64. m/z and retention time are always float64. Areas agree within 1e-5.", purposes: [.time])
    ]
}
