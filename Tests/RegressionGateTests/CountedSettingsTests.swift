import Testing

@testable import RegressionGate

/// With what settings instructions are counted.
@Suite struct CountedSettingsTests {
    /// A count must not tell how large the machine's caches and memory are, how short of memory it is, or how fast.
    @Test func nothingFollowsTheMachine() {
        #expect(
            InstructionCounts.settings([]) == [
                "execution.buffer_size=1MiB", "execution.memory_limit=2GiB", "execution.workers=1",
                "memory.garbage_collection.strategy=conservative",
            ])
    }

    @Test func givenSettingsStayButForTheWorkers() {
        let given = [
            "memory.garbage_collection.strategy=adaptive", "execution.workers=8", "execution.buffer_size=4KiB", "a.b=c",
        ]
        #expect(
            InstructionCounts.settings(given) == [
                "a.b=c", "execution.buffer_size=4KiB", "execution.memory_limit=2GiB", "execution.workers=1",
                "memory.garbage_collection.strategy=adaptive",
            ])
    }
}
