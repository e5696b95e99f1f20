"""Reading: MB of file per CPU second of the engine, of two ceilings in C and of other programs; part of bench.py.

The engine and the ceilings alternate inside one process (`lavoisier-reading-benchmark compare`), because their passes
take milliseconds; that process and those of the peers alternate in turn. Ratios are taken within a round.
"""

import json
import os
import statistics
import sys

from bench_process import WrongAnswer, child

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
TINY = os.path.join(ROOT, "Tests/MzMLTests/Fixtures/dda-excerpt.mzML")
# Name of a row: the workload that holds the file, or its place in the folder of extra data.
BUNDLED = {"HILICNeg15": "small"}
EXTRA = {"BSA1": "mzml/openms/BSA1.mzML", "ko15": "mzml/faahko/ko15.mzML"}
TILED = {"large-raw": "large-raw", "large": "large"}
# What the comparison asks of the engine, and of ceiling (A) so that it counts as one: times pyopenms.
BARS = {"none": {"tokenizer": 1.0, "arrays": 0.8, "pyopenms": 15}, "zlib": {"tokenizer": 0.88, "pyopenms": 5}}
QUALIFICATION = {"none": 28, "zlib": 7}
INNER_ROUNDS = 3
MEMORY_ALLOWANCE = 64 << 20

median = statistics.median


def spread(values):
    return {"median": median(values), "smallest": min(values), "largest": max(values)}


class ReadingBench:
    """Takes the samples. `options` are those of bench.py, `prepare` gives the paths of a workload."""

    def __init__(self, options, environment, peers, peer_command, prepare):
        self.options, self.environment, self.peers = options, environment, peers
        self.peer_command, self.prepare = peer_command, prepare
        self.engine = os.path.join(options.bin, "lavoisier")
        self.program = os.path.join(options.bin, "lavoisier-reading-benchmark")
        self.modes = json.loads(self.run([self.program, "modes"])[0])
        self.inspects = self.has_inspect()

    def run(self, command):
        return child(command, self.environment)

    def has_inspect(self):
        try:
            text, _, _ = self.run([self.engine, "inspect", "--help"])
        except WrongAnswer:
            return False
        return "--sums" in text

    def files(self):
        found = {name: self.prepare(workload)[0] for name, workload in BUNDLED.items()}
        extra = os.environ.get("LAVOISIER_EXTRA_DATA", "")
        for name, path in EXTRA.items():
            if extra and os.path.exists(os.path.join(extra, path)):
                found[name] = os.path.join(extra, path)
        if self.options.large:
            for name, workload in TILED.items():
                found[name] = self.prepare(workload)[0]
        return found

    # One file.

    def compare(self, path, rounds, modes):
        command = [self.program, "compare", path, "--rounds", str(rounds), "--mode", *modes]
        return json.loads(self.run(command)[0])["files"][0]

    def peer(self, name, path, points):
        text, _, _ = self.run(self.peer_command(f"read-{name}", [path]))
        result = json.loads(text.strip().splitlines()[-1])
        if result["files"][0]["points"] != points:
            raise WrongAnswer(f"{path}: {name} reads {result['files'][0]['points']} points, the engine {points}")
        return result["cpuSeconds"]

    def whole_process(self, path):
        if self.inspects:
            return self.run([self.engine, "inspect", path, "--sums", "--json"])[1]
        return self.run([self.program, "once", path])[1]

    def check_peer_sums(self, name, path, expected):
        text, _, _ = self.run(self.peer_command(f"sums-{name}", [path]))
        found = json.loads(text.strip().splitlines()[-1])["files"][0]
        for key in ("points", "mzSum", "intensitySum"):
            if abs(found[key] - expected[key]) > 1e-12 * abs(expected[key]):
                raise WrongAnswer(f"{path}: {key} is {found[key]!r} by {name} and {expected[key]!r} by the engine")

    def measure(self, name, path):
        print(f"bench: reading {name}, all modes", file=sys.stderr)
        expected = self.compare(path, self.options.runs, self.modes["all"])  # Also warms the page cache.
        peers = [peer for peer in ("pyopenms", "pymzml") if peer in self.peers]
        for peer in peers:
            self.check_peer_sums(peer, path, expected)
        points, rounds = expected["points"], []
        for turn in range(self.options.runs):
            print(f"bench: reading {name}, round {turn + 1} of {self.options.runs}", file=sys.stderr)
            measured = {}
            lanes = ["compare", "process", *peers]
            for lane in lanes if turn % 2 == 0 else reversed(lanes):
                if lane == "compare":
                    measured[lane] = self.compare(path, INNER_ROUNDS, ["memory", self.modes["standard"]])
                elif lane == "process":
                    measured[lane] = self.whole_process(path)
                else:
                    measured[lane] = self.peer(lane, path, points)
            rounds.append(measured)
        return {**summary_of_file(expected, rounds, peers), "modes": {
            mode: {"megabytesPerCPUSecond": expected["megabytesPerCPUSecond"][mode],
                   "ratio": expected["ratios"][f"{mode}/tokenizer"]} for mode in self.modes["all"]}}

    # The other questions.

    def workers(self, files):
        """One worker against two, on the largest file of each compression and always on the first."""
        wanted = [name for name in ("large-raw", "large") if name in files] or list(files)[:1]
        results = {}
        for name in wanted:
            print(f"bench: reading {name} with one and two workers", file=sys.stderr)
            results[name] = json.loads(self.run([self.program, "workers", files[name], "--pairs", "10"])[0])
        return results

    def memory(self):
        """Peak memory of one process per mode on the 1 GB file."""
        path = self.prepare("huge")[0]
        results = {}
        for mode in self.modes["all"]:
            if mode == "memory":
                continue
            print(f"bench: peak memory of mode {mode}", file=sys.stderr)
            results[mode] = json.loads(self.run([self.program, "once", path, "--mode", mode])[0])
        if len({result["points"] for result in results.values()}) != 1:
            raise WrongAnswer(f"{path}: the modes disagree about the number of points")
        return {"bytes": os.path.getsize(path), "modes": results}

    def tiny(self):
        """CPU seconds of inspecting a file of a few kilobytes, twenty processes; None before the command exists."""
        if not self.inspects or not os.path.exists(TINY):
            return None
        return [self.run([self.engine, "inspect", TINY])[1] for _ in range(20)]

    def report(self):
        files = self.files()
        return {
            "schema": "lavoisier-bench-reading/1", "standardMode": self.modes["standard"],
            "wholeProcess": "lavoisier inspect --sums" if self.inspects else "lavoisier-reading-benchmark once",
            "files": {name: self.measure(name, path) for name, path in files.items()},
            "workers": self.workers(files), "memory": self.memory() if self.options.large else None,
            "inspectTiny": self.tiny(),
        }


