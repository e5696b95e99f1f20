import Foundation
import HostEnvironment
import Testing

@testable import Benchmarking

@Suite struct BaselineTests {
    static let identity = MachineIdentity(
        architecture: "x86_64", cpuModel: "Example CPU", usableCPUs: 4, usableMemoryBytes: 17 << 30, gpuModel: "none")

    static func entry(wall: [Double] = [1.25, 1.5], reason: String = "created") -> BaselineEntry {
        BaselineEntry(
            created: "2026-11-28 23:00:00 UTC", reason: reason,
            reference: BaselineReference(
                commit: String(repeating: "c4", count: 20), isDirty: false,
                binarySHA256: String(repeating: "ab", count: 32), buildCommand: "swift build -c release"),
            configuration: BaselineConfiguration(settings: ["execution.workers=1"], sha256: "12"),
            workloads: [
                BaselineWorkload(
                    name: "medium", sha256: "34", bytes: 8_000_000, items: 1_000, digest: "feed", truthFound: 10,
                    truthExpected: 12, features: 500)
            ], machine: BaselineMachine(identity: identity, volatile: ["kernel": "6.1", "load average, 1 min": "0.3"]),
            versions: ["lavoisier": "0.1.0", "swift": "6.3"],
            instructions: [
                BaselineInstructions(
                    workload: "medium",
                    key: InstructionKey(
                        architecture: "x86_64", cpuLevel: "x86-64-v3", tool: "valgrind-3.19.0", toolchain: "clang 21",
                        library: "glibc 2.36"), settings: ["execution.workers=1"], counts: [1_000_010, 1_000_000])
            ],
            runs: wall.enumerated().map {
                BaselineRun(
                    order: $0.offset, workload: "medium", startedAt: 1_764_000_000.123_456_789,
                    values: ["wall": $0.element, "peak_memory": 81_000_000], digest: "feed")
            }, unavailable: ["energy": "no RAPL counters"])
    }

    @Test func aFileIsReadBackAsItWas() throws {
        var baseline = Baseline(name: "main", entry: Self.entry())
        baseline.update(Self.entry(wall: [1.2], reason: "faster \"shapes\", \\ and {braces]"), pin: true)
        let text = try baseline.json()
        let back = try Baseline(json: text, source: "main.json")
        #expect(back == baseline)
        #expect(try back.json() == text)
        #expect(back.pinned == back.latest && back.history.map(\.isPinned) == [false, true])
        #expect(back.history.last?.reason == "faster \"shapes\", \\ and {braces]")
        // Any JSON reader understands it.
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(object["schemaVersion"] as? Int == 1)
    }

    /// A change shows in a review as the lines that it is.
    @Test func oneRunIsOneLineAndKeysAreSorted() throws {
        let before = try Baseline(name: "main", entry: Self.entry()).json().split(separator: "\n")
        let after = try Baseline(name: "main", entry: Self.entry(wall: [1.25, 1.75])).json().split(separator: "\n")
        #expect(before.count == after.count)
        let changed = zip(before, after).filter { $0 != $1 }
        #expect(changed.count == 1)
        #expect(changed.first?.1.contains("\"wall\": 1.75") == true)
        #expect(before.filter { $0.contains("\"values\"") }.count == 2)
        let top = before.filter { $0.hasPrefix(" \"") }.compactMap { $0.split(separator: "\"").dropFirst().first }
        #expect(top == ["history", "latest", "name", "schemaVersion"].map { Substring($0) })
        #expect(before.allSatisfy { !$0.hasSuffix(" ") })
    }

    @Test func numbersAreRoundedToWhatMeansSomething() throws {
        let run = BaselineRun(
            order: 0, workload: "w", startedAt: 1_764_000_000.123_456_789,
            values: ["wall": 0.123_456_789, "peak_memory": 81_234_567_890.4], digest: "d")
        #expect(run.values["wall"] == 0.123_457)
        #expect(run.values["peak_memory"] == 81_234_567_890)
        #expect(try Baseline(name: "n", entry: Self.entry(wall: [1.0 / 3])).json().contains("0.333333}"))
    }

