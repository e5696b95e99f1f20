import Evaluation
import MzML
import SpectrumModel
import Statistics
import TestSupport
import Testing

@testable import RunSimulation

/// What is written, on real scans and on made-up ones.
@Suite struct SimulationTests {
    private func run(
        _ background: String, _ folder: TemporaryDirectory, _ name: String = "out",
        listsIsotopologues: Bool = false, _ change: (inout SimulationParameters) -> Void = { _ in }
    ) throws -> (summary: SimulationSummary, truth: WrittenTruth) {
        var parameters = SimulationParameters()
        change(&parameters)
        let summary = try simulate(
            background: background, to: folder.file("\(name).mzML"), truth: folder.file("\(name).tsv"),
            parameters: parameters, writing: WritingOptions(compression: .none), listsIsotopologues: listsIsotopologues)
        return (
            try #require(summary), WrittenTruth(String(decoding: try folder.read("\(name).tsv"), as: UTF8.self))
        )
    }

    @Test func theSameSeedWritesTheSameBytesAndAnotherSeedOthers() throws {
        let folder = try TemporaryDirectory()
        for (name, seed) in [("a", 5), ("b", 5), ("c", 6)] {
            _ = try run(Background.realWithFragments, folder, name) {
                $0.peakCount = 30
                $0.seed = UInt64(seed)
            }
        }
        // The table names the file that it belongs to.
        let tables = try ["a", "b", "c"].map { name in
            String(decoding: try folder.read("\(name).tsv"), as: UTF8.self).split(separator: "\n")
                .map { $0.split(separator: "\t").filter { $0 != "\(name).mzML" } }
        }
        #expect(tables[0] == tables[1] && tables[0] != tables[2])
        let runs = try ["a", "b", "c"].map { try folder.read("\($0).mzML") }
        #expect(runs[0] == runs[1] && runs[0] != runs[2])
        #expect(try folder.contents == ["a.mzML", "a.tsv", "b.mzML", "b.tsv", "c.mzML", "c.tsv"])
    }

