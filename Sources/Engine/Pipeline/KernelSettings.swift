import Instrumentation
import MzML
import Parameters
import SignalKernels
import SpectralMatching

/// How the innermost loops run. None of it changes a result, but for Fourier plans, whose results differ by rounding.
struct KernelSettings: Sendable {
    /// What Fourier transforms are made with.
    enum FourierBackend: String, CaseIterable, Sendable {
        /// Plans that FFTW estimates to be good.
        case fftw
        /// Plans that were measured once on this machine.
        case wisdom = "fftw_wisdom"
        /// No Fourier transforms at all.
        case direct
    }

    let backend: FourierBackend
    let isVectorized: Bool
    let isBranchFree: Bool
    /// Whether searches are exact: bounds in other instructions round differently, which only they make up for.
    private let isSearchExact: Bool
    private(set) var transform: TransformSettings

    init(_ resolved: ResolvedConfiguration) {
        backend = FourierBackend(rawValue: resolved.choice("peak_detection.fft_backend")) ?? .fftw
        isVectorized = resolved.boolean("peak_detection.vectorized_operations")
        isBranchFree = resolved.boolean("peak_detection.branch_prediction")
        isSearchExact = resolved.choice("matching.search_strategy") == SearchStrategy.exact.rawValue
        let method = TransformMethod(rawValue: resolved.choice("numeric.wavelet_transform")) ?? .byLength
        transform = TransformSettings(method: backend == .direct ? .direct : method)
        let isUnrolled = resolved.boolean("peak_detection.loop_unrolling")
        transform.keepsOneRow = resolved.boolean("peak_detection.memory_efficient")
        if !isUnrolled {
            transform.manner = .narrow
        } else if resolved.boolean("peak_detection.parallel_scales") {
            transform.manner = .paired
        }
    }

    /// Sets what counts for the whole process, whatever runs in it.
    func apply() {
        ReadingInstructions.use(isVectorized: isVectorized)
        SignalInstructions.use(isVectorized: isVectorized, isBranchFree: isBranchFree)
        MatchingInstructions.use(isVectorized: isVectorized || !isSearchExact)
    }

    /// What is in use now, for the record.
    func record(_ counts: TransformCounts) -> RunRecord.Kernels {
        RunRecord.Kernels(
            reading: ReadingInstructions.name, signals: SignalInstructions.name,
            selections: SignalInstructions.selectionName, matching: MatchingInstructions.name,
            waveletRows: transform.keepsOneRow ? "one by one, \(transform.manner.rawValue)" : transform.manner.rawValue,
            fourierBackend: backend.rawValue, transforms: counts)
    }

    /// Takes measured Fourier plans where they are wanted: those that are stored, or new ones, which are stored.
    /// - Parameters:
    ///   - folder: of the prepared reference data.
    ///   - machineID: plans of another machine are others.
    /// - Returns: what to tell the user when plans are estimated in their place.
    mutating func prepareFourier(folder: String, machineID: String, note: (String) -> Void) -> String? {
        guard backend == .wisdom else { return nil }
        let path = "\(folder)/fourier-plans-\(machineID).txt"
        if let text = try? ConfigurationLayer.readText(path), let known = FourierWisdom(text: text) {
            transform.wisdom = known
            return nil
        }
        note("measuring Fourier plans, once for this machine")
        let measured = FourierWisdom.measured()
        do throws(AnalysisError) {
            _ = try OutputDirectory(folder)
            let file = try OutputFile(
                path: path, writing: OutputWriting(bufferSize: 64 << 10, synchronization: .delayed))
            var buffer = TextBuffer()
            buffer.append(measured.text)
            try file.write(buffer)
            try file.commit()
        } catch {
            // Other plans in the next run would round differently.
            return "measured Fourier plans could not be stored, so estimated ones are used: \(error)"
        }
        // Of two that measured at the same time the last one stays, and both use that.
        transform.wisdom = (try? ConfigurationLayer.readText(path)).flatMap { FourierWisdom(text: $0) } ?? measured
        return nil
    }
}
