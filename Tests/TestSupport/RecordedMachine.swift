import Foundation

/// Machines recorded in `Tests/HostEnvironmentTests/Fixtures/topologies`, by the name of their file.
public enum RecordedMachine {
    /// Two sockets of 6 cores with 2 threads each, a node each.
    public static let twoNodes = "two-nodes-sl390s"
    /// Eight nodes of 6 cores with 2 threads each on two sockets.
    public static let eightNodes = "eight-nodes-epyc-7451"

    /// The text of each file of `/proc` and `/sys`, by path.
    public static func files(_ name: String) throws -> [String: String] {
        let path = "\(TestData.repository)/Tests/HostEnvironmentTests/Fixtures/topologies/\(name).txt"
        var files: [String: String] = [:]
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
            let place = parts[0].split(separator: ":", maxSplits: 1)
            files[String(place[0]), default: ""] += place.count == 2 ? "\(place[1]):\t\(parts[1])\n" : "\(parts[1])\n"
        }
        return files
    }

    /// A folder with these files, removed with the value.
    public static func folder(_ files: [String: String]) throws -> TemporaryDirectory {
        let folder = try TemporaryDirectory()
        for (path, text) in files { try folder.write(path, text) }
        return folder
    }
}