def summary_of_file(expected, rounds, peers):
    """Medians of every lane, and the ratios of the rounds."""
    lanes = list(rounds[0]["compare"]["cpuSeconds"])
    ours = [lane for lane in lanes if lane not in ("tokenizer", "bytewiseTokenizer", "arrays")]
    inner = {lane: [s for measured in rounds for s in measured["compare"]["cpuSeconds"][lane]] for lane in lanes}
    outer = {lane: [median(measured["compare"]["cpuSeconds"][lane]) for measured in rounds] for lane in lanes}
    others = {lane: [measured[lane] for measured in rounds] for lane in ["process", *peers]}
    seconds = {**inner, **others}
    ratios = {lane: {ceiling: spread([c / s for c, s in zip(inner[ceiling], inner[lane])])
                     for ceiling in lanes if ceiling not in ours} for lane in ours}
    for peer in peers:
        for lane in ours + ["tokenizer", "bytewiseTokenizer"]:
            ratios.setdefault(lane, {})[peer] = spread([p / s for p, s in zip(others[peer], outer[lane])])
        ratios.setdefault("process", {})[peer] = spread([p / s for p, s in zip(others[peer], others["process"])])
    megabytes = expected["bytes"] / 1e6
    compression, bars = expected["compression"], BARS.get(expected["compression"], {})
    return {
        "bytes": expected["bytes"], "compression": compression, "points": expected["points"],
        "mzSum": expected["mzSum"], "intensitySum": expected["intensitySum"],
        "megabytesPerCPUSecond": {lane: megabytes / median(values) for lane, values in seconds.items()},
        "ratios": ratios, "cpuSeconds": seconds,
        "below": {lane: [against for against, bar in bars.items()
                         if against in ratios[lane] and ratios[lane][against]["median"] < bar] for lane in ours},
        "qualified": ratios["tokenizer"]["pyopenms"]["median"] >= QUALIFICATION.get(compression, 0)
        if "pyopenms" in peers else None,
    }


# Tables.

LANES = {"tokenizer": "A: tokenizer", "bytewiseTokenizer": "A, byte by byte", "arrays": "B: arrays only",
         "process": "whole process", "pyopenms": "pyopenms", "pymzml": "pymzml"}


def ratio_text(ratio):
    if ratio is None:
        return "-"
    digits = 2 if ratio["median"] < 10 else 1
    return (f"**{ratio['median']:.{digits}f}** ({ratio['smallest']:.{digits}f} to {ratio['largest']:.{digits}f})")


