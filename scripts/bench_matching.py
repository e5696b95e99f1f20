#!/usr/bin/env python3
"""Library search against PyPI ms-entropy, one worker, CPU time, in turns: python3 bench_matching.py BIN [--queries N].

BIN is the folder with lavoisier-matching-benchmark. Spectra of the bundled library in positive mode are cleaned by
ms-entropy (precursor removed, peaks merged within 0.05 Da, noise below 1 % removed); both programs get the same peaks.
Scores of the ten best are compared first; a difference above 1e-5 ends the run with status 1. ms-entropy works in single
precision, which is where smaller differences come from. It also rounds m/z and the edges of the tolerance so: a pair of
spectra with peaks within 0.25 mDa of an edge is compared with its score in double precision instead, and counted.
"""
import argparse
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

TOLERANCE = 0.02
PRECURSOR_TOLERANCE = 0.01
# Single precision rounds an m/z below 2048 by at most this, in Da, twice.
EDGE = 2.5e-4


def records(path):
    """Precursor m/z, accession and peaks of each positive spectrum of an MSP file."""
    import numpy as np

    fields, peaks = {}, None
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in list(lines) + ["\n"]:
            line = line.strip()
            if not line:
                if peaks and fields.get("IONMODE", "").lower().startswith("p") and fields.get("PRECURSORMZ"):
                    yield {
                        "precursor_mz": float(fields["PRECURSORMZ"]),
                        "accession": fields["ACCESSION"],
                        "peaks": np.array(peaks, dtype=np.float32),
                    }
                fields, peaks = {}, None
            elif peaks is not None:
                peaks.append([float(word) for word in line.split()[:2]])
            else:
                key, _, value = line.partition(":")
                fields[key.strip().upper()] = value.strip()
                if key.strip().upper() == "NUM PEAKS":
                    peaks = []


def write_msp(path, spectra):
    with open(path, "w", encoding="utf-8") as out:
        for spectrum in spectra:
            out.write(f"NAME: {spectrum['accession']}\nACCESSION: {spectrum['accession']}\nIONMODE: POSITIVE\n")
            out.write(f"PRECURSORMZ: {spectrum['precursor_mz']!r}\nNum Peaks: {len(spectrum['peaks'])}\n")
            for mz, intensity in spectrum["peaks"]:
                out.write(f"{float(mz)!r} {float(intensity)!r}\n")
            out.write("\n")


class Peer:
    def __init__(self, spectra):
        self.engine, self.spectra, _ = Peer.build(spectra)
        self.index_bytes = sum(array.nbytes for array in self.engine.entropy_search.index)

    @staticmethod
    def build(spectra):
        """An engine with its index, the spectra in its order, and CPU seconds."""
        from ms_entropy import FlashEntropySearch

        engine = FlashEntropySearch()
        copies = [dict(spectrum) for spectrum in spectra]
        start = time.process_time()
        ordered = engine.build_index(copies)
        return engine, ordered, time.process_time() - start

    def scores(self, search, query):
        engine, peaks, precursor = self.engine, query["peaks"], query["precursor_mz"]
        if search == "identity":
            return engine.identity_search(precursor, peaks, PRECURSOR_TOLERANCE, TOLERANCE)
        if search == "open":
            return engine.open_search(peaks, TOLERANCE)
        if search == "neutral-loss":
            return engine.neutral_loss_search(precursor, peaks, TOLERANCE)
        return engine.hybrid_search(precursor, peaks, TOLERANCE)

    def milliseconds(self, search, queries):
        start = time.process_time()
        for query in queries:
            self.scores(search, query)
        return (time.process_time() - start) * 1e3 / len(queries)


