#!/usr/bin/env python3
"""Records pools of interleaved runs of the real engine, for the error rates of the gate (docs/gate.md).

    scripts/record_pools.py --engine .build/release/lavoisier --output baselines/pools/busy --note "two other builds"

One pool per arm: `before` is the engine, `after` the engine followed by a known slowdown (scripts/slowed.c), 0 in the A/A
arm; both run through the same wrapper. A pair is `--repeats` runs per side, run A B B A A B ...; arms take turns in blocks
of `--block` pairs, in a shuffled order, so that all of them meet the same noise and a block is contiguous in time. Nothing
is left out: a run that fails ends the recording. Written after every pair, so Ctrl-C loses at most one pair; `--append`
goes on. Evaluate with `lavoisier-tune error-rates DIR/*.tsv`.

A pool is a table of runs in time order with `# key: value` lines before it. Columns: pair, side (A before, B after),
start (s since the first run of the recording), wall, user, sys (s), peak (KiB), pressure (growth of the machine's CPU
pressure 'some', s), steal (s over all CPUs).
"""

import argparse
import datetime
import hashlib
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
COLUMNS = ["pair", "side", "start", "wall", "user", "sys", "peak", "pressure", "steal"]


def pressure():
    """CPU pressure 'some' in s since the machine started; None where the kernel does not say."""
    try:
        with open("/proc/pressure/cpu") as file:
            return float(file.readline().rsplit("total=", 1)[1]) / 1e6
    except OSError:
        return None


def steal():
    with open("/proc/stat") as file:
        return float(file.readline().split()[8]) / os.sysconf("SC_CLK_TCK")


def grown(after, before):
    return "" if after is None or before is None else f"{after - before:.4f}"


def cpu_model():
    with open("/proc/cpuinfo") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())


class Recorder:
    def __init__(self, options, folder):
        self.options = options
        self.results = os.path.join(folder, "results")
        self.wrapper = os.path.join(folder, "slowed")
        subprocess.run(
            ["cc", "-O2", "-pthread", "-o", self.wrapper, os.path.join(ROOT, "scripts", "slowed.c"), "-lm"], check=True)
        self.environment = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
        self.environment["LAVOISIER_DATA_DIR"] = os.path.abspath(os.path.join(ROOT, "workloads"))
        self.digest = None

    def run(self, slowdown):
        """One run: wall, user, sys, peak, pressure and steal as texts. Raises when it fails or its digest differs."""
        shutil.rmtree(self.results, ignore_errors=True)
        arguments = [
            self.wrapper, str(slowdown), self.options.engine, "analyze", self.options.workload, "--output", self.results,
            "--profile", "none", "--quiet",
        ]
        waited, stolen, start = pressure(), steal(), time.monotonic()
        child = subprocess.Popen(arguments, env=self.environment, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            raise SystemExit(f"record_pools: the engine ended with {child.returncode}: {' '.join(arguments)}")
        with open(os.path.join(self.results, "run.json")) as file:
            digest = json.load(file)["digest"]
        if self.digest not in (None, digest):
            raise SystemExit(f"record_pools: the digest changed from {self.digest} to {digest}")
        self.digest = digest
        return [
            f"{wall:.4f}", f"{usage.ru_utime:.4f}", f"{usage.ru_stime:.4f}", str(usage.ru_maxrss),
            grown(pressure(), waited), f"{steal() - stolen:.2f}",
        ]


def header(options, arm, recorder):
    with open(options.engine, "rb") as file:
        engine = hashlib.sha256(file.read()).hexdigest()
    commit = subprocess.run(
        ["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    facts = {
        "pool": "1", "slowdown": arm, "workload": os.path.basename(os.path.normpath(options.workload)),
        "repeats": options.repeats, "block": options.block, "seed": options.seed, "note": options.note,
        "recorded": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "engine_commit": commit, "engine_sha256": engine, "digest": recorder.digest,
        "machine": f"{cpu_model()}, {os.cpu_count()} CPUs, {platform.machine()}, Linux {platform.release()}",
    }
    return "".join(f"# {name}: {value}\n" for name, value in facts.items()) + "\t".join(COLUMNS) + "\n"


def pairs_in(path):
    with open(path) as file:
        rows = [line for line in file if not line.startswith(("#", "pair"))]
    return int(rows[-1].split("\t", 1)[0]) + 1 if rows else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--engine", required=True, help="the program lavoisier")
    parser.add_argument("--workload", default=os.path.join(ROOT, "workloads", "small"), help="folder or file to analyse")
    parser.add_argument("--output", required=True, help="folder for the pools")
    parser.add_argument("--arms", default="0,0.05,0.10,0.20", help="slowdowns as fractions")
    parser.add_argument("--pairs", type=int, default=200, help="pairs per arm")
    parser.add_argument("--repeats", type=int, default=4, help="runs per side and pair")
    parser.add_argument("--block", type=int, default=8, help="pairs of one arm in a row")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--note", default="", help="what else ran on the machine")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after the block that passes this time")
    parser.add_argument("--append", action="store_true", help="go on with the pools in --output")
    options = parser.parse_args()
    options.engine = os.path.abspath(options.engine)
    arms = options.arms.split(",")
    paths = {arm: os.path.join(options.output, f"slower-{round(float(arm) * 100):02d}.tsv") for arm in arms}
    os.makedirs(options.output, exist_ok=True)
    generator = random.Random(options.seed)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(options, folder)
        for _ in range(4):  # Caches warm, the wrapper's pages too.
            recorder.run(0)
        done = dict.fromkeys(arms, 0)
        for arm in arms:
            if options.append and os.path.exists(paths[arm]):
                done[arm] = pairs_in(paths[arm])
            else:
                with open(paths[arm], "w") as file:
                    file.write(header(options, arm, recorder))
        while min(done.values()) < options.pairs and time.monotonic() - begin < options.minutes * 60:
            for arm in generator.sample(arms, len(arms)):
                first = generator.randrange(2)
                for _ in range(options.block):
                    rows = []
                    for repeat in range(options.repeats):
                        # A B B A ...: each repeat the mirror image of the one before it, over pairs too.
                        turn = (done[arm] * options.repeats + repeat + first) % 2
                        for side in ("AB", "BA")[turn]:
                            start = time.monotonic() - begin
                            row = recorder.run(arm if side == "B" else 0)
                            rows.append("\t".join([str(done[arm]), side, f"{start:.2f}"] + row) + "\n")
                    with open(paths[arm], "a") as file:
                        file.write("".join(rows))
                    done[arm] += 1
            minutes = (time.monotonic() - begin) / 60
            least = min(done.values())
            left = minutes / max(least, 1) * max(options.pairs - least, 0)
            print(f"{least} of {options.pairs} pairs per arm, {minutes:.1f} min, {left:.0f} min left", file=sys.stderr)


if __name__ == "__main__":
    main()
