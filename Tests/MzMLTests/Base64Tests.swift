import CReadingKernels
import Foundation
import Statistics
import Testing

private func decode(_ text: [UInt8], capacity: Int? = nil, portable: Bool = false) -> (base64_result, [UInt8]) {
    let capacity = capacity ?? text.count + 32
    // Guard bytes behind the capacity show writes beyond it.
    var output = [UInt8](repeating: 0xA5, count: capacity + 64)
    let result = text.withUnsafeBytes { bytes in
        let characters = bytes.bindMemory(to: CChar.self).baseAddress
        return output.withUnsafeMutableBufferPointer { target in
            portable
                ? base64_decode_portable(characters, text.count, target.baseAddress, capacity)
                : base64_decode(characters, text.count, target.baseAddress, capacity)
        }
    }
    #expect(output[capacity...].allSatisfy { $0 == 0xA5 }, "wrote behind the capacity")
    return (result, Array(output[..<min(result.written, capacity)]))
}

@Test(arguments: [false, true])
func decodesWhatFoundationEncodes(portable: Bool) {
    var random = SeededGenerator(seed: 7)
    for length in 0..<300 {
        let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let (result, decoded) = decode([UInt8](Data(bytes).base64EncodedString().utf8), portable: portable)
        #expect(result.status == base64_ok)
        #expect(decoded == bytes, "length \(length)")
    }
}

@Test func encodesLikeFoundation() {
    var random = SeededGenerator(seed: 8)
    // Every sextet in every lane of a vector, and all tails.
    let patterns = (0..<64).map { value in [UInt8](repeating: UInt8(value), count: 96) }
    for sextets in patterns {
        let bytes = stride(from: 0, to: 96, by: 4).flatMap { i -> [UInt8] in
            let group = sextets[i..<(i + 4)].reduce(UInt32(0)) { $0 << 6 | UInt32($1) }
            return [UInt8(group >> 16), UInt8(group >> 8 & 255), UInt8(group & 255)]
        }
        #expect(encode(bytes) == Data(bytes).base64EncodedString())
    }
    for length in 0..<300 {
        let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        #expect(encode(bytes) == Data(bytes).base64EncodedString())
    }
    /// Guard bytes behind the text show writes beyond it.
    func encode(_ bytes: [UInt8]) -> String {
        let length = base64_encoded_length(bytes.count)
        var output = [CChar](repeating: 0x55, count: length + 64)
        base64_encode(bytes, bytes.count, &output)
        #expect(output[length...].allSatisfy { $0 == 0x55 }, "wrote behind the text")
        return String(decoding: output[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// Every byte value at every position of a text that is long enough for the vector path: both paths agree on the result,
/// the position and the output, and refuse exactly the bytes outside the alphabet and the blanks.
@Test func refusesEveryWrongByteWhereItStands() {
    let clean = [UInt8](Data((0..<96).map { UInt8(truncatingIfNeeded: $0 * 37) }).base64EncodedString().utf8)
    let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let blanks = Set("\t\n\u{0B}\u{0C}\r ".utf8)
    for position in [0, 1, 2, 3, 17, 31, 32, 63, 64, 100, 126, 127] {
        for byte in UInt8.min...UInt8.max {
            var text = clean
            text[position] = byte
            let (fast, fastOutput) = decode(text)
            let (slow, slowOutput) = decode(text, portable: true)
            #expect(fast.status == slow.status && fast.position == slow.position && fastOutput == slowOutput)
            if alphabet.contains(byte) {
                #expect(fast.status == base64_ok && fast.position == text.count)
            } else if blanks.contains(byte) {
                #expect(fast.status == base64_incomplete_group)
            } else if byte == UInt8(ascii: "="), position == 127 {
                #expect(fast.status == base64_ok && fast.written == 95)
            } else {
                #expect(fast.status == base64_invalid_byte)
                // Padding in the third place of a group is wrong only when the next character is not padding too.
                let expected = byte == UInt8(ascii: "=") && position % 4 >= 2 ? position + 1 : position
                #expect(fast.position == expected, "byte \(byte) at \(position)")
            }
        }
    }
}

@Test func skipsBlanksAnywhere() {
    var random = SeededGenerator(seed: 9)
    for round in 0..<200 {
        let bytes = (0..<random.integer(below: 400)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var text: [UInt8] = []
        let rarity = 1 + random.integer(below: 80)
        for character in Data(bytes).base64EncodedString().utf8 {
            while random.integer(below: rarity + 1) == 0 {
                text.append([0x20, 0x0A, 0x0D, 0x09][random.integer(below: 4)])
            }
            text.append(character)
        }
        text += [0x0A, 0x20]
        for portable in [false, true] {
            let (result, decoded) = decode(text, portable: portable)
            #expect(result.status == base64_ok && result.position == text.count && decoded == bytes, "round \(round)")
        }
    }
}

@Test func neverExceedsItsCapacity() {
    let bytes = (0..<200).map { UInt8($0) }
    let text = [UInt8](Data(bytes).base64EncodedString().utf8)
    for capacity in 0...200 {
        for portable in [false, true] {
            let (result, decoded) = decode(text, capacity: capacity, portable: portable)
            #expect((result.status == base64_ok) == (capacity == 200))
            #expect(decoded == Array(bytes[..<result.written]))
        }
    }
}

@Test func findsBytes() {
    let text = Array("an <index> in an <indexList>".utf8)
    let found = text.withUnsafeBytes { bytes -> Int? in
        bytes_find(bytes.baseAddress, bytes.count, "<indexL", 7).map { $0 - UnsafeRawPointer(bytes.baseAddress!) }
    }
    #expect(found == 17)
}
