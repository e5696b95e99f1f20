import SpectrumModel

/// One mzTab-M file, written section by section while the rows come feature by feature.
///
/// The summary comes first in the file but a group of ions is complete only with its last feature, so feature and evidence
/// rows wait in files of their own; memory does not grow with the result, but for groups that are not complete.
final class MzTabFile {
    private let file: OutputFile
    private let features: SpoolFile
    private let evidence: SpoolFile
    /// Features of each ion group that have not come yet.
    private var expected: [Int: Int] = [:]
    private var incomplete: [Int: MzTabMolecule] = [:]
    private let groupOfFeature: [Int?]
    private var position = 0

    init(
        path: String, folder: String, writing: OutputWriting, result: FileResult, databases: [ReferenceDatabase]
    ) throws(AnalysisError) {
        file = try OutputFile(path: path, writing: writing)
        features = try SpoolFile(folder: folder, writing: writing)
        evidence = try SpoolFile(folder: folder, writing: writing)
        groupOfFeature = result.features.map(\.group)
        for case let group? in groupOfFeature { expected[group, default: 0] += 1 }
        try file.write(MzTabMetadata(result: result, databases: databases).text())
        try file.write(Self.header(MzTabMolecule.columns))
        try features.write(Self.header(MzTabRows.featureColumns))
        try evidence.write(Self.header(MzTabRows.evidenceColumns))
    }

    private static func header(_ columns: [String]) -> TextBuffer {
        var buffer = TextBuffer()
        buffer.append(columns.joined(separator: "\t") + "\n")
        return buffer
    }

    /// Adds the rows of the next features.
    func append(_ piece: MzTabRows.Piece) throws(AnalysisError) {
        try features.write(piece.features)
        try evidence.write(piece.evidence)
        var buffer = TextBuffer()
        for molecule in piece.molecules {
            defer { position += 1 }
            guard let group = groupOfFeature[position] else {
                molecule.append(to: &buffer)
                continue
            }
            var known = molecule
            if var earlier = incomplete[group] {
                earlier.merge(molecule)
                known = earlier
            }
            expected[group, default: 1] -= 1
            if expected[group] == 0 {
                known.append(to: &buffer)
                incomplete[group] = nil
            } else {
                incomplete[group] = known
            }
        }
        try file.write(buffer)
    }

    /// Puts the sections together. - Returns: the file, ended and without its name.
    func finish() throws(AnalysisError) -> OutputFile {
        var blank = TextBuffer()
        blank.newline()
        for section in [features, evidence] {
            try file.write(blank)
            try section.append(to: file)
        }
        try file.finish()
        return file
    }

    /// Names for the files of several runs: that of the run without `.mzML`, whole where two would be the same.
    static func name(for run: String, taken: inout Set<String>) -> String {
        var short = run.replacing("/", with: "_")
        let whole = short
        for ending in [".gz", ".mzML"] where short.lowercased().hasSuffix(ending.lowercased()) {
            short.removeLast(ending.count)
        }
        var candidate = short.isEmpty ? whole : short
        var number = 1
        while !taken.insert("\(candidate).mztab").inserted {
            candidate = number == 1 ? whole : "\(whole)-\(number)"
            number += 1
        }
        return "\(candidate).mztab"
    }
}
