import SpectrumModel
import Testing

@Suite struct ToleranceTests {
    @Test func edgesAreInside() {
        #expect(Tolerance.dalton(0.5).matches(100.5, reference: 100))
        #expect(!Tolerance.dalton(0.5).matches(100.500001, reference: 100))
        #expect(Tolerance.ppm(10).halfWidth(at: 500) == 0.005)
        #expect(Tolerance.ppm(10).window(around: 500).contains(500.005))
        #expect(!Tolerance.ppm(10).matches(500.0051, reference: 500))
    }
}

@Suite struct AdductTests {
    @Test(arguments: [
        (Adduct(name: "[M+H]+", multiplicity: 1, massShift: Mass.proton, charge: 1, polarity: .positive), 181.070_66),
        (Adduct(name: "[2M-H]-", multiplicity: 2, massShift: -Mass.proton, charge: 1, polarity: .negative), 359.119_50),
        (
            Adduct(name: "[M+2H]2+", multiplicity: 1, massShift: 2 * Mass.proton, charge: 2, polarity: .positive),
            91.038_97
        ),
    ])
    func glucose(adduct: Adduct, mz: Double) {
        let glucose = 180.063_388
        #expect(abs(adduct.mz(neutralMass: glucose) - mz) < 1e-4)
        #expect(abs(adduct.neutralMass(mz: adduct.mz(neutralMass: glucose)) - glucose) < 1e-9)
    }
}

@Suite struct SpectrumBlockTests {
    @Test func appendAndReuse() {
        var block = SpectrumBlock()
        let header = SpectrumHeader(
            index: 0, scanNumber: 1, msLevel: 1, polarity: .positive, representation: .centroid,
            retentionTimeSeconds: 1)
        block.append(header, mz: [100, 101], intensity: [1, 2])
        block.append(header, mz: [], intensity: [])
        block.append(header, mz: [50], intensity: [3])
        #expect(block.count == 3)
        #expect(block.points(of: 0) == 0..<2)
        #expect(block.points(of: 1).isEmpty)
        #expect(Array(block.mz[block.points(of: 2)]) == [50])
        block.removeAll()
        #expect(block.count == 0 && block.offsets == [0])
    }

    @Test func precursorFallsBackToTheIsolationWindow() {
        #expect(Precursor(selectedIonMZ: 200.1, isolationTargetMZ: 200).mz == 200.1)
        #expect(Precursor(isolationTargetMZ: 200).mz == 200)
        #expect(Precursor().mz == nil)
    }

    @Test(arguments: [("+", Polarity.positive), ("negative", .negative), ("N", .negative), ("x", .unknown)])
    func polarityText(text: String, polarity: Polarity) {
        #expect(Polarity(text: text) == polarity)
    }
}
