import HostEnvironment

/// Why other load is likely to have changed what a run took.
public enum Disturbance: Sendable, Hashable, Codable {
    /// CPU seconds that the hypervisor gave to others, per second of the run.
    case steal(share: Double)
    /// Share of the run in which some task waited for a CPU, beyond that of the calmest run of the same program.
    case pressure(extraShare: Double)

    /// Above this a run counts as disturbed. Pressure as such says little: more workers than CPUs make it themselves.
    public static let largestSteal = 0.10
    public static let largestExtraPressure = 0.25

    /// - Parameter calmestPressure: of the runs of the same program and configuration beside it; `nil` where not known.
    /// - Returns: `nil` for a run that was left in peace, or of which nothing is known.
    public init?(of run: ProgramRun, calmestPressure: Double?) {
        if let share = run.stealShare.value, share > Self.largestSteal {
            self = .steal(share: share)
            return
        }
        guard let pressure = run.pressureShare.value, let calmestPressure,
            pressure - calmestPressure > Self.largestExtraPressure
        else { return nil }
        self = .pressure(extraShare: pressure - calmestPressure)
    }

    /// Whether one of several runs of the same program and configuration was disturbed.
    public static func isAny(among runs: [ProgramRun]) -> Bool {
        let calmest = runs.compactMap(\.pressureShare.value).min()
        return runs.contains { Disturbance(of: $0, calmestPressure: calmest) != nil }
    }
}

extension Disturbance: CustomStringConvertible {
    public var description: String {
        func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
        return switch self {
        case .steal(let share): "other guests took \(percent(share)) of a CPU"
        case .pressure(let share): "tasks waited for a CPU in \(percent(share)) more of the run than in the calmest one"
        }
    }
}
