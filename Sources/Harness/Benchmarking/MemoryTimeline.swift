public import HostEnvironment

/// Memory of a process over its run: a bounded number of points, of neighbours the one with more memory.
public struct MemoryTimeline: Sendable, Hashable {
    /// What `/proc/PID/status` says.
    public struct Resident: Sendable, Hashable {
        /// Since the start of the process.
        public let seconds: Double
        /// VmRSS.
        public let bytes: Int
        /// RssAnon: what the process wrote itself, without mapped files.
        public let anonymousBytes: Int

        public init(seconds: Double, bytes: Int, anonymousBytes: Int) {
            self.seconds = seconds
            self.bytes = bytes
            self.anonymousBytes = anonymousBytes
        }
    }

    /// What `/proc/PID/smaps_rollup` says: memory that others map too is divided among them.
    public struct Share: Sendable, Hashable {
        public let seconds: Double
        /// Pss.
        public let proportionalBytes: Int
        /// Private_Clean and Private_Dirty: what the end of the process would free.
        public let privateBytes: Int
        public let swapBytes: Int

        public init(seconds: Double, proportionalBytes: Int, privateBytes: Int, swapBytes: Int) {
            self.seconds = seconds
            self.proportionalBytes = proportionalBytes
            self.privateBytes = privateBytes
            self.swapBytes = swapBytes
        }
    }

    public static let capacity = 100

    /// In time order, read 10 to 100 times a second.
    public let resident: [Resident]
    /// In time order, read up to 4 times a second.
    public let shares: Measured<[Share]>

    public init(resident: [Resident], shares: Measured<[Share]>) {
        self.resident = resident
        self.shares = shares
    }
}

/// Stored by column, which takes a third of the room.
extension MemoryTimeline: Codable {
    private enum Column: String, CodingKey {
        case residentSeconds, residentBytes, anonymousBytes, sharesUnavailable
        case shareSeconds, proportionalBytes, privateBytes, swapBytes
    }

    public func encode(to encoder: any Encoder) throws {
        var columns = encoder.container(keyedBy: Column.self)
        try columns.encode(resident.map(\.seconds), forKey: .residentSeconds)
        try columns.encode(resident.map(\.bytes), forKey: .residentBytes)
        try columns.encode(resident.map(\.anonymousBytes), forKey: .anonymousBytes)
        switch shares {
        case .unavailable(let reason): try columns.encode(reason, forKey: .sharesUnavailable)
        case .available(let shares):
            try columns.encode(shares.map(\.seconds), forKey: .shareSeconds)
            try columns.encode(shares.map(\.proportionalBytes), forKey: .proportionalBytes)
            try columns.encode(shares.map(\.privateBytes), forKey: .privateBytes)
            try columns.encode(shares.map(\.swapBytes), forKey: .swapBytes)
        }
    }

    public init(from decoder: any Decoder) throws {
        let columns = try decoder.container(keyedBy: Column.self)
        func bytes(_ column: Column, count: Int) throws -> [Int] {
            let values = try columns.decode([Int].self, forKey: column)
            guard values.count == count else {
                throw DecodingError.dataCorruptedError(
                    forKey: column, in: columns, debugDescription: "\(values.count) values for \(count) times")
            }
            return values
        }
        let seconds = try columns.decode([Double].self, forKey: .residentSeconds)
        let resident = try bytes(.residentBytes, count: seconds.count)
        let anonymous = try bytes(.anonymousBytes, count: seconds.count)
        self.resident = seconds.indices.map {
            Resident(seconds: seconds[$0], bytes: resident[$0], anonymousBytes: anonymous[$0])
        }
        if let reason = try columns.decodeIfPresent(String.self, forKey: .sharesUnavailable) {
            shares = .unavailable(reason: reason)
            return
        }
        let times = try columns.decode([Double].self, forKey: .shareSeconds)
        let proportional = try bytes(.proportionalBytes, count: times.count)
        let own = try bytes(.privateBytes, count: times.count)
        let swapped = try bytes(.swapBytes, count: times.count)
        shares = .available(
            times.indices.map {
                Share(
                    seconds: times[$0], proportionalBytes: proportional[$0], privateBytes: own[$0],
                    swapBytes: swapped[$0])
            })
    }
}

/// A series that stays short: one point, the largest, for each window of time; windows double when there are too many.
struct BoundedSeries<Point> {
    private(set) var points: [Point] = []
    private var window: Double
    private let capacity: Int
    private let seconds: (Point) -> Double
    private let size: (Point) -> Int

    /// - Parameter window: seconds that the first points stand for.
    init(capacity: Int, window: Double, seconds: @escaping (Point) -> Double, size: @escaping (Point) -> Int) {
        precondition(capacity > 1 && window > 0, "a series needs room")
        self.capacity = capacity
        self.window = window
        self.seconds = seconds
        self.size = size
    }

    /// Points come in time order. - Complexity: amortised O(1).
    mutating func add(_ point: Point) {
        place(point, in: &points)
        while points.count > capacity {
            window *= 2
            points = points.reduce(into: []) { place($1, in: &$0) }
        }
    }

    private func place(_ point: Point, in points: inout [Point]) {
        guard let last = points.last,
            (seconds(last) / window).rounded(.down) == (seconds(point) / window).rounded(.down)
        else {
            points.append(point)
            return
        }
        if size(point) > size(last) { points[points.count - 1] = point }
    }
}
