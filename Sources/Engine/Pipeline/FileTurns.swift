import Instrumentation
import MzML
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Analyses the files of a run, several at a time where that is asked for, and hands the results over in their order.
///
/// No file is begun that is more than `atOnce` ahead of the one whose turn it is, so results do not pile up. One bad file
/// does not stop the others.
final class FileTurns: @unchecked Sendable {
    // @unchecked: what follows `mutex` is touched only while it is held.

    private let files: [String]
    private let names: [String]
    private let atOnce: Int
    private let analysis: FileAnalysis

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var nextFile = 0
    private var nextResult = 0
    private var isStopped = false
    private var hasThreads = true
    private var outcomes: [Int: Result<FileResult, any Error>] = [:]

    init(files: [String], names: [String], atOnce: Int, analysis: FileAnalysis) {
        self.files = files
        self.names = names
        self.atOnce = min(max(atOnce, 1), max(files.count, 1))
        self.analysis = analysis
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(condition)
        mutex.deallocate()
        condition.deallocate()
    }

    /// Runs to the last file.
    ///
    /// - Parameters:
    ///   - progress: called from any thread with the file's position, the stage and the fraction of the file.
    ///   - inOrder: called on the calling thread, file after file; its failures are those of bad files.
    /// - Throws: what `inOrder` throws, and `AnalysisError`: the first in the order of the files.
    func run(
        progress: @escaping @Sendable (_ file: Int, _ stage: String, _ fraction: Double) -> Void,
        inOrder: (_ file: Int, _ outcome: Result<FileResult, MzMLError>) throws -> Void
    ) throws {
        guard atOnce > 1 else {
            let analysis = analysis.group(0)
            for index in files.indices {
                try handOver(index, outcome(index, analysis, progress), inOrder)
            }
            return
        }
        // Stages of several files overlap: what they cost is measured as one, here.
        var analysis = analysis
        let clock = analysis.clock
        analysis.clock = StageClock()
        let concurrent = analysis
        let threads = (0..<atOnce).map { number in
            WorkerThread { self.work(concurrent.group(number), progress) }
        }
        defer {
            locked { isStopped = true }
            for thread in threads { thread.join() }
        }
        if !threads.contains(where: { $0.isRunning }) {
            // The system has no more threads: everything first, on this one.
            locked { hasThreads = false }
            work(concurrent.group(0), progress)
        }
        for index in files.indices {
            let outcome = clock.measure("analyse files") { self.waitFor(index) }
            let slots = analysis.team.slots
            // Whatever is written is of the earliest file.
            slots?.enter(index)
            defer { slots?.leave() }
            try handOver(index, outcome, inOrder)
        }
    }

    private func outcome(
        _ index: Int, _ analysis: FileAnalysis, _ progress: @escaping @Sendable (Int, String, Double) -> Void
    ) -> Result<FileResult, any Error> {
        Result {
            try analysis.analyse(path: files[index], name: names[index]) { progress(index, $0, $1) }
        }
    }

    private func handOver(
        _ index: Int, _ outcome: Result<FileResult, any Error>,
        _ inOrder: (Int, Result<FileResult, MzMLError>) throws -> Void
    ) throws {
        switch outcome {
        case .success(let result): try inOrder(index, .success(result))
        case .failure(let error as MzMLError): try inOrder(index, .failure(error))
        case .failure(let error): throw error
        }
    }

    private func work(_ analysis: FileAnalysis, _ progress: @escaping @Sendable (Int, String, Double) -> Void) {
        var analysis = analysis
        // The threads of one file do not wait for those of another.
        analysis.team.crew = WorkerCrew()
        while let index = takeFile() {
            analysis.team.rank = index
            let slots = analysis.team.slots
            slots?.enter(index)
            let outcome = outcome(index, analysis, progress)
            slots?.leave()
            locked { outcomes[index] = outcome }
        }
    }

    private func takeFile() -> Int? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while !isStopped, hasThreads, nextFile < files.count, nextFile >= nextResult + atOnce {
            pthread_cond_wait(condition, mutex)
        }
        guard !isStopped, nextFile < files.count else { return nil }
        nextFile += 1
        return nextFile - 1
    }

    private func waitFor(_ index: Int) -> Result<FileResult, any Error> {
        pthread_mutex_lock(mutex)
        defer {
            pthread_cond_broadcast(condition)
            pthread_mutex_unlock(mutex)
        }
        while true {
            if let outcome = outcomes.removeValue(forKey: index) {
                nextResult = index + 1
                return outcome
            }
            pthread_cond_wait(condition, mutex)
        }
    }

    private func locked(_ body: () -> Void) {
        pthread_mutex_lock(mutex)
        body()
        pthread_cond_broadcast(condition)
        pthread_mutex_unlock(mutex)
    }
}

/// How much of a run is done, over files of different sizes; never goes back.
final class DatasetProgress: Sendable {
    private let sizes: [Int]
    private let fractions: Mutex<[Double]>

    init(sizes: [Int]) {
        self.sizes = sizes
        fractions = Mutex(Array(repeating: 0, count: sizes.count))
    }

    /// Notes the fraction of a file.
    /// - Parameter tell: is told that of the whole, one call at a time, so that files side by side do not overtake each other.
    func report(file: Int, fraction: Double, tell: (Double) -> Void = { _ in }) {
        fractions.withLock { fractions in
            fractions[file] = max(fractions[file], min(fraction, 1))
            let total = sizes.reduce(0, +)
            let done = zip(sizes, fractions).reduce(0) { $0 + Double($1.0) * $1.1 }
            tell(total > 0 ? done / Double(total) : 1)
        }
    }
}
