#!/usr/bin/env python3
"""Measure the engine against other programs on the bundled files, in one interleaved run; started by bench.sh.

Every benchmark is one process per measurement, and the processes of a workload alternate: A B C, C B A, A B C ... A
ratio is taken within a round and the median of the rounds is reported, so what else the machine does hits both sides.
Each benchmark checks its own answer; a wrong one ends the run with status 1. Python 3 standard library only.

What is measured:
  whole process   CPU (user and system) of the process from start to exit, as the kernel accounts for it
  calls           peers: time.process_time around the calls alone, imports excluded
  jobs, stages    engine: `detectionJobs` (thread CPU) and `stages` of its run.json
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import bench_reading
import bench_report
from bench_process import WrongAnswer, child

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
# pyopenms settings per workload, as used for files of these kinds, and the share of truth that the engine must find.
CASES = {
    "small": {"ppm": 5, "noise": 1e3, "fwhm": 5, "minimumRecall": 1.0},
    "medium": {"ppm": 10, "noise": 1e4, "fwhm": 5, "minimumRecall": 0.95},
    "large": {"ppm": 10, "noise": 1e4, "fwhm": 5, "minimumRecall": None},
    "ko15": {"ppm": 25, "noise": 1e3, "fwhm": 20, "minimumRecall": None},
}
# The stages whose time the execution settings (workers, chunk size, buffer size, memory limit) can change.
SETTING_STAGES = ["read and detect", "match library", "annotate and format"]


def counts_in(path):
    """What the file declares: spectra by level and points of the survey scans, by a parser that is nobody's here."""
    levels, points = {}, 0
    for _, element in ElementTree.iterparse(path):
        tag = element.tag.rsplit("}", 1)[-1]
        if tag == "spectrum":
            level = next((int(term.get("value")) for term in element if term.get("accession") == "MS:1000511"), 0)
            levels[level] = levels.get(level, 0) + 1
            points += int(element.get("defaultArrayLength")) if level == 1 else 0
        if tag in ("spectrum", "chromatogram", "binaryDataArrayList"):
            element.clear()
    return {"spectra": sum(levels.values()), "survey": levels.get(1, 0), "fragments": levels.get(2, 0),
            "surveyPoints": points}


