// swift-tools-version: 6.2
import PackageDescription

// The house, bottom to top. Arrows only go down:
//   C < Base, Numerics < { Engine | Tuner | Harness } < Glue < Executables
// The three pillars (Engine, Tuner, Harness) never import each other. Every arrow is declared below and
// `make check` builds with `--explicit-target-dependency-import-check error`, so an undeclared one does not build.

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// libm is not linked by itself when a product does not import Foundation.
let mathLibrary: [LinkerSetting] = [.linkedLibrary("m")]

/// The programs carry Swift's runtime and Foundation in themselves: they start in half the time, and run where no Swift is
/// installed (`docs/decisions/0021-what-a-run-cannot-share.md`). `LAVOISIER_DYNAMIC=1` in the environment leaves both outside, for
/// installations of Swift that have no static libraries, and for sanitizers.
#if os(Linux)
    let carriesRuntime = Context.environment["LAVOISIER_DYNAMIC"] == nil
#else
    let carriesRuntime = false
#endif
let foundation = [
    "Foundation", "CoreFoundation", "FoundationInternationalization", "FoundationEssentials", "_FoundationICU",
    "_FoundationCShims", "_FoundationCollections",
]
let runtime =
    ["-static-stdlib", "-use-ld=lld", "-Xlinker", "--start-group"] + foundation.map { "-l\($0)" }
    + ["-Xlinker", "--end-group"]
let program: [LinkerSetting] = mathLibrary + (carriesRuntime ? [.unsafeFlags(runtime)] : [])

func room(_ folder: String, _ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(folder)/\(name)", exclude: ["README.md"],
        swiftSettings: house)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)Tests", resources: resources,
        swiftSettings: house, linkerSettings: mathLibrary)
}

func systemLibrary(_ name: String, pkgConfig: String, apt: String) -> Target {
    .systemLibrary(name: name, path: "Sources/C/\(name)", pkgConfig: pkgConfig, providers: [.apt([apt])])
}

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")

// MARK: - C

let c: [Target] = [
    systemLibrary("CLibXML2", pkgConfig: "libxml-2.0", apt: "libxml2-dev"),
    systemLibrary("CDeflate", pkgConfig: "libdeflate", apt: "libdeflate-dev"),
    systemLibrary("CZlib", pkgConfig: "zlib", apt: "zlib1g-dev"),
    systemLibrary("CFFTW", pkgConfig: "fftw3", apt: "libfftw3-dev"),
    systemLibrary("COpenBLAS", pkgConfig: "openblas", apt: "libopenblas-dev"),
    systemLibrary("CLAPACKE", pkgConfig: "lapacke", apt: "liblapacke-dev"),
    systemLibrary("CLZ4", pkgConfig: "liblz4", apt: "liblz4-dev"),
    systemLibrary("CZstd", pkgConfig: "libzstd", apt: "libzstd-dev"),
    systemLibrary("CCrypto", pkgConfig: "libcrypto", apt: "libssl-dev"),
    // Vectorised loops of the reader with run-time dispatch: Swift's SIMD has no byte shuffle.
    .target(name: "CReadingKernels", path: "Sources/C/CReadingKernels", exclude: ["README.md"]),
    // Vectorised loops of peak detection, likewise.
    .target(name: "CSignalKernels", path: "Sources/C/CSignalKernels", exclude: ["README.md"]),
    // Loops over the postings of the fragment index, likewise.
    .target(name: "CMatchingKernels", path: "Sources/C/CMatchingKernels", exclude: ["README.md"]),
    // What plain C reaches on the same files; for `make bench` only.
    .target(
        name: "CReadingCeilings", dependencies: ["CDeflate"], path: "Sources/C/CReadingCeilings", exclude: ["README.md"]
    ),
    // A signal handler, so that a mapped file may shrink under its reader.
    .target(name: "CMappedRegions", path: "Sources/C/CMappedRegions", exclude: ["README.md"]),
    // malloc_trim, which the Glibc module leaves out.
    .target(name: "CFreeMemory", path: "Sources/C/CFreeMemory", exclude: ["README.md"]),
    // sync_file_range, likewise.
    .target(name: "CWriteBehind", path: "Sources/C/CWriteBehind", exclude: ["README.md"]),
    // sched_setaffinity and set_mempolicy, which the Glibc module leaves out.
    .target(name: "CThreadPlacement", path: "Sources/C/CThreadPlacement", exclude: ["README.md"]),
    // fork/exec with process group, parent-death signal and rlimits: must be async-signal-safe, so C.
    .target(name: "CChildLauncher", path: "Sources/C/CChildLauncher", exclude: ["README.md"]),
]

