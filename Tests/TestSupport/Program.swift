import Foundation

/// Runs the programs that the package builds, as a user would.
public enum Program {
    public struct Outcome: Sendable {
        /// Exit status; 128 + number for a signal.
        public let status: Int32
        public let output: String
        public let error: String
    }

    /// What tests and programs run under (`scripts/sanitize.sh`): `thread`, `address`, or nothing.
    private static var sanitizer: String? { ProcessInfo.processInfo.environment["LAVOISIER_SANITIZER"] }
    /// A sanitizer takes memory and address space of its own.
    public static var isSanitized: Bool { sanitizer != nil }
    /// The thread sanitizer writes and maps files when a program starts, which fails where their size is limited.
    public static var mayLimitFileSizes: Bool { sanitizer != "thread" }

    /// The built program beside the running test bundle.
    public static func path(_ name: String) -> String {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
    }

    /// Runs a program to its end.
    ///
    /// - Parameter environment: added to PATH and HOME; nothing else is inherited, and no tuned profile of this machine is
    ///   found, wherever its user keeps one.
    /// - Parameter directory: working directory; by default one that cannot hold a `config` folder.
    /// - Parameter shellLimits: `ulimit` commands that precede the program, for example `ulimit -f 8`.
    public static func run(
        _ name: String, _ arguments: [String], environment: [String: String] = [:], directory: String? = nil,
        shellLimits: String? = nil, outputFile: String? = nil
    ) throws -> Outcome {
        let process = Process()
        let program = name.hasPrefix("/") ? name : path(name)
        if let shellLimits {
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "\(shellLimits); exec \"$0\" \"$@\"", program] + arguments
        } else {
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
        }
        process.currentDirectoryURL = URL(fileURLWithPath: directory ?? "/proc")
        let inherited = ProcessInfo.processInfo.environment
        var variables = environment
        let ofSanitizers = ["TSAN_OPTIONS", "ASAN_OPTIONS"]
        for key in ["PATH", "HOME", "LD_LIBRARY_PATH", "XDG_CACHE_HOME", "OPENBLAS_CORETYPE"]
            + (isSanitized ? ofSanitizers : []) where variables[key] == nil
        {
            variables[key] = inherited[key]
        }
        if variables["XDG_CONFIG_HOME"] == nil { variables["XDG_CONFIG_HOME"] = "/proc/no-configuration" }
        process.environment = variables
        let outputPipe = Pipe()
        let errorPipe = Pipe()
        if let outputFile {
            process.standardOutput = FileHandle(forWritingAtPath: outputFile)
        } else {
            process.standardOutput = outputPipe
        }
        process.standardError = errorPipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Both pipes are drained at once: a full one would block the child.
        let errorReader = Reader(errorPipe.fileHandleForReading)
        let output = outputFile == nil ? outputPipe.fileHandleForReading.readDataToEndOfFile() : Data()
        let error = errorReader.finish()
        process.waitUntilExit()
        let status =
            process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return Outcome(
            status: status, output: String(decoding: output, as: UTF8.self),
            error: String(decoding: error, as: UTF8.self))
    }

    private final class Reader: @unchecked Sendable {
        private var data = Data()
        private let done = DispatchSemaphore(value: 0)

        init(_ handle: FileHandle) {
            Thread.detachNewThread {
                self.data = handle.readDataToEndOfFile()
                self.done.signal()
            }
        }

        func finish() -> Data {
            done.wait()
            return data
        }
    }
}
