import Synchronization

/// How work on elements that do not depend on each other is spread: over ranges that cover all of them, one after the other
/// or at the same time. What comes out does not depend on the ranges.
public struct RangeSchedule: Sendable {
    /// Calls a body for ranges that cover `0 ..< count` without overlap, and returns when all are done.
    public let run: @Sendable (_ count: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) -> Void

    /// - Parameter run: calls `body` for ranges that cover `0 ..< count` without overlap, and returns when all are done.
    public init(_ run: @escaping @Sendable (_ count: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) -> Void) {
        self.run = run
    }

    /// On the calling thread.
    public static let serial = RangeSchedule { count, body in if count > 0 { body(0..<count) } }

    /// What `body` makes of each range, in order of the ranges.
    func map<Part: Sendable>(_ count: Int, _ body: @escaping @Sendable (Range<Int>) -> Part) -> [Part] {
        let parts = SharedParts<Part>()
        run(count) { range in
            let part = body(range)
            parts.store.withLock { $0.append((range.lowerBound, part)) }
        }
        return parts.store.withLock { $0.sorted { $0.start < $1.start }.map(\.part) }
    }
}

private final class SharedParts<Part: Sendable>: Sendable {
    let store = Mutex<[(start: Int, part: Part)]>([])
}
