import GaussianProcess
import Statistics

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension SearchSpace {
    /// How the model compares each encoded input.
    public var inputKinds: [InputKind] {
        modelled.map { dimensions[$0].isCategorical ? .categorical : .ordered }
    }

    /// The model's input for a configuration: one value per parameter with more than one level.
    public func encode(_ configuration: Configuration) -> [Double] {
        modelled.map { dimensions[$0].position(of: configuration.values[$0]) }
    }

    func encode(_ point: LatticePoint, into inputs: inout [Double]) {
        for d in modelled { inputs.append(dimensions[d].positions[Int(point.levels[d])]) }
    }

    /// All configurations in a fixed order, `nil` when there are more than `enumerationLimit`.
    public func enumerate() -> [Configuration]? { enumerated?.map(configuration) }

    /// A legal configuration with each parameter drawn over its own scale; `nil` when 1,000 draws were all illegal.
    public func sample(using generator: inout SeededGenerator) -> Configuration? {
        samplePoint(using: &generator).map(configuration)
    }

    /// The legal configurations that differ in one parameter, in a fixed order: all values of a category or of up to 12
    /// levels, the three levels to either side of a longer list, fixed fractions of a continuous range.
    public func neighbours(of configuration: Configuration) -> [Configuration] {
        guard let point = point(configuration) else { return [] }
        return neighbours(of: point).map(self.configuration)
    }

    func samplePoint(using generator: inout SeededGenerator) -> LatticePoint? {
        if let list { return list.points[generator.integer(below: list.points.count)] }
        for _ in 0..<1000 {
            let drawn = LatticePoint(
                levels: dimensions.map { dimension in
                    dimension.count == 1 ? 0 : Int32(dimension.level(at: generator.uniform()))
                })
            if let point = canonical(drawn) { return point }
        }
        return nil
    }

    /// The legal point for coordinates in the unit cube (one per modelled dimension): of a list, the nearest one.
    func snap(_ coordinates: [Double]) -> LatticePoint? {
        var levels = dimensions.map { Int32($0.defaultLevel) }
        for (coordinate, d) in zip(coordinates, modelled) { levels[d] = Int32(dimensions[d].level(at: coordinate)) }
        if let list {
            var inputs: [Double] = []
            encode(LatticePoint(levels: levels), into: &inputs)
            return list.nearest(to: inputs)
        }
        return canonical(LatticePoint(levels: levels))
    }

    func neighbours(of point: LatticePoint) -> [LatticePoint] {
        var found: [LatticePoint] = []
        for d in modelled {
            let current = Int(point.levels[d])
            for level in steps(in: dimensions[d], from: current) where level != current {
                appendMove(of: point, d, to: level, into: &found)
            }
        }
        return found
    }

    /// `neighbours`, and for long lists also six normal steps of 0.2 of the range.
    func neighbours(of point: LatticePoint, using generator: inout SeededGenerator) -> [LatticePoint] {
        var found = neighbours(of: point)
        for d in modelled where !dimensions[d].isCategorical && !dimensions[d].isContinuous && dimensions[d].count > 12
        {
            for _ in 0..<6 {
                let level = normalStep(in: dimensions[d], from: Int(point.levels[d]), using: &generator)
                if level != Int(point.levels[d]) { appendMove(of: point, d, to: level, into: &found) }
            }
        }
        return found
    }

    /// One to three parameters changed: categories to any other, ordered ones by a normal step of 0.2 of the range.
    func mutation(of point: LatticePoint, using generator: inout SeededGenerator) -> LatticePoint? {
        guard !modelled.isEmpty else { return nil }
        var mutant = point
        for _ in 0..<1 + generator.integer(below: 3) {
            let d = modelled[generator.integer(below: modelled.count)]
            if dimensions[d].isCategorical {
                mutant.levels[d] = Int32(generator.integer(below: dimensions[d].count))
            } else {
                mutant.levels[d] = Int32(normalStep(in: dimensions[d], from: Int(mutant.levels[d]), using: &generator))
            }
        }
        return canonical(mutant)
    }

    private func steps(in dimension: SearchDimension, from level: Int) -> [Int] {
        if dimension.isCategorical || (!dimension.isContinuous && dimension.count <= 12) {
            return Array(0..<dimension.count)
        }
        if dimension.isContinuous {
            return [-0.2, -0.1, -0.05, -0.02, 0.02, 0.05, 0.1, 0.2].map {
                dimension.level(nearest: dimension.positions[level] + $0)
            }
        }
        return [-3, -2, -1, 1, 2, 3].map { level + $0 }.filter { (0..<dimension.count).contains($0) }
    }

    private func appendMove(of point: LatticePoint, _ d: Int, to level: Int, into found: inout [LatticePoint]) {
        var moved = point
        moved.levels[d] = Int32(level)
        if let legal = canonical(moved), legal != point { found.append(legal) }
    }

    /// At least one level away unless the end of the list is reached.
    private func normalStep(
        in dimension: SearchDimension, from level: Int, using generator: inout SeededGenerator
    ) -> Int {
        let step = 0.2 * generator.normal()
        let next = dimension.level(nearest: dimension.positions[level] + step)
        return next != level ? next : min(max(level + (step < 0 ? -1 : 1), 0), dimension.count - 1)
    }
}

extension SeededGenerator {
    /// A standard normal number (Box and Muller 1958), two uniform draws each.
    mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }
}
