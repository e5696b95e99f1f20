import GaussianProcess

/// Twelve observations with two ordered inputs and one category, and what scikit-learn 1.9.1 (numpy 2.4.6, scipy
/// 1.17.1) says about them: `GaussianProcessRegressor(Matern(nu=2.5), optimizer=None)` with the category one-hot
/// encoded and divided by sqrt 2, so that two different categories have squared distance 1.
enum Reference {
    static let kinds: [InputKind] = [.ordered, .ordered, .categorical]
    static let inputs: [Double] = [
        0.076, 0.78, 1, 0.723, 0.978, 0, 0.501, 0.072, 0, 0.5, 0.679, 1, 0.381, 0.066, 0, 0.91, 0.213, 1, 0.931, 0.025,
        1,
        0.95, 0.23, 0, 0.909, 0.133, 1, 0.75, 0.669, 2, 0.205, 0.491, 1, 0.477, 0.366, 1,
    ]
    static let targets: [Double] = [
        -0.4287, 1.148, 0.1393, 1.3487, 0.0978, -0.4801, -0.9575, -2.0085, -0.7749, 0.4072, 0.223, 1.2856,
    ]
    static let hyperparameters = Hyperparameters(logLengthScales: [-0.4, 0.3, 0.7], logNoiseVariance: -3.5)
    static let points: [Double] = [0.1, 0.2, 0, 0.5, 0.5, 1, 0.93, 0.07, 2, 0.5, 0.679, 1, 1, 1, 1]

    static let means = [
        -0.196_095_234_688_51, 1.234_607_056_183_83, -1.269_221_718_810_31, 1.338_306_018_761_49, 0.383_500_729_070_795,
    ]
    static let variances = [
        0.155_343_911_392_224, 0.014_681_556_056_330_6, 0.148_659_740_904_627, 0.020_200_947_474_886_1,
        0.255_223_667_388_668,
    ]
    /// -log marginal likelihood - 6 ln(2 pi) plus the prior terms.
    static let negativeLogPosterior = 7.667_018_692_300_73

    /// With `alpha = noise + noiseVariances`.
    static let noiseVariances = [0, 0.027, 0.055, 0.082, 0.109, 0.136, 0.164, 0.191, 0.218, 0.245, 0.273, 0.3]
    static let noisyMeans = [
        -0.118_208_289_153_809, 0.884_343_389_503_524, -0.878_244_767_093_125, 1.036_754_945_477_57,
        0.383_778_634_916_222,
    ]
    static let noisyVariances = [
        0.213_245_174_477_112, 0.058_114_256_743_867_3, 0.226_643_832_523_425, 0.059_787_619_044_521,
        0.297_096_366_489_853,
    ]

    /// Lowest of 20 scipy `minimize(method="L-BFGS-B", ftol=1e-13)` runs from random starts.
    static let lowestNegativeLogPosterior = 2.796_015_891_947_638

    static var training: TrainingSet { TrainingSet(kinds: kinds, inputs: inputs, targets: targets) }
}
