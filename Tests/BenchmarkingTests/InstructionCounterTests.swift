import ContentHash
import Foundation
import HostEnvironment
import Statistics
import Testing

@testable import Benchmarking

/// A folder with fake tools, removed with the value.
private final class Toolbox {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("toolbox-\(UUID())")
    var cache: String { folder.appendingPathComponent("cache").path }
    /// The fakes first, then the shell's own tools.
    var path: String { "\(folder.path):/usr/bin:/bin" }

    init(_ tools: [String: String]) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, script) in tools { try add(name, script) }
    }

    func add(_ name: String, _ script: String) throws {
        let file = folder.appendingPathComponent(name)
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func text(_ name: String) -> String {
        (try? String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)) ?? ""
    }
}

/// Says its version, notes how it was called and claims a count.
private func fakeValgrind(_ folder: String, then: String = "exit 0") -> String {
    """
    if [ "$1" = --version ]; then echo valgrind-9.9; exit; fi
    for word in "$@"; do
        case "$word" in --cachegrind-out-file=*) printf 'events: Ir\\nfn=summary:\\n1 7\\nsummary: 12345\\n' > "${word#*=}";; esac
        printf '%s\\n' "$word"
    done > \(folder)/arguments
    printf '%s\\n' "$SWIFT_DETERMINISTIC_HASHING" "$LD_LIBRARY_PATH" "$GIVEN" > \(folder)/variables
    ulimit -v >> \(folder)/variables
    \(then)
    """
}

@Suite struct InstructionCounterTests {
    /// A program of this machine with a note of its compiler and without debug information.
    private let program = "/bin/cat"

    private func box(then: String = "exit 0") throws -> Toolbox {
        let box = try Toolbox([:])
        try box.add("valgrind", fakeValgrind(box.folder.path, then: then))
        return box
    }

