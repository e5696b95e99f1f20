import FeatureDetection
import HostEnvironment
import Parameters
import SpectrumModel
import TestSupport
import Testing

@testable import Pipeline

@Suite struct CentWaveSettingTests {
    private static let context = [
        "execution.workers=2", "matching.enabled=false", "annotation.enabled=false", "centwave.peakwidth=[3,20]",
    ]
    private static let reference = try? EngineRun([EngineRun.dda], context)

    private func resolve(_ assignments: [String], yaml: String? = nil) throws -> AnalysisConfiguration {
        let folder = try TemporaryDirectory()
        var request = ConfigurationRequest()
        request.profile = "none"
        request.assignments = assignments
        if let yaml { request.configurationFile = try folder.write("c.yaml", yaml) }
        return AnalysisConfiguration(try request.resolve(host: EngineRun.host).configuration)
    }

    /// Each of xcms's settings changes what is found.
    @Test(arguments: [
        "ppm=2", "peakwidth=[3,8]", "snthresh=100", "prefilter=[8,1e6]", "mzCenterFun=mean", "mzCenterFun=apex",
        "mzCenterFun=wMeanApex3", "mzCenterFun=meanApex3", "integrate=2", "mzdiff=0.5", "fitgauss=true", "noise=1e5",
        "enabled=false",
    ])
    func changesTheResult(assignment: String) throws {
        let reference = try #require(Self.reference)
        let changed = try EngineRun([EngineRun.dda], Self.context + ["centwave.\(assignment)"])
        #expect(changed.record.digest != reference.record.digest)
        #expect(changed.record.totalFeatures > 0 && reference.record.totalFeatures > 0)
    }

    /// And each of xcms's defaults, written down, changes nothing.
    @Test func writtenDefaultsAreTheDefaults() throws {
        let reference = try #require(Self.reference)
        let written = [
            "ppm=25", "snthresh=10", "prefilter=[3,100]", "mzCenterFun=wMean", "integrate=1", "mzdiff=-0.001",
            "fitgauss=false", "noise=0", "enabled=true",
        ].map { "centwave.\($0)" }
        let changed = try EngineRun([EngineRun.dda], Self.context + written)
        #expect(changed.record.digest == reference.record.digest)
    }

    @Test func anySettingSwitchesTheBlockOn() throws {
        #expect(try resolve([]).centWave == nil)
        #expect(try resolve(["centwave.enabled=true"]).centWave == CentWaveParameters())
        #expect(try resolve(["centwave.enabled=false", "centwave.ppm=5"]).centWave == nil)
        #expect(try resolve(["centwave.ppm=auto"]).centWave == nil)
        var expected = CentWaveParameters()
        expected.snthresh = 6
        #expect(try resolve(["centwave.snthresh=6"]).centWave == expected)
    }

    @Test func yamlBlockWithXcmsNames() throws {
        let configuration = try resolve(
            [],
            yaml: """
                centwave:
                  ppm: 15
                  peakwidth: [5, 20]
                  snthresh: 6
                  prefilter: [4, 500]
                  mzCenterFun: wMeanApex3
                  integrate: 2
                  mzdiff: 0.01
                  fitgauss: true
                  noise: 50

                """)
        var expected = CentWaveParameters()
        expected.ppm = 15
        expected.peakWidthSeconds = 5...20
        expected.snthresh = 6
        expected.prefilter = .init(points: 4, intensity: 500)
        expected.mzCenter = .weightedMeanApex3
        expected.integrate = .rawData
        expected.mzdiff = 0.01
        expected.fitgauss = true
        expected.noise = 50
        #expect(configuration.centWave == expected)
        // A written configuration is read back as it was.
        let again = try resolve([], yaml: configuration.resolved.yaml())
        #expect(again.centWave == expected)
        #expect(try resolve([], yaml: resolve([]).resolved.yaml()).centWave == nil)
    }

    @Test func theBlockStandsOnThePresetAndOwnSettingsOnBoth() throws {
        var expected = DetectionPreset.timeOfFlight.parameters
        var block = CentWaveParameters()
        block.ppm = 15
        block.apply(to: &expected)
        expected.peaks.minQuality = 0.5
        let configuration = try resolve(["centwave.ppm=15", "peaks.min_quality=0.5"])
        #expect(configuration.detection(preset: .timeOfFlight) == expected)
    }