    /// Every bit of every point, and the table, by FNV-1a. A machine whose mathematics differ has another number.
    @Test func theResultIsThisOneOnEveryMachine() throws {
        let folder = try TemporaryDirectory()
        _ = try run(TestData.repository + "/workloads/metabo/FeatureFinderMetabo_1_input.mzML", folder) {
            $0.seed = 42
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let written = try WrittenRun(folder.file("out.mzML"))
        for value in written.block.mz {
            for shift in 0..<8 { add(UInt8(truncatingIfNeeded: value.bitPattern >> (8 * shift))) }
        }
        for value in written.block.intensity {
            for shift in 0..<4 { add(UInt8(truncatingIfNeeded: value.bitPattern >> (8 * shift))) }
        }
        try folder.read("out.tsv").forEach(add)
        #expect(hash == 3_415_083_368_293_079_981)
    }

    /// Without noise, the points near an ion add up to its area.
    @Test func areasAndIsotopesAreInTheFile() throws {
        let folder = try TemporaryDirectory()
        try Background.write(folder.file("in.mzML"))
        let (summary, truth) = try run(folder.file("in.mzML"), folder, listsIsotopologues: true) {
            $0.peakCount = 60
            $0.apexIntensity = 1e7...1e9
            $0.resolvingPower = 70_000
            $0.ionsAtLimit = 1e12
            $0.sprayNoise = 0
            $0.mzNoisePPM = 0
            $0.overlapFraction = 0
        }
        let written = try WrittenRun(folder.file("out.mzML"))
        #expect(summary.ions == 60 && truth.rows.count == summary.traces && summary.traces > 200)
        var checked = 0
        for row in truth.rows.indices {
            let mz = truth.number(row, "mz")
            // The background adds up to 2,000 counts to a point that it merges with, and the limit cuts the flanks.
            guard truth.number(row, "height") > 2e6, mz < summary.mz.high else { continue }
            let seconds = truth.number(row, "start_seconds") - 60...truth.number(row, "end_seconds") + 120
            let area = written.area(mz: mz, within: mz * 8e-6, seconds: seconds)
            let expected = truth.number(row, "area")
            #expect(abs(area / expected - 1) < 0.01, "\(truth.text(row, "name")): \(area) for \(expected)")
            checked += 1
        }
        #expect(checked > 60)
        for row in truth.rows.indices where truth.text(row, "isotope") == "1" {
            let ratio = truth.number(row, "area") / truth.number(row - 1, "area")
            let odds = 0.0107 / 0.9893
            #expect(truth.text(row, "group") == truth.text(row - 1, "group"))
            #expect(abs(ratio / (truth.number(row, "carbons") * odds) - 1) < 1e-5)
            let spacing = truth.number(row, "mz") - truth.number(row - 1, "mz")
            #expect(abs(spacing * truth.number(row, "charge") - 1.003_354_835) < 1e-6)
        }
    }

    /// With the default noise on real scans, areas come out within what that noise allows.
    @Test func noisyIonsAreInRealScans() throws {
        let folder = try TemporaryDirectory()
        let (summary, truth) = try run(Background.real, folder) {
            $0.peakCount = 150
            $0.overlapFraction = 0
            $0.separation = 10
        }
        let before = try WrittenRun(Background.real)
        let after = try WrittenRun(folder.file("out.mzML"))
        #expect(summary.apexIntensity.high / summary.apexIntensity.low > 9_999)
        var errors: [Double] = []
        for row in truth.rows.indices {
            #expect(truth.number(row, "points") >= 1 || truth.number(row, "snr") < 3, "\(truth.rows[row])")
            guard truth.number(row, "snr") > 100 else { continue }
            let mz = truth.number(row, "mz")
            let seconds = truth.number(row, "start_seconds") - 10...truth.number(row, "end_seconds") + 10
            let distance = mz * 8e-6
            let added =
                after.area(mz: mz, within: distance, seconds: seconds)
                - before.area(mz: mz, within: distance, seconds: seconds)
            errors.append(added / truth.number(row, "area") - 1)
        }
        #expect(errors.count > 40)
        let worst = errors.map(abs).max() ?? 1
        #expect(worst < 0.12, "\(worst)")
        #expect(abs(mean(errors)) < 0.02 && standardDeviation(errors) > 0.001)
    }

    @Test func theTableIsATruthTable() throws {
        let folder = try TemporaryDirectory()
        let (summary, truth) = try run(Background.realWithFragments, folder) { $0.peakCount = 40 }
        let table = try TruthTable(path: folder.file("out.tsv"))
        #expect(table.rows.count == 40 && summary.ions == 40)
        #expect(table.rows.map(\.mz) == table.rows.map(\.mz).sorted())
        #expect(summary.overlappingIons == 8 && truth.rows.count { _ in true } == 40)
        for (i, row) in table.rows.enumerated() {
            let window = try #require(row.windowSeconds)
            #expect(window.contains(row.retentionTimeSeconds ?? -1) && (row.area ?? 0) > 0)
            #expect(row.file == "out.mzML" && (1...2).contains(row.charge) && row.tolerancePPM >= 5)
            let snr = truth.number(i, "height") / truth.number(i, "background_level")
            #expect(abs(truth.number(i, "snr") / snr - 1) < 1e-5)
            if let partner = Int(truth.text(i, "partner")) {
                #expect(truth.text(partner - 1, "partner") == "\(i + 1)")
                let isSame = truth.text(i, "mz") == truth.text(partner - 1, "mz")
                #expect(isSame == (truth.text(i, "overlap") == "time"))
            } else {
                #expect(truth.text(i, "overlap") == "none")
            }
        }
    }

    @Test func realPointsStayWhereNothingMerges() throws {
        let folder = try TemporaryDirectory()
        let (summary, _) = try run(Background.realWithFragments, folder) { $0.peakCount = 50 }
        let before = try WrittenRun(Background.realWithFragments)
        let after = try WrittenRun(folder.file("out.mzML"))
        #expect(after.ids == before.ids && after.block.headers == before.block.headers)
        var changed = 0
        var points = 0
        for scan in 0..<before.block.count {
            let mz = Array(after.mz(scan))
            #expect(mz == mz.sorted())
            if before.block.headers[scan].msLevel > 1 {
                #expect(mz == Array(before.mz(scan)) && after.intensity(scan) == before.intensity(scan))
                continue
            }
            points += mz.count
            let there = Dictionary(
                zip(mz, after.intensity(scan)).map { ($0, $1) }, uniquingKeysWith: { first, _ in first })
            changed += zip(before.mz(scan), before.intensity(scan)).count { there[$0] != $1 }
        }
        #expect(changed == summary.mergedPoints && changed > 0)
        #expect(points == summary.targetPoints)
        #expect(
            after.block.mz.count == before.block.mz.count + summary.addedPoints && summary.addedPoints > 100)
        // A total-ion chromatogram would no longer be true.
        #expect(!after.chromatograms.contains { $0.kind == .totalIonCurrent || $0.kind == .basePeak })
        #expect(after.header.softwareList.contains { $0.name.contains("50 simulated ions injected (seed 1)") })
        #expect(after.header.sourceFileList.last?.name == "171103_PMA_TK_QC_04-4to5min.mzML")
    }

