#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Peak-shape quality: the best Pearson correlation of a profile with four beta densities, from tailing to symmetric.
///
/// Source: Kumler, Hazelton and Ingalls 2023, doi:10.1186/s12859-023-05533-4 (`beta_cor`; shapes 2.5, 3, 4, 5 against 5).
struct PeakShape {
    private static let resolution = 512
    /// Row per shape, `resolution + 1` samples of the density on 0...1, unscaled.
    private let densities: [Double]

    init() {
        var samples: [Double] = []
        for shape in [2.5, 3.0, 4.0, 5.0] {
            for index in 0...Self.resolution {
                let x = Double(index) / Double(Self.resolution)
                samples.append(pow(x, shape - 1) * pow(1 - x, 4))
            }
        }
        densities = samples
    }

    /// Quality of `count` samples; 0 for fewer than 3 samples or a flat profile.
    func quality(_ profile: UnsafePointer<Double>, count: Int) -> Double {
        guard count >= 3 else { return 0 }
        var sum = 0.0
        for index in 0..<count { sum += profile[index] }
        let mean = sum / Double(count)
        var square = 0.0
        for index in 0..<count { square += (profile[index] - mean) * (profile[index] - mean) }
        guard square > 0 else { return 0 }
        // The samples lie inside the open interval: the density is zero at both ends by construction.
        let step = Double(Self.resolution) / Double(count + 1)
        var best = 0.0
        densities.withUnsafeBufferPointer { table in
            for shape in 0..<4 {
                let row = shape * (Self.resolution + 1)
                var templateSum = 0.0
                var templateSquare = 0.0
                var product = 0.0
                for index in 0..<count {
                    let value = table[row + Int(Double(index + 1) * step + 0.5)]
                    templateSum += value
                    templateSquare += value * value
                    product += value * (profile[index] - mean)
                }
                let variance = templateSquare - templateSum * templateSum / Double(count)
                guard variance > 0 else { continue }
                best = max(best, product / (variance * square).squareRoot())
            }
        }
        return min(best, 1)
    }
}
