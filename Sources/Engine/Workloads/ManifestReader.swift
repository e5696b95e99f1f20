import MzML
import Parameters
import SpectrumModel
import Yams

/// What `workload.yaml` says, before a tiled workload has found its source.
struct WorkloadManifest {
    enum Content {
        case files([WorkloadFile])
        case tile(
            source: String, line: Int?, file: String, fileCount: Int, targetBytes: Int, compression: ArrayCompression)
    }

    var name = ""
    var title = ""
    var tier = WorkloadTier.extra
    var type: WorkloadType?
    var complexity: WorkloadComplexity?
    var instrument = ""
    var polarity = Polarity.unknown
    var representation = SpectrumRepresentation.unknown
    var msLevels: [Int] = []
    var description = ""
    var truth: String?
    var identificationTruth: String?
    var content = Content.files([])

    private static let keys = [
        "name", "title", "tier", "type", "complexity", "instrument", "polarity", "representation", "ms_levels",
        "description", "truth",
        "identification_truth", "files", "tile",
    ]
    private static let optionalKeys: Set = ["type", "complexity", "truth", "identification_truth", "files", "tile"]

    /// - Throws: `WorkloadError` with file and line for anything that is unknown, missing, twice or not valid.
    init(yaml: String, path: String) throws(WorkloadError) {
        let root: Node?
        do {
            root = try compose(yaml: yaml)
        } catch {
            throw WorkloadError(.malformedManifest, path: path, reason: "not valid YAML: \(error)")
        }
        guard let root else { throw WorkloadError(.malformedManifest, path: path, reason: "empty") }
        let fields = try ManifestFields(
            root, path: path, title: "a workload", keys: Self.keys, optional: Self.optionalKeys)

        name = try fields.fileName("name")
        title = try fields.text("title")
        tier = try fields.choice("tier", WorkloadTier.allCases.map { ($0.rawValue, $0) })
        type =
            fields.has("type") ? try fields.choice("type", WorkloadType.allCases.map { ($0.rawValue, $0) }) : nil
        complexity =
            fields.has("complexity")
            ? try fields.choice("complexity", WorkloadComplexity.allCases.map { ($0.rawValue, $0) }) : nil
        instrument = try fields.text("instrument")
        polarity = try fields.choice("polarity", [("positive", .positive), ("negative", .negative)])
        representation = try fields.choice("representation", [("centroid", .centroid), ("profile", .profile)])
        msLevels = try fields.levels("ms_levels")
        description = try fields.text("description")
        truth = fields.has("truth") ? try fields.fileName("truth") : nil
        identificationTruth = fields.has("identification_truth") ? try fields.fileName("identification_truth") : nil
        switch (fields.has("files"), fields.has("tile")) {
        case (true, false): content = .files(try Self.files(fields))
        case (false, true): content = try Self.tile(fields)
        default:
            throw WorkloadError(
                .malformedManifest, path: path, reason: "a workload has either 'files' or 'tile'; give one of them")
        }
    }

    private static func files(_ fields: ManifestFields) throws(WorkloadError) -> [WorkloadFile] {
        var files: [WorkloadFile] = []
        for node in try fields.list("files") {
            let entry = try ManifestFields(
                node, path: fields.path, title: "a file", keys: ["path", "bytes", "sha256", "origin", "licence"])
            let file = WorkloadFile(
                name: try entry.fileName("path"), bytes: try entry.size("bytes"), sha256: try entry.checksum("sha256"),
                origin: try entry.text("origin"), licence: try entry.text("licence"))
            if files.contains(where: { $0.name == file.name }) {
                throw entry.invalid("path", "the file '\(file.name)' is listed twice")
            }
            files.append(file)
        }
        return files
    }

    private static func tile(_ fields: ManifestFields) throws(WorkloadError) -> Content {
        let entry = try ManifestFields(
            fields.node("tile"), path: fields.path, title: "a tile",
            keys: ["workload", "file", "files", "target_bytes", "compression"], optional: ["files"])
        return .tile(
            source: try entry.fileName("workload"), line: entry.line("workload"), file: try entry.fileName("file"),
            fileCount: entry.has("files") ? try entry.count("files", most: 1_000) : 1,
            targetBytes: try entry.size("target_bytes"),
            compression: try entry.choice("compression", ArrayCompression.allCases.map { ($0.rawValue, $0) }))
    }
}

