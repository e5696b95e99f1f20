import Foundation
import HostEnvironment
import Parameters
import TestSupport
import Testing

@testable import Pipeline

/// What holds for the description of every setting, and for the reference page that is made of them.
@Suite struct SettingDescriptionTests {
    private static let catalog = EngineParameters.catalog(host: EngineRun.host)
    private static let page = TestData.repository + "/docs/settings-reference.md"

    /// Machines with much and with little.
    private static func host(cpus: Int, kibibytes: Int, l2: Int) throws -> HostDescription {
        let folder = try TemporaryDirectory()
        let processors = (0..<cpus).map {
            "processor\t: \($0)\nmodel name\t: Sample\nphysical id\t: 0\ncore id\t\t: \($0)\nflags\t\t: fpu avx2\n"
        }
        try folder.write("proc/cpuinfo", processors.joined(separator: "\n"))
        try folder.write("proc/meminfo", "MemTotal: \(kibibytes) kB\n")
        try folder.write("proc/self/status", "Cpus_allowed_list:\t0-\(cpus - 1)\n")
        let none = Measured<Int>.unavailable(reason: "not recorded")
        return withExtendedLifetime(folder) {
            HostReader(
                root: folder.path, environment: [:], architecture: .available("x86_64"),
                cacheFallback: CacheSizes(l1Data: none, l2: .available(l2), l3: none)
            ).read()
        }
    }

    private static func pages() throws -> [String] {
        try [
            EngineRun.host, host(cpus: 2, kibibytes: 1 << 20, l2: 1 << 19),
            host(cpus: 48, kibibytes: 1 << 28, l2: 4 << 20),
        ].map { SettingsReference.markdown(EngineParameters.catalog(host: $0), machine: .any) }
    }

    /// A default that follows from the machine needs its rule in words, and a text or range must not follow from it.
    @Test func theReferencePageIsTheSameOnEveryMachine() throws {
        let pages = try Self.pages()
        for page in pages.dropFirst() {
            let different = zip(pages[0].split(separator: "\n"), page.split(separator: "\n")).filter { $0 != $1 }
            #expect(different.isEmpty, "\(different.map { "\($0.0)\n\($0.1)" })")
            #expect(page == pages[0])
        }
        let few = try EngineParameters.descriptions(host: Self.host(cpus: 2, kibibytes: 1 << 20, l2: 1 << 19))
        let many = try EngineParameters.descriptions(host: Self.host(cpus: 48, kibibytes: 1 << 28, l2: 4 << 20))
        #expect(few.map(\.name) == many.map(\.name))
        for (a, b) in zip(few, many) where a.defaultValue != b.defaultValue {
            #expect(a.defaultRule != nil, "\(a.name)")
        }
        #expect(few.first { $0.name == "execution.workers" }?.defaultValue == .integer(2))
        #expect(many.first { $0.name == "execution.workers" }?.defaultValue == .integer(48))
    }

