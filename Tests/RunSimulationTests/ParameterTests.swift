import MzML
import SpectrumModel
import TestSupport
import Testing

@testable import RunSimulation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Every parameter does something, and what cannot be is refused.
@Suite struct ParameterTests {
    private struct Outcome {
        let summary: SimulationSummary
        let truth: WrittenTruth
        let bytes: [UInt8]
    }

    private func run(
        _ folder: TemporaryDirectory, _ change: (inout SimulationParameters) -> Void = { _ in }
    ) throws -> Outcome {
        let background = folder.file("in.mzML")
        if try !folder.contents.contains("in.mzML") { try Background.write(background) }
        var parameters = SimulationParameters()
        parameters.peakCount = 40
        change(&parameters)
        let summary = try simulate(
            background: background, to: folder.file("out.mzML"), truth: folder.file("out.tsv"), parameters: parameters,
            writing: WritingOptions(compression: .none))
        return Outcome(
            summary: try #require(summary),
            truth: WrittenTruth(String(decoding: try folder.read("out.tsv"), as: UTF8.self)),
            bytes: try folder.read("out.mzML"))
    }

    @Test func whatIsDrawnFollowsTheParameters() throws {
        let folder = try TemporaryDirectory()
        func numbers(_ column: String, _ change: (inout SimulationParameters) -> Void) throws -> [Double] {
            let truth = try run(folder, change).truth
            return truth.rows.indices.map { truth.number($0, column) }
        }
        #expect(try numbers("height") { $0.apexIntensity = 5e4...6e4 }.allSatisfy { (5e4...6e4).contains($0) })
        let decade = try numbers("height") { $0.decades = 1 }
        #expect((decade.max() ?? 0) <= 10.001 * (decade.min() ?? 0))
        #expect(try numbers("fwhm_seconds") { $0.fullWidthSeconds = 7...9 }.allSatisfy { (6.999...9.001).contains($0) })
        #expect(try numbers("tailing") { $0.tailingFraction = 0 }.allSatisfy { $0 == 0 })
        let tails = try numbers("tailing") {
            $0.tailingFraction = 1
            $0.tailing = 1...1.5
        }
        #expect(tails.allSatisfy { (1...1.5).contains($0) })
        #expect(try numbers("mz") { $0.mz = 300...400 }.allSatisfy { (300...400).contains($0) })
        #expect(try numbers("start_seconds") { $0.retentionTimeSeconds = 100...250 }.allSatisfy { $0 >= 100 })
        #expect(try numbers("charge") { $0.doublyChargedFraction = 1 }.allSatisfy { $0 == 2 })
        #expect(try numbers("charge") { $0.doublyChargedFraction = 0 }.allSatisfy { $0 == 1 })
        let single = try run(folder) { $0.isotopologueLimit = 1 }
        #expect(single.summary.traces == 40 && single.truth.text(0, "isotope_ratios") == "1.0")
        #expect(try run(folder) { $0.overlapFraction = 1 }.summary.overlappingIons == 40)
        let width = try run(folder) { $0.resolutionDalton = 0.5 }.summary.resolution
        #expect(width.law == .constant && width.widthAt200 == 0.5)
        let linear = try run(folder) {
            $0.resolvingPower = 20_000
            $0.instrumentClass = .timeOfFlight
        }
        #expect(linear.summary.resolution.law == .linear && linear.summary.resolution.widthAt200 == 0.01)
        let limits = try [0, 0.5].map { quantile in
            try run(folder) { $0.limitQuantile = quantile }.summary.detectionLimit
        }
        #expect(limits[0] < 600 && limits[1] > 1_000)
    }

    @Test func noiseFollowsItsParameters() throws {
        let folder = try TemporaryDirectory()
        let plain = try run(folder).bytes
        #expect(try run(folder) { $0.ionsAtLimit = 100 }.bytes != plain)
        #expect(try run(folder) { $0.sprayNoise = 0.2 }.bytes != plain)
        #expect(try run(folder) { $0.mzNoisePPM = 2 }.bytes != plain)
    }

