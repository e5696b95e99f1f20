#!/usr/bin/env python3
"""Compare what lavoisier reads with what pyopenms and pymzml read, spectrum by spectrum.

    python3 scripts/check_readers.py FOLDER [--lavoisier PROGRAM] [--peer pyopenms|pymzml]

FOLDER is searched for .mzML and .mzML.gz. Needs pyopenms and pymzml. Each spectrum must have the same native id, MS level,
retention time, number of points, first and last m/z (to the bit), and sums of m/z and of intensity (relative 1e-12). Files whose
difference is known and explained (docs/mzml-oddities.md) are listed below; a difference that is not, and one that is
gone, is a failure. Prints a line per file and peer. Exit status 0 or 1.
"""

import argparse
import json
import os
import subprocess
import sys
import warnings

import numpy

TOLERANCE = 1e-12

# File, peer: what is expected to differ, as `compare` names it.
UV = "TOFsulfasMS4GHzDualMode+DADSpectra+UVSignal272-NoProfile.mzML"
KNOWN = {
    # mzML 0.99.1, a prototype of other elements and attributes.
    ("1min.mzML", "pyopenms"): {"lavoisier refuses"},
    ("1min.mzML", "pymzml"): {"lavoisier refuses"},
    # Unsorted m/z: pyopenms sorts, pymzml does not.
    ("LB12HL_AB.mzML.gz", "pymzml"): {"order"},
    # Ultraviolet spectra, which are no mass spectra.
    (UV, "pyopenms"): {"no mass spectrum"},
    (UV, "pymzml"): {"no mass spectrum"},
    # Negative intensities, which we set to zero.
    ("neg_int.mzML", "pyopenms"): {"negative"},
    ("neg_int.mzML", "pymzml"): {"negative"},
    # pymzml wants the name of the unit of time, which mzML leaves to the writer; its accession is there.
    ("test.mzML", "pymzml"): {"time"},
}


def ours(program, path):
    """The spectra as `lavoisier inspect --spectra` prints them."""
    run = subprocess.run([program, "inspect", "--spectra", "--json", path], capture_output=True, text=True)
    if run.returncode != 0:
        return None, run.stderr.strip()
    return [json.loads(line) for line in run.stdout.splitlines()], None


def spectrum(identifier, level, time, mz, intensity):
    mz = numpy.asarray(mz, "<f8")
    intensity = numpy.asarray(intensity).astype("<f4").astype("<f8")
    return {
        "id": identifier, "level": level, "time": time, "points": len(mz), "sumMZ": float(mz.sum()),
        "sumIntensity": float(intensity.sum()), "firstMZ": float(mz[0]) if len(mz) else None,
        "lastMZ": float(mz[-1]) if len(mz) else None,
        "isSorted": bool((numpy.diff(mz) >= 0).all()), "negative": int((intensity < 0).sum()),
        "lowest": float(mz.min()) if len(mz) else None, "highest": float(mz.max()) if len(mz) else None,
        "clamped": float(numpy.maximum(intensity, 0).sum()),
    }


def theirs(peer, path):
    """The spectra as the peer reads them, in file order."""
    if peer == "pyopenms":
        import pyopenms

        run = pyopenms.MSExperiment()
        pyopenms.MzMLFile().load(path, run)
        # It says -1 where there is no retention time.
        return [
            spectrum(s.getNativeID(), s.getMSLevel(), None if s.getRT() == -1 else s.getRT(), *s.get_peaks())
            for s in run.getSpectra()
        ]
    import pymzml

    # It offers no native id of any form; the order tells.
    found = []
    for s in pymzml.run.Reader(path, obo_version="4.1.33"):
        mz, intensity = s.mz, s.i
        try:
            time = s.scan_time_in_minutes() * 60
        except Exception:
            time = None
        found.append(spectrum(None, s.ms_level, time, [] if mz is None else mz, [] if intensity is None else intensity))
    return found


def close(a, b):
    return a == b or abs(a - b) <= TOLERANCE * max(abs(a), abs(b))


