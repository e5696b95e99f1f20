import Annotation
import ContentHash
import SpectralMatching

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The spectral library and the compound table, prepared once as binary files in the cache folder and mapped from there.
public struct ReferenceData: Sendable {
    public let library: SpectralLibrary?
    /// The library's decoys, where a false discovery rate is wanted.
    public let decoys: SpectralLibrary?
    public let compounds: CompoundTable?

    /// Gives all pages of the mapped files back; what is needed again comes from the page cache.
    func releasePages() {
        library?.releasePages()
        decoys?.releasePages()
        compounds?.releasePages()
    }

    /// What searches of all spectra take, of the library and of its decoys; empty where only precursors are looked up.
    func searchMemory(_ configuration: AnalysisConfiguration) -> [SearchMemory] {
        guard let parameters = configuration.search else { return [] }
        let exact = ApproximationSettings()
        return [(library, configuration.approximation), (decoys, exact)].compactMap { library, approximation in
            library?.searchMemory(parameters, approximation)
        }.filter { $0 != SearchMemory() }
    }

    /// Source files; the bundled ones by default.
    public struct Sources: Sendable, Hashable {
        /// Reference spectra in any readable format, or an already built library.
        public var library: String?
        /// Compound tables (TSV, plain or .gz), merged.
        public var compounds: [String]

        public init(library: String?, compounds: [String]) {
            self.library = library
            self.compounds = compounds
        }

        /// What ships with the project.
        public static func bundled(_ locations: DataLocations) -> Sources {
            guard let folder = locations.workloads.map({ "\($0)/libraries" }) else {
                return Sources(library: nil, compounds: [])
            }
            return Sources(
                library: "\(folder)/massbank-2025.05.1-open.msp.gz",
                compounds: [
                    "\(folder)/chebi_complete_3star_rel195_v1.tsv.gz", "\(folder)/lipidmaps_full_20201001_v1.tsv.gz",
                ])
        }
    }

    /// Opens both, preparing first what the cache does not hold.
    /// - Parameters:
    ///   - memoryLimit: bytes that the process may take while it prepares; `nil` for no limit.
    ///   - note: told before a preparation, which takes some seconds.
    /// - Throws: `AnalysisError(.referenceData)` naming the file and the reason, `.outputFailed` where what was prepared cannot be
    ///   written, `.memoryLimit` naming a limit that is enough to prepare it.
    public static func open(
        _ sources: Sources, cache: String, wantsLibrary: Bool, wantsCompounds: Bool, wantsDecoys: Bool = false,
        memoryLimit: Int? = nil, note: (String) -> Void
    ) throws(AnalysisError) -> ReferenceData {
        var library: SpectralLibrary?
        var decoys: SpectralLibrary?
        var compounds: CompoundTable?
        do {
            if wantsLibrary {
                guard let source = sources.library else { throw missing("spectral library", "--library", "matching") }
                let opened = try SpectralLibrary.open(
                    try prepareLibrary(source, cache: cache, memoryLimit: memoryLimit, note: note))
                library = opened
                if wantsDecoys {
                    decoys = try SpectralLibrary.open(
                        try prepareDecoys(of: opened, cache: cache, memoryLimit: memoryLimit, note: note))
                }
            }
            if wantsCompounds {
                guard !sources.compounds.isEmpty else {
                    throw missing("compound table", "--compounds", "annotation")
                }
                compounds = try CompoundTable.open(
                    try prepareCompounds(sources.compounds, cache: cache, memoryLimit: memoryLimit, note: note))
            }
        } catch let error as AnalysisError {
            throw error
        } catch let error as LibraryFileError where error.code == .unwritable {
            throw AnalysisError(.outputFailed, "\(error)")
        } catch let error as LibraryFileError where error.code == .memoryLimit {
            throw AnalysisError(.memoryLimit, "\(error)")
        } catch {
            throw AnalysisError(.referenceData, "\(error)")
        }
        return ReferenceData(library: library, decoys: decoys, compounds: compounds)
    }

    private static func missing(_ what: String, _ option: String, _ stage: String) -> AnalysisError {
        AnalysisError(
            .referenceData,
            "no \(what): the bundled data was not found; set LAVOISIER_DATA_DIR to the project's workloads folder, give "
                + "\(option) FILE, or switch it off with --set \(stage).enabled=false")
    }

    /// The prepared file of a library source; builds it when the cache has none for exactly this source.
    public static func prepareLibrary(
        _ source: String, cache: String, memoryLimit: Int? = nil, note: (String) -> Void
    ) throws -> String {
        if !isText(source) { return source }
        if try LibrarySourceFormat.files(at: source).isFolder {
            throw AnalysisError(
                .referenceData,
                "\(source) is a folder; make one file of it first: lavoisier library build \(source) --output mine.lvsl"
            )
        }
        let destination = try cachedName([source], cache: cache, version: SpectralLibrary.formatVersion, suffix: "lvsl")
        try exclusively(destination, cache: cache) {
            let hash = try sha256(file: source)
            if reuse(destination, suffix: "lvsl", holds: { try SpectralLibrary.open($0).sourceHash == hash }) { return }
            note("preparing the spectral library \(source) (once)")
            _ = try SpectralLibraryBuilder.build(
                source: source, destination: destination, memoryLimit: memoryLimit)
        }
        return destination
    }

