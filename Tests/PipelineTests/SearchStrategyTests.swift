import Foundation
import Instrumentation
import Pipeline
import SpectralMatching
import TestSupport
import Testing

/// Approximate search and the cache of matches as settings of a run.
@Suite struct SearchStrategyTests {
    private static let open = ["execution.workers=2", "matching.search=open", "annotation.enabled=false"]
    private static let approximate = open + ["matching.search_strategy=approximate"]
    static let reference = try? EngineRun([EngineRun.dda], open).record
    static let balanced = try? EngineRun([EngineRun.dda], approximate).record

    @Test func planIsMeasuredAndRecorded() throws {
        #expect(try #require(Self.reference).searchPlan == nil)
        let record = try #require(Self.balanced)
        let plan = try #require(record.searchPlan)
        #expect(plan.used == .approximate && plan.strategy == .approximate && plan.indexType == .lshForest)
        #expect(plan.recallOfAll ?? 0 >= 0.95 && plan.accuracyThreshold == 0.95 && plan.indexBytes ?? 0 > 0)
        #expect(try RunRecord(json: try record.json()).searchPlan == plan)
        #expect(record.stages.contains { $0.name == "plan search" })
    }

    @Test func executionChangesNothing() throws {
        let record = try #require(Self.balanced)
        for execution in [["execution.workers=1", "execution.chunk_size=7"], ["execution.workers=4"]] {
            let other = try EngineRun([EngineRun.dda], Self.approximate + execution).record
            #expect(other.digest == record.digest)
            #expect(other.searchPlan?.trees == record.searchPlan?.trees)
            #expect(other.searchPlan?.candidates == record.searchPlan?.candidates)
        }
    }

    @Test func useCaseThresholdAndPriorityChangeThePlan() throws {
        let plan = try #require(Self.balanced?.searchPlan)
        let careful = try #require(
            try EngineRun([EngineRun.dda], Self.approximate + ["matching.use_case=high_accuracy"]).record.searchPlan)
        #expect(careful.useCase == .highAccuracy && careful.approximateWork ?? 0 > plan.approximateWork ?? .infinity)
        let lax = try #require(
            try EngineRun([EngineRun.dda], Self.approximate + ["matching.accuracy_threshold=0.5"]).record.searchPlan)
        #expect(lax.accuracyThreshold == 0.5 && lax.approximateWork ?? .infinity < plan.approximateWork ?? 0)
        let accurate = try #require(
            try EngineRun([EngineRun.dda], Self.approximate + ["matching.speed_priority=0"]).record.searchPlan)
        #expect(accurate.speedPriority == 0 && accurate.approximateWork ?? 0 > plan.approximateWork ?? .infinity)
    }

    /// Where the recall cannot be reached, the results are those of exact search, and the record says so.
    @Test func fallsBackToExact() throws {
        let run = try EngineRun(
            [EngineRun.dda],
            Self.approximate + ["matching.accuracy_threshold=1", "matching.use_case=high_accuracy"])
        #expect(run.record.digest == Self.reference?.digest && run.record.digest != nil)
        #expect(run.record.searchPlan?.used == .exact)
        #expect(run.record.warnings.contains { $0.contains("no setting of the approximate index") })
        let identity = try EngineRun(
            [EngineRun.dda], ["matching.search_strategy=auto", "annotation.enabled=false"])
        #expect(identity.record.searchPlan?.reason.contains("identity") == true)
    }

    @Test(arguments: [
        "matching.index_type=hnsw", "matching.use_case=fast", "matching.search_strategy=fuzzy",
        "matching.accuracy_threshold=1.5", "matching.speed_priority=2", "matching.cache_size=-1",
    ]) func unknownValuesAreRefused(assignment: String) {
        #expect(throws: (any Error).self) { try EngineRun.configuration([assignment]) }
    }

    /// A file that is analysed twice finds its matches in the cache the second time; results stay the same.
    @Test func cacheIsUsedAndChangesNothing() throws {
        let folder = try TemporaryDirectory()
        let copy = folder.file("copy.mzML")
        try FileManager.default.copyItem(atPath: EngineRun.dda, toPath: copy)
        let files = [EngineRun.dda, copy]
        let without = try EngineRun(files, ["annotation.enabled=false"]).record
        #expect(without.matchCache == nil)
        let with = try EngineRun(files, ["annotation.enabled=false", "matching.cache_size=64MiB"]).record
        #expect(with.digest == without.digest && with.digest != nil)
        let counts = try #require(with.matchCache)
        #expect(counts.hits >= counts.misses && counts.hits > 100 && counts.budgetBytes == 64 << 20)
        let little = try EngineRun(files, ["annotation.enabled=false", "matching.cache_size=16KiB"]).record
        #expect(little.digest == without.digest)
        #expect(little.matchCache?.evictions ?? 0 > 0 && little.matchCache?.usedBytes ?? .max <= 16 << 10)
    }
}
