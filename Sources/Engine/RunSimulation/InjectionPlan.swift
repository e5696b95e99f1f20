import MzML
import SpectrumModel

/// What the parameters come to on a background: no value is left open.
struct ResolvedRanges: Sendable, Hashable {
    let apexIntensity: ClosedRange<Double>
    let fullWidthSeconds: ClosedRange<Double>
    let mz: ClosedRange<Double>
    let retentionTimeSeconds: ClosedRange<Double>
    let resolution: MassResolution

    /// - Throws: `badParameter` when a range lies outside the background.
    init(_ parameters: SimulationParameters, _ survey: BackgroundSurvey) throws(SimulationError) {
        let low = 2 * survey.medianLimit
        apexIntensity =
            parameters.apexIntensity ?? low...low * PortableMath.exp(parameters.decades * PortableMath.log(10))
        fullWidthSeconds = parameters.fullWidthSeconds ?? 6 * survey.medianInterval...30 * survey.medianInterval
        let times = (survey.times.first ?? 0)...(survey.times.last ?? 0)
        mz = parameters.mz ?? survey.mz
        retentionTimeSeconds = parameters.retentionTimeSeconds ?? times
        for (name, wanted, there, unit) in [
            ("m/z", mz, survey.mz, ""), ("retention time", retentionTimeSeconds, times, " s"),
        ] where wanted.lowerBound < there.lowerBound || wanted.upperBound > there.upperBound {
            throw SimulationError(
                .badParameter,
                reason: "\(name): \(wanted.lowerBound) to \(wanted.upperBound)\(unit) reaches beyond the background, "
                    + "which has \(there.lowerBound) to \(there.upperBound)\(unit)")
        }
        guard apexIntensity.lowerBound > 0, fullWidthSeconds.lowerBound > 0 else {
            throw SimulationError(
                .badParameter, reason: "the background tells no scan interval; give the width of the peaks")
        }
        resolution = Self.resolution(parameters, survey)
    }

    /// As stated, or measured: 1 % of neighbouring points of the background come closer than its width. The measured
    /// one is kept within what instruments do, since runs that were centroided badly hold split points.
    private static func resolution(_ parameters: SimulationParameters, _ survey: BackgroundSurvey) -> MassResolution {
        if let width = parameters.resolutionDalton { return MassResolution(law: .constant, widthAt200: width) }
        let law = MassResolution.law(of: parameters.instrumentClass ?? survey.header.instrumentClass)
        if let power = parameters.resolvingPower { return MassResolution(law: law, widthAt200: 200 / power) }
        let limits = law == .constant ? 0.3...1.0 : 200 / 500_000...200.0 / 5_000
        let measured = survey.distances.width(quantile: 0.01) ?? limits.upperBound
        return MassResolution(law: law, widthAt200: min(max(measured, limits.lowerBound), limits.upperBound))
    }
}

/// Draws the ions of a run and keeps apart those that are not meant to overlap.
///
/// The draws depend on the seed and on the ranges alone. Complexity: O(ions x tries), tries being few while the ions
/// have room.
struct InjectionPlan {
    /// By m/z, then time; numbered from 1.
    private(set) var ions: [SimulatedIon] = []

    private let parameters: SimulationParameters
    private let ranges: ResolvedRanges
    private let polarity: Polarity
    private var draws: RandomDraws
    private var occupancy: TraceOccupancy

    private static let tries = 2_000

    /// - Throws: `peaksDoNotFit`.
    init(_ parameters: SimulationParameters, _ ranges: ResolvedRanges, polarity: Polarity) throws(SimulationError) {
        self.parameters = parameters
        self.ranges = ranges
        self.polarity = polarity
        draws = RandomDraws(seed: parameters.seed, stream: 0)
        occupancy = TraceOccupancy(resolution: ranges.resolution, separation: parameters.separation)
        let pairs = Int((Double(parameters.peakCount) * parameters.overlapFraction / 2).rounded(.down))
        // What needs most room goes first.
        for pair in 0..<pairs { try place(pairedBy: pair % 2 == 0 ? .time : .mz) }
        while ions.count < parameters.peakCount { try place(pairedBy: .none) }
        number()
    }

    private mutating func place(pairedBy overlap: SimulatedIon.Overlap) throws(SimulationError) {
        for _ in 0..<Self.tries {
            guard let first = drawIon() else { continue }
            var group = [first]
            if overlap != .none {
                guard let second = drawPartner(of: first, overlap) else { continue }
                group.append(second)
            }
            guard group.allSatisfy({ isInside($0) && occupancy.isFree(for: $0) }) else { continue }
            for i in group.indices {
                occupancy.insert(group[i])
                group[i].overlap = overlap
                // Pairs are told by their position until they are numbered.
                if overlap != .none { group[i].partner = ions.count + (1 - i) + 1 }
            }
            ions += group
            return
        }
        throw SimulationError(
            .peaksDoNotFit,
            reason:
                "\(ions.count) of \(parameters.peakCount) peaks were placed, and no room was found for the next one "
                + "in \(Self.tries) tries; ask for fewer or narrower peaks, less separation, or a wider range of m/z "
                + "and time (now \(ranges.mz.lowerBound) to \(ranges.mz.upperBound), "
                + "\(ranges.retentionTimeSeconds.lowerBound) to \(ranges.retentionTimeSeconds.upperBound) s)")
    }

