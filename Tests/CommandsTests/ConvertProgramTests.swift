import Foundation
import TestSupport
import Testing

/// `lavoisier convert` as a user runs it.
@Suite struct ConvertProgramTests {
    private static let source = TestData.repository + "/workloads/metabo/FeatureFinderMetabo_1_input.mzML"

    private func convert(_ arguments: [String], shellLimits: String? = nil) throws -> Program.Outcome {
        try Program.run("lavoisier", ["convert"] + arguments, shellLimits: shellLimits)
    }

    private func text(_ path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// Each option changes the file, and as it says.
    @Test(arguments: [
        (["--compression", "none"], "MS:1000576", "MS:1000574"),
        (["--compression", "zlib"], "MS:1000574", "MS:1000576"),
        (["--compression", "numpress"], "MS:1002314", "MS:1000574"),
        (["--compression", "numpress-zlib"], "MS:1002746", "MS:1002312"),
        (["--compression", "numpress", "--numpress-intensity", "pic"], "MS:1002313", "MS:1002314"),
        (["--mz-precision", "32"], "MS:1000521", "MS:1000523"),
        (["--intensity-precision", "64"], "MS:1000523", "MS:1000521"),
    ])
    func optionsReachTheFile(options: [String], holds: String, lacks: String) throws {
        let folder = try TemporaryDirectory()
        let outcome = try convert([Self.source, folder.file("out.mzML")] + options)
        #expect(outcome.status == 0 && outcome.error.contains("279 spectra"), "\(outcome.error)")
        let written = text(folder.file("out.mzML"))
        #expect(written.contains(holds) && !written.contains(lacks))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.mzML"])
    }

    @Test func selectionsAndLevelsAndRoundTrips() throws {
        let folder = try TemporaryDirectory()
        func size(_ name: String) -> Int { (FileManager.default.contents(atPath: folder.file(name)) ?? Data()).count }
        #expect(try convert([Self.source, folder.file("1.mzML"), "--zlib-level", "1", "--quiet"]).error.isEmpty)
        #expect(try convert([Self.source, folder.file("12.mzML.gz"), "--zlib-level", "12"]).status == 0)
        #expect(size("1.mzML") > size("12.mzML.gz") && size("12.mzML.gz") > 0)
        let none = try convert([folder.file("12.mzML.gz"), folder.file("none.mzML"), "--ms-level", "2"])
        #expect(none.status == 0 && none.error.contains("0 spectra (279 left out)"))
        let part = try convert([
            folder.file("12.mzML.gz"), folder.file("part.mzML"), "--rt", "0:1e9", "--ms-level", "1",
        ])
        #expect(part.error.contains("279 spectra, "))
        let window = try convert([Self.source, folder.file("mz.mzML"), "--mz", "300:400"])
        #expect(window.status == 0 && size("mz.mzML") < size("1.mzML"))
    }

    @Test func wrongUsageIsRefused() throws {
        let folder = try TemporaryDirectory()
        let output = folder.file("out.mzML")
        for options in [
            ["--compression", "lzma"], ["--zlib-level", "0"], ["--zlib-level", "13"], ["--mz-precision", "16"],
            ["--intensity-precision", "8"], ["--ms-level", "0"], ["--rt", "5"], ["--rt", "5:1"], ["--mz", "a:b"],
            ["--mz", "1:nan"], ["--numpress-intensity", "linear"],
        ] {
            #expect(try convert([Self.source, output] + options).status == 64, "\(options)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func nothingIsOverwrittenUnasked() throws {
        let folder = try TemporaryDirectory()
        let output = folder.file("out.mzML")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: output))
        let refused = try convert([Self.source, output])
        #expect(refused.status == 73 && refused.error.contains("--force") && text(output) == "mine")
        #expect(try convert([Self.source, output, "--force"]).status == 0 && text(output).hasPrefix("<?xml"))
        let before = text(output)
        for name in [output, folder.file("link.mzML")] {
            if name != output { try FileManager.default.createSymbolicLink(atPath: name, withDestinationPath: output) }
            let same = try convert([output, name, "--force"])
            #expect(same.status == 73 && same.error.contains("the same file") && text(output) == before)
        }
        #expect(try convert([Self.source, folder.path, "--force"]).status == 73)
        #expect(try convert([Self.source, folder.file("absent/out.mzML")]).status == 73)
    }

    @Test func badInputLeavesNothing() throws {
        let folder = try TemporaryDirectory()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.source))
        let cut = folder.file("cut.mzML")
        try bytes.prefix(500_000).write(to: URL(fileURLWithPath: cut))
        let failed = try convert([cut, folder.file("out.mzML")])
        #expect(failed.status == 65 && failed.error.contains("truncated"))
        let absent = try convert([folder.file("absent.mzML"), folder.file("out.mzML")])
        #expect(absent.status == 65)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["cut.mzML"])
        let kept = try convert([cut, folder.file("out.mzML"), "--recover"])
        #expect(kept.status == 0 && kept.error.contains("complete spectra of 279 declared"))
    }

    @Test(.enabled(if: Program.mayLimitFileSizes, "the thread sanitizer needs files"))
    func aFullDiskLeavesNothing() throws {
        let folder = try TemporaryDirectory()
        let outcome = try convert([Self.source, folder.file("full.mzML")], shellLimits: "ulimit -f 8")
        #expect(outcome.status == 73, "\(outcome.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
}
