import Parameters
import Testing

@testable import StudyRunner

@Suite struct ParameterSelectionTests {
    private static func choice(
        _ name: String, _ values: [String], group: ParameterGroup = .execution, condition: (String, String)? = nil,
        tried: [String]? = nil, notSearched: String? = nil, irrelevance: String? = nil, alias: String? = nil,
        purposes: ParameterPurposes = .all
    ) -> ParameterDescription {
        ParameterDescription(
            name: name, group: group, domain: .choice(values), defaultValue: .choice(values[0]), text: "t",
            condition: condition.map { ParameterCondition(parameter: $0.0, values: [.choice($0.1)]) },
            searchValues: tried.map { $0.map { .choice($0) } },
            aliases: alias.map { [ParameterAlias($0)] } ?? [], notSearched: notSearched, purposes: purposes,
            irrelevance: irrelevance)
    }

    private static let catalog = ParameterCatalog(
        [
            choice("read.access", ["mapped", "buffered"], alias: "storage.access"),
            choice("read.depth", ["0", "8"], condition: ("read.access", "buffered")),
            choice("read.threads", ["1", "2"], condition: ("read.depth", "8")),
            choice("read.parser", ["fast", "slow"], notSearched: "slow is slow"),
            choice("write.sync", ["no", "yes"], tried: [], notSearched: "it is a promise"),
            choice("parallel.nodes", ["no", "yes"], irrelevance: "there is one node"),
            choice("numeric.precision", ["f64", "f32"], group: .numeric),
            choice("result.kind", ["a", "b"], group: .analysis),
        ], builtIn: [BuiltInSetting("cache.policy", accepted: ["lru"], reason: "there is one")])

    private func select(
        _ list: String?, fixed: [Setting] = [], irrelevant: [String: String] = [:]
    ) throws -> ParameterSelection {
        try ParameterSelection(
            list, of: Self.catalog, basic: ["read.access", "numeric.precision"], fixed: fixed, irrelevant: irrelevant)
    }

    @Test(
        arguments: [
            (nil, ["read.access", "read.depth", "read.threads", "numeric.precision"]),
            ("", ["read.access", "read.depth", "read.threads", "numeric.precision"]),
            ("default", ["read.access", "read.depth", "read.threads", "numeric.precision"]),
            ("all", ["read.access", "read.depth", "read.threads", "read.parser", "numeric.precision"]),
            ("basic", ["read.access", "numeric.precision"]),
            ("numeric.precision, read.access", ["read.access", "numeric.precision"]),
            ("storage.access", ["read.access"]),
            ("read.*", ["read.access", "read.depth", "read.threads"]),
            ("read,-read.threads", ["read.access", "read.depth"]),
            ("+read.parser", ["read.access", "read.depth", "read.threads", "read.parser", "numeric.precision"]),
            ("-numeric.precision +read.parser -read.*,+storage.access", ["read.access"]),
            ("read.parser", ["read.parser"]),
            // A parent that is taken away takes with it what depends on it, as far down as that goes.
            ("-read.access", ["numeric.precision"]),
            ("-read.depth", ["read.access", "numeric.precision"]),
        ] as [(String?, [String])])
    func whatIsSearched(list: String?, names: [String]) throws {
        let selection = try select(list)
        #expect(selection.searched.map(\.name) == names)
        // Everything that could matter is either searched or left out with a reason.
        let left = selection.leftOut.map(\.name)
        #expect(Set(left).isDisjoint(with: names) && left.count + names.count == Self.catalog.descriptions.count - 1)
        #expect(selection.leftOut.allSatisfy { !$0.reason.isEmpty })
    }

    @Test func everythingThatIsLeftOutHasItsReason() throws {
        let reasons = Dictionary(
            uniqueKeysWithValues: try select("numeric.precision").leftOut.map { ($0.name, $0.reason) })
        #expect(reasons["read.access"] == "not asked for" && reasons["read.parser"] == "slow is slow")
        #expect(reasons["write.sync"] == "it is a promise" && reasons["parallel.nodes"] == "there is one node")
        let inactive = try select("-read.access").leftOut.first { $0.name == "read.depth" }
        #expect(inactive?.reason == "it matters only while read.access is buffered, and that stays mapped")
        let chosen = try select(nil, irrelevant: ["read.access": "files are compressed"])
        #expect(chosen.searched.map(\.name) == ["numeric.precision"])
        #expect(chosen.leftOut.first?.reason == "files are compressed")
    }

