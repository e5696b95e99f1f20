/// What kind of analysis a workload is.
public enum WorkloadType: String, Sendable, Hashable, Codable, CaseIterable {
    /// Untargeted LC-MS/MS: survey scans with some MS/MS, fewer MS/MS spectra than features. Every stage takes part.
    case metabolomicsAnalysis = "metabolomics_analysis"
    /// More MS/MS spectra than features: matching against the library weighs most.
    case spectralMatching = "spectral_matching"
    /// MS1 only: features are found and named by mass.
    case featureDetection = "feature_detection"
}

/// How long a workload keeps an engine busy.
public enum WorkloadSize: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    case small, medium, large

    public static func < (a: WorkloadSize, b: WorkloadSize) -> Bool { a.rank < b.rank }

    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// How much is in a sample: features that the default configuration finds per minute of chromatography.
public enum WorkloadComplexity: String, Sendable, Hashable, Codable, CaseIterable, Comparable {
    case low, medium, high

    /// Features per minute from which a workload is of medium, and of high complexity.
    public static let bounds = (medium: 100.0, high: 1_000.0)

    public init(featuresPerMinute: Double) {
        self =
            featuresPerMinute < Self.bounds.medium ? .low : featuresPerMinute < Self.bounds.high ? .medium : .high
    }

    public static func < (a: WorkloadComplexity, b: WorkloadComplexity) -> Bool { a.rank < b.rank }

    var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What somebody wishes of a workload; what is `nil` does not matter.
public struct WorkloadCharacteristics: Sendable, Hashable {
    public var size: WorkloadSize?
    public var complexity: WorkloadComplexity?

    public init(size: WorkloadSize? = nil, complexity: WorkloadComplexity? = nil) {
        self.size = size
        self.complexity = complexity
    }
}

extension Workload {
    /// The tier, or for extra workloads, which are cut-outs of some MB, small.
    public var size: WorkloadSize {
        switch tier {
        case .small, .extra: .small
        case .medium: .medium
        case .large: .large
        }
    }
}

extension WorkloadCatalog {
    /// The workload of a type that is nearest in size and complexity, and a sentence that says what was chosen and why.
    ///
    /// One step of size weighs as much as one of complexity; of equals, the one nearer in size (to medium where none is
    /// wished), then a workload of the standard tiers, of tiled ones the smaller, then the first by name.
    /// - Throws: `WorkloadError(.noSuchType)` naming what there is.
    public func choose(
        _ type: WorkloadType, _ wish: WorkloadCharacteristics
    ) throws(WorkloadError) -> (workload: Workload, note: String) {
        func rank(_ workload: Workload) -> (Int, Int, Int, Int) {
            let size = wish.size.map { abs($0.rank - workload.size.rank) } ?? 0
            let complexity =
                wish.complexity.map { abs($0.rank - (workload.complexity?.rank ?? WorkloadComplexity.allCases.count)) }
                ?? 0
            let nearness = abs((wish.size ?? .medium).rank - workload.size.rank)
            var tileBytes = 0
            if case .tile(let plan) = workload.content { tileBytes = plan.targetBytes }
            return (size + complexity, nearness, workload.tier == .extra ? 1 : 0, tileBytes)
        }
        let candidates = workloads.filter { $0.type == type }
        guard let chosen = candidates.min(by: { (rank($0), $0.name) < (rank($1), $1.name) }) else {
            let known = workloads.compactMap { workload in
                workload.type.map { "\(workload.name) (\($0.rawValue), \(workload.size.rawValue))" }
            }
            throw WorkloadError(
                .noSuchType, path: root,
                reason: "holds no workload of type \(type.rawValue); there is "
                    + (known.isEmpty ? "none with a type" : known.joined(separator: ", ")))
        }
        var differences: [String] = []
        if let size = wish.size, size != chosen.size { differences.append("size \(size.rawValue)") }
        if let complexity = wish.complexity, complexity != chosen.complexity {
            differences.append("complexity \(complexity.rawValue)")
        }
        let isOnly = candidates.count == 1
        let reason =
            differences.isEmpty
            ? "it is what was asked for"
            : "none is of \(differences.joined(separator: " and ")); it is \(isOnly ? "the only one of its type" : "the nearest")"
        return (
            chosen,
            "workload \(chosen.name) (\(type.rawValue), size \(chosen.size.rawValue), complexity "
                + "\(chosen.complexity?.rawValue ?? "not stated")): \(reason)"
        )
    }
}

private func < (a: ((Int, Int, Int, Int), String), b: ((Int, Int, Int, Int), String)) -> Bool {
    a.0 == b.0 ? a.1 < b.1 : a.0 < b.0
}
