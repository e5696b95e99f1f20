import Foundation
import MzML
import SpectrumModel
import Statistics
import Testing

private let mz = [100.25, 200.5, 300.125]
private let intensity: [Double] = [1, 20, 3.5]

private func cv(_ accession: Int, _ value: String = "", _ rest: String = "") -> String {
    "<cvParam cvRef=\"MS\" accession=\"MS:\(accession)\" name=\"x\" value=\"\(value)\" \(rest)/>"
}

private func document(_ change: (inout MzMLDocument.Spectrum) -> Void) -> MzMLDocument {
    var spectrum = MzMLDocument.Spectrum(mz: mz, intensity: intensity)
    change(&spectrum)
    return MzMLDocument(spectra: [spectrum, .init(mz: [1, 2], intensity: [3, 4])])
}

private func read(_ change: (inout MzMLDocument.Spectrum) -> Void) -> ReferenceReading {
    let folder = TemporaryFolder()
    return ReferenceReading(folder.write(document(change).text().utf8))
}

/// One oddity each; the two readers must make the same of it, error codes included.
private let oddities: [(String, @Sendable (inout MzMLDocument.Spectrum) -> Void)] = [
    ("no terms", { $0.terms = "" }),
    (
        "no terms but a precursor",
        {
            $0.terms = ""; $0.precursors = "<precursorList><precursor/></precursorList>"
        }
    ),
    ("level 0", { $0.terms = cv(1_000_511, "0") }),
    ("level is no number", { $0.terms = cv(1_000_511, "two") }),
    ("level twice", { $0.terms = cv(1_000_511, "2") + cv(1_000_511, "x") }),
    (
        "level in the scan",
        {
            $0.terms = ""; $0.scan = cv(1_000_511, "3")
        }
    ),
    ("polarity in the scan", { $0.scan += cv(1_000_129) }),
    ("time without unit", { $0.scan = cv(1_000_016, "7") }),
    ("time is no number", { $0.scan = cv(1_000_016, "soon", "unitAccession=\"UO:0000031\"") }),
    ("time is a word", { $0.scan = cv(1_000_016, "nan") + cv(1_000_016, "inf") + cv(1_000_016, "0x10") }),
    ("time overflows", { $0.scan = cv(1_000_016, "1e999") }),
    ("time twice", { $0.scan = cv(1_000_016, "7") + cv(1_000_016, "8") }),
    ("time in hours", { $0.scan = cv(1_000_016, " 0.1\t", "unitAccession=\"UO:0000032\"") }),
    ("time in milliseconds", { $0.scan = cv(1_000_016, "1234.5", "unitAccession=\"UO:0000028\"") }),
    ("many digits", { $0.scan = cv(1_000_016, "41.689633333333333333333333333", "unitAccession=\"UO:0000031\"") }),
    (
        "light",
        {
            $0.terms = cv(1_000_804); $0.arrays[0].accession = "MS:1000617"
        }
    ),
    ("light with m/z", { $0.terms += cv(1_000_620) }),
    ("no m/z", { $0.arrays.remove(at: 0) }),
    ("no intensity", { $0.arrays.remove(at: 1) }),
    ("no arrays", { $0.arrays = [] }),
    (
        "no arrays and no level",
        {
            $0.arrays = []; $0.terms = ""
        }
    ),
    ("m/z twice", { $0.arrays.append($0.arrays[0]) }),
    (
        "another array",
        { $0.arrays.insert(.init(accession: "MS:1000517", number: .float32, values: [1, 2, 3]), at: 1) }
    ),
    (
        "empty arrays",
        {
            $0.arrays[0].values = []; $0.arrays[1].values = []; $0.arrays[1].zlib = true
        }
    ),
    (
        "array lengths",
        {
            $0.length = 99; for i in 0..<2 { $0.arrays[i].attributes = "arrayLength='3'" }
        }
    ),
    (
        "one array length",
        {
            $0.length = 99; $0.arrays[0].attributes = "arrayLength='3'"
        }
    ),
    (
        "unsorted",
        {
            $0.arrays[0].values = [300, 100, 100]; $0.arrays[1].values = [3, 2, 1]
        }
    ),
    ("negative zeros", { $0.arrays[1].values = [-0.0, 1, -0.0] }),
    ("unsound m/z", { $0.arrays[0].values = [.nan, -5, .infinity] }),
    ("unsound intensity", { $0.arrays[1].values = [.nan, -5, .infinity] }),
    ("too few declared", { $0.length = 2 }),
    ("too many declared", { $0.length = 4 }),
    ("far too many declared", { $0.length = 2_147_483_648 }),
    (
        "far too many declared, zlib",
        {
            $0.length = 2_147_483_648; $0.arrays[0].zlib = true
        }
    ),
    ("nothing declared", { $0.length = -1 }),
    ("no base64", { $0.arrays[0].payload = "AAAAAAAAAAAA*AAAAAAAAAAAAAAAAAAA" }),
    ("base64 inside a group", { $0.arrays[0].payload = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
    ("base64 behind padding", { $0.arrays[1].payload = "AACAPwAAoEEAAG=AAAA" }),
    ("too much padding", { $0.arrays[1].payload = "AACAPwAAoEEAAGA=====" }),
    ("blanks in base64", { $0.arrays[0].payload = $0.arrays[0].encoded().map { "\($0) \t" }.joined() }),
    ("elements in base64", { $0.arrays[0].payload = "AAA<b/>" }),
    ("no compression stated", { $0.arrays[0].compressionTerm = "MS:1000031" }),
    ("zstd", { $0.arrays[0].compressionTerm = "MS:1003780" }),
    (
        "zlib of an empty text",
        {
            $0.arrays[0].zlib = true; $0.arrays[0].payload = ""
        }
    ),
    (
        "damaged zlib",
        {
            $0.arrays[0].zlib = true; $0.arrays[0].payload = $0.arrays[0].encoded().replacing("e", with: "f")
        }
    ),
    (
        "cut zlib",
        {
            $0.arrays[0].zlib = true; $0.arrays[0].payload = String($0.arrays[0].encoded().prefix(16))
        }
    ),
    (
        "zlib and more",
        {
            $0.arrays[0].zlib = true; $0.arrays[0].payload = deflatedAndMore()
        }
    ),
    (
        "zlib bomb",
        {
            $0.arrays[0].zlib = true; $0.arrays[0].payload = deflated(Data(count: 1 << 20)).base64EncodedString()
        }
    ),
    (
        "wrong encoded length",
        {
            $0.arrays[0].attributes = ""; $0.arrays[0].payload = $0.arrays[0].encoded() + " "
        }
    ),
    ("native ids", { $0.id = "a=1 scan=77 scan=78" }),
    ("native id without number", { $0.id = "scan= scan=5" }),
    ("native id of another word", { $0.id = "prescan=5 scan=6x" }),
    ("selected ion by its old term", { $0.precursors = ion(cv(1_000_040, "5.5") + cv(1_000_041, "-2")) }),
    ("charge is no number", { $0.precursors = ion(cv(1_000_744, "5.5") + cv(1_000_041, "2+")) }),
    ("window only", { $0.precursors = "<precursorList><precursor>\(window)<activation/></precursor></precursorList>" }),
    ("product", { $0.precursors = "<productList><product>\(window)</product></productList>" }),
]

private let window = "<isolationWindow>\(cv(1_000_827, "500.5"))\(cv(1_000_828, "0.5"))</isolationWindow>"

private func ion(_ terms: String) -> String {
    "<precursorList><precursor><selectedIonList><selectedIon>\(terms)</selectedIon></selectedIonList></precursor>"
        + "</precursorList>"
}

private func deflatedAndMore() -> String {
    var bytes = Data()
    for value in mz { withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) } }
    return (deflated(bytes) + Data("more".utf8)).base64EncodedString()
}

