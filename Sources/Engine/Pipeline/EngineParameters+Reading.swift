import HostEnvironment
import MzML
import Parameters

extension EngineParameters {
    /// How files get into memory, and which part of them is wanted.
    static func reading(host: HostDescription) -> [ParameterDescription] {
        let usableCPUs = host.usableCPUs.value ?? 1
        return [
            ParameterDescription(
                name: "execution.reader", group: .execution, domain: .choice(choices(ReadingOptions.Reader.self)),
                defaultValue: .choice("fast"),
                text:
                    "fast scans the bytes and leaves to libxml2 what it does not follow; reference reads everything through "
                    + "libxml2, an order of magnitude slower. Both give the same result for well-formed files; only reference refuses the "
                    + "others.", notSearched: "a run takes more than twice as long with reference"),
            ParameterDescription(
                name: "execution.file_access", group: .execution, domain: .choice(choices(ReadingOptions.Access.self)),
                defaultValue: .choice("mapped"),
                text:
                    "mapped lets the kernel page files in where they are read, and gives back what lies behind; buffered "
                    + "copies them into a window of buffer_size. Compressed files and pipes are always buffered.",
                aliases: [
                    ParameterAlias(
                        "storage.read_optimization.memory_mapping", words: ["true": "mapped", "false": "buffered"])
                ], purposes: [.memory]),
            ParameterDescription(
                name: "execution.cutting", group: .execution, domain: .choice(choices(ReadingOptions.Cutting.self)),
                defaultValue: .choice("index"),
                text:
                    "Where chunks are cut. index: at the offsets of the file's own index, so that workers share the file "
                    + "without anybody reading it first; without a right index as scan. scan: where a search finds the ends "
                    + "of spectra. careful: where a scan of every tag does, as all of them do after a cut that was wrong.",
                searchValues: [.choice("index"), .choice("scan")],
                notSearched:
                    "with a right index scan takes 1 to 2 % longer, careful 5 %, and without one the file is scanned anyway"
            ),
            ParameterDescription(
                name: "execution.readahead", group: .execution, domain: .choice(choices(ReadingOptions.Advice.self)),
                defaultValue: .choice("willneed"),
                text:
                    "What the kernel is told of a file (posix_fadvise, madvise). normal: nothing. sequential: that it is read in "
                    + "order. willneed: which bytes are needed next, 4 MiB ahead of the workers; of a buffered file its start. "
                    + "Workers are at several places of a mapped file, which the kernel takes for no order: told nothing, it "
                    + "reads around what is missing, told sequential, small pieces.",
                aliases: [
                    ParameterAlias(
                        "storage.read_optimization.readahead_strategy",
                        words: ["none": "normal", "sequential": "sequential", "aggressive": "willneed"])
                ], notSearched: inMemory),
            ParameterDescription(
                name: "execution.io_workers", group: .execution, domain: .integer(1...64, .linear),
                defaultValue: .integer(1), unit: "threads",
                text: "Threads that read ahead, for all files together; none is started where nothing is read ahead.",
                condition: isReadAhead, searchValues: [1, 2, 4].map { .integer($0) },
                aliases: [
                    ParameterAlias("storage.read_optimization.io_threads"), ParameterAlias("parallel.concurrent_tasks"),
                ], notSearched: inMemory),
            ParameterDescription(
                name: "execution.concurrent_files", group: .execution, domain: .integer(1...64, .linear),
                defaultValue: .integer(1), unit: "files",
                text:
                    "Files that are analysed at the same time. The workers are shared out among them, so more files than "
                    + "workers is as many as workers.",
                searchValues: (0...6).map { 1 << $0 }.filter { $0 <= max(usableCPUs, 2) }.map { .integer($0) },
                aliases: [ParameterAlias("storage.read_optimization.concurrent_files")]),
        ]
    }

    /// What is left out before anything is decoded.
    static let reduction: [ParameterDescription] = [
        ParameterDescription(
            name: "selection.first_second", group: .analysis, domain: .number(-1e9...1e9, .linear),
            defaultValue: .automatic, unit: "s",
            text: "Spectra before this retention time are left out; auto begins with the file.", searchValues: []),
        ParameterDescription(
            name: "selection.last_second", group: .analysis, domain: .number(-1e9...1e9, .linear),
            defaultValue: .automatic, unit: "s",
            text: "Spectra behind this retention time are left out; auto ends with the file.", searchValues: []),
        ParameterDescription(
            name: "selection.lowest_mz", group: .analysis, domain: .number(0...1e6, .linear), defaultValue: .automatic,
            unit: "m/z", text: "Points below are left out.", searchValues: []),
        ParameterDescription(
            name: "selection.highest_mz", group: .analysis, domain: .number(0...1e6, .linear), defaultValue: .automatic,
            unit: "m/z", text: "Points above are left out.", searchValues: []),
        ParameterDescription(
            name: "selection.recover", group: .analysis, domain: .boolean, defaultValue: .boolean(false),
            text:
                "Whether a file that ends too early is analysed as far as it goes, with a notice that says what is "
                + "missing. Otherwise it is an error.", searchValues: []),
    ]

    private static func choices<Choice: CaseIterable & RawRepresentable>(
        _ type: Choice.Type
    ) -> [String] where Choice.RawValue == String { type.allCases.map(\.rawValue) }
}
