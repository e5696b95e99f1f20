import Synchronization

/// How work on elements that do not depend on each other is spread: over ranges that cover all of them, one after the other
/// or at the same time. What comes out does not depend on the ranges.
public struct RangeSchedule: Sendable {
    /// Calls a body for ranges that cover `0 ..< count` without overlap, and returns when all are done.
    public let run: @Sendable (_ count: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) -> Void

    /// How many work at the same time.
    public let workers: Int

    /// To be called now and then by work that stays on the calling thread for long.
    public let pause: @Sendable () -> Void

    /// - Parameter run: calls `body` for ranges that cover `0 ..< count` without overlap, and returns when all are done.
    public init(
        workers: Int, pause: @escaping @Sendable () -> Void = {},
        _ run: @escaping @Sendable (_ count: Int, _ body: @escaping @Sendable (Range<Int>) -> Void) -> Void
    ) {
        self.workers = workers
        self.pause = pause
        self.run = run
    }

    /// On the calling thread.
    public static let serial = RangeSchedule(workers: 1) { count, body in if count > 0 { body(0..<count) } }

    /// The same in ranges that are `factor` times smaller, for elements that take that much longer.
    func finer(_ factor: Int) -> RangeSchedule {
        let run = run
        return RangeSchedule(workers: workers, pause: pause) { count, body in
            run(count * factor) { range in
                let elements = ((range.lowerBound + factor - 1) / factor)..<((range.upperBound + factor - 1) / factor)
                if !elements.isEmpty { body(elements) }
            }
        }
    }

    /// What `value` makes of each element, in their order.
    func elements<Value>(_ count: Int, _ value: @escaping @Sendable (Int) -> Value) -> [Value] {
        [Value](unsafeUninitializedCapacity: count) { buffer, filled in
            let memory = SharedMemory(buffer)
            run(count) { range in
                for index in range { memory.buffer.initializeElement(at: index, to: value(index)) }
            }
            filled = count
        }
    }

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

/// Memory that several workers write, each its own places of it.
public struct SharedMemory<Element>: @unchecked Sendable {
    // @unchecked: whoever makes one sees to it that no place is touched by more than one worker.
    public let buffer: UnsafeMutableBufferPointer<Element>

    public init(_ buffer: UnsafeMutableBufferPointer<Element>) { self.buffer = buffer }
}
