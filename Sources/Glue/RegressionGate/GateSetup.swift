import Benchmarking
import EngineRuns
import Foundation
import HostEnvironment
import Parameters
import Pipeline
import Workloads

/// What a gate, a baseline and a measurement of noise need, checked and prepared before the first run.
struct GateSetup {
    let host: HostDescription
    /// Read before anything runs.
    let machine: BaselineMachine
    let locations: DataLocations
    let workloads: [EngineWorkload]
    let program: EngineProgram
    let noiseFiles: NoiseFiles

    /// - Parameter note: told before something is prepared, which takes some seconds.
    /// - Throws: `GateError`.
    init(
        workloads names: [String], environment: [String: String], interrupt: InterruptFlag?, note: (String) -> Void
    ) throws(GateError) {
        let reader = HostReader()
        host = reader.read()
        machine = BaselineMachine(host, reader.readConditions())
        locations = DataLocations.absolute(environment: environment)
        noiseFiles = NoiseFiles(cache: locations.cache)
        do {
            workloads = try EngineWorkload.prepare(names, locations, note: note)
            try locations.prepareReferences(note: note)
            program = try EngineProgram(workloads: workloads, locations: locations, interrupt: interrupt)
        } catch {
            throw GateError(engine: error)
        }
    }

    /// Names of all workloads, as they stand in tables.
    var label: String { workloads.map(\.name).joined(separator: "+") }

    /// The noise that was measured here over these workloads with these settings.
    func storedNoise(settings: [String]) -> Measured<MachineNoise> {
        noiseFiles.read(machine: machine.identity, workloads: workloads.map(\.name), settings: settings)
    }

    /// An engine with the settings of a baseline; what they leave out is the engine's own default.
    func arm(_ name: String, _ engine: EngineBinary, settings: [String]) throws(GateError) -> EngineArm {
        do {
            return try EngineArm(
                name: name, engine: engine, file: nil, assignments: settings, isOtherVersion: true, host: host)
        } catch {
            throw GateError(.badInput, "the baseline's settings cannot be used: \(error)")
        }
    }

    /// What was given, as this program understands it: `name=value`, sorted. - Throws: `GateError(.usage)`.
    func settings(file: String?, assignments: [String]) throws(GateError) -> [String] {
        var layers = ConfigurationRequest()
        layers.configurationFile = file
        layers.assignments = assignments
        layers.profile = "none"
        do {
            return try layers.resolve(host: host).configuration.settings.filter { $0.source != "default" }
                .map { "\($0.description.name)=\($0.text)" }.sorted()
        } catch {
            throw GateError(.usage, "\(error)")
        }
    }

    static func engine(_ path: String?, option: String) throws(GateError) -> EngineBinary {
        do { return try EngineBinary.locate(path, option: option) } catch { throw GateError(engine: error) }
    }

    /// One user of the machine at a time.
    static func lock(_ what: String, path: String) throws(GateError) -> StudyLock {
        do { return try StudyLock(study: what, path: path) } catch {
            throw GateError(error.code == .lockFile ? .outputFailed : .failed, error.description)
        }
    }
}

extension GateError {
    /// What went wrong below, by its kind.
    init(engine error: any Error) {
        switch error {
        case let error as GateError: self = error
        case let error as AnalysisError:
            switch error.exitStatus {
            case 64: self.init(.usage, "\(error)")
            case 73: self.init(.outputFailed, "\(error)")
            case 65: self.init(.badInput, "\(error)")
            default: self.init(.failed, "\(error)")
            }
        case let error as WorkloadError:
            self.init(error.code == .cannotPrepare ? .outputFailed : .badInput, "\(error)")
        case is ParameterError: self.init(.usage, "\(error)")
        default: self.init(.failed, "\(error)")
        }
    }
}
