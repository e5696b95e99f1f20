import Foundation
import HostEnvironment
import Statistics
import Testing

@testable import Benchmarking

@Suite struct ChildWatchTests {
    /// Holds 60 MB until it is ended.
    private let holder = "v=$(head -c 60000000 /dev/zero | tr '\\0' x); sleep 1000"

    @Test func memoryIsSeenOverTime() throws {
        let run = shell(holder, limits: ChildLimits(timeoutSeconds: 4, graceSeconds: 0)).run()
        let timeline = try #require(run.memoryTimeline.value)
        let resident = timeline.resident
        #expect(resident.count > 1 && resident.count <= MemoryTimeline.capacity)
        #expect(zip(resident, resident.dropFirst()).allSatisfy { $0.seconds <= $1.seconds })
        let largest = try #require(resident.map(\.bytes).max())
        #expect(largest >= 60_000_000 && largest <= (run.peakMemoryBytes.value ?? 0))
        #expect((resident.map(\.anonymousBytes).max() ?? 0) >= 60_000_000)
        // It grew: the shell alone is small.
        #expect(resident[0].bytes < largest)
        if MeasurementSources.readings.isAvailable("memory_shares") {
            let shares = try #require(timeline.shares.value)
            #expect(shares.allSatisfy { $0.proportionalBytes > 0 && $0.privateBytes >= 0 && $0.swapBytes >= 0 })
            #expect((shares.map(\.privateBytes).max() ?? 0) >= 60_000_000)
        }
    }

    /// The child reads its own waiting time last, and the harness after that.
    @Test func waitingForACPUIsCounted() throws {
        let run = shell(
            "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; read on delay turns < /proc/$$/schedstat; echo $delay"
        ).run()
        switch MeasurementSources.readings["run_queue"] {
        case .estimated?:
            let own = try #require(Double(run.standardOutput.text.dropLast()))
            let measured = try #require(run.runQueueSeconds.value)
            #expect(measured >= own / 1e9)
            let wall = try #require(run.wallSeconds.value)
            #expect(measured <= wall)
        case .unavailable(let reason)?: #expect(run.runQueueSeconds.reason == reason)
        default: Issue.record("waiting is either a lower bound or unavailable")
        }
    }

    @Test func threadsThatEndKeepTheirLastValue() {
        var watch = RunQueueWatch()
        #expect(!watch.isKnown)
        watch.record([(1, 1_000_000_000), (2, 2_000_000_000)])
        watch.record([(1, 1_500_000_000)])
        #expect(watch.seconds == 3.5)
        // A new thread with the number of one that ended.
        watch.record([(2, 250_000_000)])
        #expect(watch.seconds == 3.75)
        #expect(RunQueueWatch.delay("12 345 6\n") == 345)
        #expect(RunQueueWatch.delay("12\n") == nil && RunQueueWatch.delay("") == nil)
    }

    @Test func slowReadingsMakeThePaceSlower() {
        var pace = PollingPace(nanoseconds: 100)
        pace.record(PollingPace.slow)
        #expect(pace.interval == 100)
        pace.record(PollingPace.slow + 1)
        #expect(pace.interval == 200)
        for _ in 0..<10 { pace.record(PollingPace.slow * 2) }
        #expect(pace.interval == 1600)
        // Neither slow nor quick: stays, or it would go back and forth.
        pace.record(PollingPace.slow / 2)
        #expect(pace.interval == 1600)
        for _ in 0..<10 { pace.record(1) }
        #expect(pace.interval == 100)
        var bounded = PollingPace(nanoseconds: 100, slowest: 1)
        bounded.record(PollingPace.slow * 2)
        #expect(bounded.interval == 100)
    }

    @Test(arguments: [3, 17, 5000])
    func aSeriesStaysShortAndKeepsItsPeak(_ count: Int) {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        var series = BoundedSeries<MemoryTimeline.Resident>(
            capacity: 16, window: 0.01, seconds: \.seconds, size: \.bytes)
        var time = 0.0
        var peak = 0
        for _ in 0..<count {
            time += Double.random(in: 0...0.2, using: &random)
            let bytes = Int.random(in: 0...1_000_000, using: &random)
            peak = max(peak, bytes)
            series.add(MemoryTimeline.Resident(seconds: time, bytes: bytes, anonymousBytes: 0))
            #expect(series.points.count <= 16)
        }
        let points = series.points
        #expect(points.map(\.bytes).max() == peak, "seed \(seed)")
        #expect(zip(points, points.dropFirst()).allSatisfy { $0.seconds < $1.seconds }, "seed \(seed)")
        // Windows only double while there are too many points.
        if count > 1000 { #expect(points.count >= 8, "seed \(seed)") }
    }

    @Test func memoryMapSumsAreParsed() throws {
        let text = """
            55d0-7ffe ---p 00000000 00:00 0    [rollup]
            Rss:                2072 kB
            Pss:                 500 kB
            Pss_Dirty:            96 kB
            Private_Clean:        40 kB
            Private_Dirty:        96 kB
            Swap:                  8 kB
            SwapPss:               1 kB

            """
        let reading = try #require(MemoryShareReading(text))
        #expect(reading.proportionalBytes == 500 << 10)
        #expect(reading.privateBytes == 136 << 10)
        #expect(reading.swapBytes == 8 << 10)
        #expect(MemoryShareReading("Pss: 1 kB\n") == nil)
    }

    @Test func timelinesRoundTripAndColumnsMustFit() throws {
        let timelines = [
            MemoryTimeline(
                resident: [
                    .init(seconds: 0, bytes: 5, anonymousBytes: 4), .init(seconds: 0.5, bytes: 9, anonymousBytes: 1),
                ],
                shares: .available([.init(seconds: 0.25, proportionalBytes: 3, privateBytes: 2, swapBytes: 1)])),
            MemoryTimeline(resident: [], shares: .unavailable(reason: "why")),
        ]
        for timeline in timelines {
            let data = try JSONEncoder().encode(timeline)
            #expect(try JSONDecoder().decode(MemoryTimeline.self, from: data) == timeline)
        }
        let torn = #"{"residentSeconds":[0,1],"residentBytes":[1],"anonymousBytes":[1,2],"sharesUnavailable":"x"}"#
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(MemoryTimeline.self, from: Data(torn.utf8))
        }
    }
}
