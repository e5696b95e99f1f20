import ContentHash
public import HostEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Counts the instructions that a program executes: a figure that neighbours on the machine do not change.
///
/// Runs the program under valgrind's cachegrind or, where there is none, under `perf stat`, with Swift's hashing made
/// deterministic. Blind to what costs no instructions: caches, memory bandwidth, locks, waiting for storage. Nearly the
/// same in every run of one thread; with more threads, what they do while they wait is counted too.
public struct InstructionCounter: Sendable {
    public let tool: InstructionTool
    private let cacheFolder: String
    private let searchPath: String
    private let level: Measured<String>
    private let architecture: Measured<String>

    /// Looks for a tool and tries it. Start it once and keep the answer: it runs programs.
    /// - Parameters:
    ///   - cacheFolder: for copies of programs without debug information; absolute, made when needed.
    ///   - searchPath: folders of tools; nil: `PATH` of this process.
    ///   - kinds: the tools to try, the preferred one first.
    /// - Returns: unavailable with what was found missing, tool by tool.
    public static func probe(
        cacheFolder: String, searchPath: String? = nil, kinds: [InstructionTool.Kind] = [.cachegrind, .perf],
        host: HostReader = HostReader()
    ) -> Measured<InstructionCounter> {
        precondition(cacheFolder.hasPrefix("/"), "the cache folder must be absolute")
        let searchPath = searchPath ?? getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        var reasons: [String] = []
        for kind in kinds {
            switch findTool(kind, in: searchPath) {
            case .available(let tool):
                return .available(
                    InstructionCounter(
                        tool: tool, cacheFolder: cacheFolder, searchPath: searchPath,
                        level: host.instructionSetLevel(), architecture: host.read().architecture))
            case .unavailable(let reason): reasons.append(reason)
            }
        }
        return .unavailable(reason: reasons.isEmpty ? "no tool was asked for" : reasons.joined(separator: "; "))
    }

    /// Runs the program once under the tool.
    ///
    /// The program gets the given environment and `SWIFT_DETERMINISTIC_HASHING=1`. Memory limits are left out, since the
    /// tool's own memory would count; the time limit holds, and has to allow for the tool (cachegrind: 20 to 50 times).
    /// Give the program fixed arguments, one thread and fixed seeds, and check its results as after any other run.
    /// - Returns: the count is unavailable when the program did not exit with status 0.
    public func count(_ process: ChildProcess, interrupt: InterruptFlag? = nil) -> InstructionCount {
        let hash = try? sha256(file: process.executable)
        let prepared = program(process.executable, sha256: hash, interrupt: interrupt)
        guard case .available(let program) = prepared else {
            return InstructionCount(
                instructions: .unavailable(reason: prepared.reason ?? ""), key: key(of: process.executable),
                programSHA256: hash, run: .neverRan(counter: prepared.reason ?? ""))
        }
        do throws(BenchmarkingError) {
            let folder = try WorkFolder(name: "lavoisier-instructions")
            let result = "\(folder.path)/count"
            let log = "\(folder.path)/log"
            let run = counted(process, program: program, result: result, log: log).run(interrupt: interrupt)
            return InstructionCount(
                instructions: instructions(of: run, result: result, log: log), key: key(of: process.executable),
                programSHA256: hash, run: run)
        } catch {
            return InstructionCount(
                instructions: .unavailable(reason: error.description), key: key(of: process.executable),
                programSHA256: hash, run: .neverRan(counter: error.description))
        }
    }

    // MARK: the tool

    private static func findTool(_ kind: InstructionTool.Kind, in searchPath: String) -> Measured<InstructionTool> {
        let name = kind == .cachegrind ? "valgrind" : "perf"
        guard let path = findProgram(name, in: searchPath) else {
            return .unavailable(reason: "\(name) is not installed")
        }
        func output(_ arguments: [String]) -> ChildMeasurement {
            ChildProcess(
                executable: path, arguments: arguments, environment: ["PATH": searchPath],
                limits: ChildLimits(timeoutSeconds: 60)
            ).run()
        }
        let asked = output(["--version"])
        let version = asked.standardOutput.text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard asked.termination.isSuccess, !version.isEmpty else {
            return .unavailable(reason: "\(path) does not start: \(asked.termination)")
        }
        if kind == .perf, let reason = obstacle(toPerf: output) { return .unavailable(reason: reason) }
        return .available(InstructionTool(kind: kind, path: path, version: version))
    }

    /// Whether the CPU counts instructions for this user: many virtual machines do not, some containers forbid it.
    private static func obstacle(toPerf run: ([String]) -> ChildMeasurement) -> String? {
        let trial = run(["stat", "--field-separator", ",", "--event", "instructions:u", "--", "/bin/true"])
        let said = trial.standardError.text
        guard trial.termination.isSuccess, let line = InstructionTool.perfLine(in: said) else {
            let last = said.split(whereSeparator: \.isNewline).last.map { ": \($0.prefix(200))" } ?? ""
            return "perf may not count (\(trial.termination)\(last))"
        }
        guard line.first?.isNumber == true else {
            return "perf finds no instruction counter in this CPU (\(line.split(separator: ",")[0]))"
        }
        return nil
    }

    private func program(_ path: String, sha256: String?, interrupt: InterruptFlag?) -> Measured<String> {
        guard let sha256 else { return .unavailable(reason: "cannot read \(path)") }
        guard tool.kind == .cachegrind else { return .available(path) }
        return StrippedCopy.path(
            of: path, sha256: sha256, folder: "\(cacheFolder)/stripped-programs", searchPath: searchPath,
            interrupt: interrupt)
    }

    private func counted(_ process: ChildProcess, program: String, result: String, log: String) -> ChildProcess {
        var counted = process
        counted.executable = tool.path
        counted.arguments = tool.arguments(program: program, arguments: process.arguments, result: result, log: log)
        counted.environment["SWIFT_DETERMINISTIC_HASHING"] = "1"
        // Libraries that lie beside the program ($ORIGIN) do not lie beside its copy.
        if program != process.executable, let slash = process.executable.lastIndex(of: "/") {
            let folder = String(process.executable[..<slash])
            if folderNames(folder).contains(where: { $0.hasSuffix(".so") || $0.contains(".so.") }) {
                let given = counted.environment["LD_LIBRARY_PATH"].map { ":\($0)" } ?? ""
                counted.environment["LD_LIBRARY_PATH"] = folder + given
            }
        }
        counted.limits.memoryBytes = nil
        counted.limits.addressSpaceBytes = nil
        return counted
    }

    private func instructions(of run: ChildMeasurement, result: String, log: String) -> Measured<Int> {
        guard run.termination.isSuccess else {
            let said = (readTextFile(log) ?? "") + run.standardError.text
            let lines = said.split(whereSeparator: \.isNewline).suffix(3).map { $0.prefix(200) }
            return .unavailable(
                reason: "under \(tool.version) the program \(run.termination): " + lines.joined(separator: " | "))
        }
        return Measured(
            readTextFile(result).flatMap { tool.instructions(in: $0) },
            otherwise: "\(tool.version) wrote no whole count")
    }

    private func key(of program: String) -> Measured<InstructionKey> {
        let compilers = ExecutableFile(path: program)?.compilers ?? []
        return architecture.combined(with: level) { architecture, level in
            InstructionKey(
                architecture: architecture, cpuLevel: InstructionKey.level(level, under: tool.kind), tool: tool.version,
                toolchain: compilers.isEmpty ? "unknown compiler" : compilers.joined(separator: ", "),
                library: InstructionKey.systemLibrary)
        }
    }
}
