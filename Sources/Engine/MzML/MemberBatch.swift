import CDeflate
import Synchronization

/// Consecutive members of a gzip file that several threads inflate, each member whole.
///
/// `@unchecked Sendable`: a member's output is written by the one thread that claimed it and read after `isFinished`;
/// the rest is constant or atomic.
final class MemberBatch: @unchecked Sendable {
    let members: [GzipMember]
    private let input: UnsafePointer<UInt8>
    private let output: UnsafeMutablePointer<UInt8>
    private let outputStarts: [Int]
    private let claimed = Atomic<Int>(0)
    private let finished = Atomic<Int>(0)
    private let failed: Atomic<Int>

    /// libdeflate's fast loop needs room behind its output.
    private static let slackBytes = 320

    /// Room that the output of these members takes.
    static func outputBytes(_ members: [GzipMember]) -> Int {
        members.reduce(0) { $0 + $1.size + slackBytes }
    }

    /// - Parameter input: what the members' ranges refer to; with `output` it must stay until the batch is finished.
    /// - Parameter output: room for `outputBytes(members)`.
    init(_ members: [GzipMember], input: UnsafePointer<UInt8>, output: UnsafeMutablePointer<UInt8>) {
        self.members = members
        self.input = input
        self.output = output
        var starts: [Int] = []
        starts.reserveCapacity(members.count)
        var next = 0
        for member in members {
            starts.append(next)
            next += member.size + Self.slackBytes
        }
        outputStarts = starts
        failed = Atomic(members.count)
    }

    /// The member that is not what was expected, or the number of members; final when the batch is finished.
    var firstFailure: Int { failed.load(ordering: .acquiring) }

    var hasUnclaimed: Bool { claimed.load(ordering: .relaxed) < members.count }

    var isFinished: Bool { finished.load(ordering: .acquiring) == members.count }

    /// What has not been started is no longer wanted.
    func cancel() { _ = failed.min(0, ordering: .acquiringAndReleasing) }

    /// The bytes of a member before `firstFailure`.
    func bytes(of member: Int) -> ByteRun {
        ByteRun(start: output + outputStarts[member], count: members[member].size)
    }

    /// The compressed bytes from a member on.
    func compressed(from member: Int) -> ByteRun {
        let first = members[member].input.lowerBound
        return ByteRun(start: input + first, count: (members.last?.input.upperBound ?? first) - first)
    }

    /// Works until nothing is unclaimed.
    ///
    /// - Returns: whether this call finished the batch.
    func inflateUnclaimed(with inflater: OpaquePointer?) -> Bool {
        var isLast = false
        while true {
            let i = claimed.add(1, ordering: .relaxed).oldValue
            guard i < members.count else { return isLast }
            if i < failed.load(ordering: .relaxed), !inflate(i, with: inflater) {
                _ = failed.min(i, ordering: .acquiringAndReleasing)
            }
            isLast = finished.add(1, ordering: .acquiringAndReleasing).newValue == members.count
        }
    }

    /// Whether the member is exactly what was expected of it; libdeflate verifies checksum and size.
    private func inflate(_ i: Int, with inflater: OpaquePointer?) -> Bool {
        guard let inflater else { return false }
        let member = members[i]
        var used = 0
        var written = 0
        let status = libdeflate_gzip_decompress_ex(
            inflater, input + member.input.lowerBound, member.input.count, output + outputStarts[i],
            member.size + Self.slackBytes, &used, &written)
        return status == LIBDEFLATE_SUCCESS && used == member.input.count && written == member.size
    }
}
