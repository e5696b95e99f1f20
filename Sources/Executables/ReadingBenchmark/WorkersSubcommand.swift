import ArgumentParser
import MzML
import SpectrumModel
import Statistics
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One worker against two on one file, in interleaved pairs.
struct WorkersSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers",
        abstract: "One worker against two: CPU, elapsed time, and the part that only one of them can do at a time.")

    @Argument(help: "mzML file.", completion: .file())
    var file: String

    @Option(help: "Pairs; the order within a pair is reversed from pair to pair.")
    var pairs = 10

    @Option(help: "Mode of our reader.")
    var mode = ReaderMode.standard

    /// Elapsed seconds that a sample lasts at least: starting a thread must not show.
    private static let shortestSample = 0.1

    func validate() throws {
        if pairs < 1 { throw ValidationError("--pairs: 1 at least") }
        if mode == .memory { throw ValidationError("--mode memory: the file would have to be loaded first") }
    }

    func run() throws {
        var blocks = [SpectrumBlock(), SpectrumBlock()]
        let first = try read(workers: 2, &blocks)
        let points = first.points
        let times = Int(max(1, min(100, (Self.shortestSample / first.elapsed).rounded(.up))))
        var samples: [[WorkerSample]] = [[], []]
        for pair in 0..<pairs {
            for workers in pair.isMultiple(of: 2) ? [1, 2] : [2, 1] {
                var sample = WorkerSample()
                for _ in 0..<times { sample.add(try read(workers: workers, &blocks)) }
                guard sample.points == points * times else {
                    throw ReadingBenchmarkError(
                        path: file, reason: "\(sample.points) points in \(times) readings, then \(points)")
                }
                samples[workers - 1].append(sample)
            }
        }
        let (one, two) = (samples[0], samples[1])
        let wall = zip(one, two).map { $0.elapsed / $1.elapsed }
        let best = wall.indices.max { wall[$0] < wall[$1] } ?? 0
        print(
            JSONText.fields([
                ("path", .text(file)), ("mode", .text(mode.rawValue)), ("points", .integer(points)),
                ("readingsPerSample", .integer(times)),
                ("cpuRatio", .number(median(zip(one, two).map { $1.cpu / $0.cpu }))),
                ("medianWallRatio", .number(median(wall))), ("bestWallRatio", .number(wall[best])),
                ("bestPairPressure", .list([one[best].pressureText, two[best].pressureText])),
                ("serialShare", .number(median(one.map { $0.serial / $0.cpu }))),
                ("serialShareOfTwo", .number(median(two.map { $0.serial / $0.cpu }))),
                ("oneWorker", .list(one.map(\.text))), ("twoWorkers", .list(two.map(\.text))),
            ]))
    }

    /// Reads the file with workers that share one source; worker 0 is the calling thread.
    private func read(workers: Int, _ blocks: inout [SpectrumBlock]) throws -> WorkerSample {
        let pressure = cpuPressureMicroseconds()
        let (cpu, elapsed) = (processSeconds(), elapsedSeconds())
        let source = try EngineInput(path: file).open(mode)
        let opening = processSeconds() - cpu
        let team = WorkerTeam(source: source, blocks: Array(blocks.prefix(workers)))
        var threads: [pthread_t] = []
        for worker in 1..<max(workers, 1) { if let thread = team.start(worker) { threads.append(thread) } }
        team.work(0)
        for thread in threads { pthread_join(thread, nil) }
        var sample = WorkerSample(cpu: processSeconds() - cpu, elapsed: elapsedSeconds() - elapsed)
        sample.pressure = pressure.flatMap { before in cpuPressureMicroseconds().map { $0 - before } }
        let outcome = team.outcome()
        if let failure = outcome.failure { throw failure }
        sample.points = outcome.points
        sample.serial = opening + outcome.serial
        for worker in 0..<workers { blocks[worker] = outcome.blocks[worker] }
        return sample
    }
}

/// What one reading cost.
private struct WorkerSample {
    var cpu = 0.0
    var elapsed = 0.0
    /// CPU seconds in opening and cutting, which are done by one worker at a time.
    var serial = 0.0
    var points = 0
    /// Microseconds for which some task of the machine waited for a CPU meanwhile.
    var pressure: Int?

    mutating func add(_ other: WorkerSample) {
        cpu += other.cpu
        elapsed += other.elapsed
        serial += other.serial
        points += other.points
        pressure = other.pressure.map { (pressure ?? 0) + $0 }
    }

    var pressureText: JSONText { pressure.map { .number(Double($0) * 1e-6 / elapsed) } ?? .missing }

    var text: JSONText {
        .fields([
            ("cpuSeconds", .number(cpu)), ("elapsedSeconds", .number(elapsed)), ("serialSeconds", .number(serial)),
            ("cpuPressure", pressureText),
        ])
    }
}

/// Workers that drain one source.
private final class WorkerTeam: Sendable {
    struct Outcome {
        var points = 0
        var serial = 0.0
        var failure: MzMLError?
        var blocks: [SpectrumBlock]
    }

    private let source: any ChunkSource
    private let state: Mutex<Outcome>

    init(source: any ChunkSource, blocks: [SpectrumBlock]) {
        self.source = source
        state = Mutex(Outcome(blocks: blocks))
    }

    func outcome() -> Outcome { state.withLock { $0 } }

    func work(_ worker: Int) {
        var block = state.withLock { outcome in
            let block = outcome.blocks[worker]
            outcome.blocks[worker] = SpectrumBlock()
            return block
        }
        var (points, serial) = (0, 0.0)
        var failure: MzMLError?
        do throws(MzMLError) {
            var decoder = SpectrumDecoder(header: source.header)
            while true {
                let start = threadSeconds()
                let chunk = try source.next()
                serial += threadSeconds() - start
                guard let chunk else { break }
                block.removeAll()
                try decoder.decode(chunk, into: &block)
                points += block.mz.count
                source.recycle(chunk)
            }
        } catch {
            failure = error
        }
        state.withLock { outcome in
            outcome.points += points
            outcome.serial += serial
            outcome.failure = outcome.failure ?? failure
            outcome.blocks[worker] = block
        }
    }

    /// `nil` when the system has no more threads; the others then do the work.
    func start(_ worker: Int) -> pthread_t? {
        var thread: pthread_t = 0
        let body = Unmanaged.passRetained(WorkerBody(team: self, worker: worker))
        let status = pthread_create(
            &thread, nil,
            { argument in
                let body = Unmanaged<WorkerBody>.fromOpaque(argument!).takeRetainedValue()
                body.team.work(body.worker)
                return nil
            }, body.toOpaque())
        guard status == 0 else {
            body.release()
            return nil
        }
        return thread
    }
}

private final class WorkerBody {
    let team: WorkerTeam
    let worker: Int

    init(team: WorkerTeam, worker: Int) {
        self.team = team
        self.worker = worker
    }
}
