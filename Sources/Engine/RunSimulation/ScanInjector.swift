import SpectrumModel
import Statistics

/// What became of one ion in the written scans.
struct InjectionRecord: Sendable {
    /// Scans in which each isotopologue was above the detection limit.
    var points: [Int]
    /// Those of them in which it merged with a real point.
    var mergedPoints: [Int]
    /// Local level of the background around the ion, counts.
    var backgroundLevel = 0.0
}

/// Adds the ions of a plan to scans that come in order of time.
///
/// Each ion has its own stream of random numbers, so that its noise does not depend on which others there are.
/// Memory: the ions, and one number per scan for those that elute. Complexity per scan: O(points + eluting ions log).
struct ScanInjector {
    private struct Eluting {
        let ion: Int
        var spray: RandomDraws
        var isotopologues: [RandomDraws]
        var levels: [Double] = []
    }

    /// A signal of one isotopologue in one scan.
    private struct Signal {
        let mz: Double
        let intensity: Double
        let ion: Int
        let isotope: Int
    }

    private let ions: [SimulatedIon]
    private let order: [Int]
    private let parameters: SimulationParameters
    private let resolution: MassResolution
    private let highestMZ: Double
    private(set) var records: [InjectionRecord]
    private var nextInOrder = 0
    private var eluting: [Eluting] = []
    private var signals: [Signal] = []
    /// Scans in which something was injected.
    private(set) var changedScans = 0
    /// Points that were added, and real points that were changed.
    private(set) var addedPoints = 0
    private(set) var mergedPoints = 0

    /// - Parameter highestMZ: where the scans end; isotopologues beyond are not recorded.
    init(_ ions: [SimulatedIon], _ parameters: SimulationParameters, _ resolution: MassResolution, highestMZ: Double) {
        self.ions = ions
        self.parameters = parameters
        self.resolution = resolution
        self.highestMZ = highestMZ
        order = ions.indices.sorted {
            (Self.interval(of: ions[$0]).lowerBound, $0) < (Self.interval(of: ions[$1]).lowerBound, $1)
        }
        records = ions.map { ion in
            let none = [Int](repeating: 0, count: ion.pattern.ratios.count)
            return InjectionRecord(points: none, mergedPoints: none)
        }
    }

    private static func interval(of ion: SimulatedIon) -> ClosedRange<Double> {
        min(
            ion.support.lowerBound, ion.surroundings.lowerBound)...max(
                ion.support.upperBound, ion.surroundings.upperBound)
    }

    /// Injects into one scan, in place.
    ///
    /// - Parameters:
    ///   - limit: the scan's detection limit, above 0.
    ///   - mz: ascending before and after.
    mutating func inject(at seconds: Double, limit: Double, mz: inout [Double], intensity: inout [Float]) {
        advance(to: seconds)
        guard !eluting.isEmpty else { return }
        signals.removeAll(keepingCapacity: true)
        for position in eluting.indices {
            measureLevel(position, at: seconds, limit: limit, mz: mz, intensity: intensity)
            emit(position, at: seconds, gain: limit / parameters.ionsAtLimit)
        }
        guard !signals.isEmpty else { return }
        signals.sort { ($0.mz, $0.ion, $0.isotope) < ($1.mz, $1.ion, $1.isotope) }
        merge(limit: limit, mz: &mz, intensity: &intensity)
    }

    /// Retires all ions; call behind the last scan.
    mutating func finish() { advance(to: .infinity) }

    /// Starts the ions whose time has come, and closes those that are over.
    private mutating func advance(to seconds: Double) {
        while nextInOrder < order.count, Self.interval(of: ions[order[nextInOrder]]).lowerBound <= seconds {
            let ion = order[nextInOrder]
            nextInOrder += 1
            let number = ions[ion].number
            eluting.append(
                Eluting(
                    ion: ion, spray: RandomDraws(seed: parameters.seed, stream: number),
                    isotopologues: ions[ion].pattern.ratios.indices.map {
                        RandomDraws(seed: parameters.seed, stream: number, $0 + 1)
                    }))
        }
        eluting.removeAll { ended in
            guard Self.interval(of: ions[ended.ion]).upperBound < seconds else { return false }
            if !ended.levels.isEmpty { records[ended.ion].backgroundLevel = median(ended.levels) }
            return true
        }
    }