    /// The noise of a signal grows as the model says: 1 / sqrt(ions), in m/z and in intensity.
    @Test func noiseGrowsForWeakSignals() throws {
        func scatter(height: Double) -> (mz: Double, intensity: Double) {
            let ion = SimulatedIon(
                mz: 500, charge: 1, pattern: IsotopePattern(carbons: 1, limit: 1), height: height, tailing: 0,
                profile: ElutionProfile(apexSeconds: 5_000, fullWidth: 1e7, tailing: 0))
            var parameters = SimulationParameters()
            (parameters.sprayNoise, parameters.mzNoisePPM, parameters.ionsAtLimit) = (0.001, 0.1, 10)
            var injector = ScanInjector(
                [ion], parameters, MassResolution(law: .constant, widthAt200: 0.01), highestMZ: 1_000)
            var errors: (mz: Double, intensity: Double, count: Double) = (0, 0, 0)
            for i in 0..<4_000 {
                var mz = [100.0, 900]
                var intensity: [Float] = [50, 50]
                injector.inject(at: Double(i), limit: 10, mz: &mz, intensity: &intensity)
                guard mz.count == 3 else { continue }
                errors.mz += (mz[1] - 500) * (mz[1] - 500)
                errors.intensity += (Double(intensity[1]) / height - 1) * (Double(intensity[1]) / height - 1)
                errors.count += 1
            }
            #expect(errors.count > 3_900)
            return ((errors.mz / errors.count).squareRoot(), (errors.intensity / errors.count).squareRoot())
        }
        for ions in [40.0, 1_000, 100_000] {
            let measured = scatter(height: ions)
            let deviation = (0.01 * 0.01 / 2.355 / 2.355 / ions + 5e-5 * 5e-5).squareRoot()
            #expect(abs(measured.mz / deviation - 1) < 0.06, "\(measured)")
            #expect(abs(measured.intensity / (1 / ions.squareRoot()) - 1) < 0.1, "\(measured)")
        }
        #expect(abs(scatter(height: 1e9).mz / 5e-5 - 1) < 0.06)
    }

    @Test func signalsMergeWithinTheResolutionAndVanishBelowTheLimit() throws {
        func inject(_ ions: [(mz: Double, height: Double)], limit: Double) -> (mz: [Double], intensity: [Float]) {
            var parameters = SimulationParameters()
            (parameters.sprayNoise, parameters.mzNoisePPM, parameters.ionsAtLimit) = (0, 0, 1e12)
            let ions = ions.map {
                SimulatedIon(
                    mz: $0.mz, charge: 1, pattern: IsotopePattern(carbons: 1, limit: 1), height: $0.height, tailing: 0,
                    profile: ElutionProfile(apexSeconds: 0, fullWidth: 10, tailing: 0))
            }
            var injector = ScanInjector(
                ions, parameters, MassResolution(law: .constant, widthAt200: 0.1), highestMZ: 1_000)
            var (mz, intensity): ([Double], [Float]) = ([200, 300, 400], [100, 100, 100])
            injector.inject(at: 0, limit: limit, mz: &mz, intensity: &intensity)
            // Without counting noise but for a millionth.
            return (mz, intensity.map { ($0 * 100).rounded() / 100 })
        }
        let merged = inject([(300.08, 300)], limit: 50)
        #expect(merged.intensity == [100, 400, 100] && abs(merged.mz[1] - 300.06) < 1e-6)
        let alone = inject([(300.12, 300)], limit: 50)
        #expect(alone.intensity == [100, 100, 300, 100] && abs(alone.mz[2] - 300.12) < 1e-6)
        #expect(inject([(300.12, 300)], limit: 301).intensity == [100, 100, 100])
        // Below the limit alone, but not where there is a signal already.
        #expect(inject([(300.08, 20)], limit: 50).intensity == [100, 120, 100])
        let pair = inject([(350, 100), (350.06, 300)], limit: 50)
        #expect(pair.intensity == [100, 100, 400, 100] && abs(pair.mz[2] - 350.045) < 1e-6)
        #expect(inject([(350, 100), (350.2, 300)], limit: 50).intensity == [100, 100, 100, 300, 100])
    }

    /// Points as close as an instrument of a resolving power of 50,000 lets them be tell just that.
    @Test func resolutionIsMeasuredOnNeighbours() {
        let truth = MassResolution(law: .orbitrap, widthAt200: 0.004)
        var distances = NeighbourDistances(law: .orbitrap)
        #expect(distances.width(quantile: 0.01) == nil)
        var mz = [80.0]
        while let last = mz.last, last < 1_000 {
            mz.append(last + truth.width(at: last) * (mz.count % 10 == 0 ? 1.01 : 30))
        }
        distances.add(mz[...])
        let measured = distances.width(quantile: 0.01) ?? 0
        #expect(abs(measured / 0.004 - 1) < 0.05, "\(measured)")
        #expect((distances.width(quantile: 0.5) ?? 0) > 0.1)
        for law in [MassResolution.Law.constant, .linear, .orbitrap, .square] {
            let resolution = MassResolution(law: law, widthAt200: 0.01)
            let power: Double = law == .constant ? 0 : law == .linear ? 1 : law == .orbitrap ? 1.5 : 2
            #expect(resolution.width(at: 200) == 0.01)
            #expect(abs(resolution.width(at: 800) / (0.01 * pow(4, power)) - 1) < 1e-12)
        }
    }

