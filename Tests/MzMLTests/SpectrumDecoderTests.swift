import Foundation
import MzML
import SpectrumModel
import Testing

private let mz = [100.25, 200.5, 300.125]
private let intensity: [Double] = [1, 20, 3.5]

private func read(_ document: MzMLDocument, sourceLocation: SourceLocation = #_sourceLocation) -> Reading {
    let folder = TemporaryFolder()
    let reading = Reading(folder.write(document.text().utf8))
    #expect(reading.error == nil, sourceLocation: sourceLocation)
    return reading
}

private func read(_ change: (inout MzMLDocument.Spectrum) -> Void) -> Reading {
    var spectrum = MzMLDocument.Spectrum(mz: mz, intensity: intensity)
    change(&spectrum)
    return read(MzMLDocument(spectra: [spectrum]))
}

private func failure(_ change: (inout MzMLDocument.Spectrum) -> Void) -> MzMLError? {
    var spectrum = MzMLDocument.Spectrum(mz: mz, intensity: intensity)
    change(&spectrum)
    let folder = TemporaryFolder()
    return Reading(folder.write(MzMLDocument(spectra: [spectrum]).text().utf8)).error
}

@Test func readsOneSpectrum() {
    let reading = read { _ in }
    let header = reading.block.headers[0]
    #expect(reading.block.count == 1)
    #expect(reading.block.mz == mz && reading.block.intensity == [1, 20, 3.5] && reading.block.offsets == [0, 3])
    #expect(header.index == 0 && header.scanNumber == 1 && header.msLevel == 1 && header.polarity == .positive)
    #expect(header.representation == .centroid && header.retentionTimeSeconds == 150 && header.precursor == nil)
    #expect(reading.counts.spectra == 1 && reading.counts.points == 3)
}

@Test(arguments: [MzMLDocument.Number.float32, .float64, .int32, .int64], [false, true])
func everyNumberTypeGivesTheSamePoints(number: MzMLDocument.Number, zlib: Bool) {
    let reading = read { spectrum in
        spectrum.arrays = [
            .init(accession: "MS:1000515", number: number, zlib: zlib, values: [7, 0, 16_777_216]),
            .init(accession: "MS:1000514", number: number, zlib: zlib, values: [100, 250, 3000]),
        ]
    }
    #expect(reading.block.mz == [100, 250, 3000])
    #expect(reading.block.intensity == [7, 0, 16_777_216])
}

@Test(arguments: [
    ("2.5", "UO:0000031", 150.0), ("2.5", "MS:1000038", 150), ("2.5", "UO:0000010", 2.5), ("2.5", "MS:1000039", 2.5),
    ("2.5", "UO:0000028", 0.0025), ("0.1", "UO:0000032", 360), ("-1", "UO:0000010", -1), (" 1e1 ", "UO:0000010", 10),
    ("41.68963333333333", "UO:0000010", 41.68963333333333),
    ("0.000000000000000000000000012345", "UO:0000010", 1.2345e-26),
])
func unitsOfTimeAreRespected(value: String, unit: String, seconds: Double) {
    let reading = read {
        $0.scan = "<cvParam cvRef='MS' accession='MS:1000016' value='\(value)' unitAccession='\(unit)'/>"
    }
    #expect(reading.block.headers[0].retentionTimeSeconds == seconds)
    #expect(reading.counts.timesWithoutUnit == 0)
}

@Test func aTimeWithoutUnitIsSecondsAndCounted() {
    let reading = read { $0.scan = "<cvParam cvRef=\"MS\" accession=\"MS:1000016\" name=\"t\" value=\"7\"/>" }
    #expect(reading.block.headers[0].retentionTimeSeconds == 7 && reading.counts.timesWithoutUnit == 1)
    let none = read { $0.scan = "<cvParam cvRef=\"MS\" accession=\"MS:1000016\" name=\"t\" value=\"soon\"/>" }
    #expect(none.block.headers[0].retentionTimeSeconds.isNaN && none.counts.unreadableValues == 1)
}

