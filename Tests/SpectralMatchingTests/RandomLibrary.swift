import SpectralMatching
import SpectrumModel
import Statistics

/// Random reference spectra and queries with many near misses: few precursors, peaks on a jittered grid.
struct RandomLibrary {
    let spectra: [LibrarySpectrum]

    init(count: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        spectra = (0..<count).map { number in
            var mz: [Double] = []
            var intensity: [Double] = []
            for slot in 0..<14 where random.uniform() < 0.5 {
                mz.append(50 + Double(slot) * 8 + 0.03 * (random.uniform() - 0.5))
                intensity.append(100 * (0.005 + random.uniform()))
            }
            if mz.isEmpty {
                mz = [77]
                intensity = [1]
            }
            let compound = random.integer(below: max(2, count / 4))
            let block = "AAAAAAAAAA" + String(repeating: "0", count: 4 - String(compound).count) + String(compound)
            let entry = LibraryEntry(
                name: "compound \(compound)", accession: "R-\(random.integer(below: 100_000))-\(number % 3)",
                adduct: "[M+H]+", formula: "C6H12O6",
                inchiKey: random.uniform() < 0.1 ? "" : block + "-UHFFFAOYSA-N", license: "CC0",
                polarity: [.positive, .positive, .negative, .unknown][random.integer(below: 4)],
                precursorMZ: 150 + Double(random.integer(below: 40)) * 0.5 + 0.002 * (random.uniform() - 0.5),
                exactMass: 180.0634)
            return LibrarySpectrum(entry: entry, peaks: PeakList(mz: mz, intensity: intensity))
        }
    }

    /// A spectrum of the library with noise on everything, or a random one.
    func query(_ random: inout SeededGenerator) -> FragmentSpectrum {
        let source = spectra[random.integer(below: spectra.count)]
        var mz: [Double] = []
        var intensity: [Float] = []
        for index in 0..<source.peaks.count where random.uniform() < 0.9 {
            mz.append(source.peaks.mz[index] + 0.01 * (random.uniform() - 0.5))
            intensity.append(Float(source.peaks.intensity[index] * (0.5 + random.uniform())))
        }
        return query(
            mz: mz, intensity: intensity, precursor: source.entry.precursorMZ + 0.001 * (random.uniform() - 0.5),
            polarity: source.entry.polarity)
    }

    func query(mz: [Double], intensity: [Float], precursor: Double, polarity: Polarity) -> FragmentSpectrum {
        FragmentSpectrum(
            header: SpectrumHeader(
                index: 0, scanNumber: 1, msLevel: 2, polarity: polarity, representation: .centroid,
                retentionTimeSeconds: 1, precursor: Precursor(selectedIonMZ: precursor)),
            mz: mz, intensity: intensity)
    }

    func write(to path: String, cleaning: PeakCleaning = PeakCleaning()) throws -> SpectralLibrary {
        var builder = SpectralLibraryBuilder(cleaning: cleaning)
        for spectrum in spectra { builder.add(spectrum) }
        try builder.write(to: path, sourceHash: "hash", sourceName: "random")
        return try SpectralLibrary.open(path)
    }
}