def compare(ours, theirs):
    """What differs, by kind: the number of spectra, and the first of them."""
    found = {}

    def add(kind, text):
        count, first = found.get(kind, (0, text))
        found[kind] = (count + 1, first)

    if len(ours) != len(theirs):
        add("spectra", f"{len(ours)} and {len(theirs)}")
        return found
    for a, b in zip(ours, theirs):
        where = f"spectrum {a['index']}"
        if b["id"] is not None and a["id"] != b["id"]:
            add("id", f"{where}: {a['id']!r} and {b['id']!r}")
        if a["level"] == 0:
            add("no mass spectrum", f"{where}: level {b['level']}, {b['points']} points")
            continue
        time = a.get("retentionTimeSeconds")
        if (time is None) != (b["time"] is None) or time is not None and abs(time - b["time"]) > 1e-9 * abs(time):
            add("time", f"{where}: {time} and {b['time']}")
        if a["level"] != b["level"]:
            add("level", f"{where}: {a['level']} and {b['level']}")
        if a["points"] != b["points"]:
            add("points", f"{where}: {a['points']} and {b['points']}")
            continue
        if (a.get("firstMZ"), a.get("lastMZ")) != (b["firstMZ"], b["lastMZ"]):
            same = (a.get("firstMZ"), a.get("lastMZ")) == (b["lowest"], b["highest"])
            add("order" if same and not b["isSorted"] else "m/z", f"{where}: {a.get('firstMZ')} and {b['firstMZ']}")
        if not close(a["sumMZ"], b["sumMZ"]):
            add("sum of m/z", f"{where}: {a['sumMZ']} and {b['sumMZ']}")
        if not close(a["sumIntensity"], b["sumIntensity"]):
            kind = "negative" if b["negative"] and close(a["sumIntensity"], b["clamped"]) else "sum of intensity"
            add(kind, f"{where}: {a['sumIntensity']} and {b['sumIntensity']}")
    return found


def check(program, peer, path, name):
    """One line to print, and whether it is as expected."""
    expected = KNOWN.get((name, peer), set())
    mine, error = ours(program, path)
    if mine is None:
        return f"lavoisier refuses it: {error}", expected == {"lavoisier refuses"}
    try:
        other = theirs(peer, path)
    except Exception as reason:
        text = str(reason).strip().splitlines()
        return (f"{peer} refuses it: {type(reason).__name__}: {text[0] if text else ''}"[:160], expected == {"refused"})
    found = compare(mine, other)
    points = sum(s["points"] for s in mine)
    if not found:
        return f"same: {len(mine)} spectra, {points} points", not expected
    text = "; ".join(f"{kind}: {count} ({first})" for kind, (count, first) in sorted(found.items()))
    return f"differs: {text}", set(found) == expected


def isolated(arguments, peer, path, name):
    """Runs one comparison in a process of its own: a peer may crash."""
    run = subprocess.run(
        [sys.executable, __file__, path, "--lavoisier", arguments.lavoisier, "--peer", peer, "--only", name],
        capture_output=True, text=True)
    lines = [line for line in run.stdout.splitlines() if line.startswith(("ok ", "no "))]
    if not lines:
        text = f"{peer} crashes (status {run.returncode}) {run.stderr.strip().splitlines()[-1:]}"
        return text, KNOWN.get((name, peer), set()) == {"crash"}
    return lines[-1][3:], lines[-1].startswith("ok")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--lavoisier", default=".build/release/lavoisier")
    parser.add_argument("--peer", action="append", choices=["pyopenms", "pymzml"])
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        warnings.simplefilter("ignore")
        text, good = check(arguments.lavoisier, arguments.peer[0], arguments.folder, arguments.only)
        print("\n" + ("ok " if good else "no ") + text)
        return 0
    failures = 0
    files = sorted(
        os.path.join(folder, name) for folder, _, names in os.walk(arguments.folder) for name in names
        if name.lower().endswith((".mzml", ".mzml.gz")))
    if not files:
        print(f"no mzML in {arguments.folder}")
        return 1
    for path in files:
        for peer in arguments.peer or ["pyopenms", "pymzml"]:
            text, good = isolated(arguments, peer, path, os.path.basename(path))
            failures += not good
            print(f"{'ok    ' if good else 'FAILED'} {os.path.basename(path)}  {peer}: {text}", flush=True)
    print(f"{failures} of the comparisons are not as expected" if failures else "all as expected")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
