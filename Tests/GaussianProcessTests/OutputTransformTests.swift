import Statistics
import Testing

@testable import GaussianProcess

struct OutputTransformTests {
    @Test func positiveValuesAreStandardisedLogarithms() {
        let values = [1.0, 10, 100, 1000]
        let transform = OutputTransform(values: values, isMaximised: false)
        #expect(transform.isLogarithmic)
        let standardised = values.map(transform.standardise)
        #expect(abs(mean(standardised)) < 1e-12)
        #expect(abs(standardDeviation(standardised) - 1) < 1e-12)
        #expect(abs((standardised[1] - standardised[0]) - (standardised[3] - standardised[2])) < 1e-12)
        for (value, back) in zip(values, standardised.map(transform.restore)) { #expect(abs(back / value - 1) < 1e-12) }
    }

    @Test func aValueThatIsNotPositiveKeepsAllRaw() {
        let transform = OutputTransform(values: [-1, 0, 4], isMaximised: false)
        #expect(!transform.isLogarithmic)
        #expect(abs(transform.restore(transform.standardise(4)) - 4) < 1e-12)
    }

    @Test func maximisedValuesChangeTheirSign() {
        let transform = OutputTransform(values: [1, 2, 4], isMaximised: true)
        #expect(transform.standardise(4) < transform.standardise(1))
        #expect(abs(transform.restore(transform.standardise(2)) - 2) < 1e-12)
    }

    @Test func valuesThatDoNotVaryKeepTheirUnit() {
        let transform = OutputTransform(values: [5, 5, 5], isMaximised: false)
        #expect(transform.scale == 1)
        #expect(transform.standardise(5) == 0)
    }

    @Test func deviationsAreRelativeUnderALogarithm() {
        let transform = OutputTransform(values: [1, 10, 100], isMaximised: false)
        let variance = transform.standardise(deviation: 0.5, at: 10)
        #expect(abs(variance - (0.05 / transform.scale) * (0.05 / transform.scale)) < 1e-15)
        #expect(abs(transform.restore(deviation: variance.squareRoot(), at: 10) - 0.5) < 1e-12)
    }
}
