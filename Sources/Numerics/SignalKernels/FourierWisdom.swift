import CFFTW
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Fourier plans that were found by measuring on this machine, as text that can be stored.
///
/// Two measurements may choose differently, so that results differ in the last bits; one that was stored always gives the same
/// plans. FFTW's own store of wisdom is one for the process and is used by estimates too: it is filled for the moment of
/// planning alone. Source: FFTW 3 manual, section 3.3.
public final class FourierWisdom: Sendable, Hashable {
    /// What FFTW says of its plans, in double and in single precision.
    private let double: String
    private let single: String
    private let doublePlans = Mutex<[Int: DoubleFourierPlan]>([:])
    private let singlePlans = Mutex<[Int: FloatFourierPlan]>([:])

    /// Transforms of other sizes are estimated.
    public static let sizes = (5...13).map { 1 << $0 }

    private static let title = "lavoisier-fftw-wisdom/1"
    private static let middle = "single precision"

    private init(double: String, single: String) {
        self.double = double
        self.single = single
    }

    public static func == (left: FourierWisdom, right: FourierWisdom) -> Bool {
        left.double == right.double && left.single == right.single
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(double)
        hasher.combine(single)
    }

    /// As it is stored.
    public var text: String { "\(Self.title) \(FourierLibrary.version)\n\(double)\n\(Self.middle)\n\(single)\n" }

    /// Reads what `text` wrote; `nil` when it is something else, or of another version of the library.
    public init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard lines.first == "\(Self.title) \(FourierLibrary.version)", let middle = lines.firstIndex(of: Self.middle)
        else { return nil }
        double = lines[1..<middle].joined(separator: "\n")
        single = lines[(middle + 1)...].joined(separator: "\n").trimmingTrailingBreaks
        let isReadable = Self.planning(double: double, single: single) { $0 }
        guard isReadable else { return nil }
    }

    /// Measures every size. Some seconds of one core.
    public static func measured(sizes: [Int] = FourierWisdom.sizes) -> FourierWisdom {
        fourierPlanner.withLock { _ in
            fftw_forget_wisdom()
            fftwf_forget_wisdom()
            defer {
                fftw_forget_wisdom()
                fftwf_forget_wisdom()
            }
            for size in sizes {
                _ = DoubleFourierPlan(size: size, flags: UInt32(FFTW_MEASURE))
                _ = FloatFourierPlan(size: size, flags: UInt32(FFTW_MEASURE))
            }
            return FourierWisdom(
                double: taken(fftw_export_wisdom_to_string()), single: taken(fftwf_export_wisdom_to_string()))
        }
    }

    private static func taken(_ text: UnsafeMutablePointer<CChar>?) -> String {
        guard let text else { return "" }
        defer { free(text) }
        return String(cString: text).trimmingTrailingBreaks
    }

    /// Runs `body` while FFTW knows these plans; whether it could read them is its argument.
    private static func planning<Result: Sendable>(
        double: String, single: String, _ body: (Bool) -> Result
    ) -> Result {
        fourierPlanner.withLock { _ in
            fftw_forget_wisdom()
            fftwf_forget_wisdom()
            defer {
                fftw_forget_wisdom()
                fftwf_forget_wisdom()
            }
            let isReadable =
                fftw_import_wisdom_from_string(double) != 0 && fftwf_import_wisdom_from_string(single) != 0
            return body(isReadable)
        }
    }

    /// The measured plan of a size, or `nil` where none was measured.
    func doublePlan(size: Int) -> DoubleFourierPlan? {
        guard Self.sizes.contains(size) else { return nil }
        return doublePlans.withLock { plans in
            if let known = plans[size] { return known }
            let made = Self.planning(double: double, single: single) { _ in
                DoubleFourierPlan(size: size, flags: UInt32(FFTW_MEASURE) | UInt32(FFTW_WISDOM_ONLY))
            }
            plans[size] = made
            return made
        }
    }

    func singlePlan(size: Int) -> FloatFourierPlan? {
        guard Self.sizes.contains(size) else { return nil }
        return singlePlans.withLock { plans in
            if let known = plans[size] { return known }
            let made = Self.planning(double: double, single: single) { _ in
                FloatFourierPlan(size: size, flags: UInt32(FFTW_MEASURE) | UInt32(FFTW_WISDOM_ONLY))
            }
            plans[size] = made
            return made
        }
    }
}

extension String {
    fileprivate var trimmingTrailingBreaks: String {
        var text = self[...]
        while text.last?.isNewline == true { text.removeLast() }
        return String(text)
    }
}
