import Foundation
import Instrumentation
import Pipeline
import TestSupport
import Testing

/// `lavoisier analyze` as a user runs it.
@Suite struct AnalyzeProgramTests {
    static let repository = TestData.repository
    static let data = ["LAVOISIER_DATA_DIR": repository + "/workloads"]
    static let dda = repository + "/workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML"

    private func analyze(_ arguments: [String], limits: String? = nil, outputFile: String? = nil) throws
        -> Program.Outcome
    {
        try Program.run(
            "lavoisier", ["analyze"] + arguments + (arguments.contains("--profile") ? [] : ["--profile", "none"]),
            environment: Self.data, shellLimits: limits, outputFile: outputFile)
    }

    @Test func writesAllTables() throws {
        let folder = try TemporaryDirectory()
        let output = folder.file("a/b")
        let outcome = try analyze([Self.dda, "--output", output, "--json"])
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.error.contains("expected peak memory: ") && outcome.error.contains(" MB of a limit of "))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: output).sorted() == [
                "features.tsv", "identifications.tsv", "run.json", "spectra.mgf",
            ])
        let record = try RunRecord(json: outcome.output)
        #expect(try RunRecord(json: String(contentsOfFile: output + "/run.json", encoding: .utf8)) == record)
        #expect(record.totalFeatures > 1_000)
        #expect(record.digest?.count == 64)
        #expect(record.inputs[0].identifiedFeatures > 0)
        #expect(record.configuration.contains { $0.name == "execution.workers" && $0.source == "default" })
        let features = try String(contentsOfFile: output + "/features.tsv", encoding: .utf8)
        #expect(features.split(separator: "\n").count == record.totalFeatures + 1)
        let columns = Set(
            features.split(separator: "\n").map { $0.split(separator: "\t", omittingEmptySubsequences: false).count })
        #expect(columns == [40])
        let mgf = try String(contentsOfFile: output + "/spectra.mgf", encoding: .utf8)
        #expect(mgf.components(separatedBy: "BEGIN IONS\n").count - 1 == record.inputs[0].featuresWithFragments)
    }

    @Test func stagesAreRecorded() throws {
        let folder = try TemporaryDirectory()
        let outcome = try analyze([Self.repository + "/workloads/medium", "--output", folder.file("out"), "--json"])
        let record = try RunRecord(json: outcome.output)
        #expect(
            record.stages.map(\.name) == [
                "open references", "forecast memory", "open", "read and detect", "group isotopes", "group adducts",
                "assign fragments",
                "match library", "match decoys",
                "annotate and format", "write",
            ])
        #expect(record.stages.allSatisfy { $0.wallSeconds > 0 })
        #expect(record.stages.reduce(0) { $0 + $1.wallSeconds } <= record.wallSeconds, "stages do not overlap")
        #expect(record.detectionJobs.map(\.name) == ["read", "decode", "mass traces", "chromatographic peaks"])
    }

    @Test func gzipEqualsPlain() throws {
        let folder = try TemporaryDirectory()
        let zipped = folder.file("171103_PMA_TK_QC_04-4to5min.mzML")
        let gzip = try Program.run("/bin/sh", ["-c", "gzip -c \"$0\" > \"$1\"", Self.dda, zipped])
        #expect(gzip.status == 0)
        let plain = try analyze([Self.dda, "--output", folder.file("1"), "--json", "--quiet"])
        let compressed = try analyze([zipped, "--output", folder.file("2"), "--json", "--quiet"])
        #expect(try RunRecord(json: plain.output).digest == RunRecord(json: compressed.output).digest)
    }

    @Test func goodFilesGoOnBesideABadOne() throws {
        let folder = try TemporaryDirectory()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.dda))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: folder.file("cut.mzML")))
        let outcome = try analyze([folder.file("cut.mzML"), Self.dda, "--output", folder.file("out"), "--json"])
        #expect(outcome.status == 65)
        #expect(outcome.error.contains("cut.mzML") && outcome.error.contains("[truncated]"))
        let record = try RunRecord(json: outcome.output)
        #expect(record.inputs.map(\.status) == [.failed, .analysed])
        let alone = try analyze([Self.dda, "--output", folder.file("alone"), "--json"])
        #expect(try RunRecord(json: alone.output).digest == record.digest)
    }

    static let badInputs: [(name: String, content: String, says: String)] = [
        ("empty.mzML", "", "[empty-file]"),
        ("text.mzML", "this is not XML at all\n", "[not-mzml]"),
        ("other.mzML", "<?xml version=\"1.0\"?><html><body/></html>", "[not-mzml]"),
    ]

    @Test(arguments: badInputs.indices) func badFiles(index: Int) throws {
        let (name, content, says) = Self.badInputs[index]
        let folder = try TemporaryDirectory()
        let path = try folder.write(name, content)
        // An error is one line, and said even when progress is not wanted.
        let outcome = try analyze([path, "--output", folder.file("out"), "--quiet"])
        #expect(outcome.status == 65)
        #expect(outcome.error.contains(path) && outcome.error.contains(says), "\(outcome.error)")
        #expect(outcome.error.split(separator: "\n").count == 1)
        #expect(try folder.contents == [name], "nothing stays behind")
    }

    @Test func arraysThatDoNotDecode() throws {
        let folder = try TemporaryDirectory()
        var text = try String(contentsOfFile: Self.dda, encoding: .utf8)
        let tag = try #require(text.range(of: "<binary>"))
        text.replaceSubrange(tag.upperBound..<text.index(tag.upperBound, offsetBy: 4), with: "!!!!")
        let path = try folder.write("broken.mzML", text)
        let outcome = try analyze([path, "--output", folder.file("out")])
        #expect(outcome.status == 65)
        #expect(outcome.error.contains("[invalid-base64]") && outcome.error.contains("spectrum 0"), "\(outcome.error)")
        #expect(try folder.contents == ["broken.mzML"])
    }

    @Test func missingAndEmpty() throws {
        let folder = try TemporaryDirectory()
        let missing = try analyze([folder.file("no.mzML"), "--output", folder.file("out")])
        #expect(missing.status == 65)
        #expect(missing.error.contains("cannot read \(folder.file("no.mzML")): No such file or directory"))
        let empty = try analyze([folder.path, "--output", folder.file("out")])
        #expect(empty.status == 65 && empty.error.contains("no mzML in folder"))
        #expect(try folder.contents.isEmpty)
    }

    /// A named pipe is opened once, by who reads it. One that nobody writes to can be stopped.
    @Test func namedPipes() throws {
        let folder = try TemporaryDirectory()
        let plain = try analyze([Self.dda, "--output", folder.file("plain")])
        #expect(plain.status == 0)
        func through(_ script: String, _ output: String) throws -> Program.Outcome {
            try Program.run(
                "/bin/sh",
                [
                    "-c", "mkfifo '\(folder.file(output)).mzML'; " + script, Program.path("lavoisier"), "analyze",
                    folder.file("\(output).mzML"), "--output", folder.file(output), "--profile", "none",
                ], environment: Self.data)
        }
        let read = try through(
            "cat '\(Self.dda)' > '\(folder.file("read.mzML"))' & timeout -k 1 100 \"$0\" \"$@\"", "read")
        #expect(read.status == 0, "\(read.error)")
        for table in ["identifications.tsv", "spectra.mgf"] {
            let texts = try ["plain", "read"].map {
                try String(contentsOfFile: folder.file("\($0)/\(table)"), encoding: .utf8)
            }
            #expect(texts[0].replacing("171103_PMA_TK_QC_04-4to5min", with: "read") == texts[1], "\(table)")
        }
        let silent = try through("timeout --preserve-status -k 60 1 \"$0\" \"$@\"", "silent")
        #expect(silent.status == 143 && silent.error.contains("did not answer"), "\(silent.status) \(silent.error)")
    }

    /// A path that leads nowhere and a folder without files, among files: these are analysed, and the status tells.
    @Test func whatIsNotThereDoesNotStopTheOthers() throws {
        let folder = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: folder.file("empty"), withIntermediateDirectories: true)
        let alone = try analyze([Self.dda, "--output", folder.file("alone")])
        #expect(alone.status == 0)
        let outcome = try analyze(
            [folder.file("no.mzML"), Self.dda, folder.file("empty"), "--output", folder.file("out")])
        #expect(outcome.status == 65)
        #expect(outcome.error.contains("no.mzML: cannot open: No such file or directory"), "\(outcome.error)")
        #expect(outcome.error.contains("empty: it is a folder"), "\(outcome.error)")
        for table in ["features.tsv", "identifications.tsv", "spectra.mgf"] {
            #expect(
                FileManager.default.contentsEqual(
                    atPath: folder.file("alone/\(table)"), andPath: folder.file("out/\(table)")), "\(table)")
        }
    }

    @Test(arguments: [
        (["--no-such-option"], "Unknown option"), (["--set", "workers=2"], "did you mean 'execution.workers'?"),
        (["--set", "execution.workers=none"], "an integer from 1 to 256"), (["--set", "nonsense"], "key=value"),
        (["--config", "/no/such.yaml"], "cannot read /no/such.yaml"), (["--profile", "memory"], "no tuned profile"),
        (["--set", "execution.memory_limit=64MiB", "--set", "execution.buffer_size=256MiB"], "to at least"),
    ])
    func wrongUsage(arguments: [String], says: String) throws {
        let folder = try TemporaryDirectory()
        let outcome = try analyze([Self.dda, "--output", folder.file("out"), "--config-dir", folder.path] + arguments)
        #expect(outcome.status == 64)
        #expect(outcome.error.contains(says), "\(outcome.error)")
        #expect(try folder.contents.isEmpty)
    }

    @Test func unknownKeyInAFileNamesTheLine() throws {
        let folder = try TemporaryDirectory()
        let config = try folder.write("c.yaml", "execution:\n  workers: 1\n  chunksize: 3\n")
        let outcome = try analyze([Self.dda, "--output", folder.file("out"), "--config", config])
        #expect(outcome.status == 64)
        #expect(
            outcome.error.contains(
                "\(config):3: unknown key 'execution.chunksize'; did you mean 'execution.chunk_size'?"))
    }

    @Test func outputThatCannotBeWritten() throws {
        let folder = try TemporaryDirectory()
        let file = try folder.write("file", "x")
        let notAFolder = try analyze([Self.dda, "--output", file])
        #expect(notAFolder.status == 73 && notAFolder.error.contains("it is not a folder"))
        let impossible = try analyze([Self.dda, "--output", "/proc/nothing/here"])
        #expect(impossible.status == 73 && impossible.error.contains("/proc/nothing/here"))
        let full = try analyze([Self.dda, "--output", folder.file("out"), "--json"], outputFile: "/dev/full")
        #expect(full.status == 73 && full.error.contains("No space left on device"))
    }

    /// A file size limit stands for a full disk: writing fails in the middle.
    @Test(.enabled(if: Program.mayLimitFileSizes, "the thread sanitizer needs files"), arguments: [1, 64, 1_000])
    func fullDisk(blocks: Int) throws {
        let folder = try TemporaryDirectory()
        let outcome = try analyze([Self.dda, "--output", folder.file("out")], limits: "ulimit -f \(blocks)")
        #expect(outcome.status == 73, "\(outcome.error)")
        #expect(outcome.error.contains("cannot write") && outcome.error.contains("File too large"), "\(outcome.error)")
        #expect(try folder.contents.isEmpty, "nothing half-written stays")
    }

    /// The disk of the cache, on the first run of a user.
    @Test(.enabled(if: Program.mayLimitFileSizes, "the thread sanitizer needs files"))
    func fullDiskOfTheCache() throws {
        let folder = try TemporaryDirectory()
        var environment = Self.data
        environment["HOME"] = folder.file("home")
        environment["XDG_CACHE_HOME"] = folder.file("home/.cache")
        try FileManager.default.createDirectory(atPath: folder.file("home"), withIntermediateDirectories: true)
        let outcome = try Program.run(
            "lavoisier", ["analyze", Self.dda, "--output", folder.file("out"), "--profile", "none"],
            environment: environment, shellLimits: "ulimit -f 64")
        #expect(outcome.status == 73, "\(outcome.error)")
        #expect(
            outcome.error.contains(folder.file("home")) && outcome.error.contains("File too large"), "\(outcome.error)")
        #expect(try folder.contents == ["home"])
    }

    @Test(arguments: [("INT", Int32(130)), ("TERM", 143)]) func stopSignals(name: String, status: Int32) throws {
        let folder = try TemporaryDirectory()
        // The analog search of one worker over all bundled runs takes many seconds; the signal comes well before.
        let outcome = try Program.run(
            "/bin/sh",
            [
                "-c", "\"$0\" \"$@\" & sleep 0.3; kill -\(name) $!; wait $!", Program.path("lavoisier"), "analyze",
                Self.repository + "/workloads", "--output", folder.file("out"), "--profile", "none", "--set",
                "execution.workers=1", "--set", "matching.analog=true",
            ], environment: Self.data)
        #expect(outcome.status == status, "\(outcome.error)")
        #expect(outcome.error.contains("nothing was written"))
        #expect(try folder.contents.isEmpty)
    }

    @Test func machineProfileIsUsedAndSaid() throws {
        let folder = try TemporaryDirectory()
        let first = try RunRecord(json: analyze([Self.dda, "--output", folder.file("1"), "--json"]).output)
        let profile = MachineProfile(
            machineID: first.machine.id, machine: [],
            profiles: [
                .init(
                    target: "throughput", workloadClass: "small", settings: [.init("execution.chunk_size", "77")],
                    provenance: [])
            ])
        try folder.write("\(first.machine.id).yaml", profile.yaml(descriptions: []))
        let outcome = try Program.run(
            "lavoisier", ["analyze", Self.dda, "--output", folder.file("2"), "--json", "--config-dir", folder.path],
            environment: Self.data)
        let second = try RunRecord(json: outcome.output)
        #expect(outcome.error.contains("using this machine's tuned profile"))
        #expect(second.configuration.contains { $0.name == "execution.chunk_size" && $0.value == "77" })
        #expect(second.machineProfile?.contains("throughput/small") == true)
        #expect(second.digest == first.digest)
        // Another machine's profile is not this one's.
        try folder.write("0123456789ab.yaml", profile.yaml(descriptions: []))
        try FileManager.default.removeItem(atPath: folder.file("\(first.machine.id).yaml"))
        let third = try Program.run(
            "lavoisier", ["analyze", Self.dda, "--output", folder.file("3"), "--json", "--config-dir", folder.path],
            environment: Self.data)
        #expect(try RunRecord(json: third.output).machineProfile == nil)
    }
}
