"""What a second worker costs and gains: python3 scripts/workers.py LAVOISIER RUN [--pairs N] [--set KEY=VALUE ...]

Runs `analyze` with one and with two workers in interleaved pairs, the order within a pair turning, and prints the ratio of
their CPU times and of their wall times: median, the 95 % interval of the median (bootstrap over pairs) and the range. Both must
write the same digest.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile

from bench_process import WrongAnswer, child


def analyze(arguments, workers, folder):
    """CPU seconds, wall seconds and the digest of one run."""
    output = os.path.join(folder, "out")
    command = [arguments.lavoisier, "analyze", arguments.run, "--output", output, "--quiet", "--profile", "none"]
    for setting in [f"execution.workers={workers}"] + arguments.set:
        command += ["--set", setting]
    _, cpu, wall = child(command, os.environ)
    with open(os.path.join(output, "run.json")) as file:
        return cpu, wall, json.load(file)["digest"]


def interval(values):
    """95 % of the medians of 2,000 resamples."""
    chance = random.Random(1)
    medians = sorted(statistics.median(chance.choices(values, k=len(values))) for _ in range(2_000))
    return medians[49], medians[1_949]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("lavoisier")
    parser.add_argument("run", help="an mzML file, or a folder of them")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    arguments = parser.parse_args()
    cpu_ratios, wall_ratios = [], []
    with tempfile.TemporaryDirectory() as folder:
        analyze(arguments, 2, folder)  # Warms the file cache.
        for pair in range(arguments.pairs):
            runs = {}
            for workers in (1, 2) if pair % 2 == 0 else (2, 1):
                runs[workers] = analyze(arguments, workers, folder)
            if runs[1][2] != runs[2][2]:
                raise WrongAnswer("one worker and two do not find the same")
            cpu_ratios.append(runs[2][0] / runs[1][0])
            wall_ratios.append(runs[1][1] / runs[2][1])
    for name, ratios in (("CPU, 2 workers to 1", cpu_ratios), ("wall, 1 worker to 2", wall_ratios)):
        low, high = interval(ratios)
        print(
            f"{name}: {statistics.median(ratios):.3f} (95 %: {low:.3f} to {high:.3f}; "
            f"{min(ratios):.2f} to {max(ratios):.2f} of {len(ratios)} pairs)"
        )


if __name__ == "__main__":
    try:
        main()
    except (WrongAnswer, OSError) as error:
        sys.exit(f"workers: {error}")