def ours(program, *arguments):
    done = subprocess.run([program, *map(str, arguments)], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def search_ours(program, library, queries, search, *arguments):
    return ours(
        program, "search", library, queries, "--search", search, "--tolerance", TOLERANCE,
        "--precursor-tolerance", PRECURSOR_TOLERANCE, *arguments)


def double_score(query, spectrum, search):
    """The score of one pair by its definition in double precision, and whether a pair of peaks lies on an edge."""
    import numpy as np
    from ms_entropy import apply_weight_to_intensity

    (a, wa), (b, wb) = (apply_weight_to_intensity(part["peaks"]).astype(float).T for part in (query, spectrum))
    apart = b[None, :] - a[:, None]
    moved = apart + (query["precursor_mz"] - spectrum["precursor_mz"])
    edge = bool((np.abs(np.abs(apart) - TOLERANCE) < EDGE).any() or (np.abs(np.abs(moved) - TOLERANCE) < EDGE).any())
    pairs = np.zeros(apart.shape, bool) if search == "neutral-loss" else np.abs(apart) <= TOLERANCE
    if search in ("neutral-loss", "hybrid"):
        free = ~pairs.any(axis=1)[:, None] & ~pairs.any(axis=0)[None, :]
        pairs = pairs | (free & (np.abs(moved) <= TOLERANCE))
    rows, columns = np.nonzero(pairs)
    x, y = wa[rows] / 2, wb[columns] / 2
    return float(np.sum((x + y) * np.log2(x + y) - x * np.log2(x) - y * np.log2(y))), edge


def largest_difference(peer, search, queries, found):
    """Between the scores of our best and the same spectra's there, and between the two lists of best scores.

    A pair with peaks on the edge of the tolerance is compared with its score in double precision instead, and counted.
    """
    import numpy as np

    place = {spectrum["accession"]: index for index, spectrum in enumerate(peer.spectra)}
    largest, worst, edges = 0.0, "", 0
    for query, hits in zip(queries, found):
        scores = peer.scores(search, query)
        order = np.argsort(-scores, kind="stable")[: len(hits) + 1]
        least = hits[-1][1] if len(hits) == 10 else 0.0
        ours = {place[accession]: score for accession, score, _ in hits}
        # Our hits, and what the peer ranks among the best.
        for index in set(ours) | {int(index) for index in order[:10] if scores[index] > least + 1e-5}:
            score = ours.get(index)
            difference = abs(float(scores[index]) - (0.0 if score is None else score))
            if difference > 1e-5:
                exact, edge = double_score(query, peer.spectra[index], search)
                if edge:
                    edges += 1
                    difference = max(0.0, exact - least) if score is None else abs(exact - score)
            if difference > largest:
                largest, worst = difference, f"{query['accession']} with {peer.spectra[index]['accession']}"
    return largest, worst, edges


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bin")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--library", default=os.path.join(
        os.path.dirname(__file__), "..", "workloads", "libraries", "massbank-2025.05.1-open.msp.gz"))
    options = parser.parse_args()
    program = os.path.join(options.bin, "lavoisier-matching-benchmark")
    try:
        import ms_entropy  # noqa: F401
        import numpy as np
    except ImportError as error:
        print(f"bench: ms-entropy is not there ({error}): pip install ms-entropy", file=sys.stderr)
        return 1
    spectra = list(records(options.library))
    peer = Peer(spectra)
    print(f"{len(peer.spectra)} spectra, {peer.engine.entropy_search.total_peaks_num} peaks, tolerance {TOLERANCE} Da")
    chosen = np.random.default_rng(7).choice(len(peer.spectra), options.queries, replace=False)
    queries = [peer.spectra[index] for index in chosen]
    with tempfile.TemporaryDirectory() as folder:
        msp, library, query_file = (os.path.join(folder, name) for name in ("all.msp", "all.lvsl", "queries.msp"))
        write_msp(msp, peer.spectra)
        write_msp(query_file, queries)
        builds, their_builds = [], []
        for turn in range(options.turns):
            steps = [
                lambda: builds.append(ours(program, "build", msp, library)),
                lambda: their_builds.append(Peer.build(spectra)[2]),
            ]
            for step in steps if turn % 2 == 0 else reversed(steps):
                step()
        build = statistics.median(row["cpuSeconds"] for row in builds)
        their_build = statistics.median(their_builds)
        build_ratios = sorted(theirs / row["cpuSeconds"] for theirs, row in zip(their_builds, builds))
        opening = statistics.median(ours(program, "open", library, "--runs", 20)["cpuSeconds"])
        rows = []
        for search in ("identity", "open", "neutral-loss", "hybrid"):
            found = search_ours(program, library, query_file, search, "--hits")["hits"]
            difference, worst, edges = largest_difference(peer, search, queries, found)
            if difference > 1e-5:
                print(f"bench: {search}: scores differ by {difference:.2e} ({worst})", file=sys.stderr)
                return 1
            theirs, mine, strict = [], [], []
            few = queries[: max(1, len(queries) // 3)]
            for turn in range(options.turns):
                runs = 50 if search == "identity" else 5
                steps = [
                    lambda: theirs.append(peer.milliseconds(search, few)),
                    lambda: mine.append(search_ours(program, library, query_file, search, "--runs", runs)),
                    lambda: strict.append(search_ours(
                        program, library, query_file, search, "--runs", runs, "--minimum-score", 0.7)),
                ]
                for step in steps if turn % 2 == 0 else reversed(steps):
                    step()
            rows.append((search, statistics.median(theirs), mine, strict, difference, edges))
    print(f"{'':14}{'ms-entropy':>12}{'lavoisier':>12}{'ratio':>8}{'>= 0.7':>12}{'ratio':>8}  largest difference")
    for search, theirs, mine, strict, difference, edges in rows:
        best = statistics.median(row["cpuMillisecondsPerQuery"] for row in mine)
        above = statistics.median(row["cpuMillisecondsPerQuery"] for row in strict)
        print(f"{search:14}{theirs:9.4f} ms{best:9.4f} ms{theirs / best:8.1f}{above:9.4f} ms{theirs / above:8.1f}"
              f"  {difference:.1e}, {edges} pairs on an edge  ({mine[0]['comparisonsPerQuery']:.0f} compared, "
              f"{mine[0]['postingsPerQuery']:.0f} postings read)")
    print(f"{'build':14}{their_build:10.3f} s{build:10.3f} s{statistics.median(build_ratios):8.1f}"
          f"  (turn by turn {build_ratios[0]:.1f} to {build_ratios[-1]:.1f})")
    print(f"{'index bytes':14}{peer.index_bytes:12}{builds[0]['indexBytes']:12}"
          f"{peer.index_bytes / builds[0]['indexBytes']:8.1f}")
    print(f"{'open':14}{'':12}{opening * 1e3:9.3f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
