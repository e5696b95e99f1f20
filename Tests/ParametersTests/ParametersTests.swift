import Parameters
import Testing

@Suite struct QuantityTests {
    @Test(arguments: [
        ("64MB", 64_000_000), ("64MiB", 67_108_864), ("1.5GiB", 1_610_612_736), ("512", 512), ("4 GB", 4_000_000_000),
        ("1kB", 1_000), ("0B", 0),
    ])
    func sizes(text: String, bytes: Int) throws {
        #expect(try ByteSize(parsing: text).bytes == bytes)
    }

    @Test(arguments: [
        "", "MB", "-1MB", "1e3MB", "1.MB", ".5MB", "64 MB ", "64mb", "64Mb", "1.5B", "99999999999TB", "1  MB", "80%",
        "NaN",
        "64MBx", "0x10",
    ])
    func wrongSizes(text: String) {
        #expect(throws: QuantityError.self) { try ByteSize(parsing: text) }
    }

    @Test func percentages() throws {
        #expect(try ByteSize(parsing: "80%", percentBase: 1_000).bytes == 800)
        #expect(throws: QuantityError.self) { try ByteSize(parsing: "101%", percentBase: 1_000) }
        #expect(throws: QuantityError.self) { try ByteSize(parsing: "0%", percentBase: 1_000) }
    }

    @Test(arguments: [1, 999, 1_000, 1_024, 64_000_000, 67_108_864, 1_610_612_736, 12_345_678])
    func sizesRoundTrip(bytes: Int) throws {
        #expect(try ByteSize(parsing: ByteSize(bytes: bytes).description).bytes == bytes)
    }

    @Test(arguments: [
        (2_000_000_000, "2GB"), (64_000_000, "64MB"), (67_108_864, "64MiB"), (512_000, "500KiB"),
        (1_024_000_000, "1024MB"),
        (15_000, "15kB"), (1_610_612_736, "1536MiB"), (12_345_678, "12345678B"), (0, "0B"), (1 << 40, "1TiB"),
    ])
    func sizesAreShort(bytes: Int, text: String) {
        #expect(ByteSize(bytes: bytes).description == text)
    }

    @Test(arguments: [("2h", 7_200.0), ("90s", 90), ("250ms", 0.25), ("2m", 120), ("1d", 86_400), ("45", 45)])
    func spans(text: String, seconds: Double) throws {
        #expect(try TimeSpan(parsing: text).seconds == seconds)
        #expect(try TimeSpan(parsing: TimeSpan(seconds: seconds).description).seconds == seconds)
    }

    @Test(arguments: ["999999999999d", "99999999999999999999999", "1e3s", "-1s", "2 weeks"])
    func wrongSpans(text: String) {
        #expect(throws: QuantityError.self) { try TimeSpan(parsing: text) }
    }

    @Test func rates() throws {
        #expect(try ByteRate(parsing: "1GB/s").bytesPerSecond == 1_000_000_000)
        #expect(throws: QuantityError.self) { try ByteRate(parsing: "1GB") }
    }
}

let sampleDescriptions = [
    ParameterDescription(
        name: "execution.workers", group: .execution, domain: .integer(1...64, .linear), defaultValue: .integer(2),
        unit: "threads", text: "Worker threads."),
    ParameterDescription(
        name: "execution.buffer_size", group: .execution, domain: .size(4_096...(1 << 30)),
        defaultValue: .integer(1 << 20), unit: "bytes", text: "Read buffer."),
    ParameterDescription(
        name: "numeric.precision", group: .numeric, domain: .choice(["float64", "float32"]),
        defaultValue: .choice("float64"), text: "Precision."),
    ParameterDescription(
        name: "traces.tolerance_ppm", group: .analysis, domain: .number(0.1...1_000, .logarithmic),
        defaultValue: .number(10), unit: "ppm", text: "Tolerance."),
    ParameterDescription(
        name: "matching.analog", group: .analysis, domain: .boolean, defaultValue: .boolean(false), text: "Analog."),
]

