import CReadingCeilings
import Testing

/// A ceiling that leaves work out would make the comparison worthless, so its counts are held against documents whose
/// contents are known.
struct CeilingTests {
    private struct Outcome {
        var totals: ceiling_totals
        var sums: ceiling_sums
    }

    private func tokenize(_ text: String, _ scan: ceiling_tag_scan = ceiling_vectorised_tags) -> Outcome {
        let document = Array(text.utf8) + [UInt8](repeating: UInt8(ascii: ">"), count: Int(CEILING_PADDING))
        let scratch = ceiling_scratch_create()
        defer { ceiling_scratch_destroy(scratch) }
        var sums = ceiling_sums()
        let totals = ceiling_tokenizer(scratch, document, text.utf8.count, scan, &sums)
        // A timed pass sees the same.
        let timed = ceiling_tokenizer(scratch, document, text.utf8.count, scan, nil)
        #expect(timed.attributes == totals.attributes && timed.decoded_bytes == totals.decoded_bytes)
        return Outcome(totals: totals, sums: sums)
    }

    private func arrays(_ text: String, zlib: Bool = false) -> Outcome {
        let document = Array(text.utf8) + [UInt8](repeating: 0, count: Int(CEILING_PADDING))
        let scratch = ceiling_scratch_create()
        defer { ceiling_scratch_destroy(scratch) }
        var sums = ceiling_sums()
        let totals = ceiling_arrays(scratch, document, text.utf8.count, zlib ? 1 : 0, &sums)
        return Outcome(totals: totals, sums: sums)
    }

    private static let scans = [ceiling_vectorised_tags, ceiling_bytewise_tags]

    private func spectrum(_ terms: [String], _ payload: String) -> String {
        "<spectrum index=\"0\">\n  <binaryDataArray>"
            + terms.map { "<cvParam cvRef=\"MS\" accession=\"\($0)\" name=\"\"/>" }.joined()
            + "\n  <binary>\(payload)</binary></binaryDataArray></spectrum>"
    }

    @Test(arguments: [0, 1])
    func `Every tag and every attribute is counted, wherever quotes, spaces and '>' stand`(scan: Int) {
        let text = """
            <?xml version="1.0"?><!-- <a b="c"> --><mzML xmlns = 'x>y' \n a="it's"><empty/>\
            <aVeryLongElementNameThatIsLongerThanThirtyTwoBytes attribute="\(String(repeating: "v", count: 100))" \
            b=""/><![CDATA[<a b="c">]]></mzML>
            """
        let found = tokenize(text, Self.scans[scan]).totals
        #expect(found.status == ceiling_ok && found.position == text.utf8.count)
        #expect(found.start_tags == 3 && found.end_tags == 1)
        #expect(found.attributes == 4)
        #expect(found.name_bytes == "xmlns".utf8.count + "a".utf8.count + "attribute".utf8.count + "b".utf8.count)
        #expect(found.value_bytes == "x>y".utf8.count + "it's".utf8.count + 100)
    }

    @Test(arguments: [0, 1])
    func `Payloads of every length decode to the same bytes in both ceilings`(scan: Int) {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        for length in 0..<200 {
            var text = String((0..<(length / 3 * 4)).map { alphabet[($0 * 37 + length) % 64] })
            if length % 3 == 1 { text += "QQ==" }
            if length % 3 == 2 { text += "QUI=" }
            let (a, b) = (tokenize(spectrum([], text), Self.scans[scan]), arrays(spectrum([], text)))
            #expect(a.totals.decoded_bytes == length && b.totals.decoded_bytes == length)
            #expect(a.totals.payloads == 1 && a.sums.digest == b.sums.digest)
            // Line breaks go through the slow path, which must agree with the fast one.
            let broken = spectrum([], "\n" + text.prefix(8) + "\n  " + text.dropFirst(8))
            #expect(tokenize(broken, Self.scans[scan]).sums.digest == a.sums.digest)
        }
    }

    @Test(arguments: [0, 1])
    func `Sums are those of the arrays that the terms name`(scan: Int) {
        // 1.5 and -2 as 64-bit, 0.25 and 8 as 32-bit floats, little-endian.
        let mz = spectrum(["MS:1000514", "MS:1000523"], "AAAAAAAA+D8AAAAAAAAAwA==")
        let intensity = spectrum(["MS:1000515", "MS:1000521"], "AACAPgAAAEE=")
        let other = spectrum(["MS:1000595", "MS:1000523"], "AAAAAAAA+D8=")
        let outside =
            "<chromatogram><binaryDataArray><cvParam accession=\"MS:1000515\"/><cvParam accession=\"MS:1000521\"/>"
            + "<binary>AACAPgAAAEE=</binary></binaryDataArray></chromatogram>"
        let found = tokenize(mz + intensity + other + outside, Self.scans[scan])
        #expect(found.totals.payloads == 4 && found.totals.inflated_payloads == 0)
        #expect(found.sums.mz_points == 2 && found.sums.mz_sum == -0.5)
        #expect(found.sums.intensity_points == 2 && found.sums.intensity_sum == 8.25)
    }

    @Test func `What an array calls zlib is inflated`() {
        // zlib of sixteen zero bytes.
        let text = spectrum(["MS:1000574", "MS:1000514", "MS:1000523"], "eJxjYEAFAAAQAAE=")
        let (a, b) = (tokenize(text), arrays(text, zlib: true))
        #expect(a.totals.inflated_payloads == 1 && a.totals.decoded_bytes == 16 && a.sums.mz_points == 2)
        #expect(b.totals.decoded_bytes == 16 && a.sums.digest == b.sums.digest)
        #expect(arrays(spectrum([], "AAAA"), zlib: true).totals.status == ceiling_bad_zlib)
    }

    @Test(arguments: [0, 1])
    func `Defects are reported and nothing behind the document is read as part of it`(scan: Int) {
        #expect(tokenize(spectrum([], "AA*A"), Self.scans[scan]).totals.status == ceiling_bad_base64)
        #expect(tokenize(spectrum([], "AAA"), Self.scans[scan]).totals.status == ceiling_bad_base64)
        let whole = spectrum(["MS:1000514", "MS:1000523"], "AAAAAAAA+D8=")
        for length in 1..<whole.utf8.count {
            let found = tokenize(String(whole.prefix(length)), Self.scans[scan]).totals
            let insideTag = whole.prefix(length).lastIndex(of: "<").map {
                !whole[$0..<whole.prefix(length).endIndex].contains(">")
            }
            if insideTag == true { #expect(found.status == ceiling_unterminated, "\(length)") }
        }
    }
}
