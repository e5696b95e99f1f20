import ArgumentParser

/// One cold reading: what the whole process costs is for the caller to see, peak memory and the parts are printed.
struct OnceSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "once", abstract: "Read a file one time in one mode: points, CPU seconds, peak memory.")

    @Argument(help: "mzML file.", completion: .file())
    var file: String

    @Option(help: "Mode of our reader.")
    var mode = ReaderMode.standard

    @Flag(help: "Add up m/z and intensity too.")
    var sums = false

    func run() throws {
        if mode == .memory { throw ValidationError("--mode memory: the file would have to be loaded first") }
        let input = EngineInput(path: file)
        var engine = EngineReading()
        let startUp = processSeconds()
        var fields: [(String, JSONText)] = [("path", .text(file)), ("mode", .text(mode.rawValue))]
        if sums {
            let answer = try engine.answer(of: input, mode: mode)
            fields += [
                ("points", .integer(answer.points)), ("mzSum", .number(answer.mzSum)),
                ("intensitySum", .number(answer.intensitySum)),
            ]
        } else {
            fields.append(("points", .integer(try engine.points(of: input, mode: mode))))
        }
        fields += [
            ("startUpSeconds", .number(startUp)), ("readingSeconds", .number(processSeconds() - startUp)),
            ("bufferBytes", .integer(mode.bufferBytes)), ("peakResidentBytes", .optional(peakResidentBytes())),
        ]
        print(JSONText.fields(fields))
    }
}
