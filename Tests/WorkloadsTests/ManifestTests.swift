import SpectrumModel
import Testing

@testable import Workloads

private let valid = """
    name: demo
    title: A demo
    tier: small
    instrument: Orbitrap
    polarity: negative
    representation: profile
    ms_levels: [1, 2]
    description: >-
      Two lines
      of text.
    truth: truth.tsv
    files:
      - path: a.mzML
        bytes: 1kB
        sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        origin: somebody
        licence: MIT
    """

@Suite struct ManifestTests {
    @Test func readsEveryField() throws {
        let manifest = try WorkloadManifest(yaml: valid, path: "workload.yaml")
        #expect(manifest.name == "demo")
        #expect(manifest.title == "A demo")
        #expect(manifest.tier == .small)
        #expect(manifest.type == nil && manifest.complexity == nil)
        let typed = try WorkloadManifest(
            yaml: valid + "\ntype: spectral_matching\ncomplexity: high", path: "workload.yaml")
        #expect(typed.type == .spectralMatching && typed.complexity == .high)
        #expect(manifest.instrument == "Orbitrap")
        #expect(manifest.polarity == .negative)
        #expect(manifest.representation == .profile)
        #expect(manifest.msLevels == [1, 2])
        #expect(manifest.description == "Two lines of text.")
        #expect(manifest.truth == "truth.tsv")
        #expect(manifest.identificationTruth == nil)
        guard case .files(let files) = manifest.content else {
            Issue.record("no files")
            return
        }
        #expect(
            files == [
                WorkloadFile(
                    name: "a.mzML", bytes: 1000,
                    sha256: "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", origin: "somebody",
                    licence: "MIT")
            ])
    }

    /// Each case replaces a text of the valid manifest: line of the error, and a part of its message.
    @Test(
        arguments: [
            ("title: A demo", "titel: A demo", 2, "unknown key 'titel' in a workload; did you mean 'title'?"),
            ("    bytes: 1kB", "    byte: 1kB", 14, "did you mean 'bytes'?"),
            ("    bytes: 1kB", "    bytes: 1XB", 14, "unknown unit"),
            ("    bytes: 1kB", "    bytes: 0", 14, "above 0"),
            ("    bytes: 1kB\n", "", 13, "a file has no 'bytes'"),
            ("tier: small", "tier: tiny", 3, "'tiny' is none of small, medium, large, extra"),
            ("tier: small", "tier: small\ntype: proteomics", 4, "'proteomics' is none of metabolomics_analysis"),
            ("tier: small", "tier: small\ncomplexity: huge", 4, "'huge' is none of low, medium, high"),
            ("polarity: negative", "polarity: unknown", 5, "none of positive, negative"),
            ("ms_levels: [1, 2]", "ms_levels: [2, 1]", 7, "ascending"),
            ("ms_levels: [1, 2]", "ms_levels: []", 7, "at least one"),
            ("ms_levels: [1, 2]", "ms_levels: 1", 7, "needs a list"),
            ("truth: truth.tsv", "truth: ../truth.tsv", 11, "plain name"),
            ("path: a.mzML", "path: /etc/passwd", 13, "plain name"),
            ("sha256: 0123", "sha256: X123", 15, "64 lower-case"),
            ("instrument: Orbitrap", "instrument: [a]", 4, "needs a text"),
            ("files:\n", "tile: {}\nfiles:\n", nil, "either 'files' or 'tile'"),
            ("polarity: negative", "polarity: [", nil, "not valid YAML"),
            ("title: A demo", "title: A demo\ntitle: B", nil, "not valid YAML"),
        ] as [(String, String, Int?, String)])
    func saysWhereAndWhy(original: String, replacement: String, line: Int?, part: String) throws {
        let range = try #require(valid.firstRange(of: original))
        let yaml = valid.replacingCharacters(in: range, with: replacement)
        let error = #expect(throws: WorkloadError.self) { try WorkloadManifest(yaml: yaml, path: "w.yaml") }
        #expect(error?.line == line, "\(error?.description ?? "")")
        #expect(error?.reason.contains(part) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("w.yaml:") == true)
    }

    @Test func anEmptyManifestIsAnError() {
        #expect(throws: WorkloadError.self) { try WorkloadManifest(yaml: "", path: "w.yaml") }
        #expect(throws: WorkloadError.self) { try WorkloadManifest(yaml: "- a", path: "w.yaml") }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: text)
        return copy
    }
}
