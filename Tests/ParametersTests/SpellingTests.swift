import Parameters
import Testing

/// A program with other spellings, something that is built in, and a machine with little of everything.
let spelledDescriptions = [
    ParameterDescription(
        name: "execution.workers", group: .execution, domain: .integer(1...64, .linear), defaultValue: .integer(2),
        unit: "threads", text: "Worker threads.",
        aliases: [ParameterAlias("parallel.workers"), ParameterAlias("parallel.cores")],
        capacity: HostCapacity(4, of: "usable CPUs", isBound: false)),
    ParameterDescription(
        name: "execution.access", group: .execution, domain: .choice(["mapped", "buffered"]),
        defaultValue: .choice("mapped"), text: "Access.",
        aliases: [ParameterAlias("storage.memory_mapping", words: ["true": "mapped", "false": "buffered"])]),
    ParameterDescription(
        name: "execution.advice", group: .execution, domain: .choice(["normal", "sequential", "willneed"]),
        defaultValue: .choice("sequential"), text: "Advice.",
        condition: ParameterCondition(parameter: "execution.access", values: [.choice("buffered")]),
        aliases: [
            ParameterAlias(
                "storage.readahead", words: ["none": "normal", "sequential": "sequential", "aggressive": "willneed"])
        ]),
    ParameterDescription(
        name: "execution.depth", group: .execution, domain: .integer(0...9, .linear), defaultValue: .integer(0),
        text: "Depth.",
        condition: ParameterCondition(parameter: "execution.advice", values: [.choice("willneed")])),
    ParameterDescription(
        name: "execution.limit", group: .execution, domain: .size(1_000...1_000_000), defaultValue: .integer(8_000),
        unit: "bytes", text: "Limit.", percentBase: 10_000, aliases: [ParameterAlias("memory.limit")],
        defaultRule: "80% of it", capacity: HostCapacity(10_000, of: "usable memory", isBound: true)),
    ParameterDescription(
        name: "parallel.nodes", group: .execution, domain: .boolean, defaultValue: .boolean(false), text: "Nodes.",
        irrelevance: "it has one node"),
]

let spelledCatalog = ParameterCatalog(
    spelledDescriptions,
    builtIn: [
        BuiltInSetting("cache.policy", accepted: ["lru"], reason: "there is one policy"),
        BuiltInSetting("cache.zero_copy", accepted: ["true"], reason: "nothing is copied"),
        BuiltInSetting("gc.frequency", accepted: [], reason: "there is no collector"),
    ])

@Suite struct SpellingTests {
    private func yaml(_ text: String, _ file: String = "a.yaml", source: String = "--config") throws
        -> ConfigurationLayer
    {
        try ConfigurationLayer(source: source, yaml: text, file: file)
    }

    private func resolve(_ layers: ConfigurationLayer...) throws -> ResolvedConfiguration {
        try ResolvedConfiguration(spelledCatalog, layers: layers)
    }

    @Test func everySpellingSetsTheParameter() throws {
        let read = try resolve(
            yaml("parallel: {workers: 3}\nstorage:\n  memory_mapping: no\n  readahead: aggressive\nmemory.limit: 2kB\n")
        )
        #expect(read.integer("execution.workers") == 3)
        #expect(read.choice("execution.access") == "buffered")
        #expect(read.choice("execution.advice") == "willneed")
        #expect(read.integer("execution.limit") == 2_000)
        #expect(read["execution.access"].spelling == "storage.memory_mapping")
        #expect(read["execution.access"].location == "a.yaml:3")
        #expect(read["execution.access"].origin == "from --config a.yaml:3, as storage.memory_mapping")
        // What is stored and hashed has the parameters' own names and words.
        let plain = try resolve(
            yaml("execution: {workers: 3, access: buffered, advice: willneed, limit: 2kB}\n", "b.yaml"))
        #expect(read.canonicalText == plain.canonicalText && read.yaml() == plain.yaml())
        #expect(try resolve(ConfigurationLayer(assignments: ["parallel.cores=5"])).integer("execution.workers") == 5)
    }

