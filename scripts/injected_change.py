#!/usr/bin/env python3
"""The smallest change of the instruction count that the gate catches (docs/benchmarks.md, "Instruction counts").

    scripts/injected_change.py --programs .build/release --workload ident

Puts a known number of instructions in front of the real engine (a library whose constructor runs a loop, added to a copy
of the program with patchelf), and holds every such copy against a baseline of the engine with `lavoisier-tune gate
--deterministic`, as a user runs it. Prints what was added, what the gate counted and its exit status: 2 is caught.
Needs valgrind, binutils, patchelf and a C compiler, on x86-64.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
LOOP = """
__attribute__((constructor)) static void burn(void) {
    unsigned long left = %dUL;
    __asm__ volatile("1: subq $1, %%0; jnz 1b" : "+r"(left));
}
"""


def changed(folder, engine, instructions):
    """A copy of the engine that executes so many instructions more; at least 2."""
    name = f"burn{instructions}"
    with open(f"{folder}/{name}.c", "w") as file:
        file.write(LOOP % max(instructions // 2, 1))
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", f"{folder}/{name}.so", f"{folder}/{name}.c"], check=True)
    path = f"{folder}/engine-{instructions}"
    shutil.copy2(engine, path)
    subprocess.run(["patchelf", "--add-needed", f"{folder}/{name}.so", path], check=True)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--programs", default=os.path.join(ROOT, ".build", "release"), help="folder of both programs")
    parser.add_argument("--workload", default="ident")
    parser.add_argument(
        "--shares", default="0,0.001,0.002,0.003,0.004,0.005,0.01", help="changes as shares of the engine's count")
    parser.add_argument("--tolerance", default="", help="of instructions; default: the gate's own")
    options = parser.parse_args()
    engine = os.path.abspath(os.path.join(options.programs, "lavoisier"))
    tune = os.path.abspath(os.path.join(options.programs, "lavoisier-tune"))
    with tempfile.TemporaryDirectory() as folder:
        # The unchanged engine passes through the same tool, so that only the loop differs.
        original = changed(folder, engine, 2)
        baselines = ["--baselines-dir", f"{folder}/baselines", "--quiet", "--lock", f"{folder}/lock"]
        subprocess.run(
            [tune, "baseline", "create", "injected", "--workload", options.workload, "--engine", original, "--runs", "1"]
            + baselines, check=True, cwd=ROOT)
        with open(f"{folder}/baselines/injected.json") as file:
            counts = json.load(file)["latest"]["instructions"][0]["counts"]
        print(f"{options.workload}: {counts} instructions")
        print("added_percent\tcounted_percent\tstatus\tdetail")
        for share in map(float, options.shares.split(",")):
            candidate = changed(folder, engine, max(int(share * counts[0]), 2))
            report = f"{folder}/gate-{share}.json"
            tolerance = ["--tolerance", f"instructions={options.tolerance}"] if options.tolerance else []
            status = subprocess.run(
                [tune, "gate", "--baseline", f"{folder}/baselines/injected.json", "--deterministic", "--candidate", candidate,
                 "--json-output", report, "--quiet", "--lock", f"{folder}/lock"] + tolerance, cwd=ROOT, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL).returncode
            with open(report) as file:
                checks = json.load(file)["checks"]
            check = next(check for check in checks if check["metric"] == "instructions")
            counted = (check["ratio"].get("estimate", float("nan")) - 1) * 100
            print(f"{share * 100:.2f}\t{counted:.4f}\t{status}\t{check['detail']}", flush=True)


if __name__ == "__main__":
    main()
