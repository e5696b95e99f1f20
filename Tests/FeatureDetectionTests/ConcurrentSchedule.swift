import Dispatch

@testable import FeatureDetection

/// Ranges of a fixed length on several threads at the same time, in no order that one could rely on.
func concurrentSchedule(workers: Int, grain: Int) -> RangeSchedule {
    RangeSchedule(workers: workers) { count, body in
        let pieces = (count + grain - 1) / grain
        DispatchQueue.concurrentPerform(iterations: pieces) { number in
            // Neighbours are done by different threads.
            let piece = number % 2 == 0 ? number / 2 : pieces - 1 - number / 2
            body((piece * grain)..<min((piece + 1) * grain, count))
        }
    }
}
