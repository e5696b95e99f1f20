import Foundation
import SpectrumModel
import Statistics
import Testing

@testable import MzML

/// An array that pynumpress encoded and decoded.
private struct ReferenceCase: Sendable, CustomStringConvertible {
    let description: String
    let kind: Numpress.Kind
    let values: [Double]
    let stream: [UInt8]
    let decoded: [Double]

    static let all: [ReferenceCase] = {
        struct File: Decodable {
            struct Case: Decodable {
                var source: String
                var kind: String
                var values: Data
                var stream: Data
                var decoded: Data
            }
            var cases: [Case]
        }
        guard let file = try? JSONDecoder().decode(File.self, from: Data(fixtureBytes("numpress.json"))) else {
            return []
        }
        return file.cases.compactMap { entry in
            guard let kind = ["linear": Numpress.Kind.linear, "pic": .pic, "slof": .slof][entry.kind] else {
                return nil
            }
            return ReferenceCase(
                description: "\(entry.source), \(entry.kind)", kind: kind, values: doubles(entry.values),
                stream: Array(entry.stream), decoded: doubles(entry.decoded))
        }
    }()

    private static func doubles(_ bytes: Data) -> [Double] {
        Array(bytes).withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
        }
    }
}

private enum Outcome: Equatable {
    case values([UInt64])
    case failure(MzMLError.Code)
}

