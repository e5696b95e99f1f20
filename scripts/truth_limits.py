#!/usr/bin/env python3
"""What of a truth at unit resolution is in the raw data at all, and how much of that a feature table covers.

    PEER_PYTHON scripts/truth_limits.py --run ko15.mzML --truth truth.tsv [--features features.tsv ...]

Needs numpy and pyopenms (only to read the run). Every row is looked up in the scans, at its own m/z (0.1 wide cells), in the
15 s around its retention time, and is put into the first of these classes that holds:

  few points   fewer than 5 of the scans have a point in its cell
  no rise      its highest point is at most 1.5 times the median level (63 s on both sides) of the strongest point
               within 0.3 of its m/z: the ion wandered from one cell to the next
  weak         mean of 5 scans less than 3 deviations (1.4826 times the median absolute deviation) over the median level,
               within 0.1 or within 0.3 of its m/z
  peak         none of these

--write keeps the rows of the last class as a table for `lavoisier evaluate`. The log-correlation of the published values with the
plain sum of the row's own cell in the window says what areas can agree to. The same is done for the rows 300, 400 and 500 s earlier and later (chance). A feature or an isotopologue of one covers a row
within 0.1 of m/z and 15 s.
"""

import argparse
import csv

import numpy
import pyopenms

HALF_WINDOW = 15.0
CLASSES = ["few points", "no rise", "weak", "peak"]


class Run:
    def __init__(self, path):
        experiment = pyopenms.MSExperiment()
        options = pyopenms.PeakFileOptions()
        options.setMSLevels([1])
        reader = pyopenms.MzMLFile()
        reader.setOptions(options)
        reader.load(path, experiment)
        self.times = numpy.array([spectrum.getRT() for spectrum in experiment])
        points = [spectrum.get_peaks() for spectrum in experiment]
        highest = max(mz.max() for mz, _ in points if len(mz))
        # The strongest point of each cell (0.1 of m/z) and scan.
        self.cells = numpy.zeros((int(round(highest * 10)) + 4, len(points)))
        for scan, (mz, intensity) in enumerate(points):
            numpy.maximum.at(self.cells[:, scan], numpy.rint(mz * 10).astype(int), intensity)
        self.interval = float(numpy.median(numpy.diff(self.times)))

    def signal(self, cell, reach, scans):
        return self.cells[cell - reach:cell + reach + 1, scans].max(axis=0)

    def sum_of(self, mz, seconds):
        inside = abs(self.times - seconds) <= HALF_WINDOW
        return float(self.cells[int(round(mz * 10)), inside].sum())

    def classify(self, mz, seconds):
        scan = int(numpy.searchsorted(self.times, seconds))
        half, wide = round(HALF_WINDOW / self.interval), round(63 / self.interval)
        cell = int(round(mz * 10))
        window = slice(max(0, scan - half), scan + half + 1)
        around = slice(max(0, scan - wide), scan + wide + 1)
        own = self.cells[cell, window]
        if (own > 0).sum() < 5:
            return "few points"
        if own.max() <= 1.5 * numpy.median(self.signal(cell, 3, around)):
            return "no rise"
        for reach in (1, 3):
            signal = self.signal(cell, reach, around)
            level = numpy.median(signal)
            noise = max(1.4826 * numpy.median(abs(signal - level)), 100.0)
            smooth = numpy.convolve(signal, numpy.ones(5) / 5, "same")
            start = window.start - around.start
            if smooth[start:start + 2 * half + 1].max() - level < 3 * noise:
                return "weak"
        return "peak"


def read(path):
    with open(path, encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def isotopologues(features):
    for feature in features:
        mz, seconds, charge = float(feature["mz"]), float(feature["rt_seconds"]), max(int(feature["charge"]), 1)
        for number in range(max(len(feature["isotope_areas"].split(";")), 1)):
            yield mz + number * 1.00335483507 / charge, seconds


def covered(rows, features):
    places = numpy.array(sorted(isotopologues(features)))
    found = []
    for mz, seconds in rows:
        near = places[numpy.searchsorted(places[:, 0], mz - 0.1001):numpy.searchsorted(places[:, 0], mz + 0.1001)]
        found.append(bool((abs(near[:, 1] - seconds) <= HALF_WINDOW).any()))
    return numpy.array(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", required=True)
    parser.add_argument("--truth", required=True, help="rows of this run are taken by the column `file`")
    parser.add_argument("--features", nargs="*", default=[])
    parser.add_argument("--write", help="table of the rows that are a peak")
    options = parser.parse_args()
    run, name = Run(options.run), options.run.rsplit("/", 1)[-1]
    table = [row for row in read(options.truth) if row["file"] == name]
    rows = [(float(row["mz"]), float(row["rt_seconds"])) for row in table]
    kind = numpy.array([run.classify(*row) for row in rows])
    chance_rows = [(mz, seconds + shift) for shift in (-500, -400, -300, 300, 400, 500) for mz, seconds in rows
                   if run.times[0] < seconds + shift < run.times[-1]]
    chance = numpy.array([run.classify(*row) for row in chance_rows])
    tables = [(path, read(path)) for path in options.features]
    hits = [(covered(rows, features), covered(chance_rows, features).mean()) for _, features in tables]
    for number, (path, features) in enumerate(tables):
        print(f"[{number}] {path}: {len(features)} features, cover {hits[number][0].sum()} of {len(rows)} "
              f"({hits[number][0].mean():.3f}; by chance {hits[number][1]:.3f})")
    print("class\trows\tshare\tby chance" + "".join(f"\tcovered by [{number}]" for number in range(len(tables))))
    for name in CLASSES:
        inside = kind == name
        cells = [f"{hit[inside].mean():.3f}" for hit, _ in hits]
        print("\t".join([name, str(inside.sum()), f"{inside.mean():.3f}", f"{(chance == name).mean():.3f}", *cells]))
    areas = numpy.array([float(row["area"]) for row in table])
    sums = numpy.array([run.sum_of(*row) for row in rows])
    for label, some in (("all rows", sums > 0), ("peak", (sums > 0) & (kind == "peak"))):
        correlation = numpy.corrcoef(numpy.log(areas[some]), numpy.log(sums[some]))[0, 1]
        print(f"log-correlation of the published values with the sum of the cell, {label}: {correlation:.3f}")
    if options.write:
        with open(options.write, "w", encoding="utf-8", newline="\n") as out:
            writer = csv.DictWriter(out, fieldnames=list(table[0]), delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(row for row, what in zip(table, kind) if what == "peak")


if __name__ == "__main__":
    main()
