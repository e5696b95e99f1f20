#!/usr/bin/env python3
"""Tables of docs/confidence.md: how often a library search names the right compound, observed against estimated rates.

    python3 scripts/identification_truth.py .build/release [options of lavoisier-identification-benchmark]
    python3 scripts/identification_truth.py saved.json

Every contributor of the bundled MassBank subset is searched in the library, and in the decoys, of all others. With a
folder the benchmark is run (some minutes; LAVOISIER_DATA_DIR names the project's workloads folder where it is not found); a
file is what it printed.
"""

import json
import os
import subprocess
import sys


def results(argument, options):
    if os.path.isdir(argument):
        program = os.path.join(argument, "lavoisier-identification-benchmark")
        return json.loads(subprocess.run([program, *options], check=True, stdout=subprocess.PIPE).stdout)
    with open(argument, encoding="utf-8") as file:
        return json.load(file)


def share(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def print_table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def rate_cells(summary, key):
    return [f"{share(level['wrong'], level['accepted'])} of {level['accepted']:,}" for level in summary[key]]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    summaries = results(sys.argv[1], sys.argv[2:])
    first = summaries[0]
    limits = [f"q <= {level['qValue']}" for level in first["levels"]]
    print(
        f"{first['queries']:,} queries of {len(first['contributors'])} contributors; the ion of {first['findable']:,} "
        f"is in the rest of the library.\n"
    )
    print_table(
        ["similarity", "top 1", "top 5", "match though the compound is absent"],
        [
            [
                f"`{s['similarity']}`",
                share(s["top1"], s["findable"]),
                share(s["top5"], s["findable"]),
                share(s["unknownWithMatch"], s["unknown"]),
            ]
            for s in summaries
        ],
    )
    for title, key in (("by contributor", "levels"), ("all queries together", "pooledLevels")):
        print(f"Wrong among the accepted, q-values estimated {title}:\n")
        print_table(["similarity", *limits], [[f"`{s['similarity']}`", *rate_cells(s, key)] for s in summaries])
    print("What the wrong ones are (all queries together):\n")
    print_table(
        ["similarity", *(f"{limit}: wrong, compound absent, other formula" for limit in limits)],
        [
            [
                f"`{s['similarity']}`",
                *(
                    f"{share(v['wrong'], v['accepted'])}, {share(v['wrongOfUnknown'], v['accepted'])}, "
                    f"{100 * v['wrongFormula'] / max(v['accepted'], 1):.2f} %"
                    for v in s["pooledLevels"]
                ),
            ]
            for s in summaries
        ],
    )
    print(f"Contributors with at least 1,000 queries, `{first['similarity']}`:\n")
    print_table(
        ["contributor", "queries", "top 1", "top 5", *limits],
        [
            [
                c["name"],
                f"{c['queries']:,}",
                share(c["top1"], c["findable"]),
                share(c["top5"], c["findable"]),
                *rate_cells(c, "levels"),
            ]
            for c in sorted(first["contributors"], key=lambda c: -c["queries"])
            if c["queries"] >= 1000
        ],
    )


if __name__ == "__main__":
    main()