    @Test func theProgramRunsUnderTheToolWithFixedHashing() throws {
        let box = try box()
        let counter = try #require(InstructionCounter.probe(cacheFolder: box.cache, searchPath: box.path).value)
        #expect(
            counter.tool
                == InstructionTool(kind: .cachegrind, path: "\(box.folder.path)/valgrind", version: "valgrind-9.9"))
        let process = ChildProcess(
            executable: program, arguments: ["a b", "c"], environment: ["PATH": "/usr/bin:/bin", "GIVEN": "yes"],
            limits: ChildLimits(timeoutSeconds: 60, memoryBytes: 1 << 20, addressSpaceBytes: 1 << 30))
        let count = counter.count(process)
        #expect(count.instructions == .available(12345), "\(count)")
        #expect(box.text("variables") == "1\n\nyes\nunlimited\n")
        let words = box.text("arguments").split(separator: "\n").map(String.init)
        #expect(
            words.prefix(2) == ["--tool=cachegrind", "--cache-sim=no"] && words.suffix(3) == [program, "a b", "c"])
        #expect(count.programSHA256 == (try sha256(file: program)))
        let key = try #require(count.key.value)
        #expect(key.tool == "valgrind-9.9" && key.cpuLevel != "x86-64-v4" && !key.toolchain.isEmpty)
        #expect(count.run.memoryEnforcement == nil)
        let data = try JSONEncoder().encode(count)
        #expect(try JSONDecoder().decode(InstructionCount.self, from: data) == count)
    }

    @Test func aProgramThatFailsHasNoCount() throws {
        let box = try box(then: "echo 'cannot go on' >&2; exit 3")
        let counter = try #require(InstructionCounter.probe(cacheFolder: box.cache, searchPath: box.path).value)
        let count = counter.count(ChildProcess(executable: program))
        #expect(count.run.termination == .exited(code: 3))
        let reason = try #require(count.instructions.reason)
        #expect(reason.contains("status 3") && reason.contains("cannot go on"))
        let missing = counter.count(ChildProcess(executable: "/nowhere/engine"))
        #expect(missing.instructions.reason?.contains("/nowhere/engine") == true && missing.programSHA256 == nil)
    }

    @Test func withoutToolsEachIsNamed() throws {
        let box = try Toolbox(["perf": "echo perf version 1; echo '<not supported>,,instructions:u,0,100.00,,' >&2"])
        let empty = InstructionCounter.probe(cacheFolder: box.cache, searchPath: "/nowhere")
        #expect(empty.reason == "valgrind is not installed; perf is not installed")
        let none = InstructionCounter.probe(cacheFolder: box.cache, searchPath: box.folder.path)
        #expect(none.reason?.contains("no instruction counter in this CPU (<not supported>)") == true, "\(none)")
        let refusing = try Toolbox([
            "perf": "[ $1 = --version ] && echo perf version 1 && exit; echo no access >&2; exit 255"
        ])
        let refused = InstructionCounter.probe(
            cacheFolder: box.cache, searchPath: refusing.folder.path, kinds: [.perf])
        #expect(refused.reason?.contains("no access") == true, "\(refused)")
    }

    @Test func perfIsUsedWhereItCounts() throws {
        let box = try Toolbox([
            "perf": """
            [ "$1" = --version ] && echo perf version 6.1 && exit
            line='777,,instructions:u,98000,100.00,,'
            echo "$line" >&2
            while [ $# -gt 0 ]; do [ "$1" = --output ] && printf '# started\\n\\n%s\\n' "$line" > "$2"; shift; done
            exit 0
            """
        ])
        let counter = try #require(
            InstructionCounter.probe(cacheFolder: box.cache, searchPath: box.folder.path).value)
        #expect(counter.tool.kind == .perf && counter.tool.version == "perf version 6.1")
        #expect(counter.count(ChildProcess(executable: program)).instructions == .available(777))
    }

    @Test func countsAreParsed() {
        let valgrind = InstructionTool(kind: .cachegrind, path: "/v", version: "v")
        #expect(valgrind.instructions(in: "fn=summary: 1\nevents: Ir\nsummary: 41024107\n") == 41_024_107)
        #expect(valgrind.instructions(in: "fn=x\n1 2\n") == nil && valgrind.instructions(in: "summary: x\n") == nil)
        let perf = InstructionTool(kind: .perf, path: "/p", version: "p")
        #expect(perf.instructions(in: "# x\n\n5,,instructions:u,9,100.00,,\n") == 5)
        // Counted for a part of the time only: an extrapolation.
        #expect(perf.instructions(in: "5,,instructions:u,9,83.20,,\n") == nil)
        #expect(perf.instructions(in: "<not counted>,,instructions:u,0,0.00,,\n") == nil)
        #expect(perf.instructions(in: "") == nil)
    }

    @Test func keysTellWhatDiffers() {
        func key(_ level: String = "x86-64-v3", _ tool: String = "valgrind-3.19.0") -> InstructionKey {
            InstructionKey(
                architecture: "x86_64", cpuLevel: level, tool: tool, toolchain: "clang", library: "glibc 2.36")
        }
        #expect(key() == key() && key().differences(from: key()).isEmpty)
        #expect(
            key().differences(from: key("x86-64-v2", "valgrind-3.22.0")) == [
                "CPU level x86-64-v3 against x86-64-v2", "tool valgrind-3.19.0 against valgrind-3.22.0",
            ])
        #expect(InstructionKey.level("x86-64-v4", under: .cachegrind) == "x86-64-v3")
        #expect(InstructionKey.level("x86-64-v4", under: .perf) == "x86-64-v4")
        #expect(InstructionKey.level("x86-64-v2", under: .cachegrind) == "x86-64-v2")
        #expect(InstructionKey.level("armv8-a+sve2", under: .cachegrind) == "armv8-a")
        #expect(InstructionKey.systemLibrary.hasPrefix("glibc "))
    }

    static let valgrind = findProgram("valgrind", in: "/usr/local/bin:/usr/bin:/bin")

    /// With the real tool: the same program gives nearly the same count, and more work gives a count in proportion.
    @Test(.enabled(if: valgrind != nil, "valgrind is not installed")) func countsFollowTheWork() throws {
        let box = try Toolbox([:])
        let counter = try #require(
            InstructionCounter.probe(
                cacheFolder: box.cache, searchPath: "/usr/local/bin:/usr/bin:/bin", kinds: [.cachegrind]
            ).value)
        func count(_ turns: Int) throws -> Int {
            let count = counter.count(shell("i=0; while [ $i -lt \(turns) ]; do i=$((i+1)); done"))
            return try #require(count.instructions.value, "\(count)")
        }
        let counts = try [1000, 11000, 21000, 21000].map(count)
        let (first, second) = (counts[1] - counts[0], counts[2] - counts[1])
        #expect(first > 10_000 * 10)
        #expect(abs(Double(second) / Double(first) - 1) < 0.05, "\(counts)")
        #expect(abs(Double(counts[3]) / Double(counts[2]) - 1) < 0.005, "\(counts)")
    }
}

