import SpectrumModel

/// How the peaks of a spectrum are filtered, merged and weighted before they are compared: what an index is built for.
struct PeakPreparation: Sendable, Hashable {
    var weighting: PeakWeighting
    /// At least the library's own.
    var noiseFraction: Double
    var removesPrecursor: Bool
    /// Of the library.
    var maximumPeakCount: Int

    init(_ measure: SimilarityMeasure, _ parameters: SearchParameters, cleaning: PeakCleaning) {
        weighting = PeakWeighting(parameters.settings(measure))
        noiseFraction = max(parameters.noiseFraction, cleaning.noiseFraction)
        removesPrecursor = parameters.removePrecursor
        maximumPeakCount = cleaning.maximumPeakCount
    }

    /// The preparations that a library file has an index for: those of the default settings.
    static func stored(cleaning: PeakCleaning) -> [PeakPreparation] {
        [SimilarityMeasure.spectralEntropy, .modifiedCosine].map {
            PeakPreparation($0, SearchParameters(), cleaning: cleaning)
        }
    }

    func upperMZ(_ precursor: Double) -> Double {
        removesPrecursor ? precursor - SearchParameters.precursorRemovalDistance : .infinity
    }

    /// Brings a library spectrum into `result`, weighted. The stored entropy weights are taken when nothing has to be
    /// removed or merged; values that no builder writes (a damaged file) are left out. hot
    func load(
        mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>,
        entropyWeight: UnsafeBufferPointer<Float>,
        precursor: Double, libraryNoise: Double, into result: inout PeakList
    ) {
        let upper = upperMZ(precursor)
        let needsFilter = noiseFraction > libraryNoise || (mz.last ?? 0) > upper
        var usesStoredWeights = false
        if case .entropy(let tolerance, weighted: true) = weighting {
            usesStoredWeights = !needsFilter && !EntropyWeights.needsMerging(mz, tolerance: tolerance)
        }
        let values = usesStoredWeights ? entropyWeight : intensity
        result.removeAll()
        for peak in 0..<mz.count {
            let value = Double(values[peak])
            guard mz[peak] > 0, mz[peak] < PeakCleaning.highestMZ, value > 0, value <= 1.000_01 else { continue }
            result.append(mz: mz[peak], intensity: value)
        }
        if usesStoredWeights { return }
        if needsFilter {
            result = PeakCleaning(noiseFraction: noiseFraction, maximumPeakCount: maximumPeakCount)
                .clean(result, upperMZ: upper)
        }
        weighting.apply(&result, precursorMZ: precursor)
    }
}

extension PeakPreparation {
    /// As numbers in a library file: kind, tolerance or power, unit of the tolerance, noise, removal, most peaks. `nil` for
    /// what no file has an index for.
    var stored: [Double]? {
        let common = [noiseFraction, removesPrecursor ? 1 : 0, Double(maximumPeakCount)]
        switch weighting {
        case .entropy(.dalton(let value), weighted: true): return [0, value, 0] + common
        case .entropy(.ppm(let value), weighted: true): return [0, value, 1] + common
        case .cosine(let power): return [1, power, 0] + common
        default: return nil
        }
    }

    init?(stored: UnsafeBufferPointer<Double>) {
        guard stored.count == 6, stored.allSatisfy({ $0.isFinite && $0 >= 0 }), stored[3] < 1, stored[5] < 1e9 else {
            return nil
        }
        switch (stored[0], stored[2]) {
        case (0, 0): weighting = .entropy(.dalton(stored[1]), weighted: true)
        case (0, 1): weighting = .entropy(.ppm(stored[1]), weighted: true)
        case (1, 0): weighting = .cosine(power: stored[1])
        default: return nil
        }
        noiseFraction = stored[3]
        removesPrecursor = stored[4] != 0
        maximumPeakCount = Int(stored[5])
    }
}
