import ArgumentParser

/// The modes that the other commands take, for scripts.
struct ModesSubcommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "modes", abstract: "Print the modes of our reader.")

    func run() {
        func names(_ modes: [ReaderMode]) -> JSONText { .list(modes.map { .text($0.rawValue) }) }
        print(
            JSONText.fields([
                ("standard", .text(ReaderMode.standard.rawValue)), ("all", names(ReaderMode.allCases)),
            ]))
    }
}