    @Test(arguments: [("true", "mapped"), ("yes", "mapped"), ("on", "mapped"), ("off", "buffered"), ("auto", "mapped")])
    func switchesAreReadInEveryForm(word: String, value: String) throws {
        let layer = try ConfigurationLayer(assignments: ["storage.memory_mapping=\(word)"])
        #expect(try resolve(layer).choice("execution.access") == value)
    }

    /// A list switches on what it names and the rest off, whatever was said before; within one source it may not contradict.
    @Test func listsSetAllTheirSwitches() throws {
        let catalog = ParameterCatalog(
            ["first", "second", "third"].map {
                ParameterDescription(
                    name: "kernels.\($0)", group: .execution, domain: .boolean, defaultValue: .boolean($0 != "third"),
                    text: "Switch.")
            }, builtIn: [BuiltInSetting("kernels.order", accepted: ["true"], reason: "it is always so")],
            lists: [
                SwitchList(
                    "kernels.list", switches: ["kernels.first", "kernels.second", "kernels.third"],
                    builtIn: ["kernels.order"], text: "switches")
            ])
        func read(_ layers: ConfigurationLayer...) throws -> ([Bool], ResolvedConfiguration) {
            let found = try ResolvedConfiguration(catalog, layers: layers)
            return (["first", "second", "third"].map { found.boolean("kernels.\($0)") }, found)
        }
        let (listed, found) = try read(yaml("kernels:\n  list: [third, order]\n"))
        #expect(listed == [false, false, true])
        #expect(found["kernels.first"].location == "a.yaml:2" && found.notices.map(\.name) == ["kernels.order"])
        #expect(try read(yaml("kernels.list: []\n")).0 == [false, false, false])
        #expect(try read(yaml("kernels.list: auto\n")).0 == [true, true, false])
        // The later source wins switch by switch.
        #expect(
            try read(yaml("kernels.list: [third]\n"), ConfigurationLayer(assignments: ["kernels.second=true"])).0
                == [false, true, true])
        #expect(throws: ParameterError.self) { try read(yaml("kernels.list: [third]\nkernels.first: true\n")) }
        #expect(try read(yaml("kernels.list: [first]\nkernels.first: true\n")).0 == [true, false, false])
        // One error, with the place and what is meant.
        for (text, says) in [("[thrid]", "did you mean 'third'?"), ("", "a list of first, second, third, order")] {
            var problems: [ParameterError] = []
            _ = ResolvedConfiguration(catalog, layers: [try yaml("kernels.list: \(text)\n")], problems: &problems)
            #expect(problems.count == 1)
            #expect(problems.first?.description.contains(says) == true, "\(problems)")
            #expect(problems.first?.description.hasPrefix("a.yaml:1") == true, "\(problems)")
        }
        // Wherever settings are named, it is one name more.
        #expect(catalog.matching("kernels.list").map(\.name) == ["kernels.first", "kernels.second", "kernels.third"])
        #expect(catalog.names.contains("kernels.list"))
        let entries = try yaml("kernels.list: [second]\n").entries
        #expect(
            try catalog.canonical(entries).map { "\($0.name)=\($0.text)" } == [
                "kernels.first=false", "kernels.second=true", "kernels.third=false",
            ])
        #expect(SettingsReference.markdown(catalog).contains("**`kernels.list`**: Switches."))
    }

    @Test func wordsGoBothWays() {
        let alias = ParameterAlias("a", words: ["none": "normal", "aggressive": "willneed"])
        for word in alias.words {
            #expect(alias.canonicalText(word.spelled) == word.canonical)
            #expect(alias.spelledText(word.canonical) == word.spelled)
        }
        #expect(alias.canonicalText("normal") == nil && alias.spelledText("sequential") == nil)
        #expect(ParameterAlias("b").canonicalText("x") == "x" && ParameterAlias("b").spelledText("x") == "x")
    }

    @Test(arguments: [
        (
            "storage.memory_mapping=mapped",
            "--set: 'mapped' is not valid for storage.memory_mapping (that is, execution.access): true or false"
        ),
        (
            "storage.readahead=willneed",
            "--set: 'willneed' is not valid for storage.readahead (that is, execution.advice): one of none, sequential, aggressive"
        ),
        (
            "parallel.cores=0",
            "--set: '0' is not valid for parallel.cores (that is, execution.workers): an integer from 1 to 64"
        ),
        ("parallel.cors=1", "--set: unknown key 'parallel.cors'; did you mean 'parallel.cores'?"),
        ("memory_mapping=1", "--set: unknown key 'memory_mapping'; did you mean 'storage.memory_mapping'?"),
        ("gc.frequency=auto", "--set: unknown key 'gc.frequency'; there is no collector"),
        (
            "cache.policy=fifo",
            "--set: 'fifo' is not valid for cache.policy: it is built in and not switchable, lru is all there is: there is one policy"
        ),
    ])
    func whatIsWrongIsSaidInTheSpellingThatWasUsed(assignment: String, message: String) throws {
        let error = #expect(throws: ParameterError.self) {
            try resolve(ConfigurationLayer(assignments: [assignment]))
        }
        #expect(error?.description == message)
    }

    /// In one source nothing wins over the other; a later source wins over both.
    @Test func twoSpellingsWithTwoValuesAreAnError() throws {
        let both = try yaml("execution:\n  workers: 2\nparallel:\n  cores: 3\n")
        let error = #expect(throws: ParameterError.self) { try resolve(both) }
        #expect(
            error?.description
                == "a.yaml:4: parallel.cores is '3', but execution.workers is '2' at a.yaml:2, which is the same setting; "
                + "keep one of them")
        #expect(throws: ParameterError.self) { try resolve(yaml("execution: {workers: 2}\nexecution.workers: 3\n")) }
        #expect(throws: ParameterError.self) {
            try resolve(ConfigurationLayer(assignments: ["execution.workers=2", "parallel.workers=3"]))
        }
        #expect(try resolve(yaml("execution.workers: 3\nparallel.cores: 3\n")).integer("execution.workers") == 3)
        let later = try ConfigurationLayer(assignments: ["parallel.workers=7"])
        #expect(try resolve(yaml("execution.workers: 3\n"), later).integer("execution.workers") == 7)
        // The later of two words of a command line, as everywhere.
        let words = try ConfigurationLayer(assignments: ["execution.workers=2", "execution.workers=5"])
        #expect(try resolve(words).integer("execution.workers") == 5)
    }

    @Test func autoIsTheDefaultOfEveryParameter() throws {
        let other = ["execution.workers=9", "execution.access=buffered", "execution.limit=1kB", "parallel.nodes=true"]
        let all = spelledDescriptions.flatMap(\.spellings).map { "\($0)=auto" }
        let read = try resolve(
            ConfigurationLayer(source: "--config", entries: ConfigurationLayer(assignments: other).entries),
            ConfigurationLayer(assignments: all))
        for setting in read.settings { #expect(setting.value == setting.description.defaultValue) }
        #expect(read.integer("execution.limit") == 8_000)
    }

    @Test func whatIsBuiltInIsSaid() throws {
        let read = try resolve(
            yaml("cache: {policy: lru, zero_copy: yes}\n"), ConfigurationLayer(assignments: ["cache.policy=auto"]))
        #expect(read.notices.map(\.kind) == [.builtIn, .builtIn, .builtIn])
        #expect(
            read.notices.first?.description
                == "a.yaml:1: cache.policy is built in and not switchable: there is one policy")
        #expect(throws: ParameterError.self) { try resolve(yaml("cache.zero_copy: false\n")) }
    }

    /// A budget that the machine has not is lowered; what it can do badly is allowed; what cannot matter is said.
    @Test func whatTheMachineHasNotIsSaid() throws {
        let read = try resolve(yaml("memory.limit: 900kB\nexecution.workers: 64\nparallel.nodes: true\n"))
        #expect(read.integer("execution.limit") == 10_000)
        #expect(read.integer("execution.workers") == 64)
        #expect(read.notices.map(\.kind) == [.lowered, .irrelevant])
        #expect(read.notices[0].description.hasPrefix("a.yaml:1: execution.limit 900kB is more than the usable memory"))
        #expect(
            read.notices[1].description == "a.yaml:3: parallel.nodes has no effect on this machine: it has one node")
        #expect(try resolve(yaml("memory.limit: 100%\nparallel.nodes: false\n")).notices.isEmpty)
    }

    @Test func allProblemsAreCollected() throws {
        var problems: [ParameterError] = []
        let layer = ConfigurationLayer(
            source: "f",
            yaml: "execution:\n  wrokers: 1\n  access: no\n  limit: [{}]\n  advice: normal\nparallel.cores: 3\n",
            file: "a.yaml", problems: &problems)
        let read = ResolvedConfiguration(spelledCatalog, layers: [layer], problems: &problems)
        #expect(problems.map(\.location) == ["a.yaml:4", "a.yaml:2", "a.yaml:3"])
        #expect(read.choice("execution.advice") == "normal" && read.integer("execution.workers") == 3)
    }

    @Test func syntaxErrorsNameTheLine() {
        var problems: [ParameterError] = []
        _ = ConfigurationLayer(source: "f", yaml: "a: 1\nb: [\n", file: "a.yaml", problems: &problems)
        #expect(problems.count == 1 && problems[0].location == "a.yaml:3")
        let again = #expect(throws: ParameterError.self) {
            try ConfigurationLayer(source: "f", yaml: "a: 1\nb: 2\na: 3\n", file: "a.yaml")
        }
        #expect(again?.description.contains("a.yaml") == true, "one key twice")
    }

    @Test func activityFollowsTheParents() throws {
        func read(_ words: [String]) throws -> ResolvedConfiguration {
            try resolve(ConfigurationLayer(assignments: words))
        }
        // advice is willneed, but has itself no effect while files are mapped.
        #expect(try !read(["execution.advice=willneed"]).isActive("execution.depth"))
        #expect(
            try read(["execution.advice=willneed"]).failingClause(of: "execution.depth")?.parameter
                == "execution.access")
        #expect(try read(["execution.advice=willneed", "execution.access=buffered"]).isActive("execution.depth"))
    }

    @Test func canonicalEntriesForReadersOfOneSpelling() throws {
        let entries = try ConfigurationLayer(
            assignments: ["storage.memory_mapping=no", "cache.policy=lru", "old.name=3", "parallel.cores=4"]
        ).entries
        #expect(
            try spelledCatalog.canonical(entries).map { "\($0.name)=\($0.text)" } == [
                "execution.access=buffered", "old.name=3", "execution.workers=4",
            ])
        #expect(throws: ParameterError.self) {
            try spelledCatalog.canonical(ConfigurationLayer(assignments: ["cache.policy=x"]).entries)
        }
    }

    @Test(arguments: [
        ("execution.workers", ["execution.workers"]), ("parallel.cores", ["execution.workers"]),
        ("parallel.*", ["execution.workers", "parallel.nodes"]), ("memory", ["execution.limit"]),
        (
            "*a*e*",
            [
                "execution.workers", "execution.access", "execution.advice", "execution.depth", "execution.limit",
                "parallel.nodes",
            ]
        ),
        ("execution.a*", ["execution.access", "execution.advice"]), ("*.limit", ["execution.limit"]),
        ("exec", []), ("exec*s", ["execution.workers", "execution.access"]), ("", []),
    ])
    func patterns(pattern: String, names: [String]) {
        let found = spelledCatalog.matching(pattern).map(\.name)
        #expect(pattern == "*a*e*" ? Set(found).isSubset(of: names) : found == names, "\(found)")
    }
}
