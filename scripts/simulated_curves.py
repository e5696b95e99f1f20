#!/usr/bin/env python3
"""Recall and precision on simulated runs, the engine against pyopenms, over signal-to-noise.

    python3 scripts/simulated_curves.py --bin .build/release --python PEER_PYTHON [--extra-data DIR] [--seeds 3]
                                        [--svg docs/simulated-curves.svg]

Each seed puts ions of known m/z, time and height into the shuffled scans of a real run (`lavoisier simulate --permute`): what
is not in the table is false. Both programs read the same file; their features are matched with the table one to one
by `lavoisier evaluate`, isotopologues included.

  recall      monoisotopic rows of a bin of signal-to-noise (height over the background there) that a feature stands for
  precision   features that stand for a row, of all features that score as high or higher
  at equal recall: each program's features are ranked by its own score (the engine: `signal_to_noise`; pyopenms: intensity
  or overall quality, whichever is better at that point) and cut where the recall is reached. The recall asked
  for is 50, 90 and 100 % of what the program that finds less finds; all ions from the lower end of the bin up
  count. Seeds are pooled; in brackets the lowest and the highest of single seeds.

Python 3 standard library; --python names one that has pyopenms.
"""

import argparse
import csv
import json
import math
import os
import shutil
import sys
import tempfile

from bench import CASES, HERE, ROOT
from bench_process import child

BINS = [1, 2, 3, 5, 10, 30, 100]
SHARES = [0.5, 0.9, 1]
BACKGROUNDS = {
    "small": ("workloads/small/HILICNeg15_StdH1.mzML", 400),
    "medium": ("workloads/medium/171103_PMA_TK_QC_04-4to5min.mzML", 200),
    "ko15": ("mzml/faahko/ko15.mzML", 200),
}
SCORES = {"lavoisier": ["signal_to_noise"], "pyopenms": ["area", "quality"]}


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


class Seed:
    """What both programs found in one simulated run."""

    def __init__(self, options, case, background, ions, seed, scratch):
        self.options, self.scratch = options, scratch
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("LAVOISIER_")}
        self.environment["OMP_NUM_THREADS"] = "1"
        self.engine = os.path.join(options.bin, "lavoisier")
        run, self.truth = os.path.join(scratch, "run.mzML"), os.path.join(scratch, "truth.tsv")
        child([self.engine, "simulate", background, run, "--truth", self.truth, "--permute", str(seed), "--seed",
               str(seed), "--peaks", str(ions), "--decades", "3", "--every-isotopologue", "--compression", "none",
               "--quiet", "--force"], self.environment)
        self.rows = rows_of(self.truth)
        output = os.path.join(scratch, "features")
        shutil.rmtree(output, ignore_errors=True)
        settings = ["matching.enabled=false", "annotation.enabled=false", "adducts.enabled=false", *options.set]
        child([self.engine, "analyze", run, "--output", output, "--quiet", "--profile", "none",
               *[part for setting in settings for part in ("--set", setting)]], self.environment)
        table, peer = os.path.join(scratch, "pyopenms.tsv"), CASES[case]
        child([options.python, os.path.join(HERE, "bench_peers.py"), "features-pyopenms", "--ppm", str(peer["ppm"]),
               "--noise", str(peer["noise"]), "--fwhm", str(peer["fwhm"]), "--table", table, run], self.environment)
        self.programs = {"lavoisier": self.matched(os.path.join(output, "features.tsv")),
                         "pyopenms": self.matched(table)}

    def matched(self, table):
        """Every feature's scores and the S/N of the monoisotopic row it stands for; -1 for an isotopologue, None for none."""
        text, _, _ = child([self.engine, "evaluate", table, "--truth", self.truth, "--json"], self.environment)
        row_of = {match["feature"]: self.rows[match["truth"]] for match in json.loads(text)["matches"]}
        found = []
        for number, feature in enumerate(rows_of(table)):
            row = row_of.get(number)
            level = None if row is None else float(row["snr"]) if row["isotope"] == "0" else -1.0
            found.append((feature, level))
        return found

    def levels(self):
        return [float(row["snr"]) for row in self.rows if row["isotope"] == "0"]


def recall(seeds, program, low, high=math.inf):
    wanted = sum(low <= level < high for seed in seeds for level in seed.levels())
    found = sum(level is not None and low <= level < high for seed in seeds for _, level in seed.programs[program])
    return found, wanted


def precision_at(seeds, program, low, found):
    """Of the features down to the score at which `found` rows of S/N `low` and more are reached; the best of its scores."""
    best = math.nan
    for score in SCORES[program]:
        ranked = sorted(((float(feature[score]), level) for seed in seeds for feature, level in seed.programs[program]),
                        key=lambda entry: -entry[0])
        reached = true = 0
        for position, (_, level) in enumerate(ranked):
            true += level is not None
            reached += level is not None and level >= low
            if reached == found:
                best = max(true / (position + 1), 0 if math.isnan(best) else best)
                break
    return best


