#!/usr/bin/env python3
"""Fits the model behind peaks.max_false_rate, and checks what it states on runs that it was not fitted on.

    scripts/fit_false_peaks.py [--lavoisier .build/release/lavoisier] [--background run.mzML ...]

Runs are made by `lavoisier simulate`: scans in random order, and injected ions whose every isotopologue is in a table. A
feature at the place of one is true; one that touches one elsewhere (a tail that came apart) is counted apart; every other
one is false. Prints the weights for FalsePeakModel.swift and the table of docs/decisions/0009-peak-quality.md.
More backgrounds (centroid mzML) are only checked. Needs the Python standard library only.
"""

import argparse
import bisect
import csv
import math
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SMALL = ROOT / "workloads/small/HILICNeg15_StdH1.mzML"
DDA = [ROOT / f"workloads/medium/171103_PMA_TK_QC_0{number}-4to5min.mzML" for number in (4, 5)]
GNPS = ROOT / "workloads/gnps/GNPSExport_mzml1.mzML"
TOF = ROOT / "workloads/tof/AssayGeneratorMetabo_input.mzML"
# Background, seed of the ions, seed of the order of the scans, number of ions.
FITTED = [(SMALL, 1, 1, 300), (DDA[0], 3, 1, 300), (GNPS, 5, 1, 300)]
CHECKED = [(SMALL, 33, 13, 300), (DDA[1], 4, 1, 300), (DDA[1], 34, 14, 100), (TOF, 23, 7, 300)]
LOOSE = ["peaks.min_autocorrelation=-1", "peaks.min_quality=0", "peaks.signal_to_noise=2"]
PENALTY = 1e-5


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


class Run:
    def __init__(self, program, folder, background, seed, order, ions):
        self.program, self.folder = program, folder
        self.name = f"{background.stem}, {ions} ions, seed {seed}"
        self.file = folder / f"{background.stem}-{seed}.mzML"
        self.table = folder / f"{background.stem}-{seed}.tsv"
        self.call("simulate", background, self.file, "--truth", self.table, "--every-isotopologue", "--compression",
                  "none", "--peaks", ions, "--seed", seed, "--permute", order)
        self.truth = sorted(
            (float(t["mz"]), float(t["mz"]) * float(t["mz_tolerance_ppm"]) * 1e-6, float(t["rt_window_start"]),
             float(t["rt_window_end"]), float(t["start_seconds"]), float(t["end_seconds"])) for t in rows(self.table))
        self.positions = [t[0] for t in self.truth]
        self.widest = max(t[1] for t in self.truth)

    def call(self, *arguments):
        subprocess.run([self.program, *map(str, arguments)], check=True, capture_output=True)

    def features(self, settings):
        output = self.folder / "results"
        sets = ["matching.enabled=false", "annotation.enabled=false", "adducts.enabled=false", *settings]
        self.call("analyze", self.file, "--profile", "none", "--output", output,
                  *(word for setting in sets for word in ("--set", setting)))
        return rows(output / "features.tsv")

    def kind(self, feature):
        """1 false, 0 true, None a piece of a true one."""
        mz, time = float(feature["mz"]), float(feature["rt_seconds"])
        piece = False
        first = bisect.bisect_left(self.positions, mz - 2 * self.widest)
        for position, tolerance, low, high, start, end in self.truth[first:]:
            if position > mz + 2 * self.widest:
                break
            if abs(position - mz) <= tolerance and low <= time <= high:
                return 0
            piece = piece or abs(position - mz) <= 2 * tolerance and start - 5 <= time <= end + 5
        return None if piece else 1


def measures(feature):
    noise = float(feature["beta_snr"])
    return [
        float(feature["beta_cor"]), min(max(math.log10(noise) if noise > 0 else 0, 0), 3), float(feature["gaussian_r2"]),
        math.log10(max(float(feature["points"]), 1)), -math.log10(1.02 - min(max(float(feature["autocorrelation"]), -1), 1)), 1,
    ]


def solve(matrix, right):
    size = len(right)
    table = [row[:] + [value] for row, value in zip(matrix, right)]
    for column in range(size):
        pivot = max(range(column, size), key=lambda row: abs(table[row][column]))
        table[column], table[pivot] = table[pivot], table[column]
        for row in range(size):
            if row != column:
                factor = table[row][column] / table[column][column]
                table[row] = [a - factor * b for a, b in zip(table[row], table[column])]
    return [table[row][size] / table[row][row] for row in range(size)]


def fit(samples):
    """Newton's method for logistic regression; samples are (measures, kind, weight)."""
    size = len(samples[0][0])
    total = sum(weight for _, _, weight in samples)
    weights = [0.0] * size
    for _ in range(50):
        gradient = [PENALTY * total * value for value in weights]
        hessian = [[PENALTY * total if i == j else 0.0 for j in range(size)] for i in range(size)]
        for x, kind, weight in samples:
            logit = sum(a * b for a, b in zip(x, weights))
            p = 1 / (1 + math.exp(-max(min(logit, 500), -500)))
            for i in range(size):
                gradient[i] += weight * (p - kind) * x[i]
                scaled = weight * p * (1 - p) * x[i]
                for j in range(size):
                    hessian[i][j] += scaled * x[j]
        step = solve(hessian, gradient)
        weights = [a - b for a, b in zip(weights, step)]
        if max(map(abs, step)) < 1e-9:
            break
    return weights


def training(program, folder):
    samples = []
    for background, seed, order, ions in FITTED:
        run = Run(program, folder, background, seed, order, ions)
        kinds = [(measures(feature), run.kind(feature)) for feature in run.features(LOOSE)]
        counts = [sum(kind == value for _, kind in kinds) for value in (0, 1)]
        print(f"fitted on {run.name}: {counts[1]} false, {counts[0]} true")
        # Every run, and in it false and true candidates, count alike.
        samples += [(x, kind, 0.5 / counts[kind]) for x, kind in kinds if kind is not None]
    return samples


def check(run):
    for limits, settings in (("default", []), ("loose", LOOSE)):
        cells = []
        for rate in ("1", "0.1", "0.05", "0.01"):
            kinds = [run.kind(feature) for feature in run.features([*settings, f"peaks.max_false_rate={rate}"])]
            false, true = kinds.count(1), kinds.count(0)
            cells.append(f"{false} + {true} ({100 * false / max(false + true, 1):.1f} %)")
        print(f"| {run.name} | {limits} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lavoisier", default=str(ROOT / ".build/release/lavoisier"))
    parser.add_argument("--background", nargs="*", type=Path, default=[], help="more runs to check")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = fit(training(options.lavoisier, folder))
        print("weights: beta %.3f, betaNoise %.3f, gaussian %.3f, points %.3f, autocorrelation %.3f, intercept %.3f"
              % tuple(weights))
        print("| run | limits | all | at most 10 % | at most 5 % | at most 1 % |\n|---|---|---|---|---|---|")
        more = [(path, 41 + number, 21 + number, 300) for number, path in enumerate(options.background)]
        for background, seed, order, ions in CHECKED + more:
            check(Run(options.lavoisier, folder, background, seed, order, ions))


if __name__ == "__main__":
    main()
