import MzML
import SpectrumModel
import TestSupport
import Testing

@testable import Workloads

@Suite struct CommittedWorkloadsTests {
    private let catalog: WorkloadCatalog

    init() throws { catalog = try WorkloadCatalog(root: TestData.repository + "/workloads") }

    @Test func everyFileIsAsItsManifestStates() {
        #expect(catalog.workloads.count == 11)
        for workload in catalog.workloads {
            let faults = workload.verify(cacheDirectory: "/nonexistent").filter { $0.code != .notPrepared }
            #expect(faults.isEmpty, "\(faults.map(\.description))")
        }
    }

    @Test func theTiersAreThere() throws {
        #expect(try catalog.find("small").tier == .small)
        #expect(try catalog.find("medium").tier == .medium)
        #expect(try catalog.find("large").tier == .large)
        #expect(try catalog.find("medium").msLevels == [1, 2])
        #expect(try catalog.find("ident").representation == .profile)
        #expect(try catalog.find("small").polarity == .negative)
        for (name, bytes, compression) in [
            ("large", 250_000_000, ArrayCompression.zlib), ("large-raw", 250_000_000, .none),
            ("huge", 1_000_000_000, .none), ("many", 250_000_000, .zlib),
        ] {
            let workload = try catalog.find(name)
            #expect(workload.tier == .large && workload.totalBytes == bytes)
            guard case .tile(let plan) = workload.content else {
                Issue.record("\(name) is not tiled")
                continue
            }
            #expect(plan.source == "medium" && plan.compression == compression && plan.file == "\(name).mzML")
            #expect(plan.files.count == (name == "many" ? 20 : 1))
        }
    }

    /// Data rows of each truth table, by another way than its reader: line ends.
    @Test(arguments: [
        ("small", 6), ("medium", 240), ("large", 120), ("large-raw", 120), ("huge", 120), ("many", 120),
        ("gnps", 193), ("ident", 6), ("metabo", 190), ("traces", 449),
    ])
    func truthHasTheRowsThatWerePublished(name: String, rows: Int) throws {
        let path = try #require(try catalog.find(name).truthPath)
        #expect(try lineCount(path) == rows + 1)
    }

    @Test func fiveIdentificationsArePublished() throws {
        let path = try #require(try catalog.find("medium").identificationTruthPath)
        #expect(try lineCount(path) == 6)
        #expect(try catalog.find("tof").truthPath == nil)
    }

    @Test func theRepositoryStaysSmall() {
        let files = catalog.workloads.flatMap { workload -> [WorkloadFile] in
            if case .files(let files) = workload.content { files } else { [] }
        }
        #expect(files.reduce(0) { $0 + $1.bytes } <= 45_000_000)
    }

    @Test func hashesDiffer() {
        #expect(Set(catalog.workloads.map(\.hash)).count == catalog.workloads.count)
    }
}
