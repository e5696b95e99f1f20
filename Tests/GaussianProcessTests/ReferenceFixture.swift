import Foundation
import GaussianProcess
import Testing

/// What BoTorch, scikit-learn and scipy say: `Fixtures/gaussian_process.json`.
struct ReferenceFixture: Decodable {
    struct Evaluation: Decodable {
        /// ln length scales, ln noise variance.
        let hyperparameters: [Double]
        let value: Double
        let gradient: [Double]
        let mean: [Double]
        let variance: [Double]
        /// Mean and variance, noise included, of the first observations from all others.
        let leftOut: [[Double]]

        var parameters: Hyperparameters {
            Hyperparameters(
                logLengthScales: Array(hyperparameters.dropLast()), logNoiseVariance: hyperparameters.last ?? 0)
        }
    }

    struct Case: Decodable {
        let inputs: [Double]
        let targets: [Double]
        let noises: [Double]
        let points: [Double]
        let evaluations: [Evaluation]
        let lowest: Double
        let lowestAt: [Double]

        func training(_ kinds: [InputKind]) -> TrainingSet {
            TrainingSet(kinds: kinds, inputs: inputs, targets: targets, noiseVariances: noises)
        }
    }

    struct OwnModel: Decodable {
        struct Evaluation: Decodable {
            let hyperparameters: [Double]
            let value: Double
            /// Below the diagonal, row by row.
            let kernel: [Double]
        }

        let inputs: [Double]
        let targets: [Double]
        let evaluations: [Evaluation]
    }

    let kinds: [String]
    let cases: [Case]
    let botorch: OwnModel

    var inputKinds: [InputKind] { kinds.map { $0 == "categorical" ? .categorical : .ordered } }

    static func read() throws -> ReferenceFixture {
        let url = try #require(
            Bundle.module.url(forResource: "gaussian_process", withExtension: "json", subdirectory: "Fixtures"))
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(ReferenceFixture.self, from: Data(contentsOf: url))
    }
}
