#!/usr/bin/env python3
"""What the precision of the arithmetic does to features: m/z, retention time, area, count, truth and CPU time.

    python3 scripts/precision_table.py [--bin .build/release] [--workloads small,medium,gnps,ident] [--repeats 5]

Analyses each workload at float64, mixed and float32 (`numeric.precision`) with one worker, matching and annotation off. The
features of a precision are matched one to one with those of float64 in the same file: nearest first, within 1 ppm and 5 s.
m/z and retention time are compared as features.tsv writes them (six decimals of m/z, three of seconds), areas in
relation to float64 (one decimal of counts times seconds, so small areas show that rounding; 0 means none differed). CPU time is
that of the process, the precisions taken in turn; the median is shown. Prints a table in Markdown. Python 3 standard
library only.
"""

import argparse
import bisect
import csv
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PRECISIONS = ["float64", "mixed", "float32"]
PPM = 1.0
SECONDS = 5.0


def analyse(program, workload, precision, folder):
    """CPU seconds of the process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [program, "analyze", workload, "--output", folder, "--profile", "none"]
    for setting in ["execution.workers=1", "matching.enabled=false", "annotation.enabled=false",
                    "numeric.precision=" + precision]:
        command += ["--set", setting]
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("LAVOISIER_") or name == "LAVOISIER_DATA_DIR"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"precision_table.py: {' '.join(command)} ended with {done.returncode}\n{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def features(folder):
    """File, m/z, retention time and area of every feature, ascending."""
    with open(os.path.join(folder, "features.tsv"), newline="") as table:
        return sorted((row["file"], float(row["mz"]), float(row["rt_seconds"]), float(row["area"]))
                      for row in csv.DictReader(table, delimiter="\t"))


def match(expected, found):
    """Pairs of positions, each feature in one at most, the nearest in m/z and time first."""
    candidates = []
    for index, (file, mz, time, _) in enumerate(expected):
        width = mz * PPM * 1e-6
        position = bisect.bisect_left(found, (file, mz - width))
        while position < len(found) and found[position][0] == file and found[position][1] <= mz + width:
            shift = abs(found[position][2] - time)
            if shift <= SECONDS:
                candidates.append((abs(found[position][1] - mz) / width + shift / SECONDS, index, position))
            position += 1
    pairs, used_expected, used_found = [], set(), set()
    for _, index, position in sorted(candidates):
        if index not in used_expected and position not in used_found:
            used_expected.add(index)
            used_found.add(position)
            pairs.append((index, position))
    return pairs


def recall(program, folder, truth):
    if not os.path.exists(truth):
        return "-"
    done = subprocess.run([program, "evaluate", folder, "--truth", truth], capture_output=True, text=True, timeout=120)
    found = re.search(r"found (\d+/\d+)", done.stdout)
    return found.group(1) if found else sys.exit("precision_table.py: evaluate says\n" + done.stdout + done.stderr)


def spread(values, digits):
    """Median and largest of some magnitudes."""
    if not values:
        return "- / -"
    return " / ".join("0" if value == 0 else f"{value:.{digits}g}" for value in (statistics.median(values), max(values)))


def row(workload, precision, expected, found, truth, seconds):
    pairs = match(expected, found)
    mz = [abs(found[j][1] - expected[i][1]) / expected[i][1] * 1e6 for i, j in pairs]
    time = [abs(found[j][2] - expected[i][2]) for i, j in pairs]
    area = [abs(found[j][3] / expected[i][3] - 1) for i, j in pairs if expected[i][3] > 0]
    alone = f"{len(expected) - len(pairs)} + {len(found) - len(pairs)}"
    return [workload, precision, f"{len(found):,}", alone, spread(mz, 2), spread(time, 2), spread(area, 2), truth,
            f"{seconds:.3f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=os.path.join(ROOT, ".build/release"), help="folder of the program")
    parser.add_argument("--workloads", default="small,medium,gnps,ident")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each, for the CPU time")
    options = parser.parse_args()
    program = os.path.join(options.bin, "lavoisier")
    os.environ.setdefault("LAVOISIER_DATA_DIR", os.path.join(ROOT, "workloads"))
    rows = [["workload", "precision", "features", "only in float64 + only here", "m/z, ppm (median / largest)",
             "retention time, s", "area, relative", "truth", "CPU, s"]]
    for workload in options.workloads.split(","):
        path = os.path.join(ROOT, "workloads", workload)
        with tempfile.TemporaryDirectory() as folder:
            seconds = {precision: [] for precision in PRECISIONS}
            for _ in range(max(options.repeats, 1)):
                for precision in PRECISIONS:
                    seconds[precision].append(analyse(program, path, precision, os.path.join(folder, precision)))
            tables = {precision: features(os.path.join(folder, precision)) for precision in PRECISIONS}
            for precision in PRECISIONS:
                truth = recall(program, os.path.join(folder, precision), os.path.join(path, "truth.tsv"))
                rows.append(row(workload, precision, tables["float64"], tables[precision], truth,
                                statistics.median(seconds[precision])))
    rows.insert(1, ["---"] * len(rows[0]))
    for cells in rows:
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
