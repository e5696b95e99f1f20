import Foundation
import TestSupport
import Testing

@testable import Workloads

@Suite struct WorkloadChoiceTests {
    private let bundled: WorkloadCatalog

    init() throws { bundled = try WorkloadCatalog(root: TestData.repository + "/workloads") }

    @Test(
        arguments: [
            (.metabolomicsAnalysis, .large, .high, "large", "it is what was asked for"),
            (.metabolomicsAnalysis, nil, nil, "medium", "it is what was asked for"),
            (.metabolomicsAnalysis, .medium, nil, "medium", "it is what was asked for"),
            (.metabolomicsAnalysis, .small, .medium, "gnps", "it is what was asked for"),
            (.metabolomicsAnalysis, .small, .high, "gnps", "none is of complexity high; it is the nearest"),
            (.metabolomicsAnalysis, .medium, .low, "medium", "none is of complexity low; it is the nearest"),
            (.featureDetection, nil, nil, "small", "it is what was asked for"),
            (.featureDetection, .large, .high, "small", "none is of size large and complexity high; it is the nearest"),
            (.featureDetection, .small, .low, "ident", "it is what was asked for"),
            (.spectralMatching, .large, nil, "tof", "none is of size large; it is the only one of its type"),
        ] as [(WorkloadType, WorkloadSize?, WorkloadComplexity?, String, String)])
    func theNearestIsChosenAndTheNoteSaysWhy(
        type: WorkloadType, size: WorkloadSize?, complexity: WorkloadComplexity?, name: String, reason: String
    ) throws {
        let (workload, note) = try bundled.choose(
            type, WorkloadCharacteristics(size: size, complexity: complexity))
        #expect(workload.name == name)
        #expect(note.hasPrefix("workload \(name) (\(type.rawValue), size ") && note.hasSuffix(reason), "\(note)")
    }

    /// Nearer than any other in the sum of steps, whatever is wished for.
    @Test func noOtherIsNearer() throws {
        for type in WorkloadType.allCases {
            for size in WorkloadSize.allCases {
                for complexity in WorkloadComplexity.allCases {
                    func steps(_ workload: Workload) -> Int {
                        abs(workload.size.rank - size.rank)
                            + abs((workload.complexity?.rank ?? 9) - complexity.rank)
                    }
                    let chosen = try bundled.choose(
                        type, WorkloadCharacteristics(size: size, complexity: complexity)
                    ).workload
                    let nearest = bundled.workloads.filter { $0.type == type }.map(steps).min()
                    #expect(steps(chosen) == nearest, "\(type) \(size) \(complexity)")
                }
            }
        }
    }

    @Test func aTypeThatIsNotThereIsAnErrorThatListsWhatIs() throws {
        let folder = try TemporaryDirectory()
        let text = try String(contentsOfFile: TestData.repository + "/workloads/small/workload.yaml", encoding: .utf8)
        try folder.write("small/workload.yaml", text)
        let catalog = try WorkloadCatalog(root: folder.path)
        let error = #expect(throws: WorkloadError.self) {
            try catalog.choose(.spectralMatching, WorkloadCharacteristics())
        }
        #expect(error?.code == .noSuchType)
        #expect(
            error?.reason.contains("no workload of type spectral_matching; there is small (feature_detection, small)")
                == true)
    }

    @Test func theTypeFollowsTheLevelsAndATileIsLikeItsSource() throws {
        for workload in bundled.workloads {
            #expect((workload.type == .featureDetection) == (workload.msLevels == [1]), "\(workload.name)")
            guard case .tile(let plan) = workload.content else { continue }
            let source = try bundled.find(plan.source)
            #expect(workload.type == source.type && workload.complexity == source.complexity)
        }
    }

    @Test func bandsBeginAtTheirBounds() {
        #expect(WorkloadComplexity(featuresPerMinute: 99.9) == .low)
        #expect(WorkloadComplexity(featuresPerMinute: 100) == .medium)
        #expect(WorkloadComplexity(featuresPerMinute: 999.9) == .medium)
        #expect(WorkloadComplexity(featuresPerMinute: 1_000) == .high)
    }
}
