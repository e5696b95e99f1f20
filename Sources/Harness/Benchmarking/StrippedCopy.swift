import ContentHash
import HostEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A copy of a program without debug information, kept by content.
///
/// valgrind 3.19 refuses programs with the debug information that Swift 6.3 writes (DWARF 5), and the instructions
/// are the same without it.
struct StrippedCopy {
    /// Copies kept in the folder; older ones are removed.
    static let kept = 8

    /// The program itself when it has no debug information, else the copy of its content.
    /// - Parameters:
    ///   - sha256: of the program's file.
    ///   - folder: where copies are kept; made when missing.
    ///   - searchPath: where `strip`, `llvm-strip` or `objcopy` may be.
    static func path(
        of program: String, sha256: String, folder: String, searchPath: String, interrupt: InterruptFlag?
    ) -> Measured<String> {
        guard let file = ExecutableFile(path: program) else {
            return .unavailable(reason: "\(program) is no 64-bit ELF program")
        }
        guard file.hasDebugInformation else { return .available(program) }
        let copy = "\(folder)/\(sha256.prefix(16))"
        if access(copy, X_OK) == 0 { return .available(copy) }
        guard let (tool, arguments) = command(from: program, searchPath: searchPath) else {
            return .unavailable(
                reason: "the tool cannot read the debug information of \(program), and neither strip, llvm-strip nor "
                    + "objcopy was found to take it out (Debian: binutils)")
        }
        guard makeFolder(folder) else {
            return .unavailable(reason: "cannot make \(folder): \(systemMessage(errno))")
        }
        let part = "\(copy).part-\(getpid())"
        defer { unlink(part) }
        let run = ChildProcess(
            executable: tool, arguments: arguments(part), environment: ["PATH": searchPath],
            limits: ChildLimits(timeoutSeconds: 300)
        ).run(interrupt: interrupt)
        guard run.termination.isSuccess, chmod(part, 0o755) == 0, rename(part, copy) == 0 else {
            return .unavailable(
                reason: "\(tool) could not copy \(program): \(run.termination) \(run.standardError.text.prefix(300))")
        }
        removeOldest(in: folder)
        return .available(copy)
    }

    private static func command(
        from program: String, searchPath: String
    ) -> (tool: String, arguments: (_ copy: String) -> [String])? {
        for name in ["strip", "llvm-strip"] {
            if let tool = findProgram(name, in: searchPath) {
                return (tool, { ["--strip-debug", "-o", $0, program] })
            }
        }
        return findProgram("objcopy", in: searchPath).map { ($0, { ["--strip-debug", program, $0] }) }
    }

    private static func removeOldest(in folder: String) {
        let dated = folderNames(folder).compactMap { name -> (Int, String)? in
            var information = stat()
            let path = "\(folder)/\(name)"
            guard name.count == 16, stat(path, &information) == 0 else { return nil }
            return (Int(information.st_mtim.tv_sec), path)
        }.sorted { $0 > $1 }
        for (_, path) in dated.dropFirst(kept) { unlink(path) }
    }
}