def table(header, rows):
    return ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)] + [
        "| " + " | ".join(row) + " |" for row in rows] + [""]


def markdown(report):
    files, standard = report["files"], report["standardMode"]
    lines = ["## Reading", "", "MB of file per CPU second, one worker; medians. The page cache is warm. Ours: mode "
             f"`{standard}`; whole process: `{report['wholeProcess']}`.", ""]
    shown = [lane for lane in LANES if any(lane in f["megabytesPerCPUSecond"] for f in files.values())]
    lines += table(
        ["file", "MB", "arrays", "points", "ours, from memory", "ours, from the file",
         *(LANES[lane] for lane in shown)],
        [[name, f"{f['bytes'] / 1e6:.1f}", f["compression"], f"{f['points']:,}",
          *(f"{f['megabytesPerCPUSecond'][mode]:,.0f}" for mode in ("memory", standard)),
          *(f"{f['megabytesPerCPUSecond'][lane]:,.0f}" if lane in f["megabytesPerCPUSecond"] else "-"
            for lane in shown)]
         for name, f in files.items()])
    lines += ["Ours in the others' speed (median of the rounds, smallest to largest):", ""]
    others = [lane for lane in shown if lane != "process"]
    rows = []
    for name, f in files.items():
        for lane, where in (("memory", "from memory"), (standard, "from the file")):
            below = [f"{LANES[other]} ({BARS[f['compression']][other]})" for other in f["below"][lane]]
            rows.append([f"{name}, {where}", *(ratio_text(f["ratios"][lane].get(other)) for other in others),
                         ", ".join(below) or "-"])
    lines += table(["file", *("/ " + LANES[lane] for lane in others), "below what is asked"], rows)
    modes = list(dict.fromkeys(mode for f in files.values() for mode in f["modes"]))
    lines += ["The modes of the reader, MB of file per CPU second (in A's speed):", ""]
    lines += table(["file", *modes], [[name, *(
        f"{f['modes'][mode]['megabytesPerCPUSecond']:,.0f} ({f['modes'][mode]['ratio']['median']:.2f})"
        for mode in modes)] for name, f in files.items()])
    return "\n".join(lines + qualification(files) + rest(report)) + "\n"


def qualification(files):
    lines = []
    for name, f in files.items():
        if f["qualified"] is None:
            lines.append(f"{name}: whether (A) is a ceiling is not known, pyopenms is missing.")
            continue
        factor = f["ratios"]["tokenizer"]["pyopenms"]
        verdict = "a ceiling" if f["qualified"] else "**comparison void**"
        lines.append(f"{name}: (A) runs at {factor['median']:.1f} times pyopenms, "
                     f"{QUALIFICATION.get(f['compression'], 0)} are asked for: {verdict}.")
    return [line + "  " for line in lines] + [""]


def rest(report):
    lines = []
    for name, w in report["workers"].items():
        pressure = ", ".join("unknown" if value is None else f"{value:.0%}" for value in w["bestPairPressure"])
        lines += [
            f"Two workers, {name}, mode `{w['mode']}`: CPU(2)/CPU(1) {w['cpuRatio']:.3f}; serial share "
            f"{w['serialShare']:.1%} of CPU with one worker, {w['serialShareOfTwo']:.1%} with two; elapsed time 1 to 2: "
            f"median {w['medianWallRatio']:.2f}, best of {len(w['oneWorker'])} pairs {w['bestWallRatio']:.2f} (tasks "
            f"waiting for a CPU during it, share of the time, one worker and two: {pressure}).", ""]
    if report["memory"]:
        lines += [f"Peak memory (VmHWM) while reading {report['memory']['bytes'] / 1e6:,.0f} MB:", ""]
        lines += table(["mode", "buffer MB", "peak MB", "buffer + 64 MiB holds"], [
            [mode, f"{m['bufferBytes'] / 1e6:.1f}",
             "-" if m["peakResidentBytes"] is None else f"{m['peakResidentBytes'] / 1e6:.1f}",
             "-" if m["peakResidentBytes"] is None else "yes"
             if m["peakResidentBytes"] <= m["bufferBytes"] + MEMORY_ALLOWANCE else "**no**"]
            for mode, m in report["memory"]["modes"].items()])
    if report["inspectTiny"]:
        values = report["inspectTiny"]
        lines += [f"`lavoisier inspect` on a file of {os.path.getsize(TINY) / 1e3:.0f} kB: "
                  f"**{median(values) * 1000:.1f} ms** of CPU, median of {len(values)} "
                  f"({min(values) * 1000:.1f} to {max(values) * 1000:.1f}).", ""]
    return lines
