import Foundation
import Pipeline

/// A text file that appears whole or not at all.
public enum OutputText {
    /// Writes under a temporary name and renames.
    /// - Throws: `AnalysisError(.outputFailed)` naming the file and the reason.
    public static func write(_ text: String, to path: String) throws(AnalysisError) {
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw AnalysisError(.outputFailed, "cannot write \(path): \(error.localizedDescription)")
        }
    }

    /// A value as JSON for machines: sorted keys, so that two outputs can be compared line by line; what is not finite as
    /// `NaN`, `Infinity` and `-Infinity`.
    public static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }

    /// Words as a shell reads them back.
    public static func commandLine(_ words: [String]) -> String {
        words.map { word in
            let isPlain =
                !word.isEmpty
                && word.unicodeScalars.allSatisfy {
                    $0.isASCII
                        && ($0.properties.isAlphabetic || ("0"..."9").contains($0)
                            || "-_./=,:%+".unicodeScalars.contains($0))
                }
            return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
        }.joined(separator: " ")
    }

    /// Whether a file can be written, better known now than after minutes of measuring.
    /// - Throws: `AnalysisError(.outputFailed)`.
    public static func checkWritable(_ path: String) throws(AnalysisError) {
        let files = FileManager.default
        var isFolder: ObjCBool = false
        if files.fileExists(atPath: path, isDirectory: &isFolder) {
            if isFolder.boolValue { throw AnalysisError(.outputFailed, "\(path) is a folder; name a file") }
            guard files.isWritableFile(atPath: path) else {
                throw AnalysisError(
                    .outputFailed, "\(path) cannot be written; change its permissions or name another file")
            }
        }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        guard files.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue,
            files.isWritableFile(atPath: folder)
        else {
            throw AnalysisError(.outputFailed, "\(path) cannot be written: \(folder) is not a folder to write in")
        }
    }
}