@Suite struct StrippedCopyTests {
    /// An ELF file of 64 bits with the given section names and `.comment`.
    static func elf(sections: [String], comment: String = "clang 1\0GCC 2\0clang 1\0") -> [UInt8] {
        func number(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 0xff) } }
        let names = Array((["", ".shstrtab"] + sections).joined(separator: "\0").utf8) + [0]
        let text = Array(comment.utf8)
        let table = 64 + names.count + text.count
        var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1] + [UInt8](repeating: 0, count: 34)
        file += number(table, 8) + number(0, 4) + number(64, 2) + number(56, 2) + number(0, 2) + number(64, 2)
        file += number(sections.count + 2, 2) + number(1, 2)
        file += names + text
        var offset = 1
        func section(name: Int, at place: Int, count: Int) -> [UInt8] {
            number(name, 4) + [UInt8](repeating: 0, count: 20) + number(place, 8) + number(count, 8)
                + [UInt8](repeating: 0, count: 24)
        }
        file += section(name: 0, at: 0, count: 0) + section(name: 1, at: 64, count: names.count)
        offset += ".shstrtab".utf8.count + 1
        for name in sections {
            file += section(name: offset, at: 64 + names.count, count: text.count)
            offset += name.utf8.count + 1
        }
        return file
    }

    private func write(_ bytes: [UInt8], _ box: Toolbox, _ name: String = "program") throws -> String {
        let path = box.folder.appendingPathComponent(name).path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func sectionsAndCompilersAreRead() throws {
        let box = try Toolbox([:])
        let plain = try #require(ExecutableFile(path: write(Self.elf(sections: [".text", ".comment"]), box)))
        #expect(plain.compilers == ["GCC 2", "clang 1"])
        #expect(!plain.hasDebugInformation && !plain.isDynamic)
        let debug = try #require(ExecutableFile(path: write(Self.elf(sections: [".debug_info"]), box)))
        #expect(debug.hasDebugInformation && debug.compilers.isEmpty)
        let shell = try #require(ExecutableFile(path: "/bin/sh"))
        #expect(shell.isDynamic)
        #expect(ExecutableFile(path: "/nowhere") == nil && ExecutableFile(path: "/etc/passwd") == nil)
    }

    /// Broken files give nil or an answer; they never trap.
    @Test func brokenFilesAreNoTrouble() throws {
        let box = try Toolbox([:])
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let whole = Self.elf(sections: [".text", ".comment", ".debug_line"])
        for length in stride(from: 0, to: whole.count, by: 7) {
            _ = ExecutableFile(path: try write(Array(whole[..<length]), box))
        }
        var answers = 0
        for _ in 0..<500 {
            var broken = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place =
                    Bool.random(using: &random)
                    ? Int.random(in: 6..<64, using: &random) : broken.indices.randomElement(using: &random)!
                broken[place] = UInt8.random(in: 0...255, using: &random)
            }
            if ExecutableFile(path: try write(broken, box)) != nil { answers += 1 }
        }
        #expect(answers < 500, "seed \(seed)")
    }

    @Test func copiesAreMadeOnceAndKeptByContent() throws {
        let box = try Toolbox([
            "strip":
                "[ \"$1 $2\" = '--strip-debug -o' ] || exit 1; cat \"$4\" > \"$3\"; echo made >> \"$(dirname \"$0\")/log\""
        ])
        let program = try write(Self.elf(sections: [".debug_info"]), box)
        let cache = "\(box.cache)/deep/stripped"
        func copy(_ hash: String) -> Measured<String> {
            StrippedCopy.path(of: program, sha256: hash, folder: cache, searchPath: box.path, interrupt: nil)
        }
        let hash = try sha256(file: program)
        let path = try #require(copy(hash).value)
        #expect(path.hasPrefix(cache) && FileManager.default.isExecutableFile(atPath: path))
        #expect(copy(hash).value == path)
        #expect(box.text("log") == "made\n")
        for number in 0..<(StrippedCopy.kept + 3) { #expect(copy(sha256("\(number)")).value != nil) }
        #expect(folderNames(cache).count == StrippedCopy.kept)
    }

    @Test func aProgramWithoutDebugInformationIsTakenAsItIs() throws {
        let box = try Toolbox([:])
        let program = try write(Self.elf(sections: [".text"]), box)
        let path = StrippedCopy.path(
            of: program, sha256: "0", folder: box.cache, searchPath: "/nowhere", interrupt: nil)
        #expect(path.value == program)
    }

    @Test func objcopyStandsInAndAFailureIsSaid() throws {
        let box = try Toolbox(["objcopy": "[ \"$1\" = --strip-debug ] || exit 1; /bin/cat \"$2\" > \"$3\""])
        let program = try write(Self.elf(sections: [".debug_info"]), box)
        let hash = String(repeating: "a", count: 64)
        let made = StrippedCopy.path(
            of: program, sha256: hash, folder: box.cache, searchPath: box.folder.path, interrupt: nil)
        #expect(made.value != nil, "\(made)")
        let none = StrippedCopy.path(
            of: program, sha256: sha256("x"), folder: box.cache, searchPath: "/nowhere", interrupt: nil)
        #expect(none.reason?.contains("strip") == true && none.reason?.contains("binutils") == true)
        let failing = try Toolbox(["strip": "echo broken file >&2; exit 2"])
        let failed = StrippedCopy.path(
            of: program, sha256: sha256("y"), folder: box.cache, searchPath: failing.folder.path, interrupt: nil)
        #expect(failed.reason?.contains("broken file") == true)
        #expect(folderNames(box.cache).count == 1)
    }
}
