import Foundation
import MzML
import SpectrumModel
import Testing

private let extraData = ProcessInfo.processInfo.environment["LAVOISIER_EXTRA_DATA"]

/// Every mzML file, gzip included, of the development data.
private func realFiles() -> [String] {
    guard let extraData else { return [] }
    let folder = extraData + "/mzml"
    let names = FileManager.default.enumerator(atPath: folder)?.allObjects.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".mzML") || $0.hasSuffix(".mzML.gz") }.sorted().map { folder + "/" + $0 }
}

@Test func bothReadersAgreeOnTheExcerpt() {
    let path = fixture("dda-excerpt.mzML")
    let fast = Reading(path)
    for limit in [1, 4, 1000] {
        let reference = ReferenceReading(path, limit: limit)
        expectEqual(reference, fast, "limit \(limit)")
        #expect(reference.warnings == fast.warnings)
    }
}

@Test(.enabled(if: extraData != nil), arguments: realFiles())
func bothReadersAgreeOnRealFiles(path: String) {
    let fast = Reading(path)
    let reference = ReferenceReading(path)
    expectEqual(reference, fast, path)
    #expect(reference.warnings == fast.warnings)
}
