import Foundation
import Statistics

@testable import Reporting

/// A made-up study as large as a real one, from a seed: 50 trials with failures, three arms of 12 runs.
struct SampleStudy {
    private var generator = SeededGenerator(seed: 20)
    private let chunks: [(String, Double)] = [
        ("64", 64), ("256", 256), ("1024", 1024), ("4096", 4096), ("16384", 16384),
    ]
    private let buffers = ["256KiB", "1MiB", "4MiB", "16MiB", "64MiB", "256MiB"]
    private let precisions = ["float64", "float32", "mixed"]

    static func report() -> StudyReport {
        var study = SampleStudy()
        return study.make()
    }

    /// Twelve uniforms minus 6: near enough to a normal for a sample.
    private mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + generator.uniform() } }

    private struct Choice {
        var chunk: Int
        var buffer: Int
        var workers: Int
        var precision: Int
        var tolerance: Double
    }

    private let defaults = Choice(chunk: 1, buffer: 2, workers: 2, precision: 0, tolerance: 0.5)

    private func settings(_ choice: Choice) -> [StudyReport.Setting] {
        [
            .init(
                parameter: "execution.buffer_size",
                value: .init(text: buffers[choice.buffer], number: 262_144 * pow(4, Double(choice.buffer)))),
            .init(
                parameter: "execution.chunk_size",
                value: .init(text: chunks[choice.chunk].0, number: chunks[choice.chunk].1)),
            .init(
                parameter: "execution.prefetch_fraction",
                value: .init(text: NumberText.fixed(choice.tolerance, 2), number: choice.tolerance)),
            .init(
                parameter: "execution.workers",
                value: .init(text: String(choice.workers), number: Double(choice.workers))),
            .init(parameter: "numeric.precision", value: .init(text: precisions[choice.precision])),
        ]
    }

    private func throughput(_ choice: Choice) -> Double {
        let chunk = 1 - 0.05 * pow(Double(choice.chunk) - 2.6, 2)
        let buffer = 1 - 0.03 * pow(Double(choice.buffer) - 3, 2)
        let workers = [0, 0.62, 1, 0.97, 0.9][choice.workers]
        let precision = [1, 1.22, 1.1][choice.precision]
        return 31 * chunk * buffer * workers * precision * (1 - 0.08 * pow(choice.tolerance - 0.7, 2))
    }

    private mutating func trial(_ number: Int, _ choice: Choice, phase: String, start: Double) -> StudyReport.Trial {
        let expected = throughput(choice)
        let value = expected * exp(0.03 * normal())
        let isInfeasible = choice.precision == 1 && choice.chunk > 2
        let isFailed = choice.buffer == 5 && choice.workers > 2
        let isModel = phase == "model"
        let accuracy = StudyReport.Accuracy(
            f1: .value(isInfeasible ? 0.9967 : choice.precision == 0 ? 1 : 0.9996),
            truthRecall: .value(isInfeasible ? 0.983 : 1),
            digestEqual: .value(choice.precision == 0))
        return StudyReport.Trial(
            number: number, phase: phase, configuration: settings(choice),
            state: isFailed ? .failed : isInfeasible ? .infeasible : .succeeded,
            reason: isFailed
                ? "killed by the memory limit of 2 GB (signal 9)"
                : isInfeasible ? "accuracy: F1 0.9967 is below the floor of 0.999" : nil,
            objective: isFailed ? .unavailable(reason: "the engine was killed") : .value(value),
            wallTime: isFailed ? .unavailable(reason: "the engine was killed") : .value(86.4 / value),
            cpuTime: isFailed ? .unavailable(reason: "the engine was killed") : .value(150 / value),
            peakMemory: isFailed
                ? .unavailable(reason: "the engine was killed") : .value(180 + 24 * pow(1.9, Double(choice.buffer))),
            accuracy: isFailed ? .unavailable(reason: "no result") : .value(accuracy),
            prediction: isModel
                ? .value(
                    .init(mean: expected * exp(0.05 * normal()), standardDeviation: 0.6 + 2.2 / Double(number - 10)))
                : .unavailable(reason: "not suggested by the model"),
            start: .value(start))
    }

    private mutating func trials() -> [StudyReport.Trial] {
        var result: [StudyReport.Trial] = []
        var start = 2.1
        var best = defaults
        for number in 0..<50 {
            var choice = defaults
            let phase = number == 0 ? "default" : number < 13 ? "space-filling" : "model"
            if number > 0 && number < 13 || number % 6 == 0 && number > 0 {
                choice = Choice(
                    chunk: generator.integer(below: 5), buffer: generator.integer(below: 6),
                    workers: 1 + generator.integer(below: 4), precision: generator.integer(below: 3),
                    tolerance: generator.uniform())
            } else if number > 0 {
                choice = best
                switch generator.integer(below: 4) {
                case 0: choice.chunk = min(max(choice.chunk + 1 - generator.integer(below: 3), 0), 4)
                case 1: choice.buffer = min(max(choice.buffer + 1 - generator.integer(below: 3), 0), 5)
                case 2: choice.workers = min(max(choice.workers + 1 - generator.integer(below: 3), 1), 4)
                default: choice.tolerance = min(max(choice.tolerance + 0.1 * normal(), 0), 1)
                }
            }
            let made = trial(number, choice, phase: phase, start: start)
            if made.state == .succeeded && throughput(choice) > throughput(best) { best = choice }
            start += (made.wallTime.finite ?? 4) + 0.2
            result.append(made)
        }
        return result
    }

    private mutating func confirmation(_ best: [StudyReport.Setting]) -> StudyReport.Confirmation {
        let roles: [(StudyReport.ArmRole, Double, Double, Double)] = [
            (.builtInDefault, 24.6, 1.72, 344), (.before, 27.9, 1.74, 352), (.best, 37.2, 1.70, 412),
        ]
        var runs: [[StudyReport.Run]] = [[], [], []]
        var order = 0
        for round in 0..<12 {
            let drift = round > 6 && round < 9 ? 0.86 : 1.0
            for arm in round % 2 == 0 ? [0, 1, 2] : [2, 1, 0] {
                let pressure = max(0.01, (drift < 1 ? 0.28 : 0.04) + 0.02 * normal())
                let rate = roles[arm].1 * drift * exp(0.018 * normal())
                runs[arm].append(
                    .init(
                        order: order, round: round, wallTime: .value(86.4 / rate),
                        cpuTime: .value(86.4 / roles[arm].1 * roles[arm].2 * exp(0.01 * normal())),
                        throughput: .value(rate), peakMemory: .value(roles[arm].3 * exp(0.004 * normal())),
                        cpuPressure: .value(pressure), steal: .value(max(0, 0.004 + 0.002 * normal()))))
                order += 1
            }
        }
        let arms = roles.enumerated().map { index, role in
            StudyReport.Arm(
                role: role.0, configuration: best,
                accuracy: .value(.init(f1: .value(1), truthRecall: .value(1), digestEqual: .value(true))),
                runs: runs[index])
        }
        let comparisons = StudyReport.Metric.allCases.filter { $0 != .energy }.flatMap { metric in
            [0, 1].map { reference in
                StudyReport.Comparison(
                    metric: metric, reference: roles[reference].0, candidate: .best,
                    ratio: .value(
                        PairedRatio(
                            before: runs[reference].compactMap { $0.value(metric) },
                            after: runs[2].compactMap { $0.value(metric) }, resamples: 2000)))
            }
        }
        return .init(
            arms: arms, comparisons: comparisons, headlineMetric: .throughput, headlineReference: .before)
    }

    private func parameters(_ best: [StudyReport.Setting]) -> [StudyReport.Parameter] {
        let texts = [
            "Bytes that the reader keeps in flight.", "Spectra that one worker takes at a time.",
            "How far ahead of the cursor the reader asks for pages, as a share of the buffer.",
            "Threads that process chunks.", "Floating-point type of the signal kernels.",
        ]
        let values: [[StudyReport.Value]] = [
            buffers.enumerated().map { .init(text: $0.element, number: 262_144 * pow(4, Double($0.offset))) },
            chunks.map { .init(text: $0.0, number: $0.1) }, [],
            (1...4).map { .init(text: String($0), number: Double($0)) }, precisions.map { .init(text: $0) },
        ]
        let units = ["bytes", "spectra", "", "", ""]
        let scales: [StudyReport.Parameter.Scale] = [.logarithmic, .logarithmic, .linear, .linear, .categorical]
        return settings(defaults).enumerated().map { index, setting in
            .init(
                name: setting.parameter, unit: units[index], text: texts[index], scale: scales[index],
                values: values[index], defaultValue: setting.value, before: .value(setting.value),
                best: .value(best.first { $0.parameter == setting.parameter }?.value ?? setting.value))
        }
    }

    private func stages() -> StudyReport.StageTimes {
        let names = [
            "read", "centroid", "mass traces", "wavelet peaks", "isotopes", "MS/MS match", "annotate", "write",
        ]
        let seconds = [0.62, 0.21, 0.55, 1.24, 0.12, 0.48, 0.07, 0.05]
        let factors: [(StudyReport.ArmRole, Double)] = [(.builtInDefault, 1), (.before, 0.89), (.best, 0.66)]
        return .init(
            note:
                "Median over 12 runs of each setting, summed over workers; the stages overlap.",
            arms: factors.map { role, factor in
                .init(
                    role: role,
                    stages: zip(names, seconds).map {
                        .init(name: $0, seconds: $1 * ($0 == "write" ? 1 : factor))
                    })
            })
    }

    private func environment() -> StudyReport.Environment {
        func fact(_ name: String, _ value: String) -> StudyReport.Fact { .init(name: name, value: .value(value)) }
        return .init(
            machine: [
                fact("Machine identity", "4f1c2a9b7d03"), fact("Architecture", "x86_64"),
                fact("CPU model", "AMD EPYC 7B13 (virtual)"), fact("Usable CPUs", "2"),
                fact("Usable memory", "8 GiB"), .init(name: "GPU", value: .unavailable(reason: "no device found")),
                fact("L2 / L3 cache", "512 KiB / 32 MiB"),
            ],
            versions: [
                fact("lavoisier", "0.1.0 (a1b2c3d)"), fact("Swift", "6.3.1"), fact("FFTW", "3.3.10"),
                fact("OpenBLAS", "0.3.21, 1 thread"), fact("Kernel", "Linux 6.18"),
            ],
            workloads: [
                .init(
                    name: "medium-dda", sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    bytes: 86_400_000, spectra: .value(12_480))
            ],
            noise: [
                fact("CPU pressure, median / highest", "4 % / 31 %"), fact("Steal, highest", "0.9 %"),
                fact("Spread of identical runs", "6.1 %"),
            ],
            notMeasured: [
                .init(what: "Energy", reason: "this machine has no powercap interface"),
                .init(what: "Hardware counters", reason: "perf_event_open: not supported by the hypervisor"),
            ])
    }

    private mutating func make() -> StudyReport {
        let trials = trials()
        var best: StudyReport.Trial?
        for trial in trials where trial.state == .succeeded {
            if trial.objective.finite ?? 0 > best?.objective.finite ?? 0 { best = trial }
        }
        let chosen = best?.configuration ?? settings(defaults)
        let points = trials.compactMap { trial -> StudyReport.ModelDiagnostics.CheckPoint? in
            guard trial.state == .succeeded, let value = trial.objective.finite else { return nil }
            return .init(
                trial: trial.number, observed: value,
                predicted: .init(mean: value * exp(0.04 * normal()), standardDeviation: 0.8 + generator.uniform()))
        }
        return StudyReport(
            studyID: "2026-11-28-throughput-7c1e", title: "Throughput on medium-dda",
            created: "28 November 2026, 03:30 UTC", target: "throughput",
            objective: .init(name: "Throughput", unit: "MB/s", higherIsBetter: true), verdict: .improved,
            confirmation: .value(confirmation(chosen)), trials: trials, parameters: parameters(chosen),
            importance: .value(
                .init(
                    method: "PED-ANOVA over the successful trials",
                    shares: [
                        .init(parameter: "execution.buffer_size", share: 0.14),
                        .init(parameter: "execution.chunk_size", share: 0.27),
                        .init(parameter: "execution.prefetch_fraction", share: 0.03),
                        .init(parameter: "execution.workers", share: 0.38),
                        .init(parameter: "numeric.precision", share: 0.18),
                    ])),
            stages: .value(stages()), environment: environment(),
            reproduce: [
                .init(
                    purpose: "Run the study again",
                    command: "lavoisier-tune --target throughput --budget 50 --workload medium-dda --seed 42"),
                .init(
                    purpose: "Use the best setting",
                    command: "lavoisier analyze data/*.mzML --output results --config config/4f1c2a9b7d03.yaml"),
            ],
            search: .init(
                seed: 42, budget: 50, strategy: "Gaussian process after 12 space-filling trials",
                acquisition: "log expected improvement",
                more: [
                    .init(name: "Accuracy floor", value: .value("F1 0.999, no truth lost")),
                    .init(name: "Memory limit", value: .value("2 GB")),
                ]),
            model: .value(
                .init(
                    description: "Mat\u{E9}rn-5/2 with one length scale per parameter, on the log of the throughput",
                    lengthScales: [
                        .init(parameter: "execution.buffer_size", value: 0.61),
                        .init(parameter: "execution.chunk_size", value: 0.42),
                        .init(parameter: "execution.prefetch_fraction", value: 3.9),
                        .init(parameter: "execution.workers", value: 0.35),
                        .init(parameter: "numeric.precision", value: 0.88),
                    ], noise: .value(0.031), leaveOneOut: .value(points))))
    }
}
