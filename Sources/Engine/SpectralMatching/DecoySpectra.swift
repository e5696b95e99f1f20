import SpectrumModel
import Statistics

/// Makes decoys of library spectra: spectra that look like those of small molecules but belong to none.
///
/// The spectrum-based method of Scheubert et al. 2017 (doi:10.1038/s41467-017-01318-5): a decoy starts with its target's
/// precursor. Every m/z that it gets adds candidates, peaks drawn at random from the library spectra that have a peak at
/// that m/z; the next m/z is drawn from the candidates. So fragments that occur together stay together. Two things are
/// decided here (`docs/decisions/0013-decoys.md`): nothing is drawn from spectra of the target's own compound, and the
/// decoy has the target's intensities, in the order of the intensities that were drawn.
/// - Determinism: a decoy depends on the library, its position in it, and the seed.
struct DecoySpectra {
    /// Peaks within this distance count as the same fragment when fragments are drawn, relative to the m/z.
    static let sameFragment = 5e-6
    /// The target's peak within this distance of its precursor is what is left of the precursor.
    static let samePrecursor = 10e-6
    /// Candidates that a fragment adds.
    static let drawsPerFragment = 5

    private let library: SpectralLibrary
    private let seed: UInt64
    /// In order of `Polarity.rawValue`: decoys of one polarity are drawn from spectra of that polarity.
    private let occurrences: [FragmentOccurrences]

    /// - Complexity: O(p log p) for p peaks; 20 bytes a peak while the value lives.
    init(library: SpectralLibrary, seed: UInt64) {
        self.library = library
        self.seed = seed
        occurrences = (0..<3).map {
            FragmentOccurrences(library, spectra: library.polarityStart[$0]..<library.polarityStart[$0 + 1])
        }
    }

    /// Bytes of a value and of the pages of the library that it reads; making it takes as much.
    static func byteCount(of library: SpectralLibrary) -> Int { 32 * library.peakMZ.count }

    private struct Peak {
        var mz: Double
        var intensity: Float
    }

    /// The decoy of spectrum `index`, by ascending m/z, with as many peaks as the target has; fewer where the library has no
    /// more fragments that differ and lie below the precursor (or the target's highest peak, for multiply charged ions).
    /// - Complexity: O(n (n + log p)) for n peaks.
    func decoy(of index: Int) -> PeakList {
        defer { withExtendedLifetime(library) {} }
        // Neighbouring seeds give unrelated streams: the generator mixes them.
        var random = SeededGenerator(seed: seed &+ UInt64(index))
        let target = library.peakRange(of: index)
        // Only a damaged file has a spectrum without peaks.
        if target.isEmpty { return PeakList() }
        let occurrence = occurrences[library.polarityStart[1...2].count { index >= $0 }]
        let precursor = library.precursorMZ[index]
        let upper = max(precursor, library.peakMZ[target.upperBound - 1])
        var chosen: [Peak] = []
        var intensities = target.map { library.peakIntensity[$0] }
        if let peak = target.min(by: { abs(library.peakMZ[$0] - precursor) < abs(library.peakMZ[$1] - precursor) }),
            abs(library.peakMZ[peak] - precursor) <= precursor * Self.samePrecursor
        {
            chosen.append(Peak(mz: library.peakMZ[peak], intensity: intensities.remove(at: peak - target.lowerBound)))
        }
        let kept = chosen.count
        var candidates: [Peak] = []

        func isUsable(_ peak: Int) -> Bool {
            let mz = library.peakMZ[peak]
            return mz <= upper && abs(mz - precursor) > precursor * Self.samePrecursor
                && !chosen.contains { abs($0.mz - mz) <= mz * Self.sameFragment }
        }
        func addCandidates(of mz: Double) {
            let places = occurrence.places(of: mz)
            guard !places.isEmpty else { return }
            for _ in 0..<Self.drawsPerFragment {
                let (spectrum, peak) = occurrence.draw(from: places, &random, library)
                guard library.compound[spectrum] != library.compound[index], isUsable(peak) else { continue }
                candidates.append(Peak(mz: library.peakMZ[peak], intensity: library.peakIntensity[peak]))
            }
        }

        addCandidates(of: precursor)
        // Where nothing occurs together with what is there, any fragment starts anew: the naive method.
        var newStarts = 20 * target.count + 100
        while chosen.count < target.count {
            let next: Peak
            if !candidates.isEmpty {
                next = candidates.remove(at: random.integer(below: candidates.count))
                // Chosen meanwhile.
                if chosen.contains(where: { abs($0.mz - next.mz) <= next.mz * Self.sameFragment }) { continue }
            } else {
                guard newStarts > 0 else { break }
                newStarts -= 1
                let (spectrum, peak) = occurrence.draw(from: occurrence.all, &random, library)
                guard library.compound[spectrum] != library.compound[index], isUsable(peak) else { continue }
                next = Peak(mz: library.peakMZ[peak], intensity: library.peakIntensity[peak])
            }
            chosen.append(next)
            if chosen.count < target.count { addCandidates(of: next.mz) }
        }
        chosen[kept...].sort { ($1.intensity, $0.mz) < ($0.intensity, $1.mz) }
        for (place, intensity) in zip(chosen.indices[kept...], intensities.sorted(by: >)) {
            chosen[place].intensity = intensity
        }
        chosen.sort { $0.mz < $1.mz }
        return PeakList(mz: chosen.map(\.mz), intensity: chosen.map { Double($0.intensity) })
    }
}

