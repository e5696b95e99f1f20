import Foundation
import SpectrumModel
import Statistics
import Testing

@testable import MzML

private func encoded(_ kind: Numpress.Kind, _ values: [Double], zlib: Bool) -> String {
    var bytes = [UInt8](repeating: 0, count: max(Numpress.maximumBytes(kind, count: values.count), 8))
    let size = values.withUnsafeBufferPointer { values in
        bytes.withUnsafeMutableBytes { target in
            target.baseAddress.map { Numpress.encode(kind, values, into: $0) } ?? 0
        }
    }
    let data = Data(bytes[..<size])
    return (zlib ? deflated(data) : data).base64EncodedString()
}

private func path(
    _ folder: TemporaryFolder, _ intensityKind: Numpress.Kind, zlib: Bool,
    _ change: (inout MzMLDocument.Spectrum) -> Void
) -> String {
    var random = SeededGenerator(seed: 11)
    let mz = (0..<400).map { Double($0) + random.uniform() }
    let intensity = mz.map { _ in (random.uniform() * 1e5).rounded() }
    var spectrum = MzMLDocument.Spectrum(mz: mz, intensity: intensity)
    let term = zlib ? 1_002_746 : 1_002_312
    spectrum.arrays[0].compressionTerm = "MS:\(term)"
    spectrum.arrays[0].payload = encoded(.linear, mz, zlib: zlib)
    spectrum.arrays[1].compressionTerm = "MS:\(term + (intensityKind == .pic ? 1 : 2))"
    spectrum.arrays[1].payload = encoded(intensityKind, intensity, zlib: zlib)
    change(&spectrum)
    return folder.write(MzMLDocument(spectra: [spectrum]).text().utf8)
}

@Test(arguments: [Numpress.Kind.pic, .slof], [false, true])
func bothReadersDecodeNumpress(kind: Numpress.Kind, zlib: Bool) {
    let folder = TemporaryFolder()
    let whole = path(folder, kind, zlib: zlib) { _ in }
    let reference = ReferenceReading(whole)
    #expect(reference.error == nil && reference.block.mz.count == 400)
    expectEqual(reference, Reading(whole), "\(kind)")
    // Any wrong length, and a text that is cut.
    for length in [0, 1, 399, 401, 100_000, 2_000_000_000] {
        let wrong = path(folder, kind, zlib: zlib) { $0.length = length }
        expectEqual(ReferenceReading(wrong), Reading(wrong), "\(kind), \(length) declared")
        #expect(ReferenceReading(wrong).error?.code == .wrongLength)
    }
    for characters in [0, 4, 16, 24, 400] {
        let cut = path(folder, kind, zlib: zlib) {
            $0.arrays[1].payload = String(($0.arrays[1].payload ?? "").prefix(characters))
        }
        expectEqual(ReferenceReading(cut), Reading(cut), "\(kind), cut at \(characters)")
        #expect(ReferenceReading(cut).error != nil)
    }
}
