import SpectrumModel
import TestSupport
import Testing

@testable import SpectralMatching

/// The formats that a library is built from, by the dialects of those who write them.
@Suite("Formats of reference spectra")
struct LibraryFormatTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    private func read(
        _ text: String, _ format: LibrarySourceFormat
    ) throws -> (spectra: [LibrarySpectrum], report: SourceReport) {
        // The name says nothing: the content decides.
        var reader = try LibrarySourceReader(path: folder.write("source.dat", text))
        #expect(reader.format == format)
        var spectra: [LibrarySpectrum] = []
        while let spectrum = try reader.next() { spectra.append(spectrum) }
        return (spectra, reader.report)
    }

    @Test("MSP by NIST, MoNA and MS-DIAL")
    func msp() throws {
        let (spectra, report) = try read(
            """
            Name: Caffeine
            Synon: 1,3,7-trimethylxanthine
            Precursor_type: [M+H]+
            Spectrum_type: MS2
            PrecursorMZ: 195.0877
            Instrument_type: HCD
            Collision_energy: 35 eV
            InChIKey: RYYVLZVUVIJVGH-UHFFFAOYSA-N
            Formula: C8H10N4O2
            ExactMass: 194.0804
            Ion_mode: P
            Num Peaks: 2
            110.0713 120.5 "C5H8N3+"; 138.0662 999

            Name: Rutin
            DB#: MoNA0001
            PrecursorMZ: 609.1461
            Comments: "SMILES=C1=CC(=C(C=C1)O)O" "InChIKey=IKGXIBQEEMLURG-NVPNHPEKSA-N" "license=CC BY" "collision energy=HCD 45%" "Num Peaks=900"
            Ion_mode: N
            Num Peaks: 1
            300.0275 100

            NAME: PC 34:1
            PRECURSORMZ: 760.5851
            PRECURSORTYPE: [M+H]+
            IONMODE: Positive
            RETENTIONTIME: 8.5
            CCS: -1
            INCHIKEY: null
            SMILES: N/A
            Num Peaks: 1
            184.0733\t1000

            NAME: MS1 only
            PRECURSORMZ: 100
            SPECTRUM_TYPE: MS1
            Num Peaks: 1
            50 1
            """, .msp)
        #expect(spectra.map(\.entry.name) == ["Caffeine", "Rutin", "PC 34:1"])
        #expect(spectra[0].entry.collisionEnergy == "35 eV" && spectra[0].peaks.mz == [110.0713, 138.0662])
        #expect(spectra[1].entry.inchiKey == "IKGXIBQEEMLURG-NVPNHPEKSA-N" && spectra[1].entry.license == "CC BY")
        #expect(spectra[1].entry.collisionEnergy == "HCD 45%" && spectra[1].entry.polarity == .negative)
        #expect(spectra[2].entry.retentionTimeSeconds == 510)
        #expect(spectra[2].entry.inchiKey.isEmpty && spectra[2].entry.smiles.isEmpty)
        #expect(spectra.map(\.line) == [1, 15, 23] && spectra.map(\.record) == [1, 2, 3])
        #expect(report.problems == [.notFragments: 1] && report.skippedRecords == 1)
        #expect(
            report.issues.first?.description == "line 34 (record 4): the record is no fragment spectrum (MS level 1)")
        #expect(report.missing[.inchiKey] == 1 && report.missing[.formula] == 2 && report.missing[.name] == nil)
    }

    @Test("MGF by GNPS and by matchms")
    func mgf() throws {
        let (spectra, report) = try read(
            """
            # written by hand
            BEGIN IONS
            PEPMASS=195.0877 12345.6
            CHARGE=1
            MSLEVEL=2
            SOURCE_INSTRUMENT=LC-ESI-qTof
            IONMODE=Positive
            NAME=Caffeine from tea M+H
            SMILES=CN1C=NC2=C1C(=O)N(C(=O)N2C)C
            INCHI="InChI=1S/..."
            SPECTRUMID=CCMSLIB00005435812
            SCANS=1
            110.0713\t120.5
            138.0662 999 1+
            END IONS

            BEGIN IONS
            TITLE=scan 7
            PEPMASS=0.0
            CHARGE=0
            50 1
            END IONS

            BEGIN IONS
            TITLE=scan 8
            PRECURSOR_MZ=181.0495
            CHARGE=1-
            ADDUCT=[M-H]-
            INCHIKEY=ABCDEFGHIJKLMN-UHFFFAOYSA-N
            COMPOUND_NAME=A B
            RTINSECONDS=71.5
            COLLISION_ENERGY=20.0
            60 5
            BEGIN IONS
            PEPMASS=100
            CHARGE=2-
            RETENTION_TIME=3.5
            55.5 1
            """, .mgf)
        #expect(spectra.map(\.entry.name) == ["Caffeine from tea", "A B", ""])
        #expect(spectra[0].entry.adduct == "M+H" && spectra[0].entry.polarity == .positive)
        #expect(spectra[0].entry.accession == "CCMSLIB00005435812" && spectra[0].entry.precursorMZ == 195.0877)
        #expect(spectra[0].entry.instrument == "LC-ESI-qTof" && spectra[0].peaks.intensity == [120.5, 999])
        #expect(spectra[1].entry.accession == "scan 8" && spectra[1].entry.retentionTimeSeconds == 71.5)
        #expect(spectra[1].entry.polarity == .negative && spectra[1].entry.collisionEnergy == "20.0")
        #expect(spectra[2].entry.polarity == .negative && spectra[2].entry.retentionTimeSeconds == nil)
        #expect(report.problems == [.noPrecursor: 1, .unknownUnit: 1])
        #expect(report.derivedPolarities == 2)
    }

    private static let massBankRecord = """
        ACCESSION: MSBNK-Test-TE000001
        RECORD_TITLE: Mellein; LC-ESI-ITFT; MS2
        LICENSE: CC BY-SA
        CH$NAME: Mellein
        CH$NAME: Ochracin
        CH$FORMULA: C10H10O3
        CH$EXACT_MASS: 178.06299
        CH$SMILES: CC1CC2=C(C(=CC=C2)O)C(=O)O1
        CH$LINK: CAS 480-33-1
        CH$LINK: INCHIKEY KWILGNNWGSNMPA-UHFFFAOYSA-N
        AC$INSTRUMENT: Q-Exactive Orbitrap
        AC$INSTRUMENT_TYPE: LC-ESI-ITFT
        AC$MASS_SPECTROMETRY: MS_TYPE MS2
        AC$MASS_SPECTROMETRY: ION_MODE POSITIVE
        AC$MASS_SPECTROMETRY: COLLISION_ENERGY 30(NCE)
        AC$CHROMATOGRAPHY: RETENTION_TIME 2.5 min
        MS$FOCUSED_ION: PRECURSOR_M/Z 179.0697
        MS$FOCUSED_ION: PRECURSOR_TYPE [M+H]+
        PK$SPLASH: splash10-001i-0900000000-aaaaaaaaaaaaaaaaaaaa
        PK$ANNOTATION: m/z tentative_formula formula_count mass error(ppm)
          133.0648 C9H9O+ 1 0.1
        PK$NUM_PEAK: 2
        PK$PEAK: m/z int. rel.int.
          133.0648 21905.33 999
          151.0754 9239.9 421
        //
        """

    @Test("MassBank records: one, several in a file, spectra of the first stage, no peaks")
    func massBank() throws {
        let (spectra, report) = try read(
            Self.massBankRecord + "\n"
                + Self.massBankRecord.replacing("TE000001", with: "TE000002").replacing("2.5 min", with: "150 sec")
                + "\n"
                + Self.massBankRecord.replacing("TE000001", with: "TE000003").replacing(
                    "MS_TYPE MS2", with: "MS_TYPE MS")
                + "\nACCESSION: MSBNK-Test-TE000004\nMS$FOCUSED_ION: PRECURSOR_M/Z N/A\nPK$NUM_PEAK: N/A\nPK$PEAK: N/A\n//\n",
            .massBank)
        let entry = try #require(spectra.first).entry
        #expect(
            entry
                == LibraryEntry(
                    name: "Mellein", accession: "MSBNK-Test-TE000001", adduct: "[M+H]+", formula: "C10H10O3",
                    inchiKey: "KWILGNNWGSNMPA-UHFFFAOYSA-N", smiles: "CC1CC2=C(C(=CC=C2)O)C(=O)O1",
                    instrument: "Q-Exactive Orbitrap", instrumentType: "LC-ESI-ITFT", collisionEnergy: "30(NCE)",
                    license: "CC BY-SA", polarity: .positive, precursorMZ: 179.0697, exactMass: 178.06299,
                    retentionTimeSeconds: 150))
        #expect(spectra.count == 2 && spectra[1].entry.retentionTimeSeconds == 150)
        #expect(spectra[0].peaks.mz == [133.0648, 151.0754] && spectra[0].peaks.intensity == [21905.33, 9239.9])
        #expect(report.problems == [.notFragments: 1, .noPeaks: 1])
    }

    @Test("JSON by GNPS: peaks in a text, numbers as texts, N/A and 0 for nothing")
    func gnps() throws {
        let (spectra, report) = try read(
            #"""
            [{"spectrum_id":"CCMSLIB00000424785","source_file":"a;","Compound_Name":"Theophylline \u00b5 \"x\"",
              "Ion_Source":"DI-ESI","Instrument":"qTof","Adduct":"M+H","Scan":"-1","Precursor_MZ":"181.071",
              "ExactMass":"180.065","Charge":"1","CAS_Number":"58-55-9","Smiles":"O=C1C2=C(N=CN2)N(C)C(N1C)=O",
              "INCHI":"InChI=1S/C7H8N4O2/c1-10","INCHI_AUX":"N/A","Library_Class":"3","ms_level":"2",
              "Ion_Mode":"Positive","InChIKey_smiles":"ZFXYFBGIUFBOJW-UHFFFAOYSA-N","InChIKey_inchi":"N/A",
              "Formula_smiles":"C7H8N4O2","annotation_history":[{"Compound_Name":"no","task":{"a":[1,2]}}],
              "peaks_json":"[[124.05,300.5],[181.07,1000.0]]"},
             {"spectrum_id":"B","Compound_Name":"two","Adduct":"M-H","Precursor_MZ":"300.1","ExactMass":"0",
              "Charge":"0","Ion_Mode":"N/A","peaks_json":"[[100.5,1.0],[NaN,2],[-3,1],[120.25,4]]"},
             {"spectrum_id":"C","Precursor_MZ":"0","peaks_json":"[[100.5,1.0]]"}, 17]
            """#, .json)
        #expect(spectra.map(\.entry.accession) == ["CCMSLIB00000424785", "B"])
        let entry = spectra[0].entry
        #expect(entry.name == "Theophylline µ \"x\"" && entry.inchiKey == "ZFXYFBGIUFBOJW-UHFFFAOYSA-N")
        #expect(entry.formula == "C7H8N4O2" && entry.exactMass == 180.065 && entry.instrumentType == "DI-ESI")
        #expect(spectra[0].peaks.mz == [124.05, 181.07] && spectra[0].peaks.intensity == [300.5, 1000])
        #expect(spectra[1].entry.polarity == .negative && spectra[1].entry.exactMass.isNaN)
        #expect(spectra[1].peaks.mz == [100.5, 120.25])
        #expect(report.problems == [.badPeak: 2, .noPrecursor: 1, .strayText: 1])
    }

    @Test(
        "JSON in other shapes gives the same spectrum",
        arguments: [
            #"{"precursor_mz":300.5,"peaks_json":[[100,1],[200.5,2e1]]}"#,
            #"[{"precursor_mz":"300.5","peaks":[[100,1],[200.5,20]]}]"#,
            #"{"spectra":[{"precursor_mz":300.5,"spectrum":"100:1 200.5:20"}],"version":"2"}"#,
            #"{"name":"x","note":{"a":[{}]},"library":[{"precursor_mz":300.5,"peaks":[{"mz":100,"intensity":1},{"intensity":20,"mz":200.5}]}]}"#,
            "\u{FEFF} [ {\"precursor_mz\" : 300.5 , \"peaks_json\":\"[[100.0, 1], [200.5, 20]]\"} ] \n",
            "{\"precursor_mz\":300.5,\"peaks\":[[100,1],[200.5,20]]}\n",
        ])
    func jsonShapes(text: String) throws {
        let (spectra, report) = try read(text, .json)
        #expect(spectra.count == 1 && spectra.first?.entry.precursorMZ == 300.5)
        #expect(spectra.first?.peaks == PeakList(mz: [100, 200.5], intensity: [1, 20]))
        #expect(report.skippedRecords == 0 && report.skippedValues == 0)
    }

    @Test("records of MoNA: metadata, compound and the library that they are from")
    func mona() throws {
        let (spectra, report) = try read(
            #"""
            [{"compound":[{"inchi":"InChI=1S/C8H10N4O2","inchiKey":"RYYVLZVUVIJVGH-UHFFFAOYSA-N",
               "metaData":[{"category":"none","name":"molecular formula","value":"C8H10N4O2"},
                           {"name":"total exact mass","value":194.0804},{"name":"SMILES","value":"CN1C=NC2=C1"}],
               "names":[{"computed":false,"name":"Caffeine","score":0.0},{"name":"Guaranine"}]}],
              "id":"AU101801","metaData":[{"category":"mass spectrometry","name":"ms level","value":"MS2"},
               {"name":"precursor m/z","value":195.0877},{"name":"precursor type","value":"[M+H]+"},
               {"name":"ionization mode","value":"positive"},{"name":"instrument","value":"maXis"}],
              "spectrum":"110.07:15 138.066:100","library":{"library":"AU","link":"x","data":[1,2]},"tags":[{"text":"LC-MS"}]},
             {"library":"own","precursor_mz":300.5,"data":{"a":[{}]},"peaks":[[100,1]],"spectra":["x"]}]
            """#, .json)
        #expect(spectra.count == 2 && report.skippedRecords == 0 && report.skippedValues == 0)
        let entry = try #require(spectra.first?.entry)
        #expect(entry.accession == "AU101801" && entry.name == "Caffeine" && entry.formula == "C8H10N4O2")
        #expect(entry.precursorMZ == 195.0877 && entry.adduct == "[M+H]+" && entry.polarity == .positive)
        #expect(entry.exactMass == 194.0804 && entry.inchiKey == "RYYVLZVUVIJVGH-UHFFFAOYSA-N")
        #expect(entry.instrument == "maXis" && entry.smiles == "CN1C=NC2=C1")
        #expect(spectra[0].peaks == PeakList(mz: [110.07, 138.066], intensity: [15, 100]))
        #expect(spectra.last?.entry.precursorMZ == 300.5)
    }

    @Test("JSON lines are several values")
    func jsonLines() throws {
        let line = #"{"precursor_mz":300.5,"peaks":[[100,1]]}"#
        #expect(try read("\(line)\n\(line)\n\(line)", .json).spectra.count == 3)
    }

    @Test(
        "the polarity comes from the ion mode, then the adduct, then the charge",
        arguments: [
            ("IONMODE=Negative\nADDUCT=[M+H]+", Polarity.negative), ("ADDUCT=M+Na", .positive),
            ("ADDUCT=M-H", .negative),
            ("ADDUCT=M+Cl", .negative), ("ADDUCT=M-H2O+H", .positive), ("ADDUCT=2M+NH4", .positive),
            ("ADDUCT=[M-2H]2-", .negative), ("ADDUCT=M", .unknown), ("CHARGE=2+", .positive), ("CHARGE=-1", .negative),
            ("CHARGE=1-", .negative), ("CHARGE=3", .positive), ("CHARGE=0", .unknown), ("CHARGE=x", .unknown),
            ("IONMODE=1-", .negative), ("IONMODE=N/A\nCHARGE=1+", .positive), ("", .unknown),
        ])
    func polarity(fields: String, expected: Polarity) throws {
        let (spectra, report) = try read("BEGIN IONS\nPEPMASS=100\n\(fields)\n50 1\nEND IONS\n", .mgf)
        #expect(spectra.first?.entry.polarity == expected)
        #expect((report.missing[.polarity] ?? 0) == (expected == .unknown ? 1 : 0))
    }

    @Test(
        "retention times with and without a unit",
        arguments: [
            ("5.5 min", 330.0, 0), ("90 sec", 90, 0), ("90s", 90, 0), ("1500 ms", 1.5, 0), ("2", 120, 0),
            ("3 parsecs", nil, 1), ("about 3", nil, 1), ("0", nil, 0), ("-1", nil, 0), ("N/A", nil, 0),
            ("N/A min", nil, 0), ("90 sec (MSMS)", 90, 0), ("5.5, 5.7 min", nil, 1),
        ])
    func retention(value: String, seconds: Double?, skipped: Int) throws {
        let (spectra, report) = try read(
            "NAME: A\nPRECURSORMZ: 100\nRETENTIONTIME: \(value)\nNum Peaks: 1\n50 1\n", .msp)
        let found = try #require(spectra.first).entry.retentionTimeSeconds
        #expect(found == seconds)
        #expect(report.skippedValues == skipped)
    }

    @Test("what is no library is told by its content")
    func detection() throws {
        func code(_ bytes: [UInt8]) throws -> LibraryFileError.Code? {
            let path = try folder.write("what.msp", bytes)
            do { _ = try LibrarySourceReader(path: path) } catch {
                #expect(error.path == path && !error.reason.isEmpty)
                return error.code
            }
            return nil
        }
        #expect(try code([]) == .empty)
        #expect(try code(Array("just text\nand more\n".utf8)) == .foreign)
        #expect(try code([0x7F, 0x45, 0x4C, 0x46, 0, 0, 1, 2, 3]) == .foreign)
        #expect(try code([0x1F, 0x8B, 8, 0]) == .truncated)
        #expect(try code(Array("Num Peaks: 1\n".utf8)) == nil)
    }
}
