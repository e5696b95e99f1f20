import Foundation
import Parameters
import Statistics
import Testing

@testable import Pipeline

/// Any combination of all execution settings gives the same result. New settings take part by themselves.
@Suite struct RandomSettingsTests {
    private static let reference = try? EngineRun(ExecutionInvarianceTests.inputs, ["execution.workers=1"]).record
        .digest

    /// One value of a setting: of those that a tuner tries, or anywhere in its domain; no more threads, files and bytes than a
    /// test may take. `nil` leaves the default.
    private static func value(of description: ParameterDescription, _ random: inout SeededGenerator) -> ParameterValue?
    {
        if let values = description.searchValues, !values.isEmpty, random.integer(below: 2) == 0 {
            return capped(values[random.integer(below: values.count)], description)
        }
        func integer(_ range: ClosedRange<Int>, isLogarithmic: Bool) -> Int {
            let (low, high) = (Double(range.lowerBound), Double(range.upperBound))
            guard isLogarithmic else { return range.lowerBound + random.integer(below: range.count) }
            let start = max(low, 0.5)
            return min(
                max(Int((start * pow(high / start, random.uniform())).rounded()), range.lowerBound), range.upperBound)
        }
        switch description.domain {
        case .boolean: return .boolean(random.integer(below: 2) == 0)
        case .choice(let names): return .choice(names[random.integer(below: names.count)])
        case .integer(let range, let scale):
            let most = largest(description)
            return .integer(
                integer(
                    range.lowerBound...min(range.upperBound, max(most, range.lowerBound)),
                    isLogarithmic: scale == .logarithmic))
        case .number(let range, _):
            return .number(range.lowerBound + random.uniform() * (range.upperBound - range.lowerBound))
        case .size(let range):
            // A budget for everything, or a buffer.
            let isBudget = ["execution.memory_limit", "parallel.memory_per_worker"].contains(description.name)
            let low = isBudget ? 256 << 20 : range.lowerBound
            return .integer(
                integer(low...min(range.upperBound, isBudget ? 8 << 30 : max(64 << 20, low)), isLogarithmic: true))
        case .numbers, .text: return nil
        }
    }

    private static func largest(_ description: ParameterDescription) -> Int {
        switch description.unit {
        case "threads", "files": 4
        case "buffers": 3
        default: 2_000
        }
    }

    private static func capped(_ value: ParameterValue, _ description: ParameterDescription) -> ParameterValue {
        guard case .integer(let number) = value else { return value }
        if case .size = description.domain { return .integer(min(number, 64 << 20)) }
        return .integer(min(number, largest(description)))
    }

    private static func combination(_ random: inout SeededGenerator) -> [String] {
        EngineParameters.descriptions(host: EngineRun.host).filter { $0.group == .execution }.compactMap {
            description in
            // Defaults take part too, so that settings are met in the company that they usually have.
            guard random.integer(below: 4) > 0, let value = value(of: description, &random), description.accepts(value)
            else { return nil }
            return "\(description.name)=\(description.text(of: value))"
        }
    }

    @Test func anyCombinationKeepsTheDigest() throws {
        let reference = try #require(Self.reference ?? nil)
        let seed = UInt64.random(in: 0 ... .max)
        print("random settings: seed \(seed)")
        var random = SeededGenerator(seed: seed)
        var (compared, seen) = (0, Set<String>())
        for _ in 0..<40 {
            var settings = Self.combination(&random)
            func digest() throws -> String? { try EngineRun(ExecutionInvarianceTests.inputs, settings).record.digest }
            let found: String?
            do {
                found = try digest()
            } catch let error as AnalysisError where error.code == .memoryLimit {
                // The smallest workable limit depends on the others.
                settings.removeAll { $0.hasPrefix("execution.memory_limit=") }
                found = try digest()
            }
            #expect(found == reference, "seed \(seed): \(settings.joined(separator: " "))")
            for setting in settings { seen.insert(String(setting.prefix { $0 != "=" })) }
            compared += 1
        }
        #expect(compared == 40)
        // Each is left out of one combination with probability 1/4, of all 40 with 1e-24.
        let execution = EngineParameters.descriptions(host: EngineRun.host).filter { description in
            guard description.group == .execution else { return false }
            switch description.domain {
            case .text, .numbers: return false
            case .boolean, .integer, .number, .size, .choice: return true
            }
        }
        let missing = execution.map(\.name).filter { !seen.contains($0) }
        #expect(missing.isEmpty, "seed \(seed)")
    }
}
