import BayesianTuning
import Benchmarking
import Foundation
import Parameters
import Testing

@testable import StudyRunner

struct EnqueueTests {
    private static let workers = "execution.workers"
    private static let chunk = "execution.chunk_size"

    /// What is searched, one that is not, and other spellings.
    private static let known = ParameterCatalog(
        FakeProgram.standardParameters + [
            ParameterDescription(
                name: "analysis.fixed", group: .analysis, domain: .integer(0...9, .linear), defaultValue: .integer(1),
                text: "fixed")
        ], builtIn: [BuiltInSetting("cache.policy", accepted: ["lru"], reason: "there is one")])

    private func read(_ text: String, before: [Setting]? = nil) throws -> EnqueuedConfigurations {
        try EnqueuedConfigurations(
            ConfigurationLayer.list(source: "--enqueue", text: text, file: "own.yaml"),
            searched: FakeProgram.standardParameters, known: Self.known, before: before)
    }

    private func settings(_ workers: Int, _ chunk: Int, _ precision: String = "float64") -> [Setting] {
        [
            Setting(Self.workers, "\(workers)"), Setting(Self.chunk, "\(chunk)"),
            Setting("numeric.precision", precision),
        ]
    }

    @Test(arguments: [
        "- execution: {workers: 3}\n- execution.workers: 4\n  execution.chunk_size: 64\n",
        #"[{"execution": {"workers": 3}}, {"execution.workers": 4, "execution.chunk_size": 64}]"#,
        "{\"execution.workers\": 3}\n\n{\"execution\": {\"workers\": 4, \"chunk_size\": 64}}\n",
    ])
    func everyFormSaysTheSame(text: String) throws {
        let own = try read(text)
        #expect(own.configurations == [settings(3, 16), settings(4, 64)] && own.notes.isEmpty)
    }

    @Test func oneMappingIsOne() throws {
        #expect(try read("execution:\n  workers: 3\n").configurations == [settings(3, 16)])
        #expect(try read("{\n\"execution.workers\": 3\n}").configurations == [settings(3, 16)])
    }

    @Test(arguments: [
        ("- execution: {wokers: 3}", "own.yaml:1: unknown key 'execution.wokers'; did you mean 'execution.workers'?"),
        (
            "- execution.workers: 3\n- execution:\n    workers: many\n",
            "own.yaml:3: 'many' is not valid for execution.workers"
        ),
        ("{\"execution.workers\": 3}\n{\"execution.workers\": 99}\n", "own.yaml:2: '99' is not valid"),
        ("- analysis.fixed: 2", "own.yaml:1: analysis.fixed is not searched"),
        (
            "- numeric.precision: mixed",
            "own.yaml:1: 'mixed' is not valid for numeric.precision: one of float64, float32"
        ),
        ("- 3", "own.yaml:1: a configuration must be a mapping"), ("", "holds no configuration"),
        ("[]", "holds no configuration"), ("- [", "not valid YAML"),
    ])
    func whatIsWrongIsSaidWithItsPlace(text: String, message: String) {
        #expect { try self.read(text) } throws: { "\($0)".contains(message) }
    }

    @Test func valuesGoToTheNearestThatIsSearched() throws {
        // By ratio: 40 lies nearer to 32 than to 64, and 46 to 64.
        let own = try read("- execution.chunk_size: 40\n- execution.chunk_size: 46\n- execution.chunk_size: 4000\n")
        #expect(own.configurations == [settings(2, 32), settings(2, 64), settings(2, 1024)])
        #expect(
            own.notes.first
                == "own.yaml:1: execution.chunk_size 40 is not among the values that are searched; 32 is tried")
        #expect(own.notes.count == 3)
    }

    /// A choice has no nearest value.
    @Test func aChoiceThatIsNotSearchedIsRefused() throws {
        let description = ParameterDescription(
            name: "mode", group: .execution, domain: .choice(["a", "b", "c"]), defaultValue: .choice("a"), text: "t",
            searchValues: [.choice("a"), .choice("b")])
        #expect {
            try EnqueuedConfigurations(
                ConfigurationLayer.list(source: "", text: "mode: c", file: "f"), searched: [description],
                known: ParameterCatalog([description]), before: nil)
        } throws: { "\($0)".contains("f:1: 'c' is not valid for mode: searched are a, b") }
    }

    @Test func repeatsAreLeftOutWithANote() throws {
        let own = try read(
            "- {execution.workers: 2}\n- {execution.workers: 5}\n- {execution.workers: 7}\n- {execution.workers: 5}\n",
            before: settings(7, 16))
        #expect(own.configurations == [settings(5, 16)])
        #expect(
            own.notes == [
                "own.yaml:1: configuration 1 is the built-in default again and is left out",
                "own.yaml:3: configuration 3 is the configuration in place again and is left out",
                "own.yaml:4: configuration 4 is configuration 2 again and is left out",
            ])
    }

    /// Right after the default and what is in place, within the budget, and again after a stop.
    @Test func theyAreTriedFirstAndCount() throws {
        let program = FakeProgram { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier)) }
        let own = [settings(8, 4), settings(6, 128)]
        let (end, history) = try StudyFixture().run(
            StudyFixture.options(budget: 4), before: settings(5, 64), enqueued: own, program)
        let tried = history.trials.map { history.settings(of: $0.configuration) }
        #expect(tried == [settings(2, 16), settings(5, 64)] + own)
        #expect(end.verdict?.best == own[1], "the best of the bowl was enqueued")
    }

    @Test func aResumedStudyGoesOnWithThem() throws {
        let fixture = try StudyFixture()
        let own = [settings(8, 4), settings(6, 128), settings(3, 4)]
        let log = FakeProgram.Log()
        let stopped = FakeProgram(log: log) { configuration, earlier, total in
            total == 9 ? FakeRun(termination: .interrupted(signal: 15)) : FakeRun(wall: bowl(configuration, earlier))
        }
        let id: String
        do {
            var study = try fixture.create(stopped, StudyFixture.options(budget: 6), enqueued: own)
            id = study.id
            #expect(try study.run(stopSignal: { nil }, progress: { _ in }) == .interrupted(signal: 15))
        }
        let fresh = FakeProgram { configuration, earlier, _ in FakeRun(wall: bowl(configuration, earlier)) }
        var resumed = try fixture.resume(id, fresh)
        _ = try resumed.run(stopSignal: { nil }, progress: { _ in })
        let history = try fixture.history(id)
        #expect(history.enqueued.count == 3)
        #expect(history.judged.prefix(4).map { history.settings(of: $0.configuration) } == [settings(2, 16)] + own)
        #expect(history.judged.count == 6)
    }

    /// A study of the first version has no inputs but what was in place.
    @Test func olderStudiesAreRead() throws {
        let json = #"{"before":[{"name":"execution.workers","text":"5"}],"options":{"budget":3}}"#
        let document = try JSONDecoder().decode(StudyDocument.self, from: Data(json.utf8))
        #expect(document.inputs == nil && document.before == [Setting("execution.workers", "5")])
        #expect(document.options.budget == 3)
    }
}
