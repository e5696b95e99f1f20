import SpectrumModel

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What decides the signatures of a search; two spectra can be compared by signatures of equal schemes alone.
struct SignatureScheme: Sendable, Hashable {
    let tolerance: Tolerance
    let matching: PeakMatching
    let bound: ScoreBound
    let preparation: PeakPreparation

    init(_ setup: SearchSetup) {
        tolerance = setup.parameters.fragmentTolerance
        matching = setup.matching
        bound = setup.bound
        preparation = setup.preparation
    }
}

/// Random samples of a spectrum's peaks that two spectra have in common the more often the more they share.
///
/// A spectrum is a distribution over bins of m/z, of neutral losses, or of both: entropy weights as they are, weights of
/// length 1 squared. One hash draws one bin with its probability, by a race of exponential variates that every spectrum
/// runs with the same random numbers, so that two spectra p and q draw the same bin with probability
/// sum over i of 1 / sum over j of max(p_j / p_i, q_j / q_i): the Jaccard index of distributions, at least half of what they
/// have in common (Moulton and Jiang 2018, doi:10.1109/ICDM.2018.00050).
///
/// Why not random hyperplanes: those tell the angle to 1 bit for each pass over the peaks, and spectra with nothing in
/// common still agree in every second bit. Here unrelated spectra agree in nearly nothing.
///
/// Peaks within the tolerance may lie in two bins: every hash has its own random origin of the bins, which are
/// `binTolerances` wide, so that a difference of the whole tolerance parts two peaks in one hash out of five.
struct SpectrumSignature: Sendable {
    /// Hashes of a label, 16 bits each.
    static let hashesOfLabel = 4
    /// Width of a bin in tolerances.
    static let binTolerances = 5.0
    private static let seed: UInt64 = 0x5EED_0F_F0_2E57
    /// Makes all bins positive, so that cutting off decimals rounds down.
    private static let bias = 0x1p40

    private var place: [Double] = []
    private var tag: [UInt64] = []
    private var inverseWeight: [Double] = []
    private let race = ExponentialTable.shared
    /// Draws times peaks since this value was made.
    private(set) var hashesComputed = 0

    var isEmpty: Bool { place.isEmpty }

    /// Takes the peaks of a prepared spectrum.
    mutating func load(_ peaks: PeakList, precursor: Double, scheme: SignatureScheme) {
        place.removeAll(keepingCapacity: true)
        tag.removeAll(keepingCapacity: true)
        inverseWeight.removeAll(keepingCapacity: true)
        for peak in 0..<peaks.count {
            let share = scheme.bound.share(peaks.intensity[peak])
            guard share > 0 else { continue }
            let mz = peaks.mz[peak]
            // Bins of ppm keep their width up to the next power of two: exact arithmetic on every processor.
            let width = Self.binTolerances * scheme.tolerance.halfWidth(at: mz.binade)
            if scheme.matching.usesFragments { add(mz / width, UInt64(mz.exponent & 0x3FF), share) }
            if scheme.matching.usesLosses {
                add((precursor - mz) / width, UInt64(mz.exponent & 0x3FF) | 1 << 10, share)
            }
        }
    }

    private mutating func add(_ bin: Double, _ kind: UInt64, _ share: Double) {
        guard abs(bin) < Self.bias / 2 else { return }
        place.append(bin + Self.bias)
        tag.append(mix(kind &+ 1))
        inverseWeight.append(1 / share)
    }

    /// The label of this spectrum in a tree: its draws by four hashes, the first in the highest bits. hot
    mutating func label(tree: Int) -> UInt64 {
        var label: UInt64 = 0
        hashesComputed += Self.hashesOfLabel * place.count
        for hash in 0..<Self.hashesOfLabel {
            let seed = mix(Self.seed &+ UInt64(tree * Self.hashesOfLabel + hash))
            let origin = Double(seed >> 11) * 0x1p-53
            var best = Double.infinity
            var drawn: UInt64 = 0
            place.withUnsafeBufferPointer { place in
                tag.withUnsafeBufferPointer { tag in
                    inverseWeight.withUnsafeBufferPointer { inverse in
                        race.knots.withUnsafeBufferPointer { knots in
                            for peak in 0..<place.count {
                                let bin = Int64(place[peak] + origin)
                                let bits = mix(seed ^ (UInt64(bitPattern: bin) &* 0x9E37_79B9_7F4A_7C15) ^ tag[peak])
                                let step = Int(bits >> 52)
                                let part = Double(bits >> 12 & 0xFF_FFFF_FFFF) * 0x1p-40
                                let time = (knots[step] + part * (knots[step + 1] - knots[step])) * inverse[peak]
                                if time < best {
                                    best = time
                                    drawn = bits & 0xFFFF
                                }
                            }
                        }
                    }
                }
            }
            label = label << 16 | drawn
        }
        return label
    }
}

/// -ln(1 - u) in 4,096 straight pieces: the same products and sums on every processor.
private struct ExponentialTable: Sendable {
    static let shared = ExponentialTable()
    let knots: [Double]

    init() { knots = (0...4096).map { Double(Float(-log1p(-min(Double($0) / 4096, 1 - 1.0 / 8192)))) } }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
@inline(__always) private func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
}
