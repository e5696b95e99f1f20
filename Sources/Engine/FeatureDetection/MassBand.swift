import SpectrumModel

/// A range of m/z whose traces are built apart from those of other ranges, so that ranges can be worked on at the same time.
///
/// A builder takes the points of its range and some beyond both ends, and gives the traces that end within the range. Whether
/// a point joins a trace depends on the points and traces within a few tolerances, so the builders on both sides of an
/// edge see the same traces there, and each belongs to one of them. The edges are fixed numbers: what is found does not depend
/// on how many work on it.
public struct MassBand: Sendable, Hashable {
    /// m/z at their end of the traces that are given.
    public let owned: Range<Double>
    /// m/z of the points that are taken.
    let taken: Range<Double>

    /// All m/z.
    public static let everything = MassBand(owned: -Double.infinity..<Double.infinity, margin: Tolerance.dalton(0))

    /// Where small molecules have about as many points as in the next range, in runs of several kinds: the largest range says how long
    /// all workers together need at least. Each range costs a look at every scan.
    private static let edges = [-Double.infinity, 150, 200, 250, 290, 325, 360, 420, 500, 640, .infinity]
    /// Tolerances beyond the ends: as far as anything reaches that can change a trace at the edge.
    private static let toleranceMargin = 8.0

    init(owned: Range<Double>, margin: Tolerance) {
        self.owned = owned
        let low = owned.lowerBound - margin.halfWidth(at: abs(owned.lowerBound))
        let high = owned.upperBound + margin.halfWidth(at: owned.upperBound)
        taken = low..<high
    }

    /// How many bands cover all m/z.
    public static let count = edges.count - 1

    /// One of the bands that cover all m/z, counted from 0 in ascending m/z.
    public init(_ number: Int, parameters: MassTraceParameters) {
        let margin =
            switch parameters.tolerance {
            case .ppm(let value): Tolerance.ppm(Self.toleranceMargin * value)
            case .dalton(let value): Tolerance.dalton(Self.toleranceMargin * value)
            }
        self.init(owned: Self.edges[number]..<Self.edges[number + 1], margin: margin)
    }

    /// Where in ascending m/z the points are that a builder takes. O(log count).
    func range(in mz: UnsafeBufferPointer<Double>) -> Range<Int> {
        let first = taken.lowerBound > -.infinity ? mz.firstIndex(notBelow: taken.lowerBound) : 0
        let last = taken.upperBound < .infinity ? mz.firstIndex(notBelow: taken.upperBound) : mz.count
        return first..<max(first, last)
    }
}