@Test func attributesMayStandInAnyOrderAndQuotes() {
    let reading = read { spectrum in
        spectrum.id = "controllerType=0 scanId=5 scan=77"
        spectrum.terms = """
            <cvParam value='2' name='a > b' accession='MS:1000511' cvRef='PSI-MS'/>
            <cvParam accession="MS:1000580"/><cvParam\tcvRef = "MS"\n accession = "MS:1000129"/><cvParam cvRef="MS" accession="MS:1000128" name="p"/>
            """
    }
    let header = reading.block.headers[0]
    #expect(header.msLevel == 2 && header.polarity == .negative && header.representation == .profile)
    #expect(header.scanNumber == 77)
    // Short tags, one right behind the other.
    let short = read { $0.terms = "<cvParam accession='MS:1000129'/><cvParam accession='MS:1000511' value='5'/>" }
    #expect(short.block.headers[0].msLevel == 5 && short.block.headers[0].polarity == .negative)
}

@Test func endTagsMayHoldBlanks() {
    let text = MzMLDocument(spectra: [.init(mz: mz, intensity: intensity)]).text()
    let folder = TemporaryFolder()
    for name in ["binaryDataArray", "binary", "spectrum", "spectrumList"] {
        let spaced = text.replacingOccurrences(of: "</\(name)>", with: "</\(name)\n>")
        #expect(Reading(folder.write(spaced.utf8)).block.mz == mz, "\(name)")
    }
}

@Test func theFirstPrecursorIsKept() {
    func cv(_ accession: Int, _ value: String) -> String {
        "<cvParam cvRef=\"MS\" accession=\"MS:\(accession)\" name=\"x\" value=\"\(value)\"/>"
    }
    let reading = read { spectrum in
        spectrum.terms = cv(1_000_511, "2")
        spectrum.precursors = """
            <precursorList count="2"><precursor>
            <isolationWindow>\(cv(1_000_827, "500.5"))\(cv(1_000_828, "0.5"))\(cv(1_000_829, "0.75"))</isolationWindow>
            <selectedIonList count="2"><selectedIon>\(cv(1_000_744, "500.25"))\(cv(1_000_041, "2"))\(cv(1_000_042, "1e5"))
            </selectedIon><selectedIon>\(cv(1_000_744, "501"))\(cv(1_000_041, "3"))</selectedIon></selectedIonList>
            <activation>\(cv(1_000_045, "35"))</activation></precursor>
            <precursor><isolationWindow>\(cv(1_000_827, "1"))</isolationWindow><selectedIonList><selectedIon>
            \(cv(1_000_744, "2"))</selectedIon></selectedIonList><activation>\(cv(1_000_045, "3"))</activation></precursor>
            </precursorList><productList><product><isolationWindow>\(cv(1_000_827, "9"))</isolationWindow></product>
            </productList>
            """
    }
    let expected = Precursor(
        selectedIonMZ: 500.25, isolationTargetMZ: 500.5, isolationLowerOffset: 0.5, isolationUpperOffset: 0.75,
        charge: 2,
        intensity: 1e5, collisionEnergy: 35)
    #expect(reading.block.headers[0].precursor == expected)
    #expect(reading.counts.extraPrecursors == 2)
}