// MARK: - Base

let base: [Target] = [
    room("Base", "ContentHash", ["CCrypto"]),
    room("Base", "Parameters", [yams]),
    room("Base", "HostEnvironment", ["ContentHash"]),
    room("Base", "Instrumentation"),
    room("Base", "OutOfCore", ["CLZ4", "CZstd"]),
    room("Base", "Console"),
    room("Base", "Caching"),
    room("Base", "TextNumbers"),
]

// MARK: - Numerics

let numerics: [Target] = [
    room("Numerics", "Statistics"),
    room("Numerics", "LinearAlgebra", ["COpenBLAS", "CLAPACKE"]),
    room("Numerics", "SignalKernels", ["CFFTW", "CSignalKernels"]),
]

// MARK: - Engine

let engine: [Target] = [
    room("Engine", "SpectrumModel"),
    room(
        "Engine", "MzML",
        [
            "SpectrumModel", "CLibXML2", "CDeflate", "CZlib", "CReadingKernels", "CMappedRegions", "ContentHash",
            "TextNumbers", "Caching", "Instrumentation",
        ]),
    room("Engine", "FeatureDetection", ["SpectrumModel", "SignalKernels", "OutOfCore"]),
    room(
        "Engine", "SpectralMatching",
        [
            "SpectrumModel", "Caching", "OutOfCore", "ContentHash", "CZlib", "TextNumbers", "CMatchingKernels",
            "CFreeMemory", "Statistics",
        ]),
    room("Engine", "Annotation", ["SpectrumModel", "SpectralMatching", "ContentHash", "TextNumbers"]),
    room("Engine", "Evaluation", ["SpectrumModel", "Statistics", "TextNumbers"]),
    room("Engine", "RunSimulation", ["SpectrumModel", "MzML", "Statistics"]),
    room("Engine", "Workloads", ["SpectrumModel", "MzML", "Parameters", "ContentHash", yams]),
    room(
        "Engine", "Pipeline",
        [
            "SpectrumModel", "MzML", "FeatureDetection", "SpectralMatching", "Annotation", "SignalKernels",
            "CFreeMemory", "CWriteBehind", "CThreadPlacement", "Parameters", "HostEnvironment", "Instrumentation",
            "ContentHash", "TextNumbers", "OutOfCore", "Caching",
        ]),
]

// MARK: - Tuner

let tuner: [Target] = [
    room("Tuner", "GaussianProcess", ["LinearAlgebra", "Statistics"]),
    room("Tuner", "BayesianTuning", ["GaussianProcess", "Statistics", "Parameters", "Instrumentation"]),
]

// MARK: - Harness

let harness: [Target] = [
    room(
        "Harness", "Benchmarking",
        ["Statistics", "HostEnvironment", "Instrumentation", "ContentHash", "CChildLauncher"]),
    room("Harness", "ResultStore", ["Benchmarking", "HostEnvironment", grdb]),
    room("Harness", "Reporting", ["Statistics"]),
]

// MARK: - Glue

let glue: [Target] = [
    room("Glue", "TuningReplay", ["BayesianTuning", "GaussianProcess", "Parameters", "Statistics"]),
    room(
        "Glue", "StudyRunner",
        [
            "BayesianTuning", "Benchmarking", "ResultStore", "Parameters", "Statistics", "HostEnvironment",
            "ContentHash", "Instrumentation",
        ]),
    room(
        "Glue", "EngineRuns",
        [
            "Pipeline", "Evaluation", "Workloads", "Benchmarking", "Reporting", "HostEnvironment", "Parameters",
            "Instrumentation", "ContentHash", "Statistics",
        ]),
    room(
        "Glue", "EngineTuning",
        [
            "EngineRuns", "Pipeline", "Evaluation", "Workloads", "StudyRunner", "BayesianTuning", "Benchmarking",
            "ResultStore", "Reporting", "Parameters", "Statistics", "HostEnvironment", "ContentHash", "Instrumentation",
        ]),
    room(
        "Glue", "RegressionGate",
        [
            "EngineRuns", "Pipeline", "Workloads", "Benchmarking", "Reporting", "Parameters", "Statistics",
            "HostEnvironment", "ContentHash", "Instrumentation",
        ]),
]

// MARK: - Products

