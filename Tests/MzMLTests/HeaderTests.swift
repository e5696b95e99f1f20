import MzML
import SpectrumModel
import Testing

private func header(_ text: String) throws -> RunHeader {
    let folder = TemporaryFolder()
    var document = MzMLDocument(spectra: [.init(mz: [100], intensity: [1])])
    document.header = text
    document.runAttributes =
        "id=\"r\" defaultInstrumentConfigurationRef=\"IC1\" startTimeStamp=\"2020-05-11T10:00:00Z\""
    return try MzMLChunkSource(
        path: folder.write(document.text().utf8, as: "run.mzML"), bufferSize: 4096, spectraPerChunk: 1
    )
    .header
}

private func configuration(_ id: String, model: String = "", analyzers: [String] = []) -> String {
    let components = analyzers.map {
        "<analyzer order=\"1\"><cvParam cvRef=\"MS\" accession=\"\($0)\" name=\"a\"/></analyzer>"
    }
    return "<instrumentConfiguration id=\"\(id)\">\(model)<componentList>\(components.joined())</componentList>"
        + "</instrumentConfiguration>"
}

private func model(_ accession: String, _ name: String = "model", value: String = "") -> String {
    "<cvParam cvRef=\"MS\" accession=\"\(accession)\" name=\"\(name)\" value=\"\(value)\"/>"
}

@Test func readsTheRunOfTheExcerpt() throws {
    let header = try MzMLChunkSource(path: fixture("dda-excerpt.mzML"), bufferSize: 1 << 16, spectraPerChunk: 1).header
    // The converter lists the analyser as FT-ICR; the model, which comes from a parameter group, knows better.
    #expect(header.instrumentClass == .orbitrap)
    #expect(header.instrumentName == "Q Exactive")
    #expect(header.software == ["ThermoRawFileParser 1.3.2", "ProteoWizard software 3.0.25027"])
    #expect(header.startTimestamp == "2017-11-03T18:41:57Z")
    #expect(header.sourceFiles == ["171103_PMA_TK_QC_04", "171103_PMA_TK_QC_04.mzML"])
    #expect(header.declaredSpectrumCount == 6)
    #expect(header.defaultPolarity == .unknown)
}

@Test(arguments: [
    (["MS:1000484"], InstrumentClass.orbitrap), (["MS:1000084"], .timeOfFlight), (["MS:1000079"], .fourierTransformICR),
    (["MS:1000081", "MS:1000084"], .timeOfFlight), (["MS:1000082"], .unitResolution), (["MS:1000081"], .unitResolution),
    (["MS:1000291"], .unitResolution), (["MS:1000080"], .unknown), ([], .unknown),
])
func analyzersTellTheClass(accessions: [String], expected: InstrumentClass) throws {
    let text =
        "<instrumentConfigurationList>\(configuration("IC1", analyzers: accessions))</instrumentConfigurationList>"
    #expect(try header(text).instrumentClass == expected)
}

@Test(arguments: [
    ("MS:1002533", InstrumentClass.timeOfFlight), ("MS:1001742", .orbitrap), ("MS:1000448", .fourierTransformICR),
    ("MS:1000447", .unitResolution), ("MS:1000031", .unknown),
])
func modelsTellTheClass(accession: String, expected: InstrumentClass) throws {
    let text =
        "<instrumentConfigurationList>\(configuration("IC1", model: model(accession)))</instrumentConfigurationList>"
    #expect(try header(text).instrumentClass == expected)
}

@Test func theDefaultConfigurationCounts() throws {
    let text =
        "<instrumentConfigurationList>" + configuration("IC2", analyzers: ["MS:1000484"])
        + configuration("IC1", analyzers: ["MS:1000264"]) + "</instrumentConfigurationList>"
    #expect(try header(text).instrumentClass == .unitResolution)
}

@Test func namesAndPolarityAreRead() throws {
    let text = """
        <fileDescription><fileContent>\(model("MS:1000129", "negative scan"))</fileContent></fileDescription>
        <softwareList><software id="s" version="2">\(model("MS:1000799", "custom", value: "A &amp; B"))</software>
        <software id="bare" version=""/></softwareList>
        <instrumentConfigurationList>\(configuration("IC1", model: model("MS:1000031", "instrument model", value: "X1")))
        </instrumentConfigurationList>
        """
    let header = try header(text)
    #expect(header.software == ["A & B 2", "bare"])
    #expect(header.instrumentName == "X1")
    #expect(header.defaultPolarity == .negative)
}

@Test func aRunOfBothPolaritiesHasNoDefault() throws {
    let both = model("MS:1000129") + model("MS:1000130")
    let header = try header("<fileDescription><fileContent>\(both)</fileContent></fileDescription>")
    #expect(header.defaultPolarity == .unknown)
}

@Test func theDefaultPolarityServesSpectraWithoutOne() {
    var document = MzMLDocument(spectra: [.init(mz: [1], intensity: [1]), .init(mz: [1], intensity: [1])])
    document.header = "<fileDescription><fileContent>\(model("MS:1000129"))</fileContent></fileDescription>"
    document.spectra[1].terms = ""
    let folder = TemporaryFolder()
    #expect(Reading(folder.write(document.text().utf8)).block.headers.map(\.polarity) == [.positive, .negative])
}