@Test func parameterGroupsAreResolved() {
    var document = MzMLDocument(spectra: [.init(mz: mz, intensity: intensity)])
    document.header = """
        <referenceableParamGroupList count="2"><referenceableParamGroup id="scan">
        <cvParam cvRef="MS" accession="MS:1000511" name="ms level" value="3"/>
        <cvParam cvRef="MS" accession="MS:1000129" name="negative scan"/></referenceableParamGroup>
        <referenceableParamGroup id="array"><cvParam cvRef="MS" accession="MS:1000523" name="64-bit float"/>
        <cvParam cvRef="MS" accession="MS:1000576" name="no compression"/></referenceableParamGroup>
        <referenceableParamGroup id="time"><cvParam cvRef="MS" accession="MS:1000016" name="t" value="3"
        unitAccession="UO:0000031"/></referenceableParamGroup></referenceableParamGroupList>

        """
    document.spectra[0].terms = "<referenceableParamGroupRef ref=\"scan\"/><referenceableParamGroupRef ref='nowhere'/>"
    document.spectra[0].scan = "<referenceableParamGroupRef ref=\"time\"/>"
    let text = document.text().replacingOccurrences(
        of: "<cvParam cvRef=\"MS\" accession=\"MS:1000523\" name=\"number\" value=\"\"/>",
        with: "<referenceableParamGroupRef ref=\"array\"/>")
    let folder = TemporaryFolder()
    let reading = Reading(folder.write(text.utf8))
    let header = reading.block.headers[0]
    #expect(reading.error == nil && reading.block.mz == mz)
    #expect(header.msLevel == 3 && header.polarity == .negative && header.retentionTimeSeconds == 180)
}

@Test func otherArraysAndLightAreSkippedAndCounted() {
    let noise = MzMLDocument.Array(accession: "MS:1000517", number: .float32, values: [1, 2, 3])
    #expect(read { $0.arrays.insert(noise, at: 1) }.counts.skippedArrays == 1)
    let ultraviolet = read { spectrum in
        spectrum.terms = "<cvParam cvRef=\"MS\" accession=\"MS:1000804\" name=\"electromagnetic radiation spectrum\"/>"
        spectrum.arrays[0].accession = "MS:1000617"
    }
    #expect(ultraviolet.block.headers[0].msLevel == 0 && ultraviolet.block.mz.isEmpty)
    #expect(ultraviolet.counts.nonMassSpectra == 1)
}

@Test func emptySpectraAndArrayLengths() {
    let empty = read { spectrum in
        spectrum.arrays[0].values = []
        spectrum.arrays[1].values = []
        spectrum.arrays[1].zlib = true
    }
    #expect(empty.block.count == 1 && empty.block.mz.isEmpty && empty.counts.emptySpectra == 1)
    #expect(empty.block.headers[0].msLevel == 1)
    #expect(read { $0.arrays = [] }.counts.emptySpectra == 1)
    let overridden = read { spectrum in
        spectrum.length = 99
        spectrum.arrays[0].attributes = "arrayLength=\"3\""
        spectrum.arrays[1].attributes = "arrayLength='3'"
    }
    #expect(overridden.block.mz == mz)
}

@Test func unsoundPointsAreRepairedAndCounted() {
    let reading = read { spectrum in
        spectrum.arrays[0].values = [300, 100, .nan, -5, 200, 100, .infinity, 150, 160]
        spectrum.arrays[1].values = [3, 1, 9, 9, -2, 1.5, 9, .nan, .infinity]
    }
    #expect(reading.block.mz == [100, 100, 200, 300])
    #expect(reading.block.intensity == [1, 1.5, 0, 3])
    #expect(reading.counts.unsortedSpectra == 1 && reading.counts.droppedPoints == 5)
    #expect(reading.counts.clampedIntensities == 1 && reading.counts.points == 4)
    // A double that a float cannot hold becomes infinite, so its point goes.
    let huge = read { spectrum in
        spectrum.arrays[1] = .init(accession: "MS:1000515", number: .float64, values: [1, 1e300, 2])
    }
    #expect(huge.block.mz == [100.25, 300.125] && huge.counts.droppedPoints == 1)
}

@Test func theMSLevelIsAssumedAndCountedWhereItIsMissing() {
    let survey = read { $0.terms = "" }
    #expect(survey.block.headers[0].msLevel == 1 && survey.counts.assumedLevels == 1)
    let fragment = read { spectrum in
        spectrum.terms = ""
        spectrum.precursors = "<precursorList><precursor/></precursorList>"
    }
    #expect(fragment.block.headers[0].msLevel == 2)
}

