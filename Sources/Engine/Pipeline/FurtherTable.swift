/// What can be written beside the three tables that there always are. None is part of the digest.
public enum FurtherTable: String, Sendable, Hashable, CaseIterable {
    case traces, mztab, json

    /// What `output.NAME` does, for help and documentation.
    var summary: String {
        switch self {
        case .traces:
            "Write traces.tsv too: every mass trace with m/z, time, points, height and area, whether a feature came out of "
                + "it or not."
        case .mztab:
            "Write NAME.mztab too, one for each file: features, names and their evidence in mzTab-M 2.0.0, the exchange "
                + "format of HUPO-PSI."
        case .json:
            "Write results.json too: every feature with its names, scores and evidence, for programs."
        }
    }
}
