import SpectrumModel
import TestSupport
import Testing

@testable import SpectralMatching

@Suite("Queries in Mascot generic format")
struct MGFQueryTests {
    private func read(_ text: String) throws -> (queries: [QuerySpectrum], reader: MGFQueryReader) {
        let folder = try TemporaryDirectory()
        var reader = try MGFQueryReader(path: folder.write("queries.mgf", text))
        var queries: [QuerySpectrum] = []
        while let query = try reader.next() { queries.append(query) }
        return (queries, reader)
    }

    @Test("fields, names and polarities")
    func fields() throws {
        let (queries, reader) = try read(
            """
            COM=ignored outside
            BEGIN IONS
            TITLE=first
            PEPMASS=200.1 1234.5
            CHARGE=2-
            RTINSECONDS=12.5-14
            90.5,100,more
            50.25\t30
            END IONS
            begin ions
            SCANS=17
            PRECURSOR_MZ=100
            CHARGE=1
            RETENTION_TIME=2 min
            60 1
            END IONS
            BEGIN IONS
            FEATURE_ID=f3
            IONMODE=Positive
            60 1
            END IONS
            BEGIN IONS
            ADDUCT=[M-H]-
            60 1
            """)
        #expect(queries.map(\.id) == ["first", "17", "f3", "spectrum 4"])
        let headers = queries.map(\.spectrum.header)
        #expect(headers.map(\.polarity) == [.negative, .unknown, .positive, .negative])
        #expect(headers.map { $0.precursor?.selectedIonMZ } == [200.1, 100, nil, nil])
        #expect(headers.map { $0.precursor?.charge } == [2, 1, nil, nil])
        #expect(headers[0].precursor?.intensity == 1234.5)
        #expect(headers[0].retentionTimeSeconds == 12.5 && headers[1].retentionTimeSeconds == 120)
        #expect(headers[1].scanNumber == 17 && headers[2].scanNumber == 3)
        #expect(queries[0].spectrum.mz == [50.25, 90.5] && queries[0].spectrum.intensity == [30, 100])
        #expect(reader.withoutPrecursor == 2 && reader.withoutRetentionTime == 2)
        #expect(reader.report.accepted == 4 && reader.report.skippedRecords == 0 && reader.report.skippedValues == 0)
    }

    @Test("what is no query, and values that are none, are counted with their line")
    func skipped() throws {
        let (queries, reader) = try read(
            """
            BEGIN IONS
            PEPMASS=abc
            CHARGE=none
            50 1
            60 -1
            70 x
            END IONS
            BEGIN IONS
            MSLEVEL=1
            50 1
            END IONS
            BEGIN IONS
            TITLE=no peaks
            END IONS
            END IONS
            BEGIN IONS
            TITLE=not ended
            50 1
            BEGIN IONS
            TITLE=after
            PEPMASS=100 many
            50 1
            END IONS
            """)
        #expect(queries.map(\.id) == ["spectrum 1", "not ended", "after"])
        #expect(queries.map { $0.spectrum.mz } == [[50], [50], [50]])
        #expect(reader.report.problems == [.badNumber: 3, .badPeak: 2, .notFragments: 1, .noPeaks: 1])
        #expect(
            reader.report.issues.prefix(2).map(\.description) == [
                "line 2 (record 1): the precursor m/z is not a positive number",
                "line 3 (record 1): the charge is not a number",
            ])
    }

    /// One parser: what one reader takes for a field or a peak, the other does too.
    @Test("references and queries of one file have the same peaks")
    func agreesWithReferences() throws {
        let text = """
            \u{FEFF}BEGIN IONS
            TITLE=a=b
            PEPMASS=300.5
            # 1 2
            .5e2 7
            +60 8 9
            =5
            END IONS
            """
        let folder = try TemporaryDirectory()
        var references = try MGFReader(path: folder.write("a.mgf", text))
        let reference = try #require(try references.next())
        let (queries, reader) = try read(text)
        #expect(queries.map(\.id) == ["a=b"] && reference.entry.accession == "a=b")
        #expect(queries[0].spectrum.mz == reference.peaks.mz && reference.peaks.mz == [50, 60])
        #expect(reader.report.problems == references.report.problems && reader.report.problems == [.badPeak: 1])
    }
}