let products: [Target] = [
    .target(
        name: "Lavoisier",
        dependencies: [
            "Pipeline", "EngineTuning", "StudyRunner", "Benchmarking", "Workloads", "Parameters", "Instrumentation",
            "HostEnvironment", "MzML",
        ],
        path: "Sources/Lavoisier", exclude: ["README.md"], swiftSettings: house),
    .executableTarget(
        name: "AnalyzeCommand",
        dependencies: [
            "EngineRuns", "Benchmarking", "Reporting", "Statistics", "Pipeline", "Workloads", "Evaluation",
            "SpectralMatching", "Annotation", "MzML", "RunSimulation", "Parameters", "Instrumentation",
            "HostEnvironment", "Console", "SpectrumModel", "TextNumbers",
            argumentParser,
        ],
        path: "Sources/Executables/AnalyzeCommand", exclude: ["README.md"], swiftSettings: house,
        linkerSettings: program),
    .executableTarget(
        name: "TuneCommand",
        dependencies: [
            "EngineTuning", "EngineRuns", "RegressionGate", "StudyRunner", "TuningReplay", "ResultStore", "Reporting",
            "Benchmarking",
            "BayesianTuning",
            "Pipeline", "Workloads", "Parameters", "Instrumentation", "HostEnvironment", "Console", argumentParser,
        ],
        path: "Sources/Executables/TuneCommand", exclude: ["README.md"], swiftSettings: house,
        linkerSettings: program),
    .executableTarget(
        name: "AnnotationBenchmark",
        dependencies: ["Annotation", "Pipeline", "SpectralMatching", "SpectrumModel", "Statistics", argumentParser],
        path: "Sources/Executables/AnnotationBenchmark", exclude: ["README.md"], swiftSettings: house,
        linkerSettings: mathLibrary),
    .executableTarget(
        name: "ReadingBenchmark",
        dependencies: ["MzML", "SpectrumModel", "Statistics", "CReadingCeilings", argumentParser],
        path: "Sources/Executables/ReadingBenchmark", exclude: ["README.md"], swiftSettings: house,
        linkerSettings: mathLibrary),
    .executableTarget(
        name: "IdentificationBenchmark",
        dependencies: ["Pipeline", "SpectralMatching", "SpectrumModel", argumentParser],
        path: "Sources/Executables/IdentificationBenchmark", exclude: ["README.md"], swiftSettings: house,
        linkerSettings: mathLibrary),
    .executableTarget(
        name: "MatchingBenchmark", dependencies: ["SpectralMatching", "SpectrumModel", argumentParser],
        path: "Sources/Executables/MatchingBenchmark", exclude: ["README.md"], swiftSettings: house,
        linkerSettings: mathLibrary),
    .executableTarget(
        name: "ApproximateBenchmark",
        dependencies: ["SpectralMatching", "SpectrumModel", "Statistics", argumentParser],
        path: "Sources/Executables/ApproximateBenchmark", exclude: ["README.md"], swiftSettings: house,
        linkerSettings: mathLibrary),
]

// MARK: - Tests

