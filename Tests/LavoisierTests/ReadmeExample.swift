import Lavoisier

/// The example of the README, compiled: `ReadmeExampleTests` holds the two equal.
func readmeExample(run: String, results: String) throws {
    // README begins
    let analyzer = try Analyzer(settings: ["execution.workers": "2"])
    let record = try analyzer.processFile(run, output: results) { fraction in
        print(Int(fraction * 100), "%")
    }
    print(record.totalFeatures, "features, digest", record.digest ?? "none")
    // README ends
}
