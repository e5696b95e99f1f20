/// Turns profile spectra into centroids, by local maxima or by the continuous wavelet transform.
///
/// Samples ascend in m/z. The intensity of a centroid is a height: that of the curve fitted through the apex. Results depend
/// on the spectrum and the parameters alone. Memory grows to the largest spectrum seen and is reused; one value per thread.
public struct Centroider {
    public enum Method: String, Sendable, Hashable, CaseIterable {
        /// Every local maximum of the samples is a peak. O(samples).
        case localMaximum = "local-maximum"
        /// Every ridge of the wavelet transform is a peak, shoulders included. O(samples * scales * log).
        case wavelet
        /// Samples stay as they are.
        case none
    }

    public struct Parameters: Sendable, Hashable {
        public var method: Method
        /// The curve whose maximum is the position and the height of a peak that has a local maximum.
        public var apex: ApexCurve
        /// Least strength of a peak in units of the local noise, `nil` for the method's usual one (`localMaximum` 0,
        /// `wavelet` 3). Noise is the level that white noise stays below 95 % of the time; see `NoiseWindows`.
        public var signalToNoise: Double?
        /// Samples above zero that a peak needs, the apex included.
        public var minSamples: Int
        /// Step between two samples, relative to the sampling step, from which they are not of one peak.
        public var maxSpacingRatio: Double
        /// Widest full width at half maximum that the wavelets look for, in samples.
        public var maxWidthSamples: Int
        /// Neighbouring wavelet scales (four per octave) that a peak must show at.
        public var minRidgeLength: Int

        public init(
            method: Method = .localMaximum, apex: ApexCurve = .gaussian, signalToNoise: Double? = nil,
            minSamples: Int = 3, maxSpacingRatio: Double = 2.5, maxWidthSamples: Int = 16, minRidgeLength: Int = 3
        ) {
            self.method = method
            self.apex = apex
            self.signalToNoise = signalToNoise
            self.minSamples = minSamples
            self.maxSpacingRatio = maxSpacingRatio
            self.maxWidthSamples = maxWidthSamples
            self.minRidgeLength = minRidgeLength
        }
    }

    public let parameters: Parameters
    private var grid = SamplingGrid()
    private var noise = NoiseWindows()
    private var wavelet: WaveletCentroider?
    private var maxima: [ProfileJudgement.Maximum] = []

    public init(parameters: Parameters = Parameters()) {
        self.parameters = parameters
        if parameters.method == .wavelet { wavelet = WaveletCentroider(parameters: parameters) }
    }

    /// Appends the centroids of one spectrum, ascending in m/z; never more of them than samples.
    ///
    /// Samples that are not positive and finite are zeros. Order is promised only for ascending m/z.
    public mutating func centroid(
        mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>,
        intoMZ outMZ: inout [Double], intensity outIntensity: inout [Float]
    ) {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        let samples = ProfileSamples(mz: mz, intensity: intensity)
        switch parameters.method {
        case .localMaximum: pickMaxima(samples, &outMZ, &outIntensity)
        case .wavelet:
            grid.measure(mz, maxSpacingRatio: parameters.maxSpacingRatio)
            wavelet?.centroid(samples, grid: grid, noise: &noise, &outMZ, &outIntensity)
        case .none:
            outMZ.append(contentsOf: mz)
            outIntensity.append(contentsOf: intensity)
        }
    }

    /// Whether the points look like samples of a curve and not like centroids; see `ProfileJudgement`.
    public mutating func looksLikeProfile(
        mz: UnsafeBufferPointer<Double>, intensity: UnsafeBufferPointer<Float>
    ) -> Bool {
        precondition(mz.count == intensity.count, "m/z and intensity differ in length")
        return ProfileJudgement.looksLikeProfile(ProfileSamples(mz: mz, intensity: intensity), scratch: &maxima)
    }

    private mutating func pickMaxima(
        _ samples: ProfileSamples, _ outMZ: inout [Double], _ outIntensity: inout [Float]
    ) {
        let signalToNoise = parameters.signalToNoise ?? 0
        let isFiltered = signalToNoise > 0
        if isFiltered {
            grid.measure(samples.mz, maxSpacingRatio: parameters.maxSpacingRatio)
            noise.measureIntensities(samples, grid: grid)
        }
        let picker = LocalMaximumPicker(parameters: parameters)
        var index = 0
        while let maximum = samples.nextMaximum(from: &index) {
            let apex = (maximum.lowerBound + maximum.upperBound) / 2
            if isFiltered {
                let level = noise.level(at: apex)
                guard Double(samples.intensity[apex]) - level.base >= signalToNoise * level.noise else { continue }
            }
            guard let found = picker.centroid(samples, apex: apex) else { continue }
            outMZ.append(found.mz)
            outIntensity.append(found.height)
        }
    }
}
