import Foundation

/// Lines of a text file.
func lineCount(_ path: String) throws -> Int {
    try Data(contentsOf: URL(fileURLWithPath: path)).count { $0 == 0x0A }
}
