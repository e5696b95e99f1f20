import FeatureDetection
import Parameters

/// What no single range can check: settings that contradict each other.
extension AnalysisConfiguration {
    /// - Throws: the first of `contradictions`.
    func validate() throws(AnalysisError) {
        if let first = contradictions().first { throw first }
    }

    /// All settings that contradict each other whatever the input is; each error names them.
    func contradictions() -> [AnalysisError] {
        let checks: [() throws(AnalysisError) -> Void] = [validateSelection, validateCentWave, validateAdducts]
        return checks.compactMap { check in Self.failure(of: check) }
    }

    /// Settings that contradict each other under a preset: under the one that is set, else under each.
    func presetContradictions() -> [(preset: DetectionPreset, error: AnalysisError)] {
        (preset.map { [$0] } ?? DetectionPreset.allCases).compactMap { preset in
            let check: () throws(AnalysisError) -> Void = { () throws(AnalysisError) in
                _ = try validDetection(preset: preset)
            }
            return Self.failure(of: check).map { (preset, $0) }
        }
    }

    /// Why the memory limit is too small for the other settings; `nil` when it is not.
    func memoryObstacle() -> AnalysisError? {
        let check: () throws(AnalysisError) -> Void = { () throws(AnalysisError) in
            _ = try MemoryBudget(configuration: self)
        }
        guard let error = Self.failure(of: check) else { return nil }
        // With a larger limit there would be more workers: what is named is enough for all.
        return withAllWorkers?.memoryObstacle() ?? error
    }

    private static func failure(of check: () throws(AnalysisError) -> Void) -> AnalysisError? {
        do {
            try check()
            return nil
        } catch {
            return error
        }
    }
}