@Test(arguments: oddities.indices)
func bothReadersMakeTheSameOf(oddity index: Int) {
    let (label, change) = oddities[index]
    let folder = TemporaryFolder()
    let path = folder.write(document(change).text().utf8)
    expectEqual(ReferenceReading(path), Reading(path), label)
}

@Test(arguments: [MzMLDocument.Number.float16, .float32, .float64, .int32, .int64], [false, true])
func bothReadersDecodeAllNumbers(number: MzMLDocument.Number, zlib: Bool) {
    var random = SeededGenerator(seed: 5)
    let values = (0..<500).map { Double($0 * 8 + random.integer(below: 8)) }
    let folder = TemporaryFolder()
    let document = document { spectrum in
        spectrum.arrays = [
            .init(accession: "MS:1000515", number: number, zlib: zlib, values: values.reversed()),
            .init(accession: "MS:1000514", number: number, zlib: zlib, values: values),
        ]
    }
    let path = folder.write(document.text().utf8)
    let reference = ReferenceReading(path)
    #expect(reference.error == nil && reference.block.mz.count == 502)
    expectEqual(reference, Reading(path), "\(number)")
}

// MARK: What the scanner does not carry

@Test func severalPrecursorsAreCarriedInOrder() throws {
    let reading = read { spectrum in
        spectrum.terms = cv(1_000_511, "3")
        spectrum.precursors = """
            <precursorList count="3"><precursor>
            <isolationWindow>\(cv(1_000_827, "500.5"))\(cv(1_000_828, "0.5"))\(cv(1_000_829, "0.75"))</isolationWindow>
            <selectedIonList count="2"><selectedIon>\(cv(1_000_744, "500.25"))\(cv(1_000_041, "2"))\(cv(1_000_042, "1e5"))
            </selectedIon><selectedIon>\(cv(1_000_744, "501"))\(cv(1_000_041, "3"))</selectedIon></selectedIonList>
            <activation>\(cv(1_000_045, "35"))</activation></precursor>
            <precursor><isolationWindow>\(cv(1_000_827, "1"))</isolationWindow><activation>\(cv(1_000_045, "3"))</activation>
            </precursor>
            <precursor><selectedIonList><selectedIon>\(cv(1_000_744, "7"))</selectedIon></selectedIonList></precursor>
            </precursorList><productList><product><isolationWindow>\(cv(1_000_827, "9"))</isolationWindow></product>
            </productList>
            """
    }
    let header = try #require(reading.block.headers.first)
    #expect(
        header.precursor
            == Precursor(
                selectedIonMZ: 500.25, isolationTargetMZ: 500.5, isolationLowerOffset: 0.5, isolationUpperOffset: 0.75,
                charge: 2, intensity: 1e5, collisionEnergy: 35))
    #expect(
        header.furtherPrecursors == [
            Precursor(
                selectedIonMZ: 501, isolationTargetMZ: 500.5, isolationLowerOffset: 0.5, isolationUpperOffset: 0.75,
                charge: 3, collisionEnergy: 35),
            Precursor(isolationTargetMZ: 1, collisionEnergy: 3),
            Precursor(selectedIonMZ: 7),
        ])
    #expect(reading.counts.extraPrecursors == 3)
}

