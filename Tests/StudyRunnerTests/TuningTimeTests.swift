import BayesianTuning
import Benchmarking
import Foundation
import Synchronization
import Testing

@testable import ResultStore
@testable import StudyRunner

/// A store whose clock moves with the fake program's runs only.
private final class TimedStudies {
    final class Seconds: Sendable {
        private let value = Mutex(1_000.0)
        var now: Double { value.withLock { $0 } }
        func add(_ seconds: Double) { value.withLock { $0 += seconds } }
    }

    private let folder: StudyFixture
    let seconds = Seconds()
    let store: TrialStore

    init() throws {
        folder = try StudyFixture()
        let seconds = seconds
        store = try TrialStore(
            path: "\(folder.folder)/timed.sqlite", access: .readWrite, busyTimeout: 10, maximumPages: nil,
            clock: { seconds.now })
    }

    /// - Parameter stop: ends the study at this run, as a signal does.
    func program(stopAt stop: Int? = nil) -> FakeProgram {
        FakeProgram { [seconds] configuration, earlier, total in
            if total == stop {
                seconds.add(0.5)
                return FakeRun(wall: 0.5, termination: .interrupted(signal: 15))
            }
            let wall = bowl(configuration, configuration.isFakeDefault ? 0 : earlier)
            seconds.add(wall)
            return FakeRun(wall: wall)
        }
    }

    func create(_ program: FakeProgram, _ options: StudyOptions) throws -> Study {
        try Study.create(
            program: program, options: options, before: nil, host: StudyFixture.host, store: store,
            lockPath: folder.lockPath)
    }

    func resume(_ id: String, _ program: FakeProgram) throws -> Study {
        try Study.resume(
            study: id, program: program, host: StudyFixture.host, store: store, lockPath: folder.lockPath)
    }
}

struct TuningTimeTests {
    private static func options(seconds: Double?) -> StudyOptions {
        StudyFixture.options(budget: 60) {
            $0.tuningSeconds = seconds
            $0.confirmationRows = 8
            $0.maximumConfirmationRows = 8
        }
    }

    /// Search and confirmation together stay within the bound, and use most of it.
    @Test(arguments: [100.0, 150, 250]) func theWholeStudyStaysWithinItsTime(limit: Double) throws {
        let studies = try TimedStudies()
        var study = try studies.create(studies.program(), Self.options(seconds: limit))
        var notes: [String] = []
        let start = studies.seconds.now
        let end = try study.run(stopSignal: { nil }) { if case .note(let text) = $0 { notes.append(text) } }
        let used = studies.seconds.now - start
        #expect(used <= limit && used > limit * 0.7, "\(used) of \(limit) s")
        let history = try StudyHistory(study: study.id, store: studies.store)
        #expect(abs(history.spentSeconds - used) < 1e-6)
        #expect(history.judged.count < 60)
        let reason = try #require(end.verdict?.searchEnd)
        #expect(reason.contains("the search stopped after \(history.judged.count) of 60 configurations"))
        #expect(notes == [reason])
        #expect(history.confirmation?.rows.count == 8)
        // It stopped as late as it could: one more trial would not have fitted.
        #expect(
            try JSONDecoder().decode([String: Double].self, from: Data(history.record.plan.budgetJSON.utf8)) == [
                "configurations": 60, "seconds": limit,
            ])
    }

    @Test func withoutABoundTheBudgetCounts() throws {
        let studies = try TimedStudies()
        var study = try studies.create(
            studies.program(), StudyFixture.options(budget: 10) { $0.confirmationRows = 6 })
        let end = try study.run(stopSignal: { nil }, progress: { _ in })
        #expect(end.verdict?.searchEnd == nil)
        #expect(try StudyHistory(study: study.id, store: studies.store).judged.count == 10)
    }

    /// Time for nothing but the default: it runs, and nothing is claimed.
    @Test func tooShortATimeStillEndsWell() throws {
        let studies = try TimedStudies()
        var study = try studies.create(studies.program(), Self.options(seconds: 0.001))
        let end = try study.run(stopSignal: { nil }, progress: { _ in })
        #expect(end.verdict?.kind == .noImprovement)
        #expect(end.verdict?.searchEnd?.contains("after 1 of 60") == true)
    }

    /// What was spent before a stop counts; the night in between does not.
    @Test(arguments: [9, 40, 58]) func aResumedStudyCountsWhatWasSpent(at moment: Int) throws {
        let limit = 150.0
        let studies = try TimedStudies()
        let start = studies.seconds.now
        let id: String
        do {
            var study = try studies.create(studies.program(stopAt: moment), Self.options(seconds: limit))
            id = study.id
            #expect(try study.run(stopSignal: { nil }, progress: { _ in }) == .interrupted(signal: 15))
        }
        let spent = studies.seconds.now - start
        // The stopped trial counts with its runs; the run that was stopped may not be stored.
        #expect(abs(try StudyHistory(study: id, store: studies.store).spentSeconds - spent) < 0.6)
        studies.seconds.add(30_000)
        let night = studies.seconds.now
        var resumed = try studies.resume(id, studies.program())
        let end = try resumed.run(stopSignal: { nil }, progress: { _ in })
        let used = spent + studies.seconds.now - night
        // A stopped confirmation runs again from its start, with the fewest rows at worst.
        #expect(used <= limit + 2 * 7 * 2, "\(used) s")
        let history = try StudyHistory(study: id, store: studies.store)
        #expect(abs(history.spentSeconds - used) < 0.6)
        #expect(end.verdict?.searchEnd != nil)
        #expect((history.confirmation?.rows.count ?? 0) >= Comparison.minimumPairs)
    }

    @Test(arguments: [0.0, -1]) func aBoundThatIsNoneIsRefused(seconds: Double) throws {
        let studies = try TimedStudies()
        #expect { try studies.create(studies.program(), Self.options(seconds: seconds)) } throws: {
            ($0 as? StudyError)?.code == .invalidOptions && "\($0)".contains("tuning time")
        }
    }
}

struct StudyOptionsCodingTests {
    /// Every option differs from its default; a new one that the decoder forgets shows here.
    @Test func everyOptionIsStored() throws {
        var options = StudyOptions()
        options.target = .memory
        options.budget = 7
        options.seed = .max
        options.strategy = .sobol
        options.maximumMemoryBytes = 1 << 40
        options.maximumSeconds = 1.5
        options.minimumAccuracy = 0.5
        options.minimumRepeats = 3
        options.maximumRepeats = 9
        options.measuredSeconds = 4
        options.confirmationRows = 20
        options.maximumConfirmationRows = 21
        options.shortConfirmationSeconds = 3
        options.confirmationSeconds = 5
        options.tuningSeconds = 1_800
        for (changed, initial) in zip(Mirror(reflecting: options).children, Mirror(reflecting: StudyOptions()).children)
        {
            #expect("\(changed.value)" != "\(initial.value)", "\(changed.label ?? "") is not part of this test")
        }
        let data = try JSONEncoder().encode(options)
        #expect(try JSONDecoder().decode(StudyOptions.self, from: data) == options)
    }

    @Test func olderOptionsAreRead() throws {
        let older = try JSONDecoder().decode(StudyOptions.self, from: Data(#"{"target": "memory", "budget": 9}"#.utf8))
        var expected = StudyOptions()
        expected.target = .memory
        expected.budget = 9
        #expect(older == expected)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(StudyOptions.self, from: Data(#"{"budget": "nine"}"#.utf8))
        }
    }
}
