import SpectrumModel

/// How points become traces.
public enum MassTraceMethod: String, Sendable, Hashable, Codable, CaseIterable {
    /// Scan by scan (`MassTraceBuilder`).
    case streaming
    /// From the most intense points outwards (`SeededTraceBuilder`).
    case seeded
}

/// What joins the scans of one polarity to mass traces, in order.
public protocol MassTraceJoining: Sendable {
    /// Takes the next scan: centroids with ascending m/z.
    mutating func add(_ scan: SurveyScan, mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>)
    /// Call once after the last scan, then `takeClosed`.
    mutating func finish()
    /// The traces that were finished since the last call and passed the filters.
    mutating func takeClosed() -> MassTraceBatch
}

/// What `MassTraceBuilder` joins into one trace and what it keeps.
public struct MassTraceParameters: Sendable, Hashable {
    public var method: MassTraceMethod
    /// Distance from the running m/z of a trace up to which a point can extend it.
    public var tolerance: Tolerance
    /// Points of one scan nearer than this to a stronger one are the same ion, and only the strongest counts. Zero
    /// keeps all. For instruments (or conversions) that report one unresolved ion several times.
    public var mergeDistance: Tolerance
    /// Points below this many counts are ignored.
    public var noiseThreshold: Double
    /// Quantile of a scan's intensities that counts as its noise level (running median over scans); points below it are
    /// ignored.
    public var noiseQuantile: Double
    /// A trace ends after more missing scans in a row than this, or than it has points.
    public var maxMissedScans: Int
    /// Fewest points of a trace.
    public var minPoints: Int
    /// Shortest trace from first to last point, seconds.
    public var minDurationSeconds: Double
    /// Highest point of a trace over the noise level of its scan and over `noiseThreshold`, at least.
    public var apexFactor: Double
    /// Share of the scans from its first to its last that a trace has a point in, at least.
    public var minSampleRate: Double
    /// Traces are cut at every multiple of this many scans, so that memory does not grow with the run.
    public var maxScans: Int
    /// Scans that the two pieces of a cut trace share.
    public var overlapScans: Int

    public init(
        method: MassTraceMethod = .streaming, tolerance: Tolerance, mergeDistance: Tolerance = .dalton(0),
        noiseThreshold: Double = 0,
        noiseQuantile: Double = 0.05, maxMissedScans: Int = 5, minPoints: Int = 5, minDurationSeconds: Double = 0,
        apexFactor: Double = 3, minSampleRate: Double = 0, maxScans: Int = 4096, overlapScans: Int = 256
    ) {
        self.method = method
        self.tolerance = tolerance
        self.mergeDistance = mergeDistance
        self.noiseThreshold = noiseThreshold
        self.noiseQuantile = noiseQuantile
        self.maxMissedScans = maxMissedScans
        self.minPoints = minPoints
        self.minDurationSeconds = minDurationSeconds
        self.apexFactor = apexFactor
        self.minSampleRate = minSampleRate
        self.maxScans = maxScans
        self.overlapScans = overlapScans
    }

    /// Builders of traces that there are for the scans of one polarity. Each takes all of them; their traces together are those of the run.
    /// They are independent of each other, so that each may run on a thread of its own.
    public var builderCount: Int {
        switch method {
        case .streaming: MassBand.count
        case .seeded: 1
        }
    }

    /// Most builders for the scans of one polarity, whatever the method.
    public static var mostBuilders: Int { MassBand.count }

    /// A new builder, of those counted from 0.
    public func makeBuilder(_ number: Int) -> any MassTraceJoining {
        switch method {
        case .streaming: MassTraceBuilder(parameters: self, band: MassBand(number, parameters: self))
        case .seeded: SeededTraceBuilder(parameters: self)
        }
    }

    /// What a point of a scan with this noise has to reach to be more than noise.
    func floor(over level: Float) -> Float { max(level, Float(noiseThreshold)) }
}