    /// Every setting that leaves results alone has a row among the measured effects, which says of it what a tuner does.
    @Test func thePageOfEffectsKnowsEverySetting() throws {
        let page = try String(contentsOfFile: TestData.repository + "/docs/settings.md", encoding: .utf8)
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }
            .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }.filter { $0.count == 3 }
        let catalog = EngineParameters.catalog(host: try Self.host(cpus: 48, kibibytes: 1 << 28, l2: 4 << 20))
        /// What a row is about, by the names between backticks: whole ones, last parts, or patterns.
        func names(_ row: [String], patterns: Bool) -> Set<String> {
            let words = row[0].split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map { $0.element.split(separator: ":")[0] }
            return Set(
                words.filter { $0.contains("*") == patterns }
                    .flatMap { catalog.matching(String($0)) + catalog.matching("*.\($0)") }.map(\.name))
        }
        // What is written is not for speed, and how a library is searched has pages of its own.
        for description in catalog.descriptions
        where description.group == .execution && !description.name.hasPrefix("output.")
            || description.group == .numeric && !description.name.hasPrefix("matching.")
        {
            let row = try #require(
                rows.first { names($0, patterns: false).contains(description.name) }
                    ?? rows.first { names($0, patterns: true).contains(description.name) },
                "docs/settings.md has no row for \(description.name)")
            let searched =
                description.searchObstacle != nil || description.notSearched != nil
                ? "no" : description.purposes == .all ? "yes" : "for \(description.purposes.names.joined())"
            #expect(
                row[2].split(whereSeparator: { ":,".contains($0) }).first.map(String.init) == searched,
                "\(description.name): \(row[2])")
        }
    }

    /// `LAVOISIER_UPDATE_GOLDEN=1 swift test` writes the page anew; read the difference before committing it.
    @Test func theReferencePageIsUpToDate() throws {
        let made = SettingsReference.markdown(Self.catalog, machine: .any)
        if ProcessInfo.processInfo.environment["LAVOISIER_UPDATE_GOLDEN"] == "1" {
            try made.write(toFile: Self.page, atomically: true, encoding: .utf8)
        }
        #expect(
            try String(contentsOfFile: Self.page, encoding: .utf8) == made,
            "docs/settings-reference.md is not what the descriptions say")
    }

    /// No name stands for two settings: the catalog refuses to be made. Every spelling means its parameter.
    @Test func everySpellingIsOfOneSetting() {
        for description in Self.catalog.descriptions {
            for spelling in description.spellings {
                #expect(Self.catalog.description(of: spelling)?.name == description.name)
            }
            for alias in description.aliases {
                for word in alias.words {
                    #expect(throws: Never.self, "\(alias.name) \(word.spelled)") {
                        try description.parse(word.canonical)
                    }
                }
            }
        }
    }

    @Test func descriptionsAreWhole() {
        for description in Self.catalog.descriptions {
            let name = description.name
            #expect(description.accepts(description.defaultValue), "\(name)")
            #expect(description.text.hasSuffix("."), "\(name)")
            for value in description.searchValues ?? [] { #expect(description.accepts(value), "\(name)") }
            for clause in description.condition?.clauses ?? [] {
                let parent = Self.catalog.description(of: clause.parameter)
                #expect(parent?.name == clause.parameter, "\(name)")
                for value in clause.values { #expect(parent?.accepts(value) == true, "\(name)") }
            }
            // Whoever leaves a setting out of the search says why.
            if description.searchValues?.isEmpty == true, description.group != .analysis {
                #expect(description.notSearched != nil, "\(name)")
            }
            for reason in [description.notSearched, description.irrelevance, description.defaultRule].compactMap({ $0 })
            {
                #expect(!reason.isEmpty && !reason.hasSuffix("."), "\(name): \(reason)")
            }
        }
        for setting in Self.catalog.builtIn {
            #expect(!setting.reason.isEmpty && !setting.reason.hasSuffix("."), "\(setting.name)")
        }
    }

    /// But of those where the engine decides by what it sees, and the default is not to.
    @Test func autoIsTheDefaultOfEveryEngineSetting() throws {
        let words = Self.catalog.descriptions.flatMap(\.spellings).map { "\($0)=auto" }
        let read = try ResolvedConfiguration(Self.catalog, layers: [ConfigurationLayer(assignments: words)])
        for setting in read.settings {
            if case .choice(let names) = setting.description.domain, names.contains("auto") { continue }
            let isRule = setting.description.automaticRule != nil
            #expect(
                setting.value == (isRule ? .automatic : setting.description.defaultValue), "\(setting.description.name)"
            )
        }
        #expect(read["execution.chunk_size"].value == .automatic)
    }

    /// The specification's names give the same configuration, and so the same hash, as the engine's own.
    @Test(arguments: [
        ("storage.read_optimization.memory_mapping=false", "execution.file_access=buffered"),
        ("storage.read_optimization.memory_mapping=true", "execution.file_access=mapped"),
        ("storage.read_optimization.buffer_size=64MB", "execution.buffer_size=64MB"),
        ("storage.read_optimization.readahead_strategy=none", "execution.readahead=normal"),
        ("storage.read_optimization.readahead_strategy=sequential", "execution.readahead=sequential"),
        ("storage.read_optimization.readahead_strategy=aggressive", "execution.readahead=willneed"),
        ("storage.read_optimization.concurrent_files=4", "execution.concurrent_files=4"),
        ("storage.read_optimization.io_threads=8", "execution.io_workers=8"),
        ("parallel.workers=1", "execution.workers=1"), ("parallel.cores=1", "execution.workers=1"),
        ("memory.memory_limit=80%", "execution.memory_limit=80%"), ("memory.chunk_size=7", "execution.chunk_size=7"),
    ])
    func namesOfTheSpecification(other: String, own: String) throws {
        func read(_ word: String) throws -> ResolvedConfiguration {
            try ResolvedConfiguration(Self.catalog, layers: [ConfigurationLayer(assignments: [word])])
        }
        let plain = try ResolvedConfiguration(Self.catalog, layers: [])
        let expected = try read(own)
        #expect(try read(other).canonicalText == expected.canonicalText)
        let name = own.prefix { $0 != "=" }
        // A default on this machine may be what is set.
        if expected[String(name)].value != plain[String(name)].value {
            #expect(expected.canonicalText != plain.canonicalText)
        }
        #expect(try read(other)[String(name)].location == "--set")
    }

    @Test func theEnvironmentKnowsOtherSpellings() throws {
        let variables = [
            "LAVOISIER_PARALLEL_WORKERS": "3", "LAVOISIER_MEMORY_MAPPING": "no",
            "LAVOISIER_STORAGE_READ_OPTIMIZATION_IO_THREADS": "2", "LAVOISIER_SYNCHRONIZATION": "minimal",
        ]
        var request = ConfigurationRequest()
        request.profile = "none"
        request.environment = variables
        let outcome = try request.resolve(host: EngineRun.host)
        #expect(outcome.configuration.integer("execution.workers") == 3)
        #expect(outcome.configuration.choice("execution.file_access") == "buffered")
        #expect(outcome.configuration.integer("execution.io_workers") == 2)
        #expect(outcome.notices.count == 1 && outcome.notices[0].contains("parallel.synchronization is built in"))
        request.environment["LAVOISIER_CORES"] = "4"
        let error = #expect(throws: ParameterError.self) { try request.resolve(host: EngineRun.host) }
        #expect(
            error?.description.contains("LAVOISIER_CORES") == true
                && error?.description.contains("LAVOISIER_PARALLEL_WORKERS") == true, "\(String(describing: error))")
    }
}