    @Test(arguments: [
        ("traces.tolerance=5", "centwave.ppm"), ("traces.tolerance_unit=Da", "centwave.ppm"),
        ("peaks.min_width=2", "centwave.peakwidth"), ("peaks.max_width=50", "centwave.peakwidth"),
        ("peaks.signal_to_noise=5", "centwave.snthresh"), ("peaks.isotope_signal_to_noise=5", "centwave.snthresh"),
        ("peaks.edge_fraction=0.1", "centwave.integrate"), ("traces.noise_threshold=5", "centwave.noise"),
        ("centwave.peakwidth=[20,5]", "below the widest"), ("centwave.prefilter=[2.5,100]", "whole number"),
    ])
    func contradictionsAreRefused(assignment: String, named: String) {
        let error = #expect(throws: AnalysisError.self) {
            _ = try EngineRun([EngineRun.dda], ["centwave.enabled=true", assignment])
        }
        #expect(error?.code == .badConfiguration && "\(error as Any)".contains(named), "\(error as Any)")
        #expect("\(error as Any)".contains(assignment.prefix { $0 != "=" }))
    }

    @Test(arguments: EngineParameters.refused.keys.sorted())
    func whatIsNotThereIsRefusedWithTheReason(name: String) throws {
        let error = #expect(throws: ParameterError.self) { _ = try resolve(["\(name)=1"]) }
        #expect(error?.code == .unknownKey)
        #expect(error?.description.contains(EngineParameters.refused[name] ?? "?") == true)
    }

    @Test(arguments: [
        ("centwave.integrate=3", "from 1 to 2"), ("centwave.mzCenterFun=median", "wMeanApex3"),
        ("centwave.prefilter=3", "2 numbers"), ("centwave.peakwith=[5,20]", "did you mean 'centwave.peakwidth'"),
        ("analysis.preset=uplc-orbitrap", "uhplc-orbitrap"),
    ])
    func wrongValuesSayWhatIsAllowed(assignment: String, said: String) {
        let error = #expect(throws: ParameterError.self) { _ = try resolve([assignment]) }
        #expect(error?.description.contains(said) == true, "\(error as Any)")
    }

    @Test(arguments: DetectionPreset.allCases)
    func presetsGiveExactlyTheirParametersAndExplicitOnesWin(preset: DetectionPreset) throws {
        let configuration = try resolve(["analysis.preset=\(preset.rawValue)"])
        #expect(configuration.preset == preset)
        #expect(configuration.detection(preset: preset) == preset.parameters)
        var expected = preset.parameters
        expected.traces.tolerance = .ppm(7)
        expected.peaks.minWidthSeconds = 3
        let explicit = try resolve([
            "peaks.min_width=3", "traces.tolerance=7", "traces.tolerance_unit=ppm",
            "analysis.preset=\(preset.rawValue)",
        ])
        #expect(explicit.detection(preset: preset) == expected)
    }

    @Test func thePagesNameEverySettingAndPreset() throws {
        let page = try ConfigurationLayer.readText(TestData.repository + "/docs/centwave.md")
        let described = EngineParameters.descriptions(host: EngineRun.host).filter { $0.name.hasPrefix("centwave.") }
        #expect(described.count == 10)
        for description in described where description.name != "centwave.enabled" {
            #expect(page.contains("| `\(description.name.dropFirst(9))` | "), "\(description.name)")
        }
        for name in EngineParameters.refused.keys { #expect(page.contains("`\(name.dropFirst(9))`"), "\(name)") }
        let presets = try ConfigurationLayer.readText(TestData.repository + "/docs/presets.md")
        for preset in DetectionPreset.allCases { #expect(presets.contains("`\(preset.rawValue)`")) }
    }

    @Test func helpNamesEveryPresetAndEveryDefault() {
        let text = SettingsReference.markdown(EngineParameters.descriptions(host: EngineRun.host))
        for preset in DetectionPreset.allCases { #expect(text.contains(preset.summary)) }
        for name in [
            "ppm", "peakwidth", "snthresh", "prefilter", "mzCenterFun", "integrate", "mzdiff", "fitgauss", "noise",
        ] {
            #expect(text.contains("**`centwave.\(name)`**"))
        }
        for standard in ["25", "[20, 50]", "10", "[3, 100]", "wMean", "1", "-0.001", "false", "0"] {
            #expect(text.contains("given: \(standard)."))
        }
    }
}