    /// The background's level where the monoisotopic ion is: its real points within the resolution, or the limit.
    private mutating func measureLevel(
        _ position: Int, at seconds: Double, limit: Double, mz: [Double], intensity: [Float]
    ) {
        let ion = ions[eluting[position].ion]
        guard ion.surroundings.contains(seconds) else { return }
        let width = resolution.width(at: ion.mz)
        var index = mz.firstIndex(notBelow: ion.mz - width)
        var sum = 0.0
        while index < mz.count, mz[index] <= ion.mz + width {
            sum += Double(intensity[index])
            index += 1
        }
        eluting[position].levels.append(max(limit, sum))
    }

    /// The noisy signals of one ion in this scan. Fewer counts than one ion makes are no signal.
    private mutating func emit(_ position: Int, at seconds: Double, gain: Double) {
        let ion = ions[eluting[position].ion]
        guard ion.support.contains(seconds) else { return }
        let spray = max(0, 1 + parameters.sprayNoise * eluting[position].spray.normal())
        let elution = ion.profile.height(at: seconds) * spray
        for isotope in ion.pattern.ratios.indices {
            let countNoise = eluting[position].isotopologues[isotope].normal()
            let mzNoise = eluting[position].isotopologues[isotope].normal()
            let expected = ion.height(isotope: isotope) * elution
            let mz = ion.mz(isotope: isotope)
            guard expected >= gain, mz <= highestMZ else { continue }
            // Counting: the variance of the number of ions is that number.
            let recorded = expected + (expected * gain).squareRoot() * countNoise
            guard recorded > 0 else { continue }
            let floor = mz * parameters.mzNoisePPM * 1e-6
            let statistical = resolution.width(at: mz) / 2.354_820_045_030_949
            let deviation = (floor * floor + statistical * statistical * gain / expected).squareRoot()
            signals.append(
                Signal(
                    mz: mz + deviation * mzNoise, intensity: recorded, ion: eluting[position].ion, isotope: isotope))
        }
    }

    /// Puts the signals into the scan. Signals that the instrument cannot tell apart become one, and so does a signal
    /// with the nearest real point; what is left alone below the limit is not recorded.
    private mutating func merge(limit: Double, mz: inout [Double], intensity: inout [Float]) {
        var newMZ: [Double] = []
        var newIntensity: [Float] = []
        var touched: [(point: Int, intensity: Double, moment: Double)] = []
        var start = 0
        while start < signals.count {
            var sum = signals[start].intensity
            var moment = signals[start].intensity * signals[start].mz
            var end = start + 1
            while end < signals.count, signals[end].mz - moment / sum < resolution.width(at: moment / sum) {
                sum += signals[end].intensity
                moment += signals[end].intensity * signals[end].mz
                end += 1
            }
            let center = moment / sum
            let real = nearestPoint(to: center, within: resolution.width(at: center), in: mz)
            if let real {
                if touched.last?.point == real {
                    touched[touched.count - 1].intensity += sum
                    touched[touched.count - 1].moment += moment
                } else {
                    touched.append((real, sum, moment))
                }
            } else if sum >= limit {
                newMZ.append(center)
                newIntensity.append(Float(sum))
            }
            if real != nil || sum >= limit { count(start..<end, limit: limit, isMerged: real != nil) }
            start = end
        }
        for (point, added, moment) in touched {
            let total = Double(intensity[point]) + added
            mz[point] = (mz[point] * Double(intensity[point]) + moment) / total
            intensity[point] = Float(total)
        }
        if !touched.isEmpty || !newMZ.isEmpty { changedScans += 1 }
        mergedPoints += touched.count
        addedPoints += newMZ.count
        interleave(newMZ, newIntensity, into: &mz, &intensity)
    }

    private mutating func count(_ range: Range<Int>, limit: Double, isMerged: Bool) {
        for signal in signals[range] where signal.intensity >= limit {
            records[signal.ion].points[signal.isotope] += 1
            if isMerged { records[signal.ion].mergedPoints[signal.isotope] += 1 }
        }
    }
}
