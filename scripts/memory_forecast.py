#!/usr/bin/env python3
"""How far the forecast of the peak memory is off: a run of each file by itself, forecast against measured.

    python3 scripts/memory_forecast.py FILE... [--engine .build/release/lavoisier] [--limit 16GB] [--set NAME=VALUE ...]

Every run has all the memory that it wants and two workers. Files that cannot be analysed are listed and left out. Below the table:
median and largest error, of all files and of those above 100 MB. docs/decisions, page 19, has the figures.
"""
import argparse
import json
import os
import statistics
import subprocess
import tempfile


def measure(engine, file, settings):
    with tempfile.TemporaryDirectory() as folder:
        command = [engine, "analyze", file, "--output", folder, "--quiet", "--set", "execution.workers=2"]
        for setting in settings:
            command += ["--set", setting]
        done = subprocess.run(command, capture_output=True, text=True)
        try:
            with open(f"{folder}/run.json") as record:
                return json.load(record), done.stderr
        except FileNotFoundError:
            return None, done.stderr


def summary(name, errors):
    if errors:
        worst = max(errors, key=abs)
        print(f"{name}: {len(errors)} files, median error {statistics.median(map(abs, errors)):.1%}, worst {worst:+.1%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+")
    parser.add_argument("--engine", default=".build/release/lavoisier")
    parser.add_argument("--set", action="append", default=[], dest="settings")
    parser.add_argument("--limit", default="16GB")
    options = parser.parse_args()
    print("| file | MB | survey scans | survey points | peaks | fragment spectra | forecast MB | measured MB | error |")
    print("|---|---|---|---|---|---|---|---|---|")
    errors = []
    for file in options.files:
        record, message = measure(
            options.engine, file, [f"execution.memory_limit={options.limit}", *options.settings])
        if record is None or not record["inputs"]:
            print(f"| {os.path.basename(file)} | not analysed: {message.strip().splitlines()[-1] if message else ''} |")
            continue
        entry, predicted, measured = record["inputs"][0], record["memory"]["predictedPeakBytes"], record["peakMemoryBytes"]
        size = os.path.getsize(file)
        errors.append((size, predicted / measured - 1))
        print(
            f"| {os.path.basename(file)} | {size / 1e6:.1f} | {entry['surveyScans']} | {entry['surveyPoints']} "
            f"| {entry['chromatographicPeaks']} | {entry['fragmentSpectra']} | {predicted / 1e6:.1f} "
            f"| {measured / 1e6:.1f} | {errors[-1][1]:+.1%} |", flush=True)
    summary("all", [error for _, error in errors])
    summary("above 100 MB", [error for size, error in errors if size > 100e6])


main()
