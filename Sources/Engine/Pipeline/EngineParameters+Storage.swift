import MzML
import Parameters

extension EngineParameters {
    /// What is read ahead, what is remembered of files, and how results get to the disk.
    static let storage: [ParameterDescription] = [
        ParameterDescription(
            name: "storage.read_optimization.prefetch_strategy", group: .execution,
            domain: .choice(PrefetchStrategy.allCases.map(\.rawValue)), defaultValue: .choice("none"),
            text:
                "What is read before it is needed, mapped, buffered or compressed. none: nothing beyond what the kernel "
                + "reads ahead by itself. sequential: the next buffers in the order of the file, more of them the more were used. "
                + "aggressive: prefetch_size bytes from the start, and always. predictive: as many as will be needed while "
                + "the next one is being read, and where spectra are left out, only the bytes that will be looked at.",
            notSearched: inMemory),
        ParameterDescription(
            name: "storage.read_optimization.prefetch_size", group: .execution,
            domain: .size((16 << 10)...(1 << 40)), defaultValue: .integer(16 << 20), unit: "bytes",
            text:
                "Bytes that may have been asked for and not been used yet, of all files together. What finds no room is read "
                + "when it is needed. At most an eighth of the memory limit, and part of it.",
            condition: isReadAhead, searchValues: [20, 22, 24, 26, 28].map { .integer(1 << $0) },
            aliases: [ParameterAlias("parallel.buffer_size")], notSearched: inMemory),
        ParameterDescription(
            name: "storage.write_optimization.write_buffer_size", group: .execution,
            domain: .size((4 << 10)...(1 << 30)), defaultValue: .integer(256 << 10), unit: "bytes",
            text:
                "Bytes that are gathered for each write to an output file; at most a sixty-fourth part of the memory limit for each "
                + "output, and part of it.",
            searchValues: [14, 16, 18, 20, 22].map { .integer(1 << $0) },
            notSearched: "writing overlaps with other work: no size was faster, 4MiB took 2 % longer on short runs"),
        ParameterDescription(
            name: "storage.write_optimization.sync_strategy", group: .execution,
            domain: .choice(OutputSynchronization.allCases.map(\.rawValue)), defaultValue: .choice("delayed"),
            text:
                "When results are put on the disk. Each file gets its name when it is whole, in any case. immediate: every buffer "
                + "before the next one. delayed: each file once, before it gets its name. none: left to the kernel, so that "
                + "a power cut within half a minute may leave empty files under the right names.",
            searchValues: [], notSearched: "whether results outlive a power cut is for the user to say, not for speed"),
        ParameterDescription(
            name: "storage.cache_optimization.metadata_cache", group: .execution, domain: .size(0...(1 << 40)),
            defaultValue: .integer(4 << 20), unit: "bytes",
            text:
                "Headers of files that are remembered for files that are opened again: to infer the instrument, to read with "
                + "more care, to analyse once more in the same process. At most a thirty-second part of the memory limit.",
            searchValues: [], notSearched: "a trial opens each file once or twice, and a header is small"),
        ParameterDescription(
            name: "storage.cache_optimization.directory_cache", group: .execution, domain: .size(0...(1 << 40)),
            defaultValue: .integer(16 << 20), unit: "bytes",
            text:
                "Indices of spectra that are remembered for files that are opened again, 8 bytes per spectrum. At most a "
                + "thirty-second part of the memory limit.",
            searchValues: [], notSearched: "a trial opens each file once or twice, and reads its index once"),
    ]

    /// Why a study leaves alone what acts on files that are not in memory.
    static let inMemory = "the runs of a study find their files in memory; it acts on files that come from a disk"

    /// Something is read ahead.
    static let isReadAhead = ParameterCondition(
        parameter: "storage.read_optimization.prefetch_strategy",
        values: PrefetchStrategy.allCases.filter { $0 != .none }.map { .choice($0.rawValue) })
}