@Suite struct ResolvedConfigurationTests {
    @Test func laterLayersWin() throws {
        let file = try ConfigurationLayer(
            source: "--config", yaml: "execution:\n  workers: 4\n  buffer_size: 64KiB\n", file: "a.yaml")
        let words = try ConfigurationLayer(assignments: ["execution.workers=8", "matching.analog=true"])
        let configuration = try ResolvedConfiguration(descriptions: sampleDescriptions, layers: [file, words])
        #expect(configuration.integer("execution.workers") == 8)
        #expect(configuration["execution.workers"].source == "command line")
        #expect(configuration.integer("execution.buffer_size") == 65_536)
        #expect(configuration["execution.buffer_size"].source == "--config")
        #expect(configuration.boolean("matching.analog"))
        #expect(configuration["numeric.precision"].source == "default")
    }

    @Test func unknownKeyNamesFileLineAndNearestKey() throws {
        let layer = try ConfigurationLayer(
            source: "--config", yaml: "execution:\n  workers: 4\n  bufer_size: 64KiB\n", file: "a.yaml")
        let error = #expect(throws: ParameterError.self) {
            try ResolvedConfiguration(descriptions: sampleDescriptions, layers: [layer])
        }
        #expect(
            error?.description
                == "a.yaml:3: unknown key 'execution.bufer_size'; did you mean 'execution.buffer_size'?")
    }

    @Test func forgottenSectionIsSuggested() {
        #expect(nearestName(to: "workers", among: sampleDescriptions.map(\.name)) == "execution.workers")
        #expect(nearestName(to: "execution.wrokers", among: sampleDescriptions.map(\.name)) == "execution.workers")
        #expect(nearestName(to: "completely_different", among: sampleDescriptions.map(\.name)) == nil)
    }

    @Test(arguments: [
        ("execution.workers=0", "an integer from 1 to 64"), ("execution.workers=two", "an integer from 1 to 64"),
        ("numeric.precision=half", "one of float64, float32"),
        ("traces.tolerance_ppm=nan", "a number from 0.1 to 1000.0"),
        ("matching.analog=maybe", "true or false"), ("execution.buffer_size=1", "a size from 4KiB to 1GiB"),
    ])
    func invalidValuesSayWhatIsAllowed(assignment: String, allowed: String) throws {
        let layer = try ConfigurationLayer(assignments: [assignment])
        let error = #expect(throws: ParameterError.self) {
            try ResolvedConfiguration(descriptions: sampleDescriptions, layers: [layer])
        }
        #expect(error?.description.contains(allowed) == true, "\(String(describing: error))")
        #expect(error?.description.hasPrefix("--set: ") == true)
    }

    @Test(arguments: ["- 1\n- 2\n", "execution: [1, {a: 2}]\n", "just text", "a: {b: *missing}", "a: b: c", "\t- x"])
    func malformedYAML(yaml: String) {
        #expect(throws: ParameterError.self) { try ConfigurationLayer(source: "--config", yaml: yaml, file: "a.yaml") }
    }

    private static let width = ParameterDescription(
        name: "centwave.peakwidth", group: .analysis, domain: .numbers(0.5...100, count: 2), defaultValue: .automatic,
        text: "Widths.")

    @Test func sectionsComeOnceInYAMLHoweverTheSettingsAreOrdered() throws {
        let names = ["execution.workers", "matching.batch", "top", "execution.limit"]
        let descriptions = names.map {
            ParameterDescription(
                name: $0, group: .execution, domain: .boolean, defaultValue: .boolean(true), text: "")
        }
        let read = try ResolvedConfiguration(
            descriptions: descriptions,
            layers: [ConfigurationLayer(source: "--set", yaml: "execution:\n  limit: false\n", file: "a.yaml")])
        let lines = read.yaml().split(separator: "\n").map { $0.prefix { $0 != "#" }.trimmingPrefix(" ") }
        #expect(lines.count == 6 && lines.filter { $0 == "execution:" }.count == 1 && lines[0].hasPrefix("top:"))
        let again = try ResolvedConfiguration(
            descriptions: descriptions,
            layers: [ConfigurationLayer(source: "--config", yaml: read.yaml(), file: "b.yaml")])
        #expect(again.canonicalText == read.canonicalText)
        let page = SettingsReference.markdown(descriptions)
        #expect(page.split(separator: "\n").filter { $0 == "## execution" }.count == 1)
    }

    private static let pause = ParameterDescription(
        name: "gc.frequency", group: .execution, domain: .number(0.001...3_600, .logarithmic),
        defaultValue: .number(1), unit: "s", text: "Time between two looks.")

    @Test(arguments: [("2", 2.0), ("2s", 2), ("2 s", 2), ("250ms", 0.25), ("1.5m", 90), ("1h", 3_600), ("2e-3", 0.002)])
    func timesMayHaveAUnit(text: String, seconds: Double) throws {
        #expect(try Self.pause.parse(text) == .number(seconds))
        // What is written is seconds, and read back.
        #expect(try Self.pause.parse(Self.pause.text(of: .number(seconds))) == .number(seconds))
    }

    @Test(arguments: ["2h", "0.5ms", "2 weeks", "-2s", "2S", "s", "2GB", "nan", "inf", "", "90%"])
    func wrongTimesSayWhatIsAllowed(text: String) {
        let error = #expect(throws: ParameterError.self) { try Self.pause.parse(text) }
        #expect(
            error?.description.contains("a number from 0.001 to 3600.0, or with a unit, like 250ms, 90s or 2m") == true)
    }

    /// Points in time may be negative, and widths come in pairs.
    @Test func pointsInTimeAndPairsHaveUnitsToo() throws {
        let start = ParameterDescription(
            name: "a.start", group: .analysis, domain: .number(-100...100, .linear), defaultValue: .automatic,
            unit: "s",
            text: "Start.")
        #expect(try start.parse("-30s") == .number(-30) && start.parse("-1.5m") == .number(-90))
        #expect(throws: ParameterError.self) { try start.parse("--30s") }
        #expect(throws: ParameterError.self) { try Self.pause.parse("-30s") }
        #expect(try Self.pause.parse("9ms") == .number(0.009))
        let width = ParameterDescription(
            name: "a.width", group: .analysis, domain: .numbers(0.5...100, count: 2), defaultValue: .automatic,
            unit: "s",
            text: "Widths.")
        for text in ["[20s, 1m]", "[20 s, 60]", "20,60s"] {
            #expect(try width.parse(text) == .numbers([20, 60]), "\(text)")
        }
        #expect(throws: ParameterError.self) { try width.parse("[20 30, 40]") }
    }

    /// Only times have units of time.
    @Test func otherNumbersHaveNoUnit() {
        #expect(throws: ParameterError.self) { try Self.width.parse("[20m, 50m]") }
        let share = ParameterDescription(
            name: "a.share", group: .execution, domain: .number(0...1, .linear), defaultValue: .number(1),
            text: "Share.")
        #expect(throws: ParameterError.self) { try share.parse("1s") }
    }

    @Test(arguments: ["[20,50]", "20,50", "[20, 50]", "[ 20 , 50 ]", "[20.0,5e1]"])
    func numbersAreReadInEveryForm(text: String) throws {
        #expect(try Self.width.parse(text) == .numbers([20, 50]))
        let yaml = try ConfigurationLayer(
            source: "--config", yaml: "centwave:\n  peakwidth: [20, 50]\n", file: "a.yaml")
        let read = try ResolvedConfiguration(descriptions: [Self.width], layers: [yaml])
        #expect(read.optionalNumbers("centwave.peakwidth") == [20, 50])
        let again = try ConfigurationLayer(source: "--config", yaml: read.yaml(), file: "b.yaml")
        #expect(
            try ResolvedConfiguration(descriptions: [Self.width], layers: [again]).canonicalText == read.canonicalText)
    }

    @Test(arguments: [
        "", "[]", "20", "[20,50,60]", "[20;50]", "[20,,50]", "[20,50", "20 50,3", "[0,50]", "[20,inf]", "x,y",
    ])
    func wrongNumbersSayWhatIsAllowed(text: String) {
        let error = #expect(throws: ParameterError.self) { try Self.width.parse(text) }
        #expect(error?.description.contains("2 numbers from 0.5 to 100.0, like [1, 1]") == true)
    }

    @Test func emptyYAMLSetsNothing() throws {
        #expect(try ConfigurationLayer(source: "--config", yaml: "# nothing\n", file: "a.yaml").entries.isEmpty)
    }

    @Test func yamlIsReadBack() throws {
        let words = try ConfigurationLayer(assignments: [
            "execution.buffer_size=96KiB", "numeric.precision=float32", "traces.tolerance_ppm=2.5",
        ])
        let configuration = try ResolvedConfiguration(descriptions: sampleDescriptions, layers: [words])
        let again = try ResolvedConfiguration(
            descriptions: sampleDescriptions,
            layers: [ConfigurationLayer(source: "--config", yaml: configuration.yaml(), file: "b.yaml")])
        #expect(again.canonicalText == configuration.canonicalText)
        #expect(configuration.yaml(onlyChanged: true).contains("workers") == false)
        #expect(configuration.yaml().contains("buffer_size: 96KiB  # bytes, default 1MiB"))
    }

    @Test func missingFileIsNamed() {
        let error = #expect(throws: ParameterError.self) {
            try ConfigurationLayer(source: "--config", path: "/nowhere.yaml")
        }
        #expect(error?.description == "cannot read /nowhere.yaml: No such file or directory")
    }
}

