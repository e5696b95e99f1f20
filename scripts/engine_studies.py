#!/usr/bin/env python3
"""Studies of the engine on this machine: how far they agree, and what two profiles cost against each other.

    python3 scripts/engine_studies.py agree --studies 5 --budget 50 --target throughput        # Markdown
    python3 scripts/engine_studies.py profiles --first memory --second throughput --pairs 40   # after both were tuned

`agree` runs studies that know nothing of each other, by turns with the Bayesian and with random search, each with a store,
a profile and a seed of its own. `profiles` runs `lavoisier analyze` under two profiles of this machine's tuned file in
interleaved pairs (A B, B A, ...). Intervals are 95 % bootstrap intervals of the mean log-ratio.
"""

import argparse
import collections
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time


def interval(logs, draws=4000, seed=1):
    generator = random.Random(seed)
    means = sorted(statistics.fmean(generator.choices(logs, k=len(logs))) for _ in range(draws))
    return math.exp(statistics.fmean(logs)), math.exp(means[int(0.025 * draws)]), math.exp(means[int(0.975 * draws)])


def study(options, strategy, seed, folder):
    command = [
        f"{options.bin}/lavoisier-tune", "--target", options.target, "--budget", str(options.budget), "--workload",
        options.workload, "--strategy", strategy, "--seed", str(seed), "--store", f"{folder}/trials.sqlite",
        "--reports-dir", folder, "--config-dir", folder, "--json", "--quiet",
    ] + options.more
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(command)}: status {run.returncode}\n{run.stderr}")
    return json.loads(run.stdout)


def agree(options):
    found = collections.defaultdict(list)
    for number in range(options.studies):
        order = ["bayesian", "random"] if number % 2 == 0 else ["random", "bayesian"]
        for strategy in order:
            with tempfile.TemporaryDirectory() as folder:
                found[strategy].append(study(options, strategy, options.first_seed + number, folder))
                print(f"{strategy} {number + 1}/{options.studies} done", file=sys.stderr)
    print("| search | seed | configurations | engine CPU s | recommended | best against the default | verdict |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for strategy, results in sorted(found.items()):
        for number, result in enumerate(results):
            ratio = result.get("ratio")
            text = (
                f"{ratio['estimate']:.2f}x ({ratio['lower']:.2f} to {ratio['upper']:.2f}, {ratio['pairs']} pairs)"
                if ratio
                else "the default itself"
            )
            settings = " ".join(f"{name.split('.')[-1]}={value}" for name, value in sorted(result["configuration"].items()))
            print(
                f"| {strategy} | {options.first_seed + number} | {result['configurations']} | "
                f"{result['engineCPUSeconds']:.0f} | {settings} | {text} | {result['verdict']} |"
            )
    print("\n| search | parameter | values recommended (how often) |\n| --- | --- | --- |")
    for strategy, results in sorted(found.items()):
        for name in sorted(results[0]["configuration"]):
            counts = collections.Counter(result["configuration"][name] for result in results).most_common()
            print(f"| {strategy} | {name} | {', '.join(f'{value} ({count})' for value, count in counts)} |")
    for strategy, results in sorted(found.items()):
        ratios = [result["ratio"]["estimate"] if result.get("ratio") else 1.0 for result in results]
        spread = statistics.stdev(ratios) if len(ratios) > 1 else float("nan")
        print(f"\n{strategy}: confirmed ratios {min(ratios):.3f} to {max(ratios):.3f}, standard deviation {spread:.3f}")


def analyze(options, profile, folder):
    output = f"{folder}/{profile}"
    command = [
        f"{options.bin}/lavoisier", "analyze", f"workloads/{options.workload}", "--output", output, "--profile", profile,
        "--quiet",
    ]
    if options.config_dir:
        command += ["--config-dir", options.config_dir]
    start = time.monotonic()
    subprocess.run(command, check=True)
    wall = time.monotonic() - start
    with open(f"{output}/run.json", encoding="utf-8") as file:
        record = json.load(file)
    return {"wall": wall, "cpu": record["cpuSeconds"], "peak memory": record["peakMemoryBytes"]}, record["digest"]


def profiles(options):
    logs = collections.defaultdict(list)
    digests = set()
    with tempfile.TemporaryDirectory() as folder:
        for pair in range(-1, options.pairs):
            names = [options.first, options.second]
            measured = {}
            for name in names if pair % 2 == 0 else names[::-1]:
                measured[name], digest = analyze(options, name, folder)
                digests.add(digest)
            # The first pair warms the page cache up.
            for metric in measured[options.first] if pair >= 0 else []:
                logs[metric].append(math.log(measured[options.first][metric] / measured[options.second][metric]))
    print(f"{options.first} / {options.second} on {options.workload}, {options.pairs} interleaved pairs")
    for metric, values in logs.items():
        center, lower, upper = interval(values)
        print(f"  {metric}: {center:.3f} ({lower:.3f} to {upper:.3f})")
    print(f"  results: {'identical' if len(digests) == 1 else 'different (numeric settings differ)'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=".build/release")
    commands = parser.add_subparsers(required=True)
    agreement = commands.add_parser("agree")
    agreement.add_argument("--studies", type=int, default=5)
    agreement.add_argument("--budget", type=int, default=50)
    agreement.add_argument("--target", default="throughput")
    agreement.add_argument("--workload", default="medium")
    agreement.add_argument("--first-seed", type=int, default=1)
    agreement.add_argument("more", nargs="*", help="more options of lavoisier-tune, after --")
    agreement.set_defaults(run=agree)
    comparison = commands.add_parser("profiles")
    comparison.add_argument("--first", default="memory")
    comparison.add_argument("--second", default="throughput")
    comparison.add_argument("--workload", default="medium")
    comparison.add_argument("--pairs", type=int, default=40)
    comparison.add_argument("--config-dir")
    comparison.set_defaults(run=profiles)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