@Test func wrongArraysAreErrorsThatSayWhere() {
    #expect(failure { $0.length = 2 }?.code == .wrongLength)
    #expect(failure { $0.length = 4 }?.code == .wrongLength)
    #expect(failure { $0.length = 2_147_483_648 }?.code == .wrongLength)
    #expect(failure { $0.length = 99_999_999_999_999_999 }?.code == .wrongLength)
    let hostile = failure { spectrum in
        spectrum.length = 2_147_483_648
        spectrum.arrays[0].zlib = true
        spectrum.arrays[1].zlib = true
    }
    #expect(hostile?.code == .wrongLength && hostile?.reason.contains("cannot hold more than") == true)
    #expect(failure { $0.arrays[0].attributes = "arrayLength=\"2\"" }?.code == .wrongLength)
    #expect(failure { $0.arrays[1].values = [1] }?.code == .wrongLength)
    #expect(failure { $0.arrays.remove(at: 1) }?.code == .malformedSpectrum)
    #expect(failure { $0.arrays[0].payload = "AAAAAAAAAAAA*AAAAAAAAAAAAAAAAAAA" }?.code == .invalidBase64)
    #expect(failure { $0.arrays[0].payload = "AAA<b/>" }?.code == .malformedSpectrum)
    #expect(failure { $0.arrays[0].compressionTerm = "MS:1000031" }?.code == .malformedSpectrum)
    #expect(
        failure { spectrum in
            spectrum.arrays[0].zlib = true
            spectrum.arrays[0].payload = spectrum.arrays[0].encoded().replacingOccurrences(of: "e", with: "f")
        }?.code == .invalidCompression)
    let error = failure { spectrum in
        spectrum.id = "scan=42"
        spectrum.arrays[1].payload = "AACAP!AAoEEAAGBA"
    }
    #expect(error?.code == .invalidBase64 && error?.spectrumIndex == 0 && error?.spectrumID == "scan=42")
    #expect(error?.description.contains("scan=42") == true && error?.description.contains("run.mzML") == true)
}

@Test func theByteOffsetOfAnErrorPointsAtTheByte() throws {
    var document = MzMLDocument(spectra: [.init(mz: mz, intensity: intensity), .init(mz: mz, intensity: intensity)])
    document.spectra[1].arrays[1].payload = "AACAP!AAoEEAAGBA"
    let text = Array(document.text().utf8)
    let folder = TemporaryFolder()
    let reading = Reading(folder.write(text))
    let offset = try #require(reading.error?.byteOffset)
    #expect(text[offset] == UInt8(ascii: "!"))
    #expect(reading.block.count == 1, "the spectrum before the bad one is kept")
    #expect(reading.block.mz.count == 3 && reading.block.intensity.count == 3)
}

@Test func zstandardIsRefusedByName() {
    for term in ["MS:1003780", "MS:1003781", "MS:1003782", "MS:1003783", "MS:1003784", "MS:1003785"] {
        let error = failure { $0.arrays[0].compressionTerm = term }
        #expect(error?.code == .unsupportedArray && error?.reason.contains(term) == true)
        #expect(error?.reason.contains("zstd") == true)
    }
}

/// A megabyte of zeros in a kilobyte: refused because it is more than declared, and never unpacked as a whole.
@Test func aZlibBombIsRefused() {
    let bomb = deflated(Data(count: 8 << 20)).base64EncodedString()
    let declared = failure { spectrum in
        spectrum.arrays[0].zlib = true
        spectrum.arrays[0].payload = bomb
    }
    #expect(declared?.code == .wrongLength)
}

@Test func blanksAndLineEndsInPayloadsAreFine() {
    let reading = read { spectrum in
        let text = spectrum.arrays[0].encoded()
        spectrum.arrays[0].payload = "\r\n  " + text.map { "\($0)\r\n" }.joined()
    }
    #expect(reading.block.mz == mz)
}
