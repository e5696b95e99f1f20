#!/usr/bin/env python3
"""Whole gates with the real engine against itself followed by a known slowdown (docs/gate-statistics.md).

    scripts/live_gates.py --programs .build/release --gates 5 --output live.tsv --note "one build beside it"

Each gate is `lavoisier-tune gate` as a user runs it. The reference is the engine, the candidate the engine followed by
scripts/slowed.c; both run through the same wrapper, and the programs are copied first, so that builds may go on. Arms take
turns in a shuffled order. Every gate is a row of the table, whatever came out; `--append` goes on with a table.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
COLUMNS = ["slowdown", "status", "outcome", "pairs", "cpu", "cpu_low", "cpu_high", "wall", "seconds", "load"]


def wrapper(folder, slowdown):
    """An executable that runs the copied engine and then wastes `slowdown` of what it took."""
    path = os.path.join(folder, f"engine-{slowdown}")
    with open(path, "w") as file:
        file.write(f'#!/bin/sh\nexec {folder}/slowed {slowdown} {folder}/lavoisier "$@"\n')
    os.chmod(path, 0o755)
    return path


def prepare(options, folder, environment):
    subprocess.run(
        ["cc", "-O2", "-pthread", "-o", f"{folder}/slowed", f"{ROOT}/scripts/slowed.c", "-lm"], check=True)
    for name in ("lavoisier", "lavoisier-tune"):
        shutil.copy2(os.path.join(options.programs, name), folder)
    subprocess.run(
        [f"{folder}/lavoisier-tune", "baseline", "create", "live", "--workload", options.workload, "--runs", "6",
         "--engine", wrapper(folder, "0"), "--baselines-dir", f"{folder}/baselines", "--quiet"],
        check=True, env=environment, cwd=ROOT)


def gate(options, folder, environment, slowdown):
    """One gate; a row of the table."""
    result = f"{folder}/gate.json"
    load = os.getloadavg()[0]
    if os.path.exists(result):
        os.remove(result)
    start = time.monotonic()
    outcome = subprocess.run(
        [f"{folder}/lavoisier-tune", "gate", "--baseline", f"{folder}/baselines/live.json", "--quiet", "--no-instructions",
         "--reference-binary", wrapper(folder, "0"), "--candidate", wrapper(folder, slowdown),
         "--inconclusive", "fail", "--json-output", result] + options.gate_option,
        env=environment, cwd=ROOT, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    with open(result) as file:
        report = json.load(file)
    checks = {check["metric"]: check for check in report["checks"]}

    def ratio(metric, field):
        value = checks.get(metric, {}).get("ratio") or {}
        return f"{value[field]:.3f}" if field in value else ""

    return [
        slowdown, outcome.returncode, report["outcome"], report["pairs"],
        ratio("cpu", "estimate"), ratio("cpu", "lower"), ratio("cpu", "upper"), ratio("wall", "estimate"),
        f"{seconds:.0f}", f"{load:.1f}",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", default=os.path.join(ROOT, ".build", "release"), help="folder of both programs")
    parser.add_argument("--workload", default="small")
    parser.add_argument("--arms", default="0,0.05,0.10,0.20", help="slowdowns as fractions")
    parser.add_argument("--gates", type=int, default=5, help="gates per arm")
    parser.add_argument("--output", required=True, help="table of all gates")
    parser.add_argument("--note", default="", help="what else ran on the machine")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--append", action="store_true", help="go on with --output")
    parser.add_argument("--gate-option", action="append", default=[], help="passed on to the gate; may be repeated")
    options = parser.parse_args()
    generator = random.Random(options.seed)
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    with tempfile.TemporaryDirectory() as folder:
        prepare(options, folder, environment)
        with open(options.output, "a" if options.append else "w") as file:
            file.write(f"# {time.strftime('%Y-%m-%d %H:%M')}, {options.workload}, {options.note}\n")
            if not options.append:
                file.write("\t".join(COLUMNS) + "\n")
            for _ in range(options.gates):
                arms = options.arms.split(",")
                for arm in generator.sample(arms, len(arms)):
                    row = gate(options, folder, environment, arm)
                    line = "\t".join(map(str, row))
                    file.write(line + "\n")
                    file.flush()
                    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
