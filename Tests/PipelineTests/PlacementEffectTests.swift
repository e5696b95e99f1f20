import Foundation
import HostEnvironment
import Parameters
import Synchronization
import TestSupport
import Testing

@testable import Pipeline

/// Where workers run: what the kernel says of their threads.
@Suite struct PlacementEffectTests {
    private static let usable = EngineRun.host.topology.cpus.map(\.number)

    /// `Cpus_allowed_list` of the calling thread.
    private static func allowed() -> String? {
        let status = try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return line.map { $0.dropFirst("Cpus_allowed_list:".count).trimmingCharacters(in: .whitespaces) }
    }

    private func seen(_ placement: [WorkerPlacement], book: SchedulingBook = SchedulingBook()) -> [ThreadPlace?] {
        let places = Mutex<[ThreadPlace?]>(Array(repeating: nil, count: placement.count))
        let pool = WorkerPool(
            workers: placement.count, team: WorkerTeam(placement: placement, book: book), stage: "test")
        pool.onEachWorker { worker in
            let place = ThreadPlace.current
            places.withLock { $0[worker] = place }
        }
        return places.withLock { $0 }
    }

    @Test func threadsRunWhereTheyArePlaced() {
        let before = Self.allowed()
        let cpus = (0..<3).map { Self.usable[$0 % Self.usable.count] }
        let lists = Mutex<[String?]>([nil, nil, nil])
        let pool = WorkerPool(
            workers: 3, team: WorkerTeam(placement: cpus.map { WorkerPlacement(cpus: [$0]) }), stage: "test")
        pool.onEachWorker { worker in
            let list = Self.allowed()
            lists.withLock { $0[worker] = list }
        }
        #expect(lists.withLock { $0 } == cpus.map { "\($0)" })
        // The calling thread goes on where it was, and later pools too.
        #expect(Self.allowed() == before)
    }

    /// A thread that a worker starts, to inflate for everybody, does not stay on the worker's CPU.
    @Test func threadsOfAPinnedWorkerMayRunAnywhere() {
        let cpu = Self.usable[0]
        let pool = WorkerPool(
            workers: 1, team: WorkerTeam(placement: [WorkerPlacement(cpus: [cpu])], cpus: Self.usable), stage: "test")
        let lists = Mutex<[String?]>([])
        pool.onEachWorker { worker in
            @Sendable func note() { lists.withLock { $0.append(Self.allowed()) } }
            note()
            pool.anywhere(worker) { WorkerThread(note).join() }
            note()
        }
        #expect(lists.withLock { $0 } == ["\(cpu)", numberList(Self.usable), "\(cpu)"])
    }

    @Test func threadsGetTheirMemoryWhereTheyAreTold() throws {
        let node = EngineRun.host.topology.nodes.first(where: \.hasUsableMemory)?.number ?? 0
        let wanted: [WorkerPlacement.Memory] = [.interleaved([node]), .local, .preferred(node), .unchanged]
        let before = try #require(ThreadPlace.current)
        let book = SchedulingBook()
        let places = seen(wanted.map { WorkerPlacement(memory: $0) }, book: book)
        // Where a sandbox forbids the calls, that is what the book says.
        guard book.placementFailures.isEmpty else {
            #expect(book.placementFailures.allSatisfy { $0.contains("set_mempolicy failed") })
            return
        }
        #expect(places.map { $0?.memory } == wanted)
        #expect(ThreadPlace.current == before)
    }

