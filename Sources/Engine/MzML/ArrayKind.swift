/// What a binary array holds.
public enum ArrayKind {
    /// The name of a kind by the number of its accession, without the word "array"; the accession itself where it is not
    /// known. 0 stands for arrays that state none.
    public static func name(_ accession: Int) -> String {
        if accession == 0 { return "no stated kind" }
        return names[accession] ?? Accession.text(accession)
    }

    /// Children of MS:1000513.
    private static let names: [Int: String] = [
        1_000_514: "m/z",
        1_000_515: "intensity",
        1_000_516: "charge",
        1_000_517: "signal to noise",
        1_000_595: "time",
        1_000_617: "wavelength",
        1_000_786: "non-standard data",
        1_000_820: "flow rate",
        1_000_821: "pressure",
        1_000_822: "temperature",
        1_002_477: "mean ion mobility drift time",
        1_002_478: "mean charge",
        1_002_529: "resolution",
        1_002_530: "baseline",
        1_002_742: "noise",
        1_002_743: "sampled noise m/z",
        1_002_744: "sampled noise intensity",
        1_002_745: "sampled noise baseline",
        1_002_816: "mean ion mobility",
        1_002_893: "ion mobility",
        1_003_006: "mean inverse reduced ion mobility",
        1_003_007: "raw ion mobility",
        1_003_008: "raw inverse reduced ion mobility",
        1_003_143: "mass",
        1_003_153: "raw ion mobility drift time",
        1_003_154: "deconvoluted ion mobility",
        1_003_155: "deconvoluted inverse reduced ion mobility",
        1_003_156: "deconvoluted ion mobility drift time",
        1_003_157: "scanning quadrupole position lower bound m/z",
        1_003_158: "scanning quadrupole position upper bound m/z",
        1_003_870: "index",
    ]
}
