import Foundation
import Lavoisier
import Parameters
import Pipeline
import Synchronization
import TestSupport
import Testing

@Suite struct AnalyzerTests {
    static let data = TestData.repository + "/workloads"
    static let ident = data + "/ident/FeatureFinderMetaboIdent_1_input.mzML"

    @Test func fileAndDatasetAgree() throws {
        let folder = try TemporaryDirectory()
        let analyzer = try Analyzer(settings: ["execution.workers": "2"], profile: "none", dataFolder: Self.data)
        let file = try analyzer.processFile(Self.ident, output: folder.file("file"))
        let dataset = try analyzer.processDataset(Self.data + "/ident", output: folder.file("dataset"))
        #expect(file.totalFeatures > 0)
        #expect(file.digest == dataset.digest)
        #expect(FileManager.default.fileExists(atPath: folder.file("file/features.tsv")))
    }

    @Test func progressRisesToOne() throws {
        let folder = try TemporaryDirectory()
        let seen = Mutex<[Double]>([])
        let analyzer = try Analyzer(settings: ["execution.workers": "1"], profile: "none", dataFolder: Self.data)
        try analyzer.processFile(Self.ident, output: folder.path) { fraction in seen.withLock { $0.append(fraction) } }
        let fractions = seen.withLock { $0 }
        #expect(fractions.count > 2)
        #expect(fractions == fractions.sorted())
        #expect(fractions.last == 1)
    }

    @Test func unknownSettingIsRefused() {
        let error = #expect(throws: ParameterError.self) { try Analyzer(settings: ["execution.wokers": "2"]) }
        #expect(error?.description.contains("did you mean 'execution.workers'?") == true)
    }

    /// Of a setting that no other test of this process looks at.
    @Test func defaultsOfTheProcessAreWhatAnalyzersStartFrom() throws {
        let name = "storage.cache_optimization.directory_cache"
        let folder = try TemporaryDirectory()
        func value(_ settings: [String: String] = [:], file: String? = nil) throws -> String? {
            let analyzer = try Analyzer(
                settings: settings, configurationFile: file, profile: "none", dataFolder: Self.data)
            let record = try analyzer.processFile(Self.ident, output: folder.file("out"))
            return record.configuration.first { $0.name == name }?.value
        }
        let builtIn = try value()
        defer { try? Analyzer.applyGlobalConfiguration([:]) }
        try Analyzer.applyGlobalConfiguration([name: "3MiB"])
        #expect(try value() == "3MiB")
        let file = try folder.write("a.yaml", "storage:\n  cache_optimization:\n    directory_cache: 5MiB\n")
        #expect(try value(file: file) == "5MiB")
        #expect(try value([name: "7MiB"], file: file) == "7MiB")
        #expect(throws: ParameterError.self) { try Analyzer.applyGlobalConfiguration([name: "much"]) }
        #expect(try value() == "3MiB")
        try Analyzer.applyGlobalConfiguration([:])
        #expect(try value() == builtIn && builtIn != "3MiB")
    }

    @Test func badFileIsInTheRecord() throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write("x.mzML", "nothing")
        let analyzer = try Analyzer(profile: "none", dataFolder: Self.data)
        let record = try analyzer.processFile(path, output: folder.file("out"))
        #expect(record.failedInputs.count == 1)
        #expect(!FileManager.default.fileExists(atPath: folder.file("out")))
    }
}

@Suite struct ReadmeExampleTests {
    /// The example in the README is the one that this target compiles.
    @Test func readmeHoldsTheCompiledExample() throws {
        let source = try String(
            contentsOfFile: TestData.repository + "/Tests/LavoisierTests/ReadmeExample.swift", encoding: .utf8)
        let start = try #require(source.range(of: "// README begins\n")).upperBound
        let end = try #require(source.range(of: "    // README ends")).lowerBound
        let example = source[start..<end].split(separator: "\n").map { $0.dropFirst(4) }.joined(separator: "\n")
        let readme = try String(contentsOfFile: TestData.repository + "/README.md", encoding: .utf8)
        #expect(readme.contains(example), "README.md lacks:\n\(example)")
    }

    @Test func exampleRuns() throws {
        let folder = try TemporaryDirectory()
        setenv("LAVOISIER_DATA_DIR", AnalyzerTests.data, 1)
        try readmeExample(run: AnalyzerTests.ident, results: folder.path)
        #expect(try folder.contents.contains("features.tsv"))
    }
}
