import Parameters
import SignalKernels

extension EngineParameters {
    /// The specification's switches, as it lists them.
    static let optimizations = SwitchList(
        "peak_detection.optimizations",
        switches: ["vectorized_operations", "loop_unrolling", "branch_prediction"].map { "peak_detection.\($0)" },
        builtIn: ["peak_detection.cache_friendly_access"], text: "optimizations that peak detection is to run with")

    /// How the innermost loops of peak detection run.
    static let kernels: [ParameterDescription] = [
        ParameterDescription(
            name: "peak_detection.fft_backend", group: .numeric,
            domain: .choice(KernelSettings.FourierBackend.allCases.map(\.rawValue)), defaultValue: .choice("fftw"),
            text:
                "What the Fourier transforms of mass traces are made with, where there are any: with numeric.wavelet_transform=fft, "
                + "and for traces of many scans on processors without AVX2. fftw: plans that FFTW estimates to be good. "
                + "fftw_wisdom: plans that were measured once on this machine, for up to 8192 scans, and are kept in the cache "
                + "folder. direct: no Fourier transforms. Areas agree within 1e-6.",
            notSearched:
                "with AVX2 or AVX-512 direct sums are faster for a trace of any length, which leaves no Fourier transforms; "
                + "without them it has not been measured"
        ),
        ParameterDescription(
            name: "numeric.wavelet_transform", group: .numeric,
            domain: .choice([TransformMethod.byLength, .fourier].map(\.rawValue)),
            defaultValue: .choice(TransformMethod.byLength.rawValue),
            text:
                "When the wavelet transform of a mass trace is a Fourier transform: by-length, where that is faster than direct "
                + "sums; fft, always. The results differ by rounding alone.",
            condition: ParameterCondition(
                parameter: "peak_detection.fft_backend", values: [.choice("fftw"), .choice("fftw_wisdom")]),
            searchValues: [], notSearched: "by-length is the faster of the two everywhere"),
        ParameterDescription(
            name: "peak_detection.parallel_scales", group: .execution, domain: .boolean, defaultValue: .boolean(false),
            text:
                "Compute two neighbouring scales of a mass trace's wavelet transform in one pass over its scans, which are then "
                + "loaded once for both. Pays with vectors of 512 bits, which have the registers for it.",
            condition: ParameterCondition(all: [
                ParameterCondition.Clause(parameter: "peak_detection.memory_efficient", values: [.boolean(false)]),
                ParameterCondition.Clause(parameter: "peak_detection.loop_unrolling", values: [.boolean(true)]),
            ]), purposes: [.time]),
        ParameterDescription(
            name: "peak_detection.memory_efficient", group: .execution, domain: .boolean, defaultValue: .boolean(false),
            text:
                "Compute the scales of a mass trace's wavelet transform one after the other, keeping of each only the ridges "
                + "that go through it, in the place of all coefficients at once: a sixteenth of their memory.",
            notSearched:
                "coefficients of one trace are little beside the rest: no memory was saved, and runs took up to 3 % longer"
        ),
        ParameterDescription(
            name: "peak_detection.loop_unrolling", group: .execution, domain: .boolean, defaultValue: .boolean(true),
            text:
                "Compute wavelet coefficients for four vectors of scans at a time, which wait for each other less, in the place of "
                + "one, which wastes less at the ends of short traces.",
            notSearched: "four are at least as fast on measured data; off, it shows what they bring"),
        ParameterDescription(
            name: "peak_detection.vectorized_operations", group: .execution, domain: .boolean,
            defaultValue: .boolean(true),
            text:
                "Use the widest vectors of the processor (AVX-512, AVX2) in reading, peak detection and exact matching; otherwise "
                + "only those that every processor of its kind has.",
            notSearched: "wider vectors are faster wherever there are any; off, it shows what they bring"),
        ParameterDescription(
            name: "peak_detection.branch_prediction", group: .execution, domain: .boolean, defaultValue: .boolean(true),
            text:
                "Select points above the noise, local maxima and order statistics without branches that depend on the data, which "
                + "no processor predicts; otherwise by plain loops with such branches.",
            notSearched: "the branches are as good as random on measured data; off, it shows what they cost"),
    ]
}
