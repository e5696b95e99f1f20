import Foundation
import Statistics
import Testing
import TextNumbers

private func decimal(_ text: String) -> Double? { Array(text.utf8).withUnsafeBufferPointer { decimalNumber($0) } }
private func whole(_ text: String) -> Int? { Array(text.utf8).withUnsafeBufferPointer { wholeNumber($0) } }

@Suite struct DecimalNumberTests {
    @Test(arguments: [
        "0", "-0", "1.5", "-2.25", "+3", "179.0697", "1e-5", "123456789012345678901234567890", "0.1",
        "9007199254740993",
        "1.7976931348623157e308", "4.9e-324", "21905.33203125", "1E+3", "100.00000000000000000",
        "0.000000000000000000123",
        "12345678901234567", "123456789012345678", "9007199254740991e22", "1e-400",
    ]) func equalsTheStandardLibrary(text: String) { #expect(decimal(text) == Double(text)) }

    @Test func leadingAndTrailingPoints() { #expect(decimal(".5") == 0.5 && decimal("5.") == 5) }

    @Test(arguments: [
        "", "-", ".", "e5", "1e", "1e+", "nan", "inf", "1 2", "0x10", "1e999", "1..2", "1.2.3", "1,5", "12a", "1e99999",
        " 1",
    ]) func isNotANumber(text: String) { #expect(decimal(text) == nil) }

    @Test func longTextIsRefused() {
        #expect(decimal(String(repeating: "0", count: 399) + "1") == 1)
        #expect(decimal(String(repeating: "0", count: 400) + "1") == nil)
    }

    @Test(arguments: 0..<4) func roundTrip(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            let value = Double(bitPattern: generator.next())
            guard value.isFinite else { continue }
            #expect(decimal("\(value)") == value, "seed \(seed)")
            let short = String(format: "%.\(generator.integer(below: 18))g", value)
            #expect(decimal(short) == Double(short).flatMap { $0.isFinite ? $0 : nil }, "seed \(seed): \(short)")
        }
    }

    /// As files write them: many digits and no exponent.
    @Test(arguments: 0..<4) func plainDecimals(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<50_000 {
            var digits = "\(generator.next() >> UInt64(generator.integer(below: 64)))"
            digits = String(digits.prefix(19))
            let point = generator.integer(below: 25)
            let padded = String(repeating: "0", count: max(0, point - digits.count)) + digits
            let text = padded.dropLast(point) + "." + padded.suffix(point)
            guard digits.count <= padded.count, text != "." else { continue }
            #expect(decimal(String(text)) == Double("0" + text + "0"), "seed \(seed): \(text)")
        }
    }

    /// Half way between two doubles: to the even one; a hair more or less decides.
    @Test func ties() {
        for text in [
            "9007199254740993.0", "9007199254740993.1", "9007199254740992.9", "9007199254740995.0",
            "4503599627370497.5",
            "4503599627370496.5", "4503599627370496.51", "4503599627370496.49", "1125899906842624.125",
            "1125899906842624.375", "112589990684262.4124", "0.100000000000000005",
        ] {
            #expect(decimal(text) == Double(text), "\(text)")
        }
    }

    @Test func wholeNumbers() {
        #expect(whole("-12") == -12 && whole("+7") == 7 && whole("007") == 7)
        #expect(whole("999999999999999999") == 999_999_999_999_999_999)
        for text in ["", "-", "1.0", "1234567890123456789", "0x1", " 1", "--1"] {
            #expect(whole(text) == nil, "\(text)")
        }
    }
}

@Suite struct FixedPointTests {
    @Test func agreesWithPrintf() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2_000 {
            let value = (generator.uniform() - 0.3) * pow(10, Double(generator.integer(below: 9)))
            let decimals = generator.integer(below: 7)
            let ours = fixedPoint(value, decimals: decimals)
            let theirs = String(format: "%.\(decimals)f", value)
            // printf rounds the exact binary value half to even; ours rounds the scaled double half away: last digit only.
            let difference = abs((Double(ours) ?? .nan) - (Double(theirs) ?? .nan))
            #expect(difference <= 1.01 * pow(10, -Double(decimals)), "\(value) with \(decimals): \(ours) and \(theirs)")
        }
    }

    @Test(arguments: [
        (0.0, 3, "0.000"), (-0.0001, 3, "0.000"), (-1.5, 0, "-2"), (1e300, 2, "1e+300"), (.nan, 2, "nan"),
        (-.infinity, 2, "-inf"), (999.9996, 3, "1000.000"), (12.5, 0, "13"), (-1.25, 1, "-1.3"), (2.999, 2, "3.00"),
        (7, 0, "7"), (12.3456, 1, "12.3"), (0.96, 1, "1.0"),
    ]) func edges(value: Double, decimals: Int, expected: String) {
        #expect(fixedPoint(value, decimals: decimals) == expected)
    }

    @Test(arguments: [(0, "0"), (-7, "-7"), (1_234_567_890, "1234567890"), (Int.min, "-9223372036854775808")])
    func wholes(value: Int, expected: String) {
        var bytes: [UInt8] = []
        appendWhole(value, to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
    }
}
