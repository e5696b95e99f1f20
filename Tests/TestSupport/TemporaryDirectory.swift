import Foundation
import Statistics

/// A folder that lives as long as the value and is removed with it.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        path = NSTemporaryDirectory() + "lavoisier-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String { path + "/" + name }

    /// Writes a file and returns its path.
    @discardableResult
    public func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
        return file(name)
    }

    /// Names of everything in the folder, sorted.
    public var contents: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }
}

/// Where the repository and the optional data outside it lie.
public enum TestData {
    /// The root of the checkout that this file was compiled from.
    public static let repository: String = {
        var components = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        components.removeLast(3)
        return components.joined(separator: "/")
    }()

    /// Data that may not be committed; tests that need it are skipped without `LAVOISIER_EXTRA_DATA`.
    public static let extra: String? = ProcessInfo.processInfo.environment["LAVOISIER_EXTRA_DATA"]
}
