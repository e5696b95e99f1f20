import Synchronization
import Testing

@testable import Pipeline

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Who lets go of what nobody needs any more, and when.
@Suite struct DisposalTests {
    private final class Ends: Sendable {
        let threads = Mutex<[pthread_t]>([])
    }

    /// Tells on which thread it ended.
    private final class Thing: Sendable {
        let ends: Ends
        init(_ ends: Ends) { self.ends = ends }
        deinit { ends.threads.withLock { $0.append(pthread_self()) } }
    }

    @Test func anotherThreadLetsGo() {
        let ends = Ends()
        let disposal = Disposal(isConcurrent: true)
        for number in 1...3 {
            var thing: Thing? = Thing(ends)
            disposal.letGo(&thing)
            #expect(thing == nil)
            // At most one is under way.
            #expect(ends.threads.withLock { $0.count } >= number - 1)
        }
        disposal.wait()
        let threads = ends.threads.withLock { $0 }
        #expect(threads.count == 3 && threads.allSatisfy { pthread_equal($0, pthread_self()) == 0 })
    }

    @Test func aRunWithOneWorkerLetsGoAtOnce() {
        let ends = Ends()
        let disposal = Disposal(isConcurrent: false)
        var thing: Thing? = Thing(ends)
        disposal.letGo(&thing)
        let threads = ends.threads.withLock { $0 }
        #expect(threads.count == 1 && threads.allSatisfy { pthread_equal($0, pthread_self()) != 0 })
    }
}