/// Decodes bytes that lie right before a page that cannot be read, into an array with guards behind it.
private func decode(_ kind: Numpress.Kind, _ bytes: [UInt8], count: Int) -> Outcome {
    let page = 4096
    let size = (bytes.count + page - 1) / page * page
    guard let memory = mmap(nil, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        memory != MAP_FAILED
    else { return .failure(.cannotRead) }
    defer { munmap(memory, size + page) }
    mprotect(memory + size, page, PROT_NONE)
    let start = memory + size - bytes.count
    bytes.withUnsafeBytes { source in
        if let base = source.baseAddress { start.copyMemory(from: base, byteCount: source.count) }
    }
    var target = [Double](repeating: -7, count: count + 4)
    do throws(MzMLError) {
        try target.withUnsafeMutableBufferPointer { target throws(MzMLError) in
            guard let out = target.baseAddress else { return }
            try Numpress.decode(kind, UnsafeRawBufferPointer(start: start, count: bytes.count), count: count, into: out)
        }
    } catch {
        #expect(target[count...] == [-7, -7, -7, -7])
        return .failure(error.code)
    }
    #expect(target[count...] == [-7, -7, -7, -7])
    return .values(target[..<count].map(\.bitPattern))
}

private func encode(_ kind: Numpress.Kind, _ values: [Double]) -> [UInt8] {
    let capacity = Numpress.maximumBytes(kind, count: values.count)
    var target = [UInt8](repeating: 0xA5, count: capacity + 8)
    let size = values.withUnsafeBufferPointer { values in
        target.withUnsafeMutableBytes { Numpress.encode(kind, values, into: $0.baseAddress!) }
    }
    #expect(size <= capacity && target[capacity...].allSatisfy { $0 == 0xA5 }, "wrote behind the room")
    return Array(target[..<size])
}

/// The format once more, as slowly as it reads.
private func slowDecode(_ kind: Numpress.Kind, _ bytes: [UInt8], count: Int) -> [Double]? {
    func fixedPoint() -> Double { Double(bitPattern: bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }) }
    func little(_ at: Int, _ size: Int) -> Int { (0..<size).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    if kind == .slof {
        guard bytes.count == 8 + 2 * count, count == 0 || (fixedPoint() > 0 && fixedPoint() < .infinity) else {
            return nil
        }
        return (0..<count).map { exp(Double(little(8 + 2 * $0, 2)) / fixedPoint()) - 1 }
    }
    var halfBytes = ArraySlice(bytes.flatMap { [$0 >> 4, $0 & 15] })
    func integer() -> Int? {
        guard let head = halfBytes.popFirst() else { return nil }
        var digits = [UInt32](repeating: head > 8 ? 15 : 0, count: 8)
        let given = head > 8 ? 16 - Int(head) : 8 - Int(head)
        for i in 0..<given {
            guard let digit = halfBytes.popFirst() else { return nil }
            digits[i] = UInt32(digit)
        }
        return Int(Int32(bitPattern: digits.reversed().reduce(0) { $0 << 4 | $1 }))
    }
    var result: [Double] = []
    if kind == .linear {
        guard count > 0 else { return bytes.count == 8 ? [] : nil }
        guard bytes.count >= 8 + 4 * min(count, 2), fixedPoint() > 0, fixedPoint() < .infinity else { return nil }
        var integers = (0..<min(count, 2)).map { little(8 + 4 * $0, 4) }
        halfBytes = halfBytes.dropFirst(16 + 8 * min(count, 2))
        while integers.count < count {
            guard let difference = integer() else { return nil }
            integers.append(2 * integers[integers.count - 1] - integers[integers.count - 2] + difference)
        }
        result = integers.map { Double($0) / fixedPoint() }
    } else {
        while result.count < count {
            guard let value = integer() else { return nil }
            result.append(Double(value))
        }
    }
    return halfBytes.isEmpty || (halfBytes.count == 1 && halfBytes.first == 0) ? result : nil
}

@Test func theFixturesAreThere() {
    #expect(ReferenceCase.all.count == 24)
    #expect(Set(ReferenceCase.all.map(\.kind)).count == 3)
}

@Test(arguments: ReferenceCase.all)
private func decodesToWhatTheReferenceDecodes(entry: ReferenceCase) {
    #expect(decode(entry.kind, entry.stream, count: entry.decoded.count) == .values(entry.decoded.map(\.bitPattern)))
    #expect(slowDecode(entry.kind, entry.stream, count: entry.decoded.count) == entry.decoded)
}

@Test(arguments: ReferenceCase.all)
private func encodesToTheBytesOfTheReference(entry: ReferenceCase) {
    #expect(encode(entry.kind, entry.values) == entry.stream)
}

@Test func countsThatTheStreamDoesNotHoldAreErrors() {
    for entry in ReferenceCase.all {
        for count in [0, entry.decoded.count - 1, entry.decoded.count + 1, 100_000] where count != entry.decoded.count {
            #expect(decode(entry.kind, entry.stream, count: count) == .failure(.wrongLength), "\(entry), \(count)")
        }
        for length in 0..<entry.stream.count {
            let outcome = decode(entry.kind, Array(entry.stream[..<length]), count: entry.decoded.count)
            guard case .failure = outcome else {
                Issue.record("\(entry) cut to \(length) gave values")
                continue
            }
        }
    }
    // So large a count must be refused before any room for it is needed.
    for kind in [Numpress.Kind.linear, .pic, .slof] {
        #expect(Numpress.maximumValues(kind, byteCount: 100) <= 200)
        #expect(failure(kind, [UInt8](repeating: 1, count: 100), count: 1 << 40)?.code == .wrongLength)
    }
}

/// The error of a decoding that has no room for any value.
private func failure(_ kind: Numpress.Kind, _ bytes: [UInt8], count: Int) -> MzMLError? {
    let target = UnsafeMutablePointer<Double>.allocate(capacity: 1)
    defer { target.deallocate() }
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    do throws(MzMLError) {
        try Numpress.decode(kind, UnsafeRawBufferPointer(copy), count: count, into: target)
    } catch {
        return error
    }
    return nil
}

/// Random bytes and damaged streams: either the values of the slow decoder or an error, and never a byte too many read.
@Test func damagedStreamsAreErrorsOrOtherValues() {
    var random = SeededGenerator(seed: 21)
    func byte() -> UInt8 { UInt8(truncatingIfNeeded: random.next()) }
    func agree(_ kind: Numpress.Kind, _ bytes: [UInt8], _ count: Int) {
        let outcome = decode(kind, bytes, count: count)
        // A stream without values may lack its fixed point.
        let slow = bytes.isEmpty && count == 0 ? [] : slowDecode(kind, bytes, count: count)
        switch outcome {
        case .values(let values): #expect(slow?.map(\.bitPattern) == values, "\(kind) \(bytes) \(count)")
        case .failure(let code):
            #expect(code == .wrongLength || code == .invalidCompression)
            #expect(slow == nil, "\(kind) \(bytes) \(count)")
        }
    }
    for kind in [Numpress.Kind.linear, .pic, .slof] {
        for _ in 0..<600 {
            let length = random.integer(below: 48)
            var bytes = (0..<length).map { _ in byte() }
            // A sound fixed point, mostly, so that the rest is reached.
            if kind != .pic, length >= 8, random.integer(below: 4) > 0 {
                bytes.replaceSubrange(0..<2, with: [0x41, 0x50])
            }
            for count in 0...12 { agree(kind, bytes, count) }
        }
    }
    for entry in ReferenceCase.all {
        for _ in 0..<60 {
            var bytes = entry.stream
            for _ in 0...random.integer(below: 3) { bytes[random.integer(below: bytes.count)] = byte() }
            agree(entry.kind, bytes, entry.decoded.count)
        }
    }
}

@Test func fixedPointsThatAreNoneAreRefused() {
    for kind in [Numpress.Kind.linear, .slof] {
        for fixedPoint in [Double.nan, .infinity, -.infinity, 0, -0.0, -5, .signalingNaN] {
            var bytes = withUnsafeBytes(of: fixedPoint.bitPattern.bigEndian) { Array($0) }
            bytes += kind == .linear ? [1, 0, 0, 0, 2, 0, 0, 0] : [1, 0, 2, 0]
            #expect(decode(kind, bytes, count: 2) == .failure(.invalidCompression), "\(fixedPoint)")
        }
    }
}

@Test func roundTripsKeepTheirErrorBounds() {
    var random = SeededGenerator(seed: 22)
    for round in 0..<300 {
        let count = round < 20 ? round : random.integer(below: 400)
        let spread = [0.0, 1e-3, 1, 50, 500, 5000][random.integer(below: 6)]
        var mz = 50 + 100 * random.uniform()
        let values = (0..<count).map { _ in
            mz += spread * random.uniform()
            return mz
        }
        let fixedPoint = values.withUnsafeBufferPointer { Numpress.linearFixedPoint(for: $0) }
        #expect(count == 0 || (fixedPoint >= 1e5 && fixedPoint < .infinity))
        check(.linear, values) { value, decoded in
            // Half a step of the fixed point, and the rounding of value * fixedPoint + 0.5.
            abs(decoded - value) <= 0.5 / fixedPoint + value * 1e-15
        }
        let scale = exp(random.uniform() * 21)
        let counts = (0..<count).map { _ in Double(Float(scale * random.uniform() * random.uniform())) }
        check(.pic, counts) { abs($1 - $0) <= 0.5 }
        let slof = counts.withUnsafeBufferPointer { Numpress.slofFixedPoint(for: $0) }
        check(.slof, counts) { abs($1 - $0) <= ($0 + 1) * (exp(0.5 / slof) - 1) * (1 + 1e-9) + 1e-9 }
    }
    func check(_ kind: Numpress.Kind, _ values: [Double], _ isClose: (Double, Double) -> Bool) {
        #expect(values.withUnsafeBufferPointer { Numpress.canEncode(kind, $0) })
        guard case .values(let decoded) = decode(kind, encode(kind, values), count: values.count) else {
            Issue.record("\(kind) does not decode what it encoded")
            return
        }
        #expect(zip(values, decoded).allSatisfy { isClose($0, Double(bitPattern: $1)) }, "\(kind) \(values)")
    }
}

@Test func whatACodingCannotHoldIsKnown() {
    func can(_ kind: Numpress.Kind, _ values: [Double]) -> Bool {
        values.withUnsafeBufferPointer { Numpress.canEncode(kind, $0) }
    }
    for kind in [Numpress.Kind.linear, .pic, .slof] {
        #expect(can(kind, []) && can(kind, [0]) && can(kind, [0, 0, 0]) && can(kind, [1, 2, 3]))
        for bad in [Double.nan, .infinity, -1, -.infinity] { #expect(!can(kind, [1, bad, 2]) && !can(kind, [bad])) }
        #expect(decode(kind, encode(kind, [0, 0, 0]), count: 3) == .values([UInt64](repeating: 0, count: 3)))
        #expect(decode(kind, encode(kind, [0]), count: 1) == .values([0]))
    }
    #expect(can(.pic, [2_147_483_646]) && !can(.pic, [2_147_483_647]) && !can(.pic, [1e10]))
    #expect(decode(.pic, encode(.pic, [2_147_483_646]), count: 1) == .values([Double(2_147_483_646).bitPattern]))
    #expect(can(.slof, [3.4e38]) && !can(.linear, [3e6, 4e6]))
}

/// In a file: every coding for m/z and intensity, with zlib as one term or as two, in both orders.
@Test func filesWithNumpressArraysAreRead() throws {
    let mz = try #require(ReferenceCase.all.first { $0.kind == .linear && $0.decoded.count == 250 })
    let folder = TemporaryFolder()
    for intensity in ReferenceCase.all where intensity.decoded.count == 250 && intensity.kind != .linear {
        for form in 0..<5 {
            var spectrum = MzMLDocument.Spectrum(mz: [], intensity: [])
            spectrum.length = 250
            for (i, entry) in [mz, intensity].enumerated() {
                let number = 2 - (entry.kind == .linear ? 2 : entry.kind == .pic ? 1 : 0)
                let plain = "MS:\(1_002_312 + number)"
                let other = form < 4 ? "MS:1000574" : "MS:1000576"
                let terms = [[plain], ["MS:\(1_002_746 + number)"], [plain, other], [other, plain], [plain, other]][
                    form]
                spectrum.arrays[i].compressionTerm = terms.joined(
                    separator: "\" value=\"\"/><cvParam cvRef=\"MS\" accession=\"")
                let zlib = (1...3).contains(form)
                spectrum.arrays[i].payload = (zlib ? deflated(Data(entry.stream)) : Data(entry.stream))
                    .base64EncodedString()
            }
            let reading = Reading(folder.write(MzMLDocument(spectra: [spectrum]).text().utf8))
            #expect(reading.error == nil, "form \(form)")
            #expect(reading.block.mz == mz.decoded)
            #expect(reading.block.intensity == intensity.decoded.map { Float($0) })
        }
    }
}

@Test func damagedNumpressArraysInFilesSayWhere() throws {
    let entry = try #require(ReferenceCase.all.first { $0.kind == .linear && $0.decoded.count == 250 })
    let folder = TemporaryFolder()
    func failure(length: Int, zlib: Bool = false, _ bytes: [UInt8]) -> MzMLError? {
        var spectrum = MzMLDocument.Spectrum(mz: [], intensity: [])
        spectrum.id = "scan=9"
        spectrum.length = length
        spectrum.arrays[0].compressionTerm = zlib ? "MS:1002746" : "MS:1002312"
        spectrum.arrays[0].payload = (zlib ? deflated(Data(bytes)) : Data(bytes)).base64EncodedString()
        spectrum.arrays[1].values = [Double](repeating: 1, count: min(length, 1000))
        let text = MzMLDocument(spectra: [spectrum]).text()
        let error = Reading(folder.write(text.utf8)).error
        #expect(error?.spectrumID == "scan=9" && error?.byteOffset != nil)
        return error
    }
    #expect(failure(length: 249, entry.stream)?.code == .wrongLength)
    #expect(failure(length: 251, zlib: true, entry.stream)?.code == .wrongLength)
    #expect(failure(length: 250, Array(entry.stream.dropLast(3)))?.code == .wrongLength)
    #expect(failure(length: 2, [UInt8](repeating: 0xFF, count: 16))?.code == .invalidCompression)
    #expect(failure(length: 2_147_483_648, entry.stream)?.reason.contains("cannot hold more than") == true)
    // Eight megabytes in eight kilobytes, where 250 values were declared.
    #expect(failure(length: 250, zlib: true, [UInt8](repeating: 0, count: 8 << 20))?.code == .wrongLength)
    // Fits the expansion that zlib can have, and not the limit on points.
    let bomb = failure(length: 1 << 27, zlib: true, [UInt8](repeating: 0x88, count: 100 << 20))
    #expect(bomb?.code == .spectrumTooLarge || bomb?.code == .wrongLength)
}

@Test func halfPrecisionNumbersAreRead() {
    for bits in UInt16.min...UInt16.max {
        let exponent = Int(bits >> 10 & 31)
        let fraction = Float(bits & 0x3FF) / 1024
        var expected =
            exponent == 0
            ? fraction * 0x1p-14 : (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
        if exponent == 31 { expected = fraction == 0 ? .infinity : .nan }
        if bits >= 0x8000 { expected = -expected }
        let value = Float(halfPrecision: bits)
        if value.isNaN ? !expected.isNaN : value.bitPattern != expected.bitPattern {
            Issue.record("\(bits) gave \(value), not \(expected)")
        }
    }
    let folder = TemporaryFolder()
    for zlib in [false, true] {
        var spectrum = MzMLDocument.Spectrum(mz: [], intensity: [])
        spectrum.length = 4
        spectrum.arrays[0] = .init(
            accession: "MS:1000514", number: .float16, zlib: zlib, values: [0.5, 100.25, 1000, 1001])
        spectrum.arrays[1] = .init(accession: "MS:1000515", number: .float16, zlib: zlib, values: [1, 0, 6e-8, 65504])
        let reading = Reading(folder.write(MzMLDocument(spectra: [spectrum]).text().utf8))
        #expect(reading.error == nil && reading.block.mz == [0.5, 100.25, 1000, 1001])
        #expect(reading.block.intensity == [1, 0, 0x1p-24, 65504])
    }
}
