internal import CChildLauncher

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Calls `child_launch` with C copies of a `ChildProcess`.
enum ChildLaunch {
    case started(child_started)
    case failed(Termination)

    /// - Parameters:
    ///   - group: the cgroup that the child enters before it is measured.
    ///   - dataBytes: RLIMIT_DATA.
    init(
        _ process: ChildProcess, output: Int32, error: Int32, group: MemoryControlGroup? = nil, dataBytes: Int? = nil
    ) {
        let texts =
            [process.executable, process.workingDirectory ?? ""] + process.arguments
            + process.environment.flatMap { [$0.key, $0.value] }
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            self = .failed(
                .startFailed(
                    errorNumber: EINVAL, step: "prepare", message: "a path, argument or variable contains a zero byte"))
            return
        }
        let environment = process.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        var limits = Self.resourceLimits(process.limits, dataBytes: dataBytes)
        var started = child_started()
        let result = withCStrings([process.executable] + process.arguments) { arguments in
            withCStrings(environment) { variables in
                limits.withUnsafeMutableBufferPointer { limits in
                    withOptionalCString(process.workingDirectory) { directory in
                        withOptionalCString(group?.folder) { groupFolder in
                            withOptionalCString(group?.processes) { groupProcesses in
                                var request = child_request()
                                request.path = UnsafePointer(arguments[0])
                                request.arguments = UnsafePointer(arguments)
                                request.environment = UnsafePointer(variables)
                                request.working_directory = directory
                                request.output = output
                                request.error = error
                                request.limits = UnsafePointer(limits.baseAddress)
                                request.limit_count = Int32(limits.count)
                                request.control_group = groupFolder
                                request.control_group_processes = groupProcesses
                                return child_launch(&request, &started)
                            }
                        }
                    }
                }
            }
        }
        if result == 0 {
            self = .started(started)
        } else {
            let number = started.error_number
            self = .failed(
                .startFailed(
                    errorNumber: number, step: Self.stepName(started.step),
                    message: Self.message(process, step: started.step, errorNumber: number)))
        }
    }

    private static func resourceLimits(_ limits: ChildLimits, dataBytes: Int?) -> [child_limit] {
        func limit(_ resource: Int32, _ bytes: Int) -> child_limit {
            child_limit(resource: resource, value: UInt64(bytes))
        }
        var list = [limit(resourceNumber(RLIMIT_CORE), limits.coreDumpBytes)]
        if let bytes = limits.addressSpaceBytes { list.append(limit(resourceNumber(RLIMIT_AS), bytes)) }
        if let dataBytes { list.append(limit(resourceNumber(RLIMIT_DATA), dataBytes)) }
        if let bytes = limits.fileSizeBytes { list.append(limit(resourceNumber(RLIMIT_FSIZE), bytes)) }
        return list
    }

    static let controlGroupStep = "control group"

    private static func stepName(_ step: Int32) -> String {
        switch UInt32(bitPattern: step) {
        case CHILD_STEP_FORK.rawValue: "fork"
        case CHILD_STEP_GROUP.rawValue: "process group"
        case CHILD_STEP_LIMIT.rawValue: "resource limit"
        case CHILD_STEP_DIRECTORY.rawValue: "working directory"
        case CHILD_STEP_DESCRIPTORS.rawValue: "descriptors"
        case CHILD_STEP_EXEC.rawValue: "exec"
        case CHILD_STEP_CONTROL_GROUP.rawValue: Self.controlGroupStep
        default: "prepare"
        }
    }

    private static func message(_ process: ChildProcess, step: Int32, errorNumber: Int32) -> String {
        let reason = systemMessage(errorNumber)
        switch UInt32(bitPattern: step) {
        case CHILD_STEP_EXEC.rawValue: return "\(process.executable): \(reason)"
        case CHILD_STEP_DIRECTORY.rawValue: return "\(process.workingDirectory ?? ""): \(reason)"
        default: return reason
        }
    }
}

#if canImport(Glibc)
    private func resourceNumber(_ resource: __rlimit_resource) -> Int32 { Int32(resource.rawValue) }
#else
    private func resourceNumber(_ resource: Int32) -> Int32 { resource }
#endif

private func withOptionalCString<Result>(
    _ text: String?, _ body: (UnsafePointer<CChar>?) -> Result
) -> Result {
    guard let text else { return body(nil) }
    return text.withCString(body)
}

/// A NULL-terminated array of C strings that lives during the call.
private func withCStrings<Result>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = texts.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { preconditionFailure("an array with an element has no storage") }
        return body(base)
    }
}