def at_equal_recall(seeds, low, share):
    """The recall asked for, and each program's precision there."""
    found = min(recall(seeds, program, low)[0] for program in SCORES)
    wanted = recall(seeds, "lavoisier", low)[1]
    count = round(share * found)
    if count == 0:
        return None
    return count / wanted, {program: precision_at(seeds, program, low, count) for program in SCORES}


def spread(values, digits=2):
    values = [value for value in values if not math.isnan(value)]
    return f" ({min(values):.{digits}f} to {max(values):.{digits}f})" if len(values) > 1 else ""


def report(case, seeds):
    lines = [f"**{case}**, {len(seeds)} seeds", "",
             "| S/N | ions | recall lavoisier | recall pyopenms | " + " | ".join(
                 f"precision at recall of {share:.0%} of the lesser: lavoisier, pyopenms" for share in SHARES) + " |",
             "|---|---|---|---|" + "---|" * len(SHARES)]
    for low, high in [*zip(BINS, [*BINS[1:], math.inf]), (0, math.inf)]:
        name = "all" if low == 0 else f"{low} to {high}" if high < math.inf else f"{low} and more"
        wanted = recall(seeds, "lavoisier", low, high)[1]
        if wanted == 0:
            continue
        cells = [name, str(wanted)]
        for program in SCORES:
            found = recall(seeds, program, low, high)[0]
            single = [a / b for a, b in (recall([seed], program, low, high) for seed in seeds) if b]
            cells.append(f"{found / wanted:.2f}{spread(single)}")
        for share in SHARES:
            equal = at_equal_recall(seeds, low, share)
            if equal is None:
                cells.append("-")
                continue
            single = [at_equal_recall([seed], low, share) for seed in seeds]
            text = [f"{equal[1][program]:.2f}" + spread([one[1][program] for one in single if one])
                    for program in SCORES]
            cells.append(f"{', '.join(text)} at {equal[0]:.2f}")
        lines.append("| " + " | ".join(cells) + " |")
    for program in SCORES:
        features = [feature for seed in seeds for feature in seed.programs[program]]
        true = sum(level is not None for _, level in features)
        lines.append(f"\n{program}: {len(features)} features, {true} of them true ({true / max(len(features), 1):.2f})")
    return "\n".join(lines)


# --- the drawing: recall per bin, and precision at equal recall from a signal-to-noise up -------------------------

def curve(points, colour, dashed):
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>{dots}'


def panel(case, seeds, left):
    """Panel of one background, 240 by 200, at x = left."""
    step = 210 / (len(BINS) - 1)
    parts = [f'<g transform="translate({left},30)" font-size="11">',
             f'<text x="105" y="-10" text-anchor="middle" font-weight="bold">{case}</text>',
             '<rect width="210" height="160" fill="none" stroke="#888"/>']
    for tick in (0, 0.5, 1):
        parts.append(f'<text x="-5" y="{164 - 160 * tick:.0f}" text-anchor="end">{tick:g}</text>')
    for index, low in enumerate(BINS):
        parts.append(f'<text x="{index * step:.0f}" y="175" text-anchor="middle">{low}</text>')
    parts.append('<text x="105" y="190" text-anchor="middle">signal-to-noise from</text>')
    for program, colour in (("lavoisier", "#0a6"), ("pyopenms", "#c40")):
        found, precise = [], []
        for index, (low, high) in enumerate(zip(BINS, [*BINS[1:], math.inf])):
            a, b = recall(seeds, program, low, high)
            if b:
                found.append((index * step, 160 - 160 * a / b))
            equal = at_equal_recall(seeds, low, SHARES[-1])
            if equal:
                precise.append((index * step, 160 - 160 * equal[1][program]))
        parts += [curve(found, colour, True), curve(precise, colour, False)]
    return "".join(parts) + "</g>"


def drawing(results):
    width = 270 * len(results) + 20
    panels = "\n".join(panel(case, seeds, 40 + 270 * index) for index, (case, seeds) in enumerate(results.items()))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="250" font-family="sans-serif">\n'
            f'<rect width="{width}" height="250" fill="white"/>\n{panels}\n'
            '<text x="40" y="242" font-size="11">green: lavoisier, red: pyopenms; '
            'solid: precision where both find what the lesser finds, dashed: recall in the bin</text>\n</svg>\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder with the engine")
    parser.add_argument("--python", required=True, help="Python with pyopenms")
    parser.add_argument("--extra-data", default="", help="folder with mzml/faahko/ko15.mzML; without, it is left out")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the engine")
    parser.add_argument("--svg", help="drawing to write")
    options = parser.parse_args()
    results = {}
    for case, (path, ions) in BACKGROUNDS.items():
        background = os.path.join(options.extra_data if path.startswith("mzml/") else ROOT, path)
        if not os.path.exists(background):
            print(f"simulated_curves: {case} left out: no {background}", file=sys.stderr)
            continue
        with tempfile.TemporaryDirectory(prefix="lavoisier-curves-") as scratch:
            results[case] = [Seed(options, case, background, ions, seed, scratch)
                             for seed in range(1, options.seeds + 1)]
        print(report(case, results[case]) + "\n", flush=True)
    if options.svg:
        with open(options.svg, "w", encoding="utf-8") as out:
            out.write(drawing(results))


if __name__ == "__main__":
    main()
