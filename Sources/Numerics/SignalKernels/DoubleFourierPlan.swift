import CFFTW
import Synchronization

/// Forward and inverse real Fourier transform of one power-of-two size in double precision.
///
/// Made once per size, shared by all threads: FFTW lets `execute` run concurrently as long as each thread brings its own
/// arrays. Arrays must be aligned to `AlignedScratch.alignment`; the spectrum is interleaved (re, im) pairs,
/// `size / 2 + 1` of them. Neither direction scales: inverse(forward(x)) is `size * x`.
/// Source: FFTW 3 manual, sections 4.6 (new-array execute) and 5.4 (thread safety).
public final class DoubleFourierPlan: @unchecked Sendable {
    /// Points of the real signal.
    public let size: Int
    private let forwardPlan: fftw_plan
    private let inversePlan: fftw_plan

    private static let cache = Mutex<[Int: DoubleFourierPlan]>([:])

    /// The plan of this size, made on first use under the planner's lock.
    ///
    /// - Precondition: `size` is a power of two in 2...2^24.
    public static func shared(size: Int) -> DoubleFourierPlan {
        precondition(size >= 2 && size <= 1 << 24 && size & (size - 1) == 0, "size must be a power of two")
        return cache.withLock { plans in
            if let known = plans[size] { return known }
            let plan = fourierPlanner.withLock { _ in DoubleFourierPlan(size: size, flags: UInt32(FFTW_ESTIMATE)) }
            guard let made = plan else {
                preconditionFailure("FFTW has no plan for a real transform of \(size) points")
            }
            plans[size] = made
            return made
        }
    }

    /// Called under the planner's lock.
    /// - Returns: `nil` where the flags leave FFTW no plan.
    init?(size: Int, flags: UInt32) {
        self.size = size
        let signal = AlignedScratch<Double>(count: size)
        let spectrum = AlignedScratch<Double>(count: size + 2)
        let forward = spectrum.pointer.withMemoryRebound(to: fftw_complex.self, capacity: size / 2 + 1) {
            fftw_plan_dft_r2c_1d(Int32(size), signal.pointer, $0, flags)
        }
        let inverse = spectrum.pointer.withMemoryRebound(to: fftw_complex.self, capacity: size / 2 + 1) {
            fftw_plan_dft_c2r_1d(Int32(size), $0, signal.pointer, flags)
        }
        guard let forward, let inverse else {
            if let forward { fftw_destroy_plan(forward) }
            if let inverse { fftw_destroy_plan(inverse) }
            return nil
        }
        forwardPlan = forward
        inversePlan = inverse
    }

    /// Transforms `size` reals into `size + 2` interleaved values. The signal is kept.
    public func forward(_ signal: UnsafeMutablePointer<Double>, into spectrum: UnsafeMutablePointer<Double>) {
        spectrum.withMemoryRebound(to: fftw_complex.self, capacity: size / 2 + 1) {
            fftw_execute_dft_r2c(forwardPlan, signal, $0)
        }
    }

    /// Transforms `size + 2` interleaved values into `size` reals. The spectrum is destroyed.
    public func inverse(_ spectrum: UnsafeMutablePointer<Double>, into signal: UnsafeMutablePointer<Double>) {
        spectrum.withMemoryRebound(to: fftw_complex.self, capacity: size / 2 + 1) {
            fftw_execute_dft_c2r(inversePlan, $0, signal)
        }
    }
}
