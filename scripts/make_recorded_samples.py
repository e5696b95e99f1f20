#!/usr/bin/env python3
"""Writes Sources/Harness/Benchmarking/RecordedSamples.swift, what `lavoisier-tune gate --self-test` replays.

    scripts/record_pools.py --engine .build/release/lavoisier --output DIR --arms 0,0.30 --pairs 32 --repeats 4 --block 16
    scripts/make_recorded_samples.py DIR

Each line is the mean of one arm's runs in one pair, as a gate averages them; the pools hold the runs.
"""

import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
COLUMNS = ["wall", "user", "sys", "peak", "pressure", "steal"]
TARGET = os.path.join(ROOT, "Sources", "Harness", "Benchmarking", "RecordedSamples.swift")


def sample(path):
    with open(path) as file:
        lines = file.read().splitlines()
    facts = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    names, runs = rows[0], [dict(zip(rows[0], row)) for row in rows[1:]]
    assert set(COLUMNS) < set(names)
    text = [f"# {name}: {facts[name]}" for name in ("slowdown", "workload", "repeats", "recorded", "machine")]
    text.append("\t".join(["pair", "side"] + COLUMNS))
    for pair in range(int(runs[-1]["pair"]) + 1):
        for side in "AB":
            group = [run for run in runs if run["pair"] == str(pair) and run["side"] == side]
            means = [sum(float(run[name]) for run in group) / len(group) for name in COLUMNS]
            text.append("\t".join([str(pair), side] + [f"{value:.6g}" for value in means]))
    return facts, "\n".join("        " + line for line in text)


def main():
    folder = sys.argv[1]
    equal, slower = (sample(os.path.join(folder, f"slower-{name}.tsv")) for name in ("00", "30"))
    with open(TARGET, "w") as file:
        file.write(
            f'''/// Pairs of the real engine for the gate's test of itself; written by scripts/make_recorded_samples.py.
///
/// Recorded on {equal[0]["recorded"]} with {equal[0]["note"]}.
/// A line is the mean of the {equal[0]["repeats"]} runs of one arm in one pair.
enum RecordedSamples {{
    /// The same program in both arms.
    static let equal = """
{equal[1]}
        """

    /// The second arm followed by 30 % more of the time that it had taken (scripts/slowed.c).
    static let slower = """
{slower[1]}
        """
}}
''')


if __name__ == "__main__":
    main()