/// A YAML mapping with a closed set of keys.
struct ManifestFields {
    let path: String
    private let title: String
    private let start: Int?
    private let nodes: [String: Node]

    init(_ node: Node, path: String, title: String, keys: [String], optional: Set<String> = []) throws(WorkloadError) {
        self.path = path
        self.title = title
        start = node.mark?.line
        guard let mapping = node.mapping else {
            throw WorkloadError(
                .malformedManifest, path: path, line: start,
                reason: "\(title) needs a mapping with \(keys.joined(separator: ", "))")
        }
        var nodes: [String: Node] = [:]
        for (key, value) in mapping {
            let name = key.string ?? ""
            guard keys.contains(name) else {
                let nearest = nearestName(to: name, among: keys).map { "did you mean '\($0)'?" }
                throw WorkloadError(
                    .unknownKey, path: path, line: key.mark?.line,
                    reason:
                        "unknown key '\(name)' in \(title); \(nearest ?? "known are \(keys.joined(separator: ", "))")")
            }
            nodes[name] = value
        }
        self.nodes = nodes
        if let missing = keys.first(where: { nodes[$0] == nil && !optional.contains($0) }) {
            throw WorkloadError(
                .malformedManifest, path: path, line: start, reason: "\(title) has no '\(missing)', which it needs")
        }
    }

    func has(_ key: String) -> Bool { nodes[key] != nil }

    func line(_ key: String) -> Int? { nodes[key]?.mark?.line }

    func invalid(_ key: String, _ reason: String) -> WorkloadError {
        WorkloadError(.malformedManifest, path: path, line: line(key) ?? start, reason: "'\(key)': \(reason)")
    }

    func node(_ key: String) throws(WorkloadError) -> Node {
        guard let node = nodes[key] else { throw invalid(key, "is missing in \(title)") }
        return node
    }

    func text(_ key: String) throws(WorkloadError) -> String {
        guard let text = try node(key).scalar?.string, !text.isEmpty else { throw invalid(key, "needs a text") }
        return text
    }

    /// A name that cannot lead out of its folder.
    func fileName(_ key: String) throws(WorkloadError) -> String {
        let name = try text(key)
        if name.hasPrefix(".") || name.contains("/") || name.contains("\\") || name.unicodeScalars.contains("\0") {
            throw invalid(key, "'\(name)' must be a plain name inside the folder")
        }
        return name
    }

    func size(_ key: String) throws(WorkloadError) -> Int {
        let text = try text(key)
        do {
            let bytes = try ByteSize(parsing: text).bytes
            if bytes > 0 { return bytes }
        } catch {
            throw invalid(key, "\(error)")
        }
        throw invalid(key, "'\(text)' must be above 0")
    }

    func count(_ key: String, most: Int) throws(WorkloadError) -> Int {
        let text = try text(key)
        guard let count = Int(text), (1...most).contains(count) else {
            throw invalid(key, "'\(text)' is no number from 1 to \(most)")
        }
        return count
    }

    func checksum(_ key: String) throws(WorkloadError) -> String {
        let text = try text(key)
        guard text.utf8.count == 64, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            throw invalid(key, "'\(text)' is not a SHA-256 (64 lower-case hexadecimal digits)")
        }
        return text
    }

    func choice<Value>(_ key: String, _ options: [(name: String, value: Value)]) throws(WorkloadError) -> Value {
        let text = try text(key)
        guard let option = options.first(where: { $0.name == text }) else {
            throw invalid(key, "'\(text)' is none of \(options.map(\.name).joined(separator: ", "))")
        }
        return option.value
    }

    func list(_ key: String) throws(WorkloadError) -> [Node] {
        guard let nodes = try node(key).sequence, !nodes.isEmpty else {
            throw invalid(key, "needs a list with at least one entry")
        }
        return Array(nodes)
    }

    func levels(_ key: String) throws(WorkloadError) -> [Int] {
        let levels = try list(key).map { $0.scalar.flatMap { Int($0.string) } ?? 0 }
        guard levels.allSatisfy({ (1...10).contains($0) }), zip(levels, levels.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw invalid(key, "needs MS levels from 1 to 10, ascending")
        }
        return levels
    }
}