    /// A study searches what can serve its target or its bounds; the rest is there for those who name it.
    @Test func whatServesNothingThatIsAskedForIsLeftOut() throws {
        let catalog = ParameterCatalog([
            Self.choice("memory.pages", ["keep", "release"], purposes: [.memory]),
            Self.choice("memory.size", ["a", "b"]),
            Self.choice("numeric.kernel", ["plain", "quick"], purposes: [.time]),
        ])
        func names(_ list: String?, _ options: StudyOptions) throws -> [String] {
            try ParameterSelection(list, of: catalog, basic: ["numeric.kernel"], purposes: options.purposes)
                .searched.map(\.name)
        }
        var options = StudyOptions()
        let all = catalog.names
        for (target, expected) in [
            (StudyTarget.throughput, ["memory.size", "numeric.kernel"]),
            (.cpuUsage, ["memory.size", "numeric.kernel"]),
            (.energy, ["memory.size", "numeric.kernel"]), (.memory, ["memory.pages", "memory.size"]), (.balanced, all),
        ] {
            options.target = target
            #expect(try names(nil, options) == expected, "\(target)")
            #expect(try names("all", options) == all && names("numeric.kernel", options) == ["numeric.kernel"])
            #expect(try names("basic", options) == ["numeric.kernel"])
        }
        // A pattern takes what of it is searched; without any it is an error that says why.
        options.target = .throughput
        #expect(try names("memory.*", options) == ["memory.size"])
        #expect(try names("+memory.pages", options) == all)
        options.target = .memory
        let failure = #expect(throws: StudyError.self) { try names("numeric", options) }
        let reason = "it can save time only, and time is not asked for"
        #expect(failure?.description.contains("numeric.kernel: \(reason)") == true)
        let selection = try ParameterSelection(nil, of: catalog, basic: [], purposes: options.purposes)
        #expect(selection.leftOut == [LeftOutParameter(name: "numeric.kernel", reason: reason)])
        // A bound asks for what keeps it.
        options.maximumSeconds = 10
        #expect(try names(nil, options) == all)
        options = StudyOptions()
        options.maximumMemoryBytes = 1 << 30
        #expect(try names(nil, options) == all)
    }

    /// What a base file fixes counts for the conditions of what is searched.
    @Test func fixedParentsCount() throws {
        let fixed = [Setting("read.access", "buffered")]
        #expect(try select("read.depth", fixed: fixed).searched.map(\.name) == ["read.depth"])
        #expect(try select("-read.access", fixed: fixed).searched.map(\.name).contains("read.threads"))
    }

    @Test(arguments: [
        ("read.acces", "'read.acces' is not a setting; did you mean 'read.access'?"),
        ("defualt", "did you mean 'default'?"), ("zzzzzzzzzzzzzzz", "lavoisier-tune parameters lists"),
        ("+nope.*", "'nope.*' is not a setting"), ("-nothing", "'nothing' is not a setting"),
        ("write.sync", "write.sync cannot be searched: it is a promise"),
        ("parallel.nodes", "parallel.nodes cannot be searched: there is one node"),
        ("result.kind", "result.kind cannot be searched: it changes results"),
        ("result.*", "nothing of 'result.*' is searched without being named: result.kind: it changes results"),
        ("write", "nothing of 'write' is searched without being named: write.sync: it is a promise"),
        ("cache.policy", "cache.policy is built in and not switchable: there is one"),
        ("read.depth", "read.depth cannot matter in this study: it matters only while read.access is buffered"),
        ("-all", "leaves nothing to search"), ("basic,-default", "leaves nothing to search"),
    ])
    func whatCannotBeIsAnErrorWithItsReason(list: String, message: String) {
        let error = #expect(throws: StudyError.self) { try select(list) }
        #expect(error?.code == .invalidOptions && error?.reason.contains(message) == true, "\(error?.reason ?? "")")
    }
}
