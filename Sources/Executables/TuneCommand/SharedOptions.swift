import ArgumentParser
import Benchmarking
import EngineTuning
import Foundation

/// Where studies, reports and profiles lie.
struct PlaceOptions: ParsableArguments {
    @Option(help: "Database of studies and trials.")
    var store = "reports/trials.sqlite"

    @Option(help: "Folder for reports.")
    var reportsDir = "reports"

    @Option(help: "Folder with this machine's profile. Default: the one that 'lavoisier analyze' looks in.")
    var configDir: String?

    @Option(help: "File that keeps two studies from measuring each other.")
    var lock = StudyLock.machineWidePath

    func request() throws -> EngineStudyRequest {
        var request = EngineStudyRequest()
        request.storePath = store
        request.reportsDirectory = reportsDir
        request.configurationDirectory = configDir
        request.lockPath = lock
        return request
    }
}

/// What is printed.
struct OutputOptions: ParsableArguments {
    @Flag(help: "No progress and no summary on standard error; errors still show.")
    var quiet = false

    @Flag(help: "Print the result as a JSON object to standard output.")
    var json = false
}
