import ArgumentParser
import Benchmarking
import Console
import Evaluation
import MzML
import Parameters
import Pipeline
import RunSimulation
import SpectralMatching
import Workloads

/// Runs a command's body and turns what it throws into one clear line and the right exit status.
func reportingFailures(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let exit as ExitCode {
        throw exit
    } catch let error as ValidationError {
        throw error
    } catch {
        Console.note("lavoisier: \(error)")
        throw ExitCode(exitStatus(of: error))
    }
}

/// The design's exit status for a failure.
func exitStatus(of error: any Error) -> Int32 {
    switch error {
    case let error as AnalysisError: error.exitStatus
    case is ParameterError: 64
    case let error as MzMLError: error.code == .cannotWrite ? 73 : 65
    case let error as LibraryFileError: error.code == .unwritable ? 73 : 65
    case let error as WorkloadError:
        switch error.code {
        case .cannotPrepare: 73
        case .noSuchType: 64
        default: 65
        }
    case is EvaluationError: 65
    case let error as SimulationError:
        switch error.code {
        case .badParameter, .peaksDoNotFit: 64
        case .unsuitableBackground: 65
        case .cannotWrite: 73
        }
    case let error as BenchmarkingError: error.code == .lockFile ? 73 : 1
    case is ConsoleError: 73
    default: 1
    }
}
