import Console
import Testing

@Suite struct ConsoleTests {
    @Test func tableAligns() {
        var table = ConsoleTable(header: ["name", "MB"], alignments: [.left, .right])
        table.append(["small", "17.2"])
        table.append(["a", "250.0"])
        #expect(table.text == "name      MB\n-----  -----\nsmall   17.2\na      250.0\n")
    }

    @Test(arguments: [(4.4, "4 s"), (185, "3 min 05 s"), (3_840, "1 h 04 min")])
    func spans(seconds: Double, text: String) { #expect(TimeEstimate.text(seconds: seconds) == text) }

    @Test func estimate() {
        #expect(TimeEstimate.remainingSeconds(fraction: 0.25, elapsedSeconds: 10) == 30)
        #expect(TimeEstimate.remainingSeconds(fraction: 0, elapsedSeconds: 10) == nil)
        #expect(TimeEstimate.remainingSeconds(fraction: 1, elapsedSeconds: 10) == 0)
    }
}
