import ArgumentParser
import BayesianTuning
import Benchmarking
import Console
import Parameters
import Pipeline
import RegressionGate
import Reporting
import ResultStore
import StudyRunner
import TuningReplay
import Workloads

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs a command's body and turns what it throws into one clear line and the right exit status.
func reportingFailures(_ body: () throws -> Void) throws {
    // A closed pipe or a write beyond a file size limit is an error to report, not the end of the program.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    do {
        try body()
    } catch let exit as ExitCode {
        throw exit
    } catch let error as ValidationError {
        throw error
    } catch {
        Console.note("lavoisier-tune: \(error)")
        throw ExitCode(exitStatus(of: error))
    }
}

/// The design's exit status for a failure.
func exitStatus(of error: any Error) -> Int32 {
    switch error {
    case let error as StudyError:
        switch error.code {
        case .invalidOptions, .notTheSame, .nothingToResume: 64
        case .badInput, .corruptStudy: 65
        case .outputFailed: 73
        }
    case let error as ResultStoreError:
        switch error.code {
        case .unknownStudy, .ambiguousStudy, .unknownTrial: 64
        case .cannotOpen, .readOnly, .diskFull, .inputOutput: 73
        case .notADatabase, .foreignDatabase, .newerSchema, .corrupt, .invalidValue, .trialNotRunning: 65
        case .busy: 1
        }
    case let error as GateError: error.exitStatus
    case let error as BaselineError:
        switch error.code {
        case .malformed: 65
        case .newerSchema: 6
        case .cannotEncode: 1
        }
    case let error as ReplayError:
        switch error.code {
        case .invalidOptions: 64
        case .cannotRead, .badTable: 65
        case .cannotWrite: 73
        }
    case let error as WorkloadError:
        switch error.code {
        case .cannotPrepare: 73
        case .noSuchType: 64
        default: 65
        }
    case let error as AnalysisError: error.exitStatus
    case is ParameterError, is SearchSpaceError: 64
    case let error as BenchmarkingError: error.code == .lockFile ? 73 : 1
    case let error as PoolFileError: error.exitStatus
    case is ConsoleError: 73
    default: 1
    }
}
