import Testing

@testable import Evaluation

/// The checker of mzTab-M: a file as the specification describes it passes, each broken rule is found.
@Suite struct MzTabCheckerTests {
    private static let metadata = """
        MTD	mzTab-version	2.0.0-M
        MTD	mzTab-ID	example
        MTD	software[1]	[MS, MS:1002879, Progenesis QI, 3.0]
        MTD	quantification_method	[MS, MS:1001834, LC-MS label-free quantitation analysis, ]
        MTD	ms_run[1]-location	file:///data/a%20run.mzML
        MTD	ms_run[1]-scan_polarity[1]	[MS, MS:1000130, positive scan, ]
        MTD	assay[1]	first
        MTD	assay[1]-ms_run_ref	ms_run[1]
        MTD	study_variable[1]	undefined
        MTD	study_variable[1]-assay_refs	assay[1]
        MTD	study_variable[1]-description	all
        MTD	cv[1]-label	MS
        MTD	cv[1]-full_name	PSI-MS controlled vocabulary
        MTD	cv[1]-version	4.1.79
        MTD	cv[1]-uri	https://example.org/psi-ms.obo
        MTD	database[1]	[, , "a, database", ]
        MTD	database[1]-prefix	DB
        MTD	database[1]-version	Unknown
        MTD	database[1]-uri	https://example.org/
        MTD	small_molecule-quantification_unit	[MS, MS:1001844, MS1 feature area, ]
        MTD	small_molecule_feature-quantification_unit	[MS, MS:1001844, MS1 feature area, ]
        MTD	small_molecule-identification_reliability	[MS, MS:1002955, hr-ms compound identification confidence level, ]
        MTD	id_confidence_measure[1]	[, , a score, ]

        """
    private static let molecules = """

        SMH	SML_ID	SMF_ID_REFS	database_identifier	chemical_formula	smiles	inchi	chemical_name	uri	theoretical_neutral_mass	adduct_ions	reliability	best_id_confidence_measure	best_id_confidence_value	abundance_assay[1]	abundance_study_variable[1]	abundance_variation_study_variable[1]	opt_global_note
        SML	1	1|2	DB:1|DB:2	C6H12O6|C6H12O6	null	null	a|b	null	180.06|180.06	[M+H]1+|[M+Na]1+	2a	[, , a score, ]	0.9	10.5	10.5	null	null

        """
    private static let features = """

        SFH	SMF_ID	SME_ID_REFS	SME_ID_REF_ambiguity_code	adduct_ion	isotopomer	exp_mass_to_charge	charge	retention_time_in_seconds	retention_time_in_seconds_start	retention_time_in_seconds_end	abundance_assay[1]
        SMF	1	7|8	1	[M+H]1+	null	181.07	1	60	50	70	10.5
        SMF	2	null	null	null	null	203.05	1	60	50	70	null

        """
    private static let evidence = """

        SEH	SME_ID	evidence_input_id	database_identifier	chemical_formula	smiles	inchi	chemical_name	uri	derivatized_form	adduct_ion	exp_mass_to_charge	charge	theoretical_mass_to_charge	spectra_ref	identification_method	ms_level	id_confidence_measure[1]	rank
        SME	7	x	DB:1	C6H12O6	null	null	a	null	null	[M+H]1+	181.07	1	181.0707	ms_run[1]:scan=5	[, , search, ]	[MS, MS:1000511, ms level, 2]	0.9	1
        SME	8	x	DB:2	C6H12O6	null	null	b	null	null	[M+H]1+	181.07	1	181.0707	ms_run[1]	[, , search, ]	[MS, MS:1000511, ms level, 1]	null	2

        """

    static let valid = metadata + molecules + features + evidence