class Bench:
    def __init__(self, options, scratch):
        self.options = options
        self.scratch = scratch
        self.engine = os.path.join(options.bin, "lavoisier")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("LAVOISIER_")}
        self.environment["OMP_NUM_THREADS"] = "1"
        for name in ("LAVOISIER_DATA_DIR", "LAVOISIER_CACHE_DIR"):
            if name in os.environ:
                self.environment[name] = os.environ[name]
        self.peers = self.find_peers()
        self.digests = {}
        self.machine = None
        self.engine_version = None

    def find_peers(self):
        if not self.options.python:
            return {}
        try:
            text, _, _ = child(self.peer_command("versions", []), self.environment)
            return json.loads(text.strip().splitlines()[-1])
        except WrongAnswer as error:
            self.options.unavailable = str(error)
            return {}

    def peer_command(self, work, files, *extra):
        return [self.options.python, os.path.join(HERE, "bench_peers.py"), work, *files, *extra]

    def files(self, case):
        if case == "ko15":
            path = os.path.join(os.environ.get("LAVOISIER_EXTRA_DATA", ""), "mzml/faahko/ko15.mzML")
            return [path] if os.path.exists(path) else []
        return self.prepare(case)

    def prepare(self, workload):
        """The paths of a bundled workload, made now if it is one of those that are made on first use."""
        text, _, _ = child([self.engine, "workload", "prepare", workload], self.environment)
        return [line.split("\t")[1] for line in text.splitlines() if line.startswith(workload + "\t")]

    def reading(self):
        return bench_reading.ReadingBench(
            self.options, self.environment, self.peers, self.peer_command, self.prepare).report()

    # One measurement of each kind. Each returns a flat dictionary of numbers.

    def run_engine(self, case, files, workers, full):
        output = tempfile.mkdtemp(dir=self.scratch)
        command = [self.engine, "analyze", *files, "--output", output, "--quiet", "--profile", "none",
                   "--set", f"execution.workers={workers}"]
        if not full:
            command += ["--set", "matching.enabled=false", "--set", "annotation.enabled=false"]
        _, cpu, wall = child(command, self.environment)
        with open(os.path.join(output, "run.json"), encoding="utf-8") as file:
            record = json.load(file)
        self.machine, self.engine_version = record["machine"], record["versions"]["lavoisier"]
        digest = self.digests.setdefault((case, full), record["digest"])
        if digest != record["digest"]:
            raise WrongAnswer(f"{case}: the digest of the results changed between two runs")
        jobs = {job["name"]: job["cpuSeconds"] for job in record["detectionJobs"]}
        stages = {stage["name"]: stage for stage in record["stages"]}
        missing = [name for name in SETTING_STAGES if name not in stages]
        if missing:
            raise WrongAnswer(f"run.json has no stage {', '.join(missing)}: SETTING_STAGES is out of date")
        files_read = [{"spectra": i["spectra"], "survey": i["surveyScans"], "fragments": i["fragmentSpectra"],
                       "surveyPoints": i["surveyPoints"], "features": i["features"]} for i in record["inputs"]]
        kept = os.path.join(self.scratch, f"{case}-{'full' if full else 'features'}")
        shutil.rmtree(kept, ignore_errors=True)
        os.rename(output, kept)
        return {"cpu": cpu, "wall": wall, "files": files_read, "table": kept, "stages": stages,
                "runWall": record["wallSeconds"],
                "read": jobs["read"] + jobs["decode"],
                "detect": jobs["mass traces"] + jobs["chromatographic peaks"]
                + stages["group isotopes"]["cpuSeconds"]}

    def run_peer(self, case, files, work):
        extra, settings = [], CASES[case]
        table = os.path.join(self.scratch, f"{case}-{work}.tsv")
        if work.startswith("features"):
            extra = ["--ppm", str(settings["ppm"]), "--noise", str(settings["noise"]), "--fwhm",
                     str(settings["fwhm"]), "--table", table]
        text, cpu, wall = child(self.peer_command(work, files, *extra), self.environment)
        result = json.loads(text.strip().splitlines()[-1])
        return {"cpu": cpu, "wall": wall, "calls": result["cpuSeconds"], "detect": result.get("featureSeconds"),
                "files": result["files"], "table": table}

    # Checks.

    def check_counts(self, case, who, expected, found):
        for name, want, got in zip(self.names, expected, found):
            for key, value in want.items():
                if key in got and got[key] != value:
                    raise WrongAnswer(f"{case}: {who} reads {got[key]} {key} in {name}, the file declares {value}")
        if len(expected) != len(found):
            raise WrongAnswer(f"{case}: {who} read {len(found)} of {len(expected)} files")

    def recall(self, case, table):
        truth = os.path.join(ROOT, "workloads", case, "truth.tsv")
        if not os.path.exists(truth):
            return None
        text, _, _ = child([self.engine, "evaluate", table, "--truth", truth, "--json"], self.environment)
        result = json.loads(text)
        return {"found": result["found"], "expected": result["expected"]}

    # The run.

    def worker_pairs(self, case, files):
        """One worker against two, interleaved; many pairs, because any other job takes the second CPU away."""
        pairs = []
        for turn in range(max(20, self.options.runs) if case != "large" else self.options.runs):
            order = (1, 2) if turn % 2 == 0 else (2, 1)
            results = {workers: self.run_engine(case, files, workers, True) for workers in order}
            pairs.append((results[1], results[2]))
        return pairs

    def lanes(self, case, files):
        lanes = {
            "engine": lambda: self.run_engine(case, files, 1, False),
            "full-1": lambda: self.run_engine(case, files, 1, True),
        }
        if "pyopenms" in self.peers:
            lanes["read-pyopenms"] = lambda: self.run_peer(case, files, "read-pyopenms")
            lanes["features-pyopenms"] = lambda: self.run_peer(case, files, "features-pyopenms")
        if "pymzml" in self.peers:
            lanes["read-pymzml"] = lambda: self.run_peer(case, files, "read-pymzml")
        return lanes

    def measure(self, case):
        files = self.files(case)
        if not files:
            return None
        self.names = [os.path.basename(path) for path in files]
        expected = [counts_in(path) for path in files]
        lanes = self.lanes(case, files)
        for run in lanes.values():  # Page cache, reference data and imports are warm for all alike.
            run()
        samples = {name: [] for name in lanes}
        for turn in range(self.options.runs):
            print(f"bench: {case}, round {turn + 1} of {self.options.runs}", file=sys.stderr)
            for name in list(lanes) if turn % 2 == 0 else reversed(list(lanes)):
                samples[name].append(lanes[name]())
        pairs = self.worker_pairs(case, files)
        for name, results in [*samples.items(), ("two workers", [two for _, two in pairs])]:
            for result in results:
                self.check_counts(case, name, expected, result["files"])
        recalls = {name: self.recall(case, samples[name][0]["table"])
                   for name in ("engine", "features-pyopenms") if name in samples}
        floor, found = CASES[case]["minimumRecall"], recalls["engine"]
        if floor is not None and found["found"] < floor * found["expected"]:
            raise WrongAnswer(f"{case}: the engine finds {found['found']} of {found['expected']} rows of the truth, "
                              f"below the floor of {floor:.0%}")
        if not sum(file["features"] for file in samples["engine"][0]["files"]):
            raise WrongAnswer(f"{case}: the engine finds no features")
        return {"files": self.names, "bytes": sum(os.path.getsize(path) for path in files), "declared": expected,
                "recall": recalls, "samples": samples, "pairs": pairs}

    def start_up(self):
        """CPU of starting and ending: the engine 20 times, and importing pyopenms as often as there are rounds."""
        lanes = {"engine": [self.engine, "--version"]}
        if "pyopenms" in self.peers:
            lanes["pyopenms"] = [self.options.python, "-c", "import pyopenms"]
        samples = {name: [] for name in lanes}
        for turn in range(20):
            for name, command in lanes.items():
                if name == "engine" or turn < self.options.runs:
                    samples[name].append(child(command, self.environment)[1])
        return samples


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="folder with the engine")
    parser.add_argument("--python", default="", help="Python with the peers; empty when there is none")
    parser.add_argument("--unavailable", default="", help="why there are no peers")
    parser.add_argument("--runs", type=int, default=5, help="rounds (5 at least)")
    parser.add_argument("--large", action="store_true", help="also the tiled files of 250 MB and 1 GB")
    parser.add_argument("--reading-only", action="store_true", help="reading, and none of the other stages")
    parser.add_argument("--output", default=os.path.join(ROOT, "reports"), help="folder of bench.json and bench.md")
    options = parser.parse_args()
    if options.runs < 5:
        parser.error("--runs: a median needs 5 rounds at least")
    scratch = tempfile.mkdtemp(prefix="lavoisier-bench-")
    try:
        bench = Bench(options, scratch)
        started, load = time.strftime("%Y-%m-%d"), os.getloadavg()[0]
        report = {} if options.reading_only else stages(bench, started, load)
        report["reading"] = {
            **bench.reading(), "date": started, "loadAverageAtStart": load, "runs": options.runs, "peers": bench.peers,
            "peersUnavailable": options.unavailable or None}
    except WrongAnswer as error:
        print(f"bench: wrong answer: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    text = "" if options.reading_only else bench_report.markdown(report) + "\n"
    text += bench_reading.markdown(report["reading"])
    os.makedirs(options.output, exist_ok=True)
    with open(os.path.join(options.output, "bench.json"), "w", encoding="utf-8") as out:
        json.dump(report, out, indent=2, sort_keys=True)
        out.write("\n")
    with open(os.path.join(options.output, "bench.md"), "w", encoding="utf-8") as out:
        out.write(text)
    print(text, end="")
    return 0


def stages(bench, started, load):
    """Everything but the reading: file to features, library, start-up, workers."""
    cases = {}
    for case in ["small", "medium", "ko15"] + (["large"] if bench.options.large else []):
        measured = bench.measure(case)
        if measured:
            cases[case] = measured
    return bench_report.summarise(
        cases, bench.start_up(), date=started, load=load, runs=bench.options.runs, machine=bench.machine,
        engine=bench.engine_version, peers=bench.peers, unavailable=bench.options.unavailable,
        setting_stages=SETTING_STAGES, settings=CASES)


if __name__ == "__main__":
    sys.exit(main())
