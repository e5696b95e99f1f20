#!/usr/bin/env python3
"""What share of an analysis's CPU time only one worker can spend: by where the samples of `perf` lie.

Serial is what runs outside of every parallel section (the samples whose stack begins at `main` and passes through none), and
what runs in turn (cutting chunks, committing decoded scans), though other workers do other things meanwhile. Stacks that the
unwinder lost (system libraries without frame pointers, such as libdeflate, which only workers call) are told apart.

usage: serial_share.py LAVOISIER RUN.mzML [--runs 3]        needs: perf, swift
"""

import argparse
import re
import statistics
import subprocess
import tempfile

PARALLEL = re.compile(
    r"WorkerPool\.schedule|DetectionPipeline\.work\(|closure.*WorkerPool\.onEachWorker|start_thread"
    r"|closure #1 in closure #2 in ResultTables\.append|closure #1 in closure #1 in ResultTables\.appendTexts"
)
IN_TURN = re.compile(r"DetectionPipeline\.commit|ChunkSource|SpectrumScanner\.cut")
MAIN = re.compile(r"AnalyzeSubcommand|AnalyzeCommand_main")


def stacks(path):
    """The frames of each sample, the innermost first."""
    script = f"perf script -i {path} -F tid,ip,sym 2>/dev/null | swift demangle --simplified"
    frames = None
    for line in subprocess.run(script, shell=True, capture_output=True, text=True, check=True).stdout.splitlines():
        if not line.strip():
            if frames is not None:
                yield frames
            frames = None
        elif frames is None:
            frames = []
        else:
            frames.append(line.strip().partition(" ")[2])
    if frames is not None:
        yield frames


def shares(path):
    """Shares of outside, in turn, and unknown."""
    total = outside = in_turn = unknown = 0
    for frames in stacks(path):
        total += 1
        stack = "|".join(frames)
        if PARALLEL.search(stack):
            in_turn += bool(IN_TURN.search(stack))
        elif MAIN.search(stack):
            outside += 1
        else:
            unknown += 1
    if total < 1000:
        raise SystemExit(f"serial_share: only {total} samples: perf could not record, or the run is too short")
    return outside / total, in_turn / total, unknown / total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lavoisier")
    parser.add_argument("run")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(options.runs):
            subprocess.run(
                ["perf", "record", "-q", "-F", "4000", "-g", "-e", "cpu-clock", "-o", f"{folder}/perf.data",
                 options.lavoisier, "analyze", options.run, "--output", f"{folder}/results", "--quiet", "--profile", "none",
                 "--set", "matching.enabled=false", "--set", "annotation.enabled=false",
                 "--set", "execution.workers=2"],
                check=True, stdout=subprocess.DEVNULL)
            found.append(shares(f"{folder}/perf.data"))
            print("outside of parallel sections {:.2%}, in turn {:.2%}, unknown {:.2%}".format(*found[-1]))
    both = [outside + in_turn for outside, in_turn, _ in found]
    print(f"serial share, median of {len(both)}: {statistics.median(both):.2%} "
          f"({min(both):.2%} to {max(both):.2%})")


if __name__ == "__main__":
    main()