/// Text whose form its reader checks.
@Suite struct TextParameterTests {
    private static let list = ParameterDescription(
        name: "annotation.list", group: .analysis, domain: .text(form: "a list of things"),
        defaultValue: .choice("all"),
        unit: "", text: "Things.")

    @Test func anyTextButNoneIsAValue() throws {
        #expect(try Self.list.parse("[M+H]+, [M+Na]+") == .choice("[M+H]+, [M+Na]+"))
        #expect(try Self.list.parse("auto") == .choice("all"))
        #expect(Self.list.text(of: .choice("a, b")) == "a, b")
        let error = #expect(throws: ParameterError.self) { try Self.list.parse(" ") }
        #expect(error?.description.contains("a list of things") == true)
    }

    /// Elsewhere `auto` is the default.
    @Test func aChoiceMayBeNamedAuto() throws {
        let choice = ParameterDescription(
            name: "search.strategy", group: .numeric, domain: .choice(["exact", "auto"]),
            defaultValue: .choice("exact"), text: "How.")
        #expect(try choice.parse("auto") == .choice("auto") && choice.text(of: .choice("auto")) == "auto")
        let other = ParameterDescription(
            name: "search.kind", group: .numeric, domain: .choice(["a", "b"]), defaultValue: .choice("b"), text: "What."
        )
        #expect(try other.parse("auto") == .choice("b"))
    }

    @Test func survivesYAML() throws {
        let text = "[M+H]+, [2M+Na-2H]-:0.3"
        let set = try ResolvedConfiguration(
            descriptions: [Self.list], layers: [ConfigurationLayer(assignments: ["annotation.list=\(text)"])])
        let read = try ResolvedConfiguration(
            descriptions: [Self.list],
            layers: [ConfigurationLayer(source: "--config", yaml: set.yaml(), file: "x.yaml")])
        #expect(read.choice("annotation.list") == text)
    }
}
