import Foundation
import MzML
import SpectrumModel
import Testing

private let extraData = ProcessInfo.processInfo.environment["LAVOISIER_EXTRA_DATA"]

@Test(.enabled(if: extraData != nil)) func theHeaderOfTheReferenceFileIsComplete() throws {
    let path = (extraData ?? "") + "/mzml/odd/tiny.pwiz.1.1.mzML"
    let header = try #require(ReferenceReading(path).header)
    #expect(header.runID == "Experiment_x0020_1" && header.startTimestamp == "2007-06-27T15:23:45.00035")
    #expect(header.encoding == "ISO-8859-1" && header.declaredSpectrumCount == 4)
    #expect(header.controlledVocabularies.map(\.id) == ["MS", "UO"])
    #expect(header.controlledVocabularies.map(\.version) == ["2.26.0", "14:07:2009"])
    #expect(header.sourceFiles == ["tiny1.yep", "tiny.wiff", "parameters.par"])
    #expect(
        header.sourceFileList.map(\.location) == [
            "file://F:/data/Exp01", "file://F:/data/Exp01", "file://C:/settings/",
        ])
    #expect(header.sourceFileList.map(\.nativeIDFormat?.accession) == [1_000_771, 1_000_770, 1_000_824])
    #expect(header.sourceFileList.map(\.fileFormat?.accession) == [1_000_567, 1_000_562, 1_000_740])
    #expect(header.samples == [.init(id: "_x0032_0090101_x0020_-_x0020_Sample_x0020_1", name: "Sample 1")])
    #expect(header.software == ["Bioworks 3.3.1 sp1", "ProteoWizard 1.0", "CompassXtract 2.0.5"])
    #expect(header.softwareList.map(\.id) == ["Bioworks", "pwiz", "CompassXtract"])
    #expect(header.instrumentName == "LCQ Deca" && header.instrumentSerialNumber == "23433")
    #expect(header.ionSources.map(\.accession) == [1_000_398] && header.detectors.map(\.accession) == [1_000_253])
    #expect(header.analyzers.map(\.accession) == [1_000_082])
    #expect(header.dataProcessing.map(\.id) == ["CompassXtract_x0020_processing", "pwiz_processing"])
    #expect(header.dataProcessing.first?.steps.map(\.order) == [1])
    #expect(header.dataProcessing.first?.steps.first?.softwareID == "CompassXtract")
    #expect(header.dataProcessing.first?.steps.first?.terms.map(\.accession) == [1_000_033, 1_000_034, 1_000_035])
    #expect(header.contentTerms.map(\.accession) == [1_000_580, 1_000_127])
}

@Test func whereTheExcerptComesFrom() throws {
    // Both readers give the same header.
    let path = fixture("dda-excerpt.mzML")
    for header in [try #require(ReferenceReading(path).header), try #require(Reading(path).header)] {
        #expect(header.software == ["ThermoRawFileParser 1.3.2", "ProteoWizard software 3.0.25027"])
        #expect(header.sourceFileList.first?.nativeIDFormat?.accession == 1_000_768)
        #expect(header.sourceFileList.first?.fileFormat?.accession == 1_000_563)
        #expect(header.runID != nil && header.instrumentSerialNumber != nil)
        #expect(!header.dataProcessing.isEmpty && header.dataProcessing.allSatisfy { !$0.steps.isEmpty })
        let known = Set(header.softwareList.map(\.id))
        #expect(header.dataProcessing.flatMap(\.steps).allSatisfy { known.contains($0.softwareID) })
    }
}

@Test func namesAloneMakeAList() {
    var header = RunHeader(path: "")
    header.software = ["A", "B 2"]
    header.sourceFiles = ["a.raw"]
    #expect(header.softwareList.map(\.name) == ["A", "B 2"] && header.software == ["A", "B 2"])
    #expect(header.sourceFileList == [.init(name: "a.raw")])
}