    @Test func withoutPeaksTheRealPointsAreThereBitForBit() throws {
        let folder = try TemporaryDirectory()
        let (summary, truth) = try run(Background.realWithFragments, folder) { $0.peakCount = 0 }
        let before = try WrittenRun(Background.realWithFragments)
        let after = try WrittenRun(folder.file("out.mzML"))
        #expect(after.block.mz == before.block.mz && after.block.intensity == before.block.intensity)
        #expect(after.block.headers == before.block.headers && after.chromatograms == before.chromatograms)
        #expect(summary.changedScans == 0 && truth.rows.isEmpty && !truth.columns.isEmpty)
    }

    @Test func permutedScansHoldTheSamePointsAtOtherTimes() throws {
        let folder = try TemporaryDirectory()
        let (summary, _) = try run(Background.realWithFragments, folder) {
            $0.peakCount = 0
            $0.permutationSeed = 4
        }
        let before = try WrittenRun(Background.realWithFragments)
        let after = try WrittenRun(folder.file("out.mzML"))
        #expect(after.block.headers == before.block.headers && after.ids == before.ids)
        let scans = before.block.headers.indices.filter { before.block.headers[$0].msLevel == 1 }
        func contents(_ run: WrittenRun) -> [[Double]] {
            scans.map { Array(run.mz($0)) + run.intensity($0).map(Double.init) }
        }
        let (old, new) = (contents(before), contents(after))
        #expect(Set(old) == Set(new) && old.count == new.count && summary.targetScans == old.count)
        let stayed = zip(old, new).count { $0 == $1 }
        #expect(stayed < 8, "\(stayed) of \(old.count) scans stayed")
        for scan in before.block.headers.indices where before.block.headers[scan].msLevel > 1 {
            #expect(before.mz(scan) == after.mz(scan) && before.intensity(scan) == after.intensity(scan))
        }
        #expect(try folder.contents == ["out.mzML", "out.tsv"])
        // Another seed, another order; peaks go into shuffled scans too.
        let (both, truth) = try run(Background.realWithFragments, folder, "both") {
            $0.peakCount = 20
            $0.permutationSeed = 5
        }
        #expect(both.addedPoints > 50 && truth.rows.count == 20)
        #expect(contents(try WrittenRun(folder.file("both.mzML"))) != new)
    }

    @Test func theOtherPolarityPassesThrough() throws {
        let folder = try TemporaryDirectory()
        try Background.write(folder.file("in.mzML")) { if $0.index % 3 == 0 { $0.polarity = .negative } }
        let before = try WrittenRun(folder.file("in.mzML"))
        for (name, wanted, used) in [("a", nil, Polarity.positive), ("b", Polarity.negative, .negative)] {
            let (summary, _) = try run(folder.file("in.mzML"), folder, name) {
                $0.peakCount = 20
                $0.polarity = wanted
            }
            let after = try WrittenRun(folder.file("\(name).mzML"))
            #expect(summary.polarity == used.symbol && summary.targetScans == (used == .positive ? 200 : 100))
            let changed = before.block.headers.indices.filter { Array(before.mz($0)) != Array(after.mz($0)) }
            #expect(changed.count > 20 && changed.allSatisfy { before.block.headers[$0].polarity == used })
        }
    }

    @Test func stoppingLeavesNothingBehind() throws {
        let folder = try TemporaryDirectory()
        for last in [0.2, 0.6, 0.9] {
            var parameters = SimulationParameters()
            parameters.permutationSeed = 1
            let summary = try simulate(
                background: Background.realWithFragments, to: folder.file("out.mzML"), truth: folder.file("out.tsv"),
                parameters: parameters
            ) { $0 < last }
            #expect(summary == nil)
            #expect(try folder.contents.isEmpty)
        }
    }
}
