/// Units of time.
enum TimeUnit {
    case millisecond, second, minute, hour

    /// From the number of a unit's accession; `nil` for what is no unit of time.
    init?(accession: Int) {
        switch accession {
        case 28: self = .millisecond
        case 10, 1_000_039: self = .second
        case 31, 1_000_038: self = .minute
        case 32: self = .hour
        default: return nil
        }
    }

    func seconds(_ value: Double) -> Double {
        switch self {
        case .millisecond: value / 1000
        case .second: value
        case .minute: value * 60
        case .hour: value * 3600
        }
    }
}