    @Test func aNewerVersionIsRefusedBeforeAnythingElseIsRead() throws {
        let text = #"{"schemaVersion": 2, "entries": "unheard of"}"#
        #expect {
            try Baseline(json: text, source: "baselines/main.json")
        } throws: { error in
            let error = error as? BaselineError
            return error?.code == .newerSchema
                && error?.reason.contains("baselines/main.json has schema version 2") == true
        }
    }

    @Test(arguments: [
        ("", "baselines/x.json"), ("[]", "not a baseline"),
        ("{\"schemaVersion\": 1}", "is missing at its top"),
        ("{\"schemaVersion\": \"1\"}", "a value of another type stands at schemaVersion"),
        ("{\"schemaVersion\": 1,", "baselines/x.json"), ("\u{0}\u{1}", "baselines/x.json"),
    ])
    func damageIsNamed(text: String, word: String) {
        #expect {
            try Baseline(json: text, source: "baselines/x.json")
        } throws: { error in
            let error = error as? BaselineError
            return error?.code == .malformed && error?.reason.contains(word) == true
                && error?.reason.contains("baselines/x.json") == true
        }
    }

    /// Any piece of a file is an error or a baseline, never a crash.
    @Test func cutFilesAreRefused() throws {
        let bytes = Array(try Baseline(name: "main", entry: Self.entry()).json().utf8)
        for length in stride(from: 0, to: bytes.count - 2, by: 7) {
            #expect(throws: BaselineError.self) {
                try Baseline(json: String(decoding: bytes[..<length], as: UTF8.self), source: "cut")
            }
        }
    }

    // MARK: machine

    @Test func whatChangesFromDayToDayIsShownAndMakesNoOtherMachine() {
        let before = BaselineMachine(identity: Self.identity, volatile: ["kernel": "6.1", "governor": "performance"])
        let after = BaselineMachine(identity: Self.identity, volatile: ["kernel": "6.18", "microcode": "0x1"])
        #expect(before.isSame(as: after))
        #expect(
            before.differences(here: after) == [
                .init(name: "governor", baseline: "performance", here: "unknown", isStable: false),
                .init(name: "kernel", baseline: "6.1", here: "6.18", isStable: false),
                .init(name: "microcode", baseline: "unknown", here: "0x1", isStable: false),
            ])
        #expect(before.differences(here: before).isEmpty)
    }

    @Test func anotherCPUIsAnotherMachine() {
        let other = MachineIdentity(
            architecture: "x86_64", cpuModel: "Other CPU", usableCPUs: 8, usableMemoryBytes: 17 << 30, gpuModel: "none")
        let before = BaselineMachine(identity: Self.identity, volatile: [:])
        let after = BaselineMachine(identity: other, volatile: [:])
        #expect(!before.isSame(as: after))
        let differences = before.differences(here: after)
        #expect(differences.map(\.name) == ["CPU model", "usable CPUs"])
        #expect(!differences.contains { !$0.isStable })
        #expect(differences.map(\.here) == ["Other CPU", "8"])
    }

    // MARK: instructions

    @Test func countsCompareUnderEqualKeysOnly() throws {
        let known = Self.entry().instructions[0]
        #expect(known.median == 1_000_005)
        #expect(abs((known.spread ?? 0) - 1e-5) < 1e-12)
        #expect(known.obstacles(key: known.key, settings: known.settings).isEmpty)
        let other = InstructionKey(
            architecture: "x86_64", cpuLevel: "x86-64-v3", tool: "valgrind-3.22.0", toolchain: "clang 21",
            library: "glibc 2.39")
        let obstacles = known.obstacles(key: other, settings: ["execution.workers=2"])
        #expect(obstacles.count == 3)
        #expect(obstacles.first?.contains("valgrind-3.22.0") == true)
    }

    @Test func whyAReferenceCannotBeRebuilt() {
        var reference = Self.entry().reference
        #expect(reference.obstacle == nil)
        reference.isDirty = true
        #expect(reference.obstacle?.contains("changes") == true)
        reference.commit = nil
        #expect(reference.obstacle?.contains("no commit") == true)
    }
}