    /// The prepared file of a library's decoys; builds it when the cache has none of exactly this library.
    public static func prepareDecoys(
        of library: SpectralLibrary, cache: String, memoryLimit: Int? = nil, note: (String) -> Void
    ) throws -> String {
        let destination = try cachedName(
            [library.path], cache: cache, version: SpectralLibrary.formatVersion,
            suffix: "d\(DecoyLibrary.version).lvsl")
        try exclusively(destination, cache: cache) {
            let hash = DecoyLibrary.sourceHash(of: library)
            if reuse(destination, suffix: "lvsl", holds: { try SpectralLibrary.open($0).sourceHash == hash }) { return }
            note("preparing the decoys of the spectral library \(library.path) (once)")
            try DecoyLibrary.build(of: library, destination: destination, memoryLimit: memoryLimit)
        }
        return destination
    }

    /// The prepared file of the compound tables; builds it when the cache has none for exactly these sources.
    public static func prepareCompounds(
        _ sources: [String], cache: String, memoryLimit: Int? = nil, note: (String) -> Void
    ) throws -> String {
        if sources.count == 1, !isText(sources[0]) { return sources[0] }
        let destination = try cachedName(sources, cache: cache, version: CompoundTable.formatVersion, suffix: "lvct")
        try exclusively(destination, cache: cache) {
            let hashes = try sources.map { try sha256(file: $0) }
            let isSame: (String) throws -> Bool = { path in
                let held = try CompoundTable.open(path).sources
                return held.count == hashes.count && zip(held, hashes).allSatisfy { $0.hasPrefix($1) }
            }
            if reuse(destination, suffix: "lvct", holds: isSame) { return }
            note("preparing the compound table from \(sources.count) files (once)")
            let report = try CompoundTableBuilder.build(
                sources: sources.map { CompoundSource(path: $0, label: databaseName($0)) }, destination: destination,
                memoryLimit: memoryLimit)
            if report.leftOut > 0 {
                note(
                    "\(report.leftOut) rows of the compound tables were left out"
                        + (report.firstProblem.map { "; the first: \($0)" } ?? ""))
            }
        }
        return destination
    }

    /// How a table is named beside its candidates: the database of a bundled file, else the file's name.
    static func databaseName(_ path: String) -> String {
        let name = path.split(separator: "/").last.map { String($0) } ?? path
        if name.hasPrefix("massbank") { return "MassBank" }
        if name.hasPrefix("chebi") { return "ChEBI" }
        if name.hasPrefix("lipidmaps") { return "LIPID MAPS" }
        return String(name.prefix { $0 != "." })
    }

    private static func isText(_ path: String) -> Bool { !path.hasSuffix(".lvsl") && !path.hasSuffix(".lvct") }

    /// A name that changes when a source does: file names, sizes, modification times and the format's version.
    private static func cachedName(
        _ sources: [String], cache: String, version: Int, suffix: String
    ) throws(AnalysisError) -> String {
        var key: UInt64 = 0xCBF2_9CE4_8422_2325
        var stem = ""
        for source in sources {
            var information = stat()
            guard stat(source, &information) == 0 else {
                throw AnalysisError(.referenceData, "cannot read \(source): \(String(cString: strerror(errno)))")
            }
            // FNV-1a: a name for a cache entry, not a proof of identity (the file itself holds the source's SHA-256).
            let facts = "\(source)|\(information.st_size)|\(information.st_mtim.tv_sec)|\(information.st_mtim.tv_nsec)"
            for byte in facts.utf8 { key = (key ^ UInt64(byte)) &* 0x100_0000_01B3 }
            if stem.isEmpty {
                stem = source.split(separator: "/").last.map { String($0.prefix { $0 != "." }) } ?? "reference"
            }
        }
        _ = try OutputDirectory(cache)
        return "\(cache)/\(stem)-v\(version)-\(String(key, radix: 16)).\(suffix)"
    }

    /// Gives a prepared file of the same sources, made for another path or time stamp, a second name.
    private static func reuse(
        _ destination: String, suffix: String, holds: (String) throws -> Bool
    ) -> Bool {
        guard let slash = destination.lastIndex(of: "/"), let directory = opendir(String(destination[..<slash])) else {
            return false
        }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        for name in names.sorted() where name.hasSuffix(".\(suffix)") {
            let path = "\(destination[...slash])\(name)"
            // A file that does not open is of another version or damaged: a new one will be made.
            if (try? holds(path)) == true, link(path, destination) == 0 { return true }
        }
        return false
    }

    /// Runs `build` unless the file exists, one process at a time. The lock's file stays: removing it would let two
    /// processes lock two files of one name.
    private static func exclusively(_ destination: String, cache: String, _ build: () throws -> Void) throws {
        if access(destination, R_OK) == 0 { return }
        let lockPath = "\(cache)/.prepare.lock"
        let lock = Glibc.open(lockPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw AnalysisError.output("write", lockPath) }
        defer { close(lock) }
        while flock(lock, LOCK_EX) != 0 {
            guard errno == EINTR else { throw AnalysisError.output("lock", lockPath) }
        }
        if access(destination, R_OK) == 0 { return }
        try build()
    }
}