/// All peaks of the spectra of one polarity by m/z, with the spectra that they are in.
private struct FragmentOccurrences {
    private var mz: [Double] = []
    private var spectrum: [UInt32] = []
    /// Peaks of the spectra of all places before: draws from some places take every peak of their spectra equally often.
    private var peaksBefore: [UInt64] = [0]

    var all: Range<Int> { 0..<mz.count }

    init(_ library: SpectralLibrary, spectra: Range<Int>) {
        let range = Int(library.peakOffset[spectra.lowerBound])..<Int(library.peakOffset[spectra.upperBound])
        sort(library, spectra: spectra, peaks: range.count)
        peaksBefore.reserveCapacity(range.count + 1)
        for (number, index) in spectrum.enumerated() {
            peaksBefore.append(peaksBefore[number] + UInt64(library.peakRange(of: Int(index)).count))
        }
    }

    /// The unsorted peaks are gone when it returns.
    private mutating func sort(_ library: SpectralLibrary, spectra: Range<Int>, peaks count: Int) {
        var peaks: [(mz: Double, spectrum: UInt32)] = []
        peaks.reserveCapacity(count)
        for index in spectra {
            for peak in library.peakRange(of: index) { peaks.append((library.peakMZ[peak], UInt32(index))) }
        }
        peaks.sort { $0 < $1 }
        mz = peaks.map(\.mz)
        spectrum = peaks.map(\.spectrum)
    }

    /// Where peaks within 5 ppm of this m/z are.
    func places(of value: Double) -> Range<Int> {
        let half = value * DecoySpectra.sameFragment
        let start = firstPlace { mz[$0] >= value - half }
        return start..<max(start, firstPlace { mz[$0] > value + half })
    }

    /// One of the peaks of the spectra at these places.
    func draw(
        from places: Range<Int>, _ random: inout SeededGenerator, _ library: SpectralLibrary
    ) -> (spectrum: Int, peak: Int) {
        let first = peaksBefore[places.lowerBound]
        let number = first + UInt64(random.integer(below: Int(peaksBefore[places.upperBound] - first)))
        var (low, high) = (places.lowerBound, places.upperBound)
        while high - low > 1 {
            let middle = (low + high) / 2
            if peaksBefore[middle] <= number { low = middle } else { high = middle }
        }
        let index = Int(spectrum[low])
        return (index, library.peakRange(of: index).lowerBound + Int(number - peaksBefore[low]))
    }

    private func firstPlace(where predicate: (Int) -> Bool) -> Int {
        var (low, high) = (0, mz.count)
        while low < high {
            let middle = (low + high) / 2
            if predicate(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