    @Test func ionsThatAreNotMeantToOverlapKeepApart() throws {
        let folder = try TemporaryDirectory()
        let truth = try run(folder) {
            $0.peakCount = 300
            $0.separation = 20
            $0.resolvingPower = 70_000
            $0.overlapFraction = 0.2
            $0.fullWidthSeconds = 5...15
        }.truth
        let resolution = MassResolution(law: .orbitrap, widthAt200: 200 / 70_000)
        var pairs = 0
        for i in truth.rows.indices {
            for j in truth.rows.indices where j > i {
                let distance = truth.number(j, "mz") - truth.number(i, "mz")
                guard distance < 20 * resolution.width(at: truth.number(i, "mz")) else { break }
                let isApart =
                    truth.number(i, "end_seconds") < truth.number(j, "start_seconds")
                    || truth.number(j, "end_seconds") < truth.number(i, "start_seconds")
                let isPair = truth.text(i, "partner") == "\(j + 1)"
                if isPair { pairs += 1 }
                #expect(isApart || isPair)
            }
        }
        #expect(pairs == 30)
    }

    @Test func wrongParametersAreRefused() throws {
        let folder = try TemporaryDirectory()
        func code(_ change: (inout SimulationParameters) -> Void) throws -> SimulationError.Code? {
            do {
                _ = try run(folder, change)
                return nil
            } catch let error as SimulationError {
                #expect(!error.description.isEmpty)
                return error.code
            }
        }
        let wrong: [(inout SimulationParameters) -> Void] = [
            { $0.peakCount = -1 }, { $0.apexIntensity = 0...1 }, { $0.decades = -1 }, { $0.decades = .nan },
            { $0.fullWidthSeconds = -1...2 }, { $0.tailingFraction = 1.1 }, { $0.tailing = 0.001...1 },
            { $0.mz = 50...200 }, { $0.retentionTimeSeconds = 0...20 }, { $0.doublyChargedFraction = -0.1 },
            { $0.isotopologueLimit = 0 }, { $0.overlapFraction = 2 }, { $0.separation = -1 },
            { $0.resolvingPower = 0 }, { $0.resolutionDalton = 0 }, { $0.limitQuantile = 2 }, { $0.ionsAtLimit = 0 },
            { $0.sprayNoise = -1 }, { $0.mzNoisePPM = -1 }, { $0.polarity = .negative },
            {
                $0.resolvingPower = 10_000
                $0.resolutionDalton = 0.1
            },
        ]
        for (i, change) in wrong.enumerated() { #expect(try code(change) == .badParameter, "\(i)") }
        #expect(try code { $0.fullWidthSeconds = 400...500 } == .peaksDoNotFit)
        #expect(
            try code {
                $0.peakCount = 500
                $0.mz = 300...302
            } == .peaksDoNotFit)
        #expect(try folder.contents.filter { $0 != "in.mzML" && !$0.hasPrefix("out.") }.isEmpty)
    }

    @Test func backgroundsThatPeaksCannotBePutIntoAreRefused() throws {
        let folder = try TemporaryDirectory()
        func reason(_ path: String, _ parameters: SimulationParameters = SimulationParameters()) -> String {
            do {
                _ = try simulate(
                    background: path, to: folder.file("out.mzML"), truth: folder.file("out.tsv"), parameters: parameters
                )
                return ""
            } catch let error as SimulationError {
                return error.code == .unsuitableBackground ? error.reason : "\(error.code)"
            } catch {
                return "\(error)"
            }
        }
        func background(_ scans: Int = 300, _ points: Int = 60, _ change: (inout SpectrumHeader) -> Void) throws
            -> String
        {
            try Background.write(folder.file("in.mzML"), scans: scans, points: points, change: change)
            return folder.file("in.mzML")
        }
        #expect(reason(Background.profile).contains("profile"))
        #expect(reason(try background { $0.representation = .unknown }).contains("--assume-centroid"))
        var accepting = SimulationParameters()
        accepting.acceptsUnstatedRepresentation = true
        accepting.peakCount = 20
        #expect(reason(folder.file("in.mzML"), accepting).isEmpty)
        #expect(reason(try background { $0.msLevel = 2 }).contains("no MS1"))
        #expect(reason(try background(0) { _ in }).contains("no MS1"))
        #expect(reason(try background(300, 0) { _ in }).contains("no points"))
        #expect(reason(try background { $0.retentionTimeSeconds = .nan }).contains("no retention time"))
        #expect(reason(try background { $0.retentionTimeSeconds *= -1 }).contains("sort the file by time"))
        #expect(reason(folder.file("absent.mzML")).contains("absent.mzML"))
        #expect(
            reason(try background(1) { _ in }).contains("badParameter")
                || reason(folder.file("in.mzML")) == "peaksDoNotFit")
    }
}