    /// CPUs and nodes that are not there: the run goes on, and says so.
    @Test func whatCannotBeDoneIsWrittenDown() {
        let book = SchedulingBook()
        let places = seen([WorkerPlacement(cpus: [60_000]), WorkerPlacement(memory: .interleaved([900]))], book: book)
        #expect(places.count == 2 && places.allSatisfy { $0?.cpus == Self.usable })
        #expect(
            book.placementFailures.count == 2 && book.placementFailures.contains { $0.contains("sched_setaffinity") })
    }

    // MARK: - Settings

    /// What the settings plan on a recorded machine.
    private func plan(_ machine: String, files: Int = 1, _ assignments: [String]) throws -> PlacementPlan {
        let folder = try RecordedMachine.folder(RecordedMachine.files(machine))
        let none = Measured<Int>.unavailable(reason: "not recorded")
        let host = withExtendedLifetime(folder) {
            HostReader(
                root: folder.path, environment: [:], architecture: .available("x86_64"),
                cacheFallback: CacheSizes(l1Data: none, l2: none, l3: none)
            ).read()
        }
        let configuration = AnalysisConfiguration(
            try EngineParameters.resolve([ConfigurationLayer(assignments: assignments)], host: host))
        return configuration.share(of: files).placement(topology: host.topology, files: files)
    }

    private static let aware = ["parallel.numa_aware=true", "execution.workers=4"]

    @Test func everySettingChangesThePlan() throws {
        let machine = RecordedMachine.twoNodes
        // One worker per core by default, and per hardware thread where they count.
        #expect(try plan(machine, []).groups == [Array(repeating: WorkerPlacement(), count: 12)])
        #expect(try plan(machine, ["parallel.hyperthreading=true"]).groups[0].count == 24)
        #expect(try plan(machine, ["parallel.hyperthreading=true", "execution.workers=3"]).groups[0].count == 3)
        let pinned = ["parallel.thread_affinity=true", "execution.workers=13"]
        #expect(try plan(machine, pinned).groups[0].last?.cpus == [0])
        #expect(try plan(machine, pinned + ["parallel.hyperthreading=true"]).groups[0].last?.cpus == [12])
        let high = try plan(machine, Self.aware)
        #expect(high.groups[0].map(\.node) == [0, 0, 0, 0] && high.groups[0].allSatisfy { $0.memory == .local })
        let low = try plan(machine, Self.aware + ["parallel.data_locality=low"])
        #expect(low.groups[0].map(\.node) == [0, 1, 0, 1])
        let interleaved = try plan(
            machine, Self.aware + ["parallel.data_locality=low", "parallel.memory_binding=interleave"])
        #expect(interleaved.groups[0].allSatisfy { $0.memory == .interleaved([0, 1]) })
        let unbound = try plan(machine, Self.aware + ["parallel.memory_binding=none"])
        #expect(unbound.groups[0].allSatisfy { $0.memory == .unchanged && $0.cpus.count == 12 })
        let files = try plan(
            RecordedMachine.eightNodes, files: 3, ["parallel.numa_aware=true", "execution.workers=18"])
        #expect(files.groups.map { Set($0.map(\.node)) } == [[0], [1], [2]])
    }

    /// What a tuner need not try: said by the description of the setting.
    @Test func whatCannotMatterHereIsSaid() throws {
        func parameters(_ machine: String) throws -> [ParameterDescription] {
            let folder = try RecordedMachine.folder(RecordedMachine.files(machine))
            let none = Measured<Int>.unavailable(reason: "not recorded")
            let host = withExtendedLifetime(folder) {
                HostReader(
                    root: folder.path, environment: [:], architecture: .available("x86_64"),
                    cacheFallback: CacheSizes(l1Data: none, l2: none, l3: none)
                ).read()
            }
            return EngineParameters.parallel(host: host)
        }
        func irrelevant(_ machine: String) throws -> Set<String> {
            Set(
                try parameters(machine).filter { $0.irrelevance != nil }.map {
                    String($0.name.dropFirst("parallel.".count))
                })
        }
        #expect(try irrelevant(RecordedMachine.eightNodes).isEmpty)
        #expect(try irrelevant("eight-nodes-s4881-cpuset") == ["hyperthreading"])
        // What nobody measured is searched on a machine that has it only by those who name it.
        let named = try parameters(RecordedMachine.eightNodes).filter {
            $0.reasonNotSearched != nil && $0.searchObstacle == nil && $0.irrelevance == nil
        }
        let unmeasured: Set = ["hyperthreading", "numa_aware", "data_locality", "memory_binding"]
        #expect(unmeasured.isSubset(of: named.map { String($0.name.dropFirst("parallel.".count)) }))
    }

    private func record(_ assignments: [String]) throws -> RunRecord {
        let folder = try TemporaryDirectory()
        let notes = Mutex<[String]>([])
        let record = try EngineRun.run([EngineRun.dda], assignments, output: folder.path) { event in
            if case .note(let text) = event { notes.withLock { $0.append(text) } }
        }
        for notice in record.warnings { #expect(notes.withLock { $0 }.contains(notice)) }
        return record
    }

    @Test func theRecordTellsWhereWorkersRan() throws {
        let free = try record(["execution.workers=2"])
        let placement = try #require(free.placement)
        #expect(placement.workers.isEmpty && placement.groups == 1 && placement.workersPerGroup == 2)
        let topology = EngineRun.host.topology
        #expect(placement.nodes == topology.nodesInReach)
        #expect(placement.coresPerNode == placement.nodes.compactMap { topology.coresPerNode[$0] })
        let pinned = try #require(record(["execution.workers=2", "parallel.thread_affinity=true"]).placement)
        #expect(pinned.workers.count == 2 && pinned.workers[0].cpus == "\(Self.usable[0])")
        #expect(pinned.workers.allSatisfy { $0.memory == "unchanged" && $0.node == nil })
        // Records of earlier versions have none of it.
        var text = try free.json()
        text = text.replacing(/(?s)  "placement" : \{.*?\n  \},\n/, with: "")
            .replacing(/(?s)  "scheduling" : \{.*?\n  \},\n/, with: "")
        let nodesOnly = try RunRecord(json: try free.json().replacing(/(?s)"coresPerNode" : \[.*?\],/, with: ""))
        #expect(nodesOnly.placement?.coresPerNode == nil && nodesOnly.placement?.nodes == placement.nodes)
        let older = try RunRecord(json: text)
        #expect(older.placement == nil && older.scheduling == nil && older.digest == free.digest)
    }

    @Test(.enabled(if: EngineRun.host.topology.nodesInReach.count == 1)) func oneNodeIsANoticeAndNothingElse() throws {
        let record = try record([
            "execution.workers=2", "parallel.numa_aware=true", "parallel.memory_binding=interleave",
        ])
        #expect(record.warnings.contains { $0.contains("parallel.numa_aware has no effect") })
        #expect(record.placement?.workers.isEmpty == true)
        #expect(record.digest == (try self.record(["execution.workers=2"])).digest)
    }

    /// CPUs that threads of the program were confined to while it ran, as the kernel lists them.
    private func confinements(_ assignments: [String], files: Int = 1) throws -> Set<String> {
        let folder = try TemporaryDirectory()
        let script = """
            "$0" "$@" & child=$!
            while read -r state < /proc/$child/stat; do
                case "$state" in *") Z "*) break ;; esac
                cat /proc/$child/task/*/status 2>/dev/null
            done | sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' | sort -u
            """
        let outcome = try Program.run(
            "/bin/sh",
            ["-c", script, Program.path("lavoisier"), "analyze"] + Array(repeating: EngineRun.dda, count: files) + [
                "--output", folder.path, "--quiet", "--profile", "none", "--set", "execution.workers=2",
            ] + assignments.flatMap { ["--set", $0] })
        _ = try RunRecord(json: String(contentsOfFile: folder.file("run.json"), encoding: .utf8))
        return Set(outcome.output.split(separator: "\n").map(String.init))
    }

    @Test(.enabled(if: usable.count >= 2)) func affinityPinsTheWorkersOfARun() throws {
        let whole = numberList(Self.usable)
        #expect(try confinements([]) == [whole])
        let (first, second) = ("\(Self.usable[0])", "\(Self.usable[1])")
        // The program's first thread is worker 0 and goes back to all CPUs in between.
        let one = try confinements(["parallel.thread_affinity=true"])
        #expect(one.isSuperset(of: [first, second]) && one.isSubset(of: [first, second, whole]), "\(one)")
        let two = try confinements(["parallel.thread_affinity=true", "execution.concurrent_files=2"], files: 4)
        #expect(two.isSuperset(of: [first, second]) && two.isSubset(of: [first, second, whole]), "\(two)")
    }

    /// Default workers of a run of the program.
    private func workers(_ program: [String], environment: [String: String] = [:]) throws -> (String, source: String)? {
        let folder = try TemporaryDirectory()
        let outcome = try Program.run(
            program[0],
            program.dropFirst() + [
                "analyze", EngineRun.dda, "--output", folder.path, "--quiet", "--profile", "none", "--set",
                "matching.enabled=false", "--set", "annotation.enabled=false",
            ], environment: environment)
        #expect(outcome.status == 0, "\(outcome.error)")
        let record = try RunRecord(json: String(contentsOfFile: folder.file("run.json"), encoding: .utf8))
        #expect(record.scheduling?.stages.first { $0.name == "decode" }?.shares.count == record.scheduling?.workers)
        return record.configuration.first { $0.name == "execution.workers" }.map { ($0.value, $0.source) }
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/taskset")))
    func oneCpuInTheMaskIsOneWorker() throws {
        let found = try workers(["/usr/bin/taskset", "-c", "\(Self.usable[0])", Program.path("lavoisier")])
        #expect(found?.0 == "1" && found?.source == "default")
    }

    @Test func aSlurmAllocationIsTheNumberOfWorkers() throws {
        let found = try workers([Program.path("lavoisier")], environment: ["SLURM_CPUS_PER_TASK": "1"])
        #expect(found?.0 == "1" && found?.source == "default")
    }
}