    @Test func aValidFileHasNoFinding() {
        #expect(MzTabChecker.check(Self.valid) == [])
        #expect(
            MzTabChecker.check(Self.metadata + Self.molecules.replacing("1|2\t", with: "null\t")) == [],
            "a summary alone")
        #expect(MzTabChecker.check("COM\tanything\n\n" + Self.valid.replacing("\n", with: "\r\n")) == [])
        let noRows = (Self.metadata + Self.molecules + Self.features + Self.evidence).split(
            separator: "\n", omittingEmptySubsequences: false
        ).filter { !$0.hasPrefix("SML") && !$0.hasPrefix("SMF") && !$0.hasPrefix("SME\t") }
        #expect(MzTabChecker.check(noRows.joined(separator: "\n")) == [], "an empty result")
    }

    @Test func everyMandatoryKeyIsMissed() {
        let lines = Self.valid.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where line.hasPrefix("MTD") {
            // Without it the default codes hold, of which 2a is none.
            var rest = lines
            rest.remove(at: index)
            #expect(!MzTabChecker.check(rest.joined(separator: "\n")).isEmpty, "without \(line)")
        }
    }

    @Test func everyMandatoryColumnIsMissed() {
        let lines = Self.valid.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for section in ["SM", "SF", "SE"] {
            guard let place = lines.firstIndex(where: { $0.hasPrefix("\(section)H\t") }) else {
                Issue.record("no section \(section)")
                continue
            }
            let names = lines[place].split(separator: "\t")
            for column in 1..<names.count where !names[column].hasPrefix("opt_") {
                var changed = lines
                var cells = names
                cells.remove(at: column)
                changed[place] = cells.joined(separator: "\t")
                #expect(!MzTabChecker.check(changed.joined(separator: "\n")).isEmpty, "without \(names[column])")
            }
        }
    }

    @Test(arguments: [
        ("2.0.0-M", "1.0.0", "mzTab-version"), ("[MS, MS:1002879, Progenesis QI, 3.0]", "Progenesis", "no parameter"),
        ("[MS, MS:1002879, Progenesis QI, 3.0]", "[MS, , Progenesis QI, 3.0]", "no parameter"),
        ("\"a, database\"", "a, database", "no parameter"),
        ("assay[1]-ms_run_ref\tms_run[1]", "assay[1]-ms_run_ref\tms_run[2]", "names no ms_run"),
        ("file:///data/a%20run.mzML", "a run", "no URI"),
        ("MTD\tassay[1]\tfirst", "MTD\tassay[2]\tfirst", "is missing"),
        ("MTD\tmzTab-ID\texample", "MTD\tmzTab-ID\texample\nMTD\tmzTab-ID\ttwice", "given twice"),
        ("MTD\tmzTab-ID\texample", "MTD\tmzTab-ID\texample\nMTD\tcolour\tred", "no key"),
        ("MTD\tmzTab-ID\texample", "MTD\tquantification_unit", "a key and a value"),
        ("DB:1|DB:2", "DB:1", "different lengths"), ("DB:1|DB:2", "XX:1|DB:2", "prefix of a database"),
        ("C6H12O6|C6H12O6", "H12C6O6|C6H12O6", "Hill order"), ("[M+H]1+|[M+Na]1+", "M+H", "an adduct"),
        ("\t2a\t", "\t6\t", "reliability"), ("\t0.9\t10.5", "\t9e-1\t10.5", "decimal number"),
        ("SML\t1\t1|2", "SML\t1\t1|3", "SMF 3 is not in the file"),
        ("SML\t1\t1|2", "SML\t1\t1", "no SML refers to SMF 2"),
        ("SMF\t1\t7|8\t1", "SMF\t1\t7|8\tnull", "ambiguity_code"), ("SMF\t1\t7|8\t1", "SMF\t1\t7|9\t1", "SME 9 is not"),
        ("SMF\t1\t7|8\t1", "SMF\t1\t7|8\t4", "1, 2 or 3"), ("SMF\t2\tnull\tnull", "SMF\t1\tnull\tnull", "not unique"),
        ("203.05\t1\t60", "203.05\tnull\t60", "null is not allowed"), ("203.05\t1\t60", "203.05\t0\t60", "positive"),
        ("203.05\t1\t60", "203.05\t1\t80", "between its start and its end"),
        ("203.05\t1\t60\t50", "203.05\t1\t60\t", "is empty"),
        ("203.05\t1\t60\t50", "203.05\t1\t60", "cells instead of"),
        ("ms_run[1]:scan=5", "ms_run[3]:scan=5", "spectra_ref"),
        ("ms_run[1]:scan=5", "ms_run[1]", "names no spectrum"), ("[MS, MS:1000511, ms level, 2]", "2", "MS:1000511"),
        ("opt_global_note", "note", "no optional column"),
        ("opt_global_note", "opt_assay[2]_note", "no optional column"),
        ("opt_global_note", "opt_global_a note", "no optional column"), ("\n\nSFH", "\nSFH", "blank line"),
        ("\n\nSFH", "\n\nXYZ\tx\nSFH", "a line begins with"),
        ("\n\nSFH", "\n\nMTD\ttitle\tlate\nSFH", "metadata after a table"),
    ]) func brokenRulesAreFound(text: String, replacement: String, words: String) {
        #expect(Self.valid.contains(text), "the example has \(text)")
        let findings = MzTabChecker.check(Self.valid.replacing(text, with: replacement, maxReplacements: 1))
        #expect(findings.contains { $0.description.contains(words) }, "\(findings)")
    }

    @Test func sectionsHaveAnOrder() {
        let swapped = MzTabChecker.check(Self.metadata + Self.molecules + Self.evidence + Self.features)
        #expect(swapped.contains { $0.reason.contains("table SMF must come before SME") })
        #expect(MzTabChecker.check(Self.valid + Self.evidence).contains { $0.reason.contains("a second table SME") })
        #expect(MzTabChecker.check(Self.metadata).contains { $0.reason == "the table SML is missing" })
        #expect(
            MzTabChecker.check(Self.metadata + Self.molecules + Self.features).contains {
                $0.reason.contains("one is missing")
            })
        let orderOfKeys = Self.valid.replacing("MTD\tmzTab-ID\texample\n", with: "")
            .replacing("MTD\tcv[1]-label", with: "MTD\tmzTab-ID\texample\nMTD\tcv[1]-label")
        #expect(MzTabChecker.check(orderOfKeys).contains { $0.reason.contains("stands too late") })
    }

    /// Hostile bytes end with findings.
    @Test func anythingEndsWithFindings() {
        for text in [
            "", "\n\n", "\t\t\t", "SML\t1", "MTD", "SMH", "💥\tx", String(repeating: "[", count: 5_000), "MTD\t[[[[\t]",
        ] {
            #expect(!MzTabChecker.check(text).isEmpty)
        }
        let bytes = Array(Self.valid.utf8)
        for place in stride(from: 0, to: bytes.count, by: 7) {
            var damaged = bytes
            damaged[place] = 0x09
            _ = MzTabChecker.check(String(decoding: damaged, as: UTF8.self))
            _ = MzTabChecker.check(String(decoding: bytes[..<place], as: UTF8.self))
        }
    }
}
