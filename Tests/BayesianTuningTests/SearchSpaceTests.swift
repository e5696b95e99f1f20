import Parameters
import Statistics
import Testing

@testable import BayesianTuning

struct SearchSpaceTests {
    @Test func enumeratesEveryCombinationOnce() throws {
        let space = try Spaces.small()
        let all = try #require(space.enumerate())
        #expect(space.count == 8 * 8 * 3 * 2)
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy(space.contains))
    }

    @Test func largeSpacesAreNotEnumerated() throws {
        let space = try SearchSpace([Spaces.integer("a", 0...500), Spaces.integer("b", 0...500)])
        #expect(space.count == nil)
        #expect(space.enumerate() == nil)
    }

    @Test func inactiveParametersAreNotDuplicates() throws {
        let space = try SearchSpace([
            Spaces.choice("reader", ["map", "buffered"]),
            Spaces.integer(
                "buffer", 1...4, condition: ParameterCondition(parameter: "reader", values: [.choice("buffered")])),
            Spaces.integer(
                "depth", 1...3, condition: ParameterCondition(parameter: "buffer", values: [.integer(4)])),
        ])
        // map: 1; buffered with buffer 1-3: 3; buffer 4: 3 depths.
        #expect(space.count == 7)
        let off = try space.configuration(["reader": .choice("map"), "buffer": .integer(4), "depth": .integer(3)])
        #expect(off == space.defaultConfiguration)
        #expect(off.integer("buffer") == 1)
        #expect(!space.isActive("depth", in: off) && !space.isActive("buffer", in: off))
        let on = try space.configuration(["reader": .choice("buffered"), "buffer": .integer(4), "depth": .integer(3)])
        #expect(on.integer("depth") == 3 && space.isActive("depth", in: on))
        var generator = SeededGenerator(seed: 4)
        let all = Set(space.enumerate() ?? [])
        for _ in 0..<200 { #expect(try all.contains(#require(space.sample(using: &generator)))) }
        for configuration in all { #expect(space.neighbours(of: configuration).allSatisfy(all.contains)) }
    }

    @Test func conditionsReadFixedParameters() throws {
        let condition = ParameterCondition(parameter: "reader", values: [.choice("map")])
        let child = [Spaces.integer("buffer", 1...4, condition: condition)]
        #expect(try SearchSpace(child, fixed: ["reader": .choice("map")]).count == 4)
        #expect(try SearchSpace(child, fixed: ["reader": .choice("other")]).count == 1)
        let error = #expect(throws: SearchSpaceError.self) { try SearchSpace(child) }
        #expect(error?.code == .unknownParameter && error?.description.contains("reader") == true)
    }

    /// `buffer` needs `reader` and `async`; `depth` needs `buffer`, which is inactive in most configurations.
    @Test func severalParentsMustAllHold() throws {
        let both = ParameterCondition(all: [
            .init(parameter: "reader", values: [.choice("buffered"), .choice("direct")]),
            .init(parameter: "async", values: [.boolean(true)]),
        ])
        let parameters = [
            // A child before its parents: the order of the descriptions does not matter.
            Spaces.integer("depth", 1...3, condition: ParameterCondition(parameter: "buffer", values: [.integer(1)])),
            Spaces.integer("buffer", 1...4, condition: both),
            Spaces.choice("reader", ["map", "buffered", "direct"]), Spaces.boolean("async"),
        ]
        let space = try SearchSpace(parameters)
        // Of 6 combinations of the parents 2 are active: 3 buffers without a depth, one with 3 depths each.
        #expect(space.count == 4 + 2 * (3 + 3))
        let all = try #require(space.enumerate())
        #expect(Set(all).count == all.count)
        for configuration in all {
            let isActive = configuration.choice("reader") != "map" && configuration.boolean("async")
            #expect(space.isActive("buffer", in: configuration) == isActive)
            // The default of an inactive parent is the value that the child asks for; it does not count.
            #expect(space.isActive("depth", in: configuration) == (isActive && configuration.integer("buffer") == 1))
            #expect(isActive || configuration.integer("buffer") == 1)
            #expect(space.neighbours(of: configuration).allSatisfy(all.contains))
        }
        // One parent fixed: its clause is decided, the other remains.
        let rest = [parameters[0], parameters[1], parameters[2]]
        #expect(try SearchSpace(rest, fixed: ["async": .boolean(true)]).count == 1 + 2 * (3 + 3))
        #expect(try SearchSpace(rest, fixed: ["async": .boolean(false)]).count == 3)
        let error = #expect(throws: SearchSpaceError.self) { try SearchSpace(rest) }
        #expect(error?.code == .unknownParameter)
        #expect(error?.description.contains("buffer") == true && error?.description.contains("async") == true)
    }

    @Test func aCircleThroughOneOfSeveralParentsIsAnError() throws {
        let error = #expect(throws: SearchSpaceError.self) {
            try SearchSpace([
                Spaces.boolean("free"),
                Spaces.integer(
                    "a", 1...2,
                    condition: ParameterCondition(all: [
                        .init(parameter: "free", values: [.boolean(true)]),
                        .init(parameter: "b", values: [.integer(1)]),
                    ])),
                Spaces.integer("b", 1...2, condition: ParameterCondition(parameter: "a", values: [.integer(1)])),
            ])
        }
        #expect(error?.code == .conditionCycle)
    }

    @Test func restrictionsAreHeeded() throws {
        let space = try SearchSpace([Spaces.integer("a", 1...8), Spaces.integer("b", 1...8)]) {
            $0.integer("a") * $0.integer("b") <= 16
        }
        let all = try #require(space.enumerate())
        #expect(all.count == (1...8).reduce(0) { sum, a in sum + (1...8).filter { a * $0 <= 16 }.count })
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<100 { #expect(try space.contains(#require(space.sample(using: &generator)))) }
        #expect(throws: SearchSpaceError.self) { try SearchSpace([Spaces.boolean("a")], isLegal: { _ in false }) }
    }

    @Test func badDescriptionsAreErrors() throws {
        #expect(throws: SearchSpaceError.self) { try SearchSpace([]) }
        let twice = #expect(throws: SearchSpaceError.self) {
            try SearchSpace([Spaces.boolean("a"), Spaces.boolean("a")])
        }
        #expect(twice?.code == .duplicateParameter)
        let cycle = #expect(throws: SearchSpaceError.self) {
            try SearchSpace([
                Spaces.integer("a", 1...2, condition: ParameterCondition(parameter: "b", values: [.integer(1)])),
                Spaces.integer("b", 1...2, condition: ParameterCondition(parameter: "a", values: [.integer(1)])),
            ])
        }
        #expect(cycle?.code == .conditionCycle)
        let outside = #expect(throws: SearchSpaceError.self) {
            try SearchSpace([Spaces.integer("a", 1...2, searchValues: [1, 5])])
        }
        #expect(outside?.code == .invalidValue)
        let space = try Spaces.small()
        #expect(throws: SearchSpaceError.self) { try space.configuration(["speed": .integer(1)]) }
        #expect(throws: SearchSpaceError.self) { try space.configuration(["workers": .integer(9)]) }
    }

    @Test func listsAreSpacedByIndexAndRangesByScale() throws {
        let listed = try SearchDimension(Spaces.integer("a", 1...1000, searchValues: [1, 10, 1000]))
        #expect(listed.positions == [0, 0.5, 1])
        #expect(abs(listed.position(of: .integer(505)) - 0.75) < 1e-12)
        let logarithmic = try SearchDimension(Spaces.integer("a", 1...1000, .logarithmic))
        #expect(abs(logarithmic.position(of: .integer(10)) - 1.0 / 3) < 1e-12)
        #expect(logarithmic.count == 1000)
        let fromZero = try SearchDimension(Spaces.integer("a", 0...1000, .logarithmic))
        #expect(fromZero.positions.first == 0 && fromZero.positions.last == 1)
        let linear = try SearchDimension(Spaces.integer("a", 1...1000))
        #expect(abs(linear.position(of: .integer(500)) - 499.0 / 999) < 1e-12)
    }

    @Test func theDefaultIsALevel() throws {
        let description = ParameterDescription(
            name: "a", group: .execution, domain: .integer(1...64, .linear), defaultValue: .integer(12), text: "",
            searchValues: [.integer(16), .integer(4)])
        let dimension = try SearchDimension(description)
        #expect(dimension.values == [.integer(4), .integer(12), .integer(16)])
        #expect(dimension.defaultLevel == 1)
        let choice = ParameterDescription(
            name: "a", group: .execution, domain: .choice(["x", "y", "z"]), defaultValue: .choice("z"), text: "",
            searchValues: [.choice("x")])
        #expect(try SearchDimension(choice).positions == [0, 2])
    }

    @Test func sizesAreRoundInBinary() throws {
        let description = ParameterDescription(
            name: "a", group: .execution, domain: .size(65_536...1_048_576), defaultValue: .integer(100_000), text: "")
        let dimension = try SearchDimension(description)
        #expect(dimension.values.contains(.integer(98_304)) && dimension.values.contains(.integer(100_000)))
        #expect(dimension.count == 10)
        #expect(abs(dimension.position(of: .integer(262_144)) - 0.5) < 1e-12)
    }

    @Test func wideAndContinuousRangesHaveAThousandLevelsInside() throws {
        for domain in [
            ParameterDomain.integer(Int.min...Int.max, .linear), .integer(0...1_000_000, .logarithmic),
            .number(1e-6...1, .logarithmic), .number(-2...2, .linear), .size(0...(1 << 40)),
        ] {
            let lowest: ParameterValue =
                switch domain {
                case .integer(let range, _), .size(let range): .integer(range.upperBound)
                case .number(let range, _): .number(range.upperBound)
                default: .boolean(false)
                }
            let description = ParameterDescription(
                name: "a", group: .execution, domain: domain, defaultValue: lowest, text: "")
            let dimension = try SearchDimension(description)
            #expect(dimension.values.allSatisfy(description.accepts))
            #expect(dimension.count > 40 && dimension.count <= 1002)
            #expect(Set(dimension.values).count == dimension.count)
            #expect(dimension.positions == dimension.positions.sorted())
            #expect(dimension.level(at: 0) == 0 && dimension.level(at: 0.999_999_9) == dimension.count - 1)
        }
    }

    @Test func neighboursDifferInOneParameter() throws {
        let space = try SearchSpace([
            Spaces.choice("mode", ["a", "b", "c"]), Spaces.integer("few", 1...5), Spaces.integer("many", 1...100),
            Spaces.number("share"),
        ])
        let center = try space.configuration([
            "mode": .choice("b"), "few": .integer(3), "many": .integer(50), "share": .number(0.5),
        ])
        let neighbours = space.neighbours(of: center)
        for neighbour in neighbours {
            #expect(zip(center.values, neighbour.values).filter { $0 != $1 }.count == 1)
        }
        #expect(neighbours.count == 2 + 4 + 6 + 8)
        #expect(Set(neighbours).count == neighbours.count)
    }

    @Test func aSpaceOfOnePointHasNoInputs() throws {
        let space = try SearchSpace([Spaces.integer("a", 3...3)])
        #expect(space.count == 1 && space.inputKinds.isEmpty)
        #expect(space.neighbours(of: space.defaultConfiguration).isEmpty)
    }

    @Test func aListIsTheWholeSpace() throws {
        let condition = ParameterCondition(parameter: "mode", values: [.choice("on")])
        let descriptions = [
            Spaces.integer("size", 1...5000), Spaces.choice("mode", ["off", "on"]),
            Spaces.integer("depth", 1...9, condition: condition),
        ]
        let listed: [[ParameterValue]] = [
            [.integer(7), .choice("on"), .integer(3)], [.integer(4999), .choice("off"), .integer(5)],
            [.integer(4999), .choice("off"), .integer(2)], [.integer(7), .choice("on"), .integer(4)],
            [.integer(1234), .choice("on"), .integer(3)],
        ]
        let space = try SearchSpace(descriptions, candidates: listed)
        // Two differ in an inactive parameter only.
        let all = try #require(space.enumerate())
        #expect(space.count == 4 && all.count == 4)
        #expect(all[1] == (try space.configuration(values: listed[1])) && all[1].integer("depth") == 1)
        #expect(all.allSatisfy(space.contains))
        #expect(!space.contains(try space.configuration(["size": .integer(7)])))
        #expect(space.neighbours(of: all[0]).count == 2)
        // Distances are those of the ranges: 1234 of 1...5000 lies at a quarter.
        #expect(abs(space.encode(all[3])[0] - 1233.0 / 4999) < 1e-12)
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<50 { #expect(all.contains(try #require(space.sample(using: &generator)))) }
        #expect(throws: SearchSpaceError.self) { try SearchSpace(descriptions, candidates: []) }
        #expect(throws: SearchSpaceError.self) {
            try SearchSpace(descriptions, candidates: [[.integer(0), .choice("on"), .integer(3)]])
        }
        #expect(throws: SearchSpaceError.self) { try SearchSpace(descriptions, candidates: [[.integer(1)]]) }
    }

    @Test func nearestListedPointsAreThoseOfASlowSearch() throws {
        let descriptions = [Spaces.number("a"), Spaces.number("b"), Spaces.choice("c", ["x", "y", "z"])]
        var generator = SeededGenerator(seed: 5)
        let listed: [[ParameterValue]] = (0..<400).map { _ in
            [
                .number(generator.uniform()), .number(generator.uniform()),
                .choice(["x", "y", "z"][generator.integer(below: 3)]),
            ]
        }
        let space = try SearchSpace(descriptions, candidates: listed)
        let list = try #require(space.list)
        let excluded = Set(list.points.prefix(40))
        let target = [0.3, 0.8, 1.0]
        func distance(_ point: LatticePoint) -> Double {
            var x: [Double] = []
            space.encode(point, into: &x)
            return (x[0] - 0.3) * (x[0] - 0.3) + (x[1] - 0.8) * (x[1] - 0.8) + (x[2] == 1 ? 0 : 1)
        }
        let expected = list.points.filter { !excluded.contains($0) }.sorted { distance($0) < distance($1) }
        #expect(list.nearest(25, to: target, excluding: excluded) == Array(expected.prefix(25)))
        #expect(list.nearest(1000, to: target, excluding: excluded).count == expected.count)
        #expect(list.nearest(to: target) == list.points.min { distance($0) < distance($1) })
    }
}
