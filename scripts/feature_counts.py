#!/usr/bin/env python3
"""Features written, truth found, and what is left when the scans are shuffled: the engine and pyopenms, by file.

    python3 scripts/feature_counts.py --bin .build/release --python PEER_PYTHON [--extra-data DIR --truth DIR]
                                      [--seeds 3]

--extra-data holds mzml/faahko/{ko15,wt15}.mzML, --truth the output folder of `make_truth.py --here-only`; without them these two
are left out. Profile scans are centroided by pyopenms (PeakPickerHiRes) for pyopenms and for shuffling. Prints a
Markdown table. Python 3 standard library; --python names one that has pyopenms.
"""

import argparse
import json
import os
import sys
import tempfile

from bench import HERE, ROOT
from bench_process import child

QC = "171103_PMA_TK_QC_0{}-4to5min.mzML"
# File, workload, and pyopenms's ppm, noise threshold and width: those of bench.py; gnps and ident as `medium`, whose
# instrument they share, but noise 1e3 for ident, whose intensities are lower.
CASES = [
    ("workloads/small/HILICNeg15_StdH1.mzML", "small", (5, 1e3, 5)),
    ("workloads/medium/" + QC.format(4), "medium", (10, 1e4, 5)),
    ("workloads/medium/" + QC.format(5), "medium", (10, 1e4, 5)),
    ("workloads/gnps/GNPSExport_mzml1.mzML", "gnps", (10, 1e4, 5)),
    ("workloads/ident/FeatureFinderMetaboIdent_1_input.mzML", "ident", (10, 1e3, 5)),
    ("mzml/faahko/ko15.mzML", "faahko", (25, 1e3, 20)),
    ("mzml/faahko/wt15.mzML", "faahko", (25, 1e3, 20)),
]
PROFILE = {"ident"}
PICK = """
import sys, pyopenms
run = pyopenms.MSExperiment()
pyopenms.MzMLFile().load(sys.argv[1], run)
pyopenms.MzMLFile().store(sys.argv[2], pyopenms.PeakPickerHiRes().pickExperiment(run, True))
"""


class Counting:
    def __init__(self, options, scratch):
        self.options, self.scratch = options, scratch
        self.engine = os.path.join(options.bin, "lavoisier")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("LAVOISIER_")}
        self.environment["OMP_NUM_THREADS"] = "1"

    def ours(self, path):
        output = os.path.join(self.scratch, "engine")
        child([self.engine, "analyze", path, "--output", output, "--quiet", "--profile", "none", "--set",
               "matching.enabled=false", "--set", "annotation.enabled=false"], self.environment)
        return os.path.join(output, "features.tsv")

    def peer(self, path, settings):
        table = os.path.join(self.scratch, "pyopenms.tsv")
        ppm, noise, width = map(str, settings)
        child([self.options.python, os.path.join(HERE, "bench_peers.py"), "features-pyopenms", "--ppm", ppm, "--noise",
               noise, "--fwhm", width, "--table", table, path], self.environment)
        return table

    def evaluate(self, table, truth):
        text, _, _ = child([self.engine, "evaluate", table, "--truth", truth, "--json"], self.environment)
        result = json.loads(text)
        correlation = result.get("logAreaCorrelation")
        return (f"{result['found']}, {result['shared']['covered']} of {result['expected']}"
                + (f"; {correlation:.3f}" if correlation is not None else ""))

    def truth_of(self, path, workload):
        """The rows of this file alone."""
        folder = self.options.truth if workload == "faahko" else os.path.join(ROOT, "workloads")
        with open(os.path.join(folder, workload, "truth.tsv"), encoding="utf-8") as table:
            header, *rows = table.read().splitlines()
        mine = os.path.join(self.scratch, "truth.tsv")
        with open(mine, "w", encoding="utf-8") as out:
            out.write("\n".join([header, *(row for row in rows if row.endswith(os.path.basename(path)))]) + "\n")
        return mine

    def row(self, path, workload, settings):
        truth, centroids = self.truth_of(path, workload), path
        if workload in PROFILE:
            centroids = os.path.join(self.scratch, os.path.basename(path))
            child([self.options.python, "-c", PICK, path, centroids], self.environment)
        ours = self.ours(path)
        count, ours_truth = features_in(ours), self.evaluate(ours, truth)
        peer = self.peer(centroids, settings)
        peer_count, peer_truth = features_in(peer), self.evaluate(peer, truth)
        left, peer_left = [], []
        shuffled = os.path.join(self.scratch, "shuffled.mzML")
        for seed in range(1, self.options.seeds + 1):
            child([self.engine, "simulate", centroids, shuffled, "--peaks", "0", "--permute", str(seed), "--quiet",
                   "--force"], self.environment)
            left.append(features_in(self.ours(shuffled)))
            peer_left.append(features_in(self.peer(shuffled, settings)))

        def share(counts, real):
            return f"{', '.join(map(str, counts))} ({max(counts) / max(real, 1):.1%})"
        name = os.path.basename(path).removesuffix(".mzML")
        return (f"| {name} | {count:,} / {peer_count:,} = {count / max(peer_count, 1):.2f} | {ours_truth} | {peer_truth} | "
                f"{share(left, count)} | {share(peer_left, peer_count)} |")


def features_in(table):
    with open(table, encoding="utf-8") as lines:
        return sum(1 for _ in lines) - 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder with the engine")
    parser.add_argument("--python", required=True, help="Python with pyopenms")
    parser.add_argument("--extra-data", default="")
    parser.add_argument("--truth", default="")
    parser.add_argument("--seeds", type=int, default=3, help="shuffled runs per file")
    options = parser.parse_args()
    print("| file | features, ours / pyopenms | truth, ours | truth, pyopenms | shuffled, ours (worst) "
          "| shuffled, pyopenms (worst) |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="lavoisier-counts-") as scratch:
        for path, workload, settings in CASES:
            extra = workload == "faahko"
            full = os.path.join(options.extra_data if extra else ROOT, path)
            if extra and not (options.truth and os.path.exists(full)):
                print(f"feature_counts: {path} left out", file=sys.stderr)
                continue
            print(Counting(options, scratch).row(full, workload, settings), flush=True)


if __name__ == "__main__":
    main()