    /// `nil` for an m/z that left its range when it got a mass defect.
    private mutating func drawIon() -> SimulatedIon? {
        let charge = draws.isTrue(probability: parameters.doublyChargedFraction) ? 2 : 1
        let nominal = draws.uniform(in: ranges.mz) * Double(charge)
        // Organic molecules are up to 0.1 % heavier than their nominal mass.
        let mass = nominal.rounded(.down) * (1 + 0.001 * draws.uniform())
        let protons = Double(charge) * Mass.proton
        let mz = (mass + (polarity == .negative ? -protons : protons)) / Double(charge)
        let carbons = max(1, Int((mass * draws.uniform(in: IsotopePattern.carbonsPerDalton)).rounded()))
        let height = draws.logUniform(in: ranges.apexIntensity)
        let (width, tailing) = drawShape()
        let apex = draws.uniform(in: ranges.retentionTimeSeconds)
        guard ranges.mz.contains(mz) else { return nil }
        return SimulatedIon(
            mz: mz, charge: charge, pattern: IsotopePattern(carbons: carbons, limit: parameters.isotopologueLimit),
            height: height, tailing: tailing,
            profile: ElutionProfile(apexSeconds: apex, fullWidth: width, tailing: tailing))
    }

    private mutating func drawShape() -> (width: Double, tailing: Double) {
        let width = draws.logUniform(in: ranges.fullWidthSeconds)
        let tails = draws.isTrue(probability: parameters.tailingFraction)
        let tailing = draws.uniform(in: parameters.tailing)
        return (width, tails ? tailing : 0)
    }

    /// An ion that overlaps with another one, up to ten times higher or lower.
    private mutating func drawPartner(of first: SimulatedIon, _ overlap: SimulatedIon.Overlap) -> SimulatedIon? {
        let (width, tailing) = drawShape()
        let carbons = max(
            1, Int((first.mz * Double(first.charge) * draws.uniform(in: IsotopePattern.carbonsPerDalton)).rounded()))
        let height = drawHeight(near: first.height)
        let sign = draws.isTrue(probability: 0.5) ? 1.0 : -1.0
        let place = draws.uniform()
        let mz: Double
        let apex: Double
        let pattern: IsotopePattern
        if overlap == .time {
            // Resolution of two peaks by their half widths: 1.18 dt / (w1 + w2).
            mz = first.mz
            apex = first.apexSeconds + sign * (0.6 + 0.9 * place) * (first.fullWidthSeconds + width) / 1.18
            pattern = first.pattern
        } else {
            mz = first.mz + sign * (1.5 + 2.5 * place) * ranges.resolution.width(at: first.mz)
            apex = first.apexSeconds + (draws.uniform() - 0.5) * first.fullWidthSeconds
            pattern = IsotopePattern(carbons: carbons, limit: parameters.isotopologueLimit)
        }
        guard ranges.mz.contains(mz) else { return nil }
        return SimulatedIon(
            mz: mz, charge: first.charge, pattern: pattern, height: height, tailing: tailing,
            profile: ElutionProfile(apexSeconds: apex, fullWidth: width, tailing: tailing))
    }

    private mutating func drawHeight(near height: Double) -> Double {
        let factor = draws.logUniform(in: 0.1...10)
        let range = ranges.apexIntensity
        if range.contains(height * factor) { return height * factor }
        return min(max(height / factor, range.lowerBound), range.upperBound)
    }

    private func isInside(_ ion: SimulatedIon) -> Bool {
        ranges.retentionTimeSeconds.contains(ion.edges.lowerBound)
            && ranges.retentionTimeSeconds.contains(ion.edges.upperBound)
    }

    private mutating func number() {
        let order = ions.indices.sorted {
            (ions[$0].mz, ions[$0].apexSeconds, $0) < (ions[$1].mz, ions[$1].apexSeconds, $1)
        }
        var numbers = [Int](repeating: 0, count: ions.count)
        for (number, position) in order.enumerated() { numbers[position] = number + 1 }
        ions = order.map { position in
            var ion = ions[position]
            ion.number = numbers[position]
            if ion.partner > 0 { ion.partner = numbers[ion.partner - 1] }
            return ion
        }
    }
}

/// Where traces of placed ions are, to keep others away.
private struct TraceOccupancy {
    private struct Trace {
        let mz: Double
        let seconds: ClosedRange<Double>
    }

    private let resolution: MassResolution
    private let separation: Double
    /// By whole m/z.
    private var traces: [[Trace]] = []

    init(resolution: MassResolution, separation: Double) {
        self.resolution = resolution
        self.separation = separation
    }

    func isFree(for ion: SimulatedIon) -> Bool {
        for isotope in ion.pattern.ratios.indices {
            let mz = ion.mz(isotope: isotope)
            let distance = separation * resolution.width(at: mz)
            let first = max(0, Int(mz - distance))
            let last = min(traces.count - 1, Int(mz + distance))
            guard first <= last else { continue }
            for bucket in traces[first...last] {
                for other in bucket where abs(other.mz - mz) < distance && other.seconds.overlaps(ion.edges) {
                    return false
                }
            }
        }
        return true
    }

    mutating func insert(_ ion: SimulatedIon) {
        for isotope in ion.pattern.ratios.indices {
            let mz = ion.mz(isotope: isotope)
            while traces.count <= Int(mz) { traces.append([]) }
            traces[Int(mz)].append(Trace(mz: mz, seconds: ion.edges))
        }
    }
}
