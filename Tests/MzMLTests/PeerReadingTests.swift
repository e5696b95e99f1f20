import Foundation
import SpectrumModel
import Testing

@testable import MzML

/// A Python with pyopenms and pymzml.
private let peerPython = ProcessInfo.processInfo.environment["LAVOISIER_PEER_PYTHON"]

private struct PeerReading: Decodable {
    struct Level: Decodable {
        var spectra: Int
        var points: Int
        var mz: Double
        var intensity: Double
    }

    var levels: [String: Level]
    var first: [String]
    var last: [String]
    var times: [Double]
    var precursors: [Double?]

    init(_ peer: String, _ path: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: peerPython ?? "")
        process.arguments = [fixture("read_with_peers.py"), peer, path]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        // pyopenms may greet on standard output.
        let lines = output.split(separator: UInt8(ascii: "\n"))
        self = try JSONDecoder().decode(PeerReading.self, from: lines.last ?? Data())
    }
}

private func hexadecimal<T>(_ values: ArraySlice<T>) -> String {
    values.withUnsafeBytes { $0.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
}

/// What we write, others read: the same points, to the bit, whatever the coding.
@Test(
    .enabled(if: peerPython != nil, "needs LAVOISIER_PEER_PYTHON"), arguments: ["pyopenms", "pymzml"],
    ["none", "zlib", "single", "double intensity", "numpress", "numpress-zlib", "pic"])
func peersReadWhatWeWrite(peer: String, form: String) throws {
    // pymzml 2.6.1 reads no Numpress at all: "'Spectrum' object has no attribute 'calling_instance'".
    if peer == "pymzml", form.hasPrefix("numpress") || form == "pic" { return }
    var options = WritingOptions(compression: form == "zlib" || form == "numpress-zlib" ? .zlib : .none)
    if form == "single" { options.mz.precision = .single }
    if form == "double intensity" { options.intensity.precision = .double }
    if form.hasPrefix("numpress") || form == "pic" {
        options.mz.numpress = .linear
        options.intensity.numpress = form == "pic" ? .pic : .slof
    }
    let folder = TemporaryFolder()
    let extra = ProcessInfo.processInfo.environment["LAVOISIER_EXTRA_DATA"]
    for source in [fixture("dda-excerpt.mzML")] + (extra.map { ["\($0)/mzml/odd/small.mzML"] } ?? []) {
        let path = folder.path + "/out.mzML"
        _ = try convert(source: source, to: path, reading: ReadingOptions(), writing: options)
        let ours = Reading(path)
        #expect(ours.error == nil)
        let block = ours.block
        let theirs = try PeerReading(peer, path)
        #expect(theirs.levels.values.reduce(0) { $0 + $1.spectra } == block.count)
        for (level, found) in theirs.levels {
            let chosen = block.headers.indices.filter { block.headers[$0].msLevel == Int(level) }
            let points = chosen.flatMap { Array(block.points(of: $0)) }
            #expect(found.spectra == chosen.count && found.points == points.count, "level \(level)")
            let mz = points.reduce(0) { $0 + block.mz[$1] }
            let intensity = points.reduce(0) { $0 + Double(block.intensity[$1]) }
            #expect(abs(found.mz - mz) <= 1e-12 * mz && abs(found.intensity - intensity) <= 1e-12 * intensity)
        }
        for (arrays, i) in [(theirs.first, 0), (theirs.last, block.count - 1)] {
            #expect(arrays[0] == hexadecimal(block.mz[block.points(of: i)]))
            #expect(arrays[1] == hexadecimal(block.intensity[block.points(of: i)]))
        }
        for (i, header) in block.headers.enumerated() {
            #expect(abs(theirs.times[i] - header.retentionTimeSeconds) <= 1e-9 * header.retentionTimeSeconds)
            #expect(theirs.precursors[i] == header.precursor?.mz)
        }
    }
}