let testSupport: Target.Dependency = "TestSupport"
let testTargets: [Target] = [
    .target(name: "TestSupport", dependencies: ["Statistics"], path: "Tests/TestSupport", swiftSettings: house),
    tests("CReadingCeilings", ["CReadingCeilings"]),
    tests("ContentHash", ["ContentHash"]),
    tests("Parameters", ["Parameters"]),
    tests("Console", ["Console"]),
    tests("Caching", ["Caching", "Statistics"]),
    tests("TextNumbers", ["TextNumbers", "Statistics"]),
    tests("OutOfCore", ["OutOfCore", "Statistics"]),
    tests(
        "HostEnvironment", ["HostEnvironment", "Statistics", testSupport], resources: [.copy("Fixtures")]),
    tests("Statistics", ["Statistics"], resources: [.copy("Fixtures")]),
    tests("LinearAlgebra", ["LinearAlgebra", "Statistics"]),
    tests("SignalKernels", ["SignalKernels", "CSignalKernels", "Statistics"]),
    tests("SpectrumModel", ["SpectrumModel"]),
    // What must hold for any bytes: shared by the fuzzer and the test of its corpus.
    .target(
        name: "ReaderChecks", dependencies: ["MzML", "SpectrumModel", "CLibXML2", "CZlib"], path: "Tests/ReaderChecks",
        swiftSettings: house),
    tests(
        "MzML",
        ["MzML", "SpectrumModel", "Statistics", "ContentHash", "CReadingKernels", "CZlib", "ReaderChecks", "Caching"],
        resources: [.copy("Fixtures")]),
    tests(
        "FeatureDetection", ["FeatureDetection", "SpectrumModel", "Statistics", "SignalKernels", "OutOfCore"]),
    tests(
        "SpectralMatching",
        [
            "SpectralMatching", "SpectrumModel", "Statistics", "OutOfCore", "ContentHash", "CMatchingKernels",
            testSupport,
        ]),
    tests("Annotation", ["Annotation", "SpectralMatching", "SpectrumModel", "Statistics", testSupport]),
    tests("Evaluation", ["Evaluation"]),
    tests("RunSimulation", ["RunSimulation", "MzML", "SpectrumModel", "Statistics", "Evaluation", testSupport]),
    tests("Workloads", ["Workloads", "MzML", "SpectrumModel", "ContentHash", testSupport]),
    tests(
        "Pipeline",
        [
            "Pipeline", "SpectralMatching", "FeatureDetection", "Parameters", "SpectrumModel", "Evaluation",
            "Instrumentation", "Caching", "MzML", "SignalKernels",
            "HostEnvironment", "Statistics", "OutOfCore", testSupport,
        ], resources: [.copy("Fixtures")]),
    tests("GaussianProcess", ["GaussianProcess", "LinearAlgebra", "Statistics"], resources: [.copy("Fixtures")]),
    tests(
        "BayesianTuning", ["BayesianTuning", "GaussianProcess", "Parameters", "Statistics"],
        resources: [.copy("Fixtures")]),
    tests("Benchmarking", ["Benchmarking", "Statistics", "HostEnvironment", "ContentHash"]),
    tests("ResultStore", ["ResultStore", "Benchmarking", "HostEnvironment", grdb]),
    tests(
        "TuningReplay", ["TuningReplay", "BayesianTuning", "Parameters", "Statistics", testSupport],
        resources: [.copy("Fixtures")]),
    tests("Reporting", ["Reporting", "Statistics"], resources: [.copy("Fixtures")]),
    tests(
        "StudyRunner",
        [
            "StudyRunner", "BayesianTuning", "Benchmarking", "ResultStore", "Parameters", "HostEnvironment",
            "Statistics",
            testSupport,
        ]),
    tests(
        "RegressionGate",
        [
            "RegressionGate", "EngineRuns", "Benchmarking", "Reporting", "HostEnvironment", "Statistics", testSupport,
        ]),
    tests(
        "EngineRuns",
        [
            "EngineRuns", "Benchmarking", "Reporting", "Pipeline", "Parameters", "HostEnvironment", "Statistics",
            testSupport,
        ], resources: [.copy("Fixtures")]),
    tests("Lavoisier", ["Lavoisier", "Pipeline", "Parameters", testSupport]),
    // Runs the programs, which a build with tests makes too. They are no dependencies: their linker settings would be those of
    // the tests.
    tests(
        "Commands",
        [
            "Pipeline", "Parameters", "HostEnvironment", "Instrumentation",
            "ResultStore", "RegressionGate", "Benchmarking", "Reporting", testSupport, grdb, yams,
        ]),
]

// MARK: - Fuzzing

/// Only for `make fuzz`: its `main` is libFuzzer's, so it links with the sanitizer alone.
let fuzzing: [Target] =
    Context.environment["LAVOISIER_FUZZ"] == nil
    ? []
    : [
        .systemLibrary(name: "CLibFuzzer", path: "Fuzzing/CLibFuzzer"),
        .executableTarget(
            name: "ReaderFuzzer", dependencies: ["ReaderChecks", "CLibFuzzer", "CZlib"], path: "Fuzzing/ReaderFuzzer",
            swiftSettings: house),
    ]

let package = Package(
    name: "lavoisier",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Lavoisier", targets: ["Lavoisier"]),
        .executable(name: "lavoisier", targets: ["AnalyzeCommand"]),
        .executable(name: "lavoisier-tune", targets: ["TuneCommand"]),
        .executable(name: "lavoisier-reading-benchmark", targets: ["ReadingBenchmark"]),
        .executable(name: "lavoisier-annotation-benchmark", targets: ["AnnotationBenchmark"]),
        .executable(name: "lavoisier-matching-benchmark", targets: ["MatchingBenchmark"]),
        .executable(name: "lavoisier-approximate-benchmark", targets: ["ApproximateBenchmark"]),
        .executable(name: "lavoisier-identification-benchmark", targets: ["IdentificationBenchmark"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: c + base + numerics + engine + tuner + harness + glue + products + testTargets + fuzzing
)