@Test func skippedArraysAreCountedByWhatTheyHold() {
    let reading = read { spectrum in
        spectrum.arrays.insert(.init(accession: "MS:1000517", number: .float32, values: [1, 2, 3]), at: 1)
        spectrum.arrays.append(.init(accession: "MS:1000517", number: .float32, zlib: true, values: [1, 2, 3]))
        spectrum.arrays.append(.init(accession: "MS:1002816", number: .float64, values: [1]))
        spectrum.arrays.append(.init(accession: "XX:0000001", number: .float64, values: [1]))
        spectrum.arrays.append(spectrum.arrays[0])
    }
    #expect(reading.error == nil && reading.block.mz == mz + [1, 2])
    #expect(reading.counts.skippedArrayKinds == [1_000_517: 2, 1_002_816: 1, 0: 1, 1_000_514: 1])
    #expect(reading.counts.skippedArrays == 5)
    let light = read { $0.terms = cv(1_000_804) }
    #expect(light.counts.skippedArrayKinds == [1_000_514: 1, 1_000_515: 1] && light.counts.nonMassSpectra == 1)
}

/// In another encoding too, where libxml2 holds something else than the file's bytes.
@Test(arguments: ["utf-8", "ISO-8859-1"])
func errorsSayWhere(encoding: String) throws {
    var document = document { _ in }
    document.prologue = "<?xml version=\"1.0\" encoding=\"\(encoding)\"?>\n"
    document.spectra = Array(repeating: document.spectra[0], count: 100)
    document.spectra[90].id = "scan=42"
    document.spectra[90].arrays[1].payload = "AACAP!AAoEE="
    let text = document.text()
    let folder = TemporaryFolder()
    let reading = ReferenceReading(folder.write(text.utf8), limit: 1)
    let error = try #require(reading.error)
    #expect(error.code == .invalidBase64 && error.spectrumIndex == 90 && error.spectrumID == "scan=42")
    #expect(error.path.hasSuffix("run.mzML") && reading.block.count == 90 && reading.counts.spectra == 90)
    // The offset is that of the spectrum's start tag.
    let start = try #require(text.range(of: "<spectrum index=\"90\""))
    let end = text[start.lowerBound...].firstIndex(of: ">") ?? text.endIndex
    let offsets = [start.lowerBound, end].map { text.utf8.distance(from: text.startIndex, to: $0) }
    #expect((offsets[0]...(offsets[1] + 1)).contains(try #require(error.byteOffset)))
}

@Test func pointsBeyondTheLimitAreRefusedByTheReferenceReader() {
    let folder = TemporaryFolder()
    let path = folder.write(document { _ in }.text().utf8)
    #expect(ReferenceReading(path, maximumPoints: 3).error == nil)
    let refused = ReferenceReading(path, maximumPoints: 2).error
    #expect(refused?.code == .spectrumTooLarge && refused?.spectrumIndex == 0)
}
