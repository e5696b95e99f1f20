#!/usr/bin/env python3
"""Tables in Markdown from the JSON lines of `lavoisier-tune replay` and `replay_optuna.py`.

    python3 scripts/replay_report.py ours=grid.jsonl random=random.jsonl tpe=tpe.jsonl gp=gp.jsonl

The first search is compared with the others. Ranks, ratios and differences use the problems that all searches have; equal
regrets (to 1e-9) share the mean of their ranks.
"""

import collections
import json
import statistics
import sys


def read(path):
    runs = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for line in file:
            run = json.loads(line)
            runs[run["problem"]].append(run)
    return runs


def at(run, evaluations):
    regrets = run["regret"]
    return regrets[min(evaluations, len(regrets)) - 1]


def ranks(values):
    ranked = []
    for value in values:
        below = sum(other < value - 1e-9 for other in values)
        equal = sum(abs(other - value) <= 1e-9 for other in values)
        ranked.append(below + (equal + 1) / 2)
    return ranked


def squared_error(values):
    return statistics.variance(values) / len(values) if len(values) > 1 else 0.0


def row(cells):
    print("| " + " | ".join(cells) + " |")


def main():
    if len(sys.argv) < 2 or any("=" not in argument for argument in sys.argv[1:]):
        sys.exit(__doc__)
    searches = {}
    for argument in sys.argv[1:]:
        name, _, path = argument.partition("=")
        searches[name] = read(path)
    names = list(searches)
    problems = sorted(set.intersection(*[set(runs) for runs in searches.values()]))
    regrets = {
        (name, problem, k): [at(run, k) for run in searches[name][problem]]
        for name in names for problem in problems for k in (20, 50)
    }

    print("Median regret at 20 / 50 evaluations:\n")
    row(["table"] + names)
    row(["---"] * (len(names) + 1))
    for problem in problems:
        row([problem] + [
            " / ".join(f"{statistics.median(regrets[name, problem, k]):.3f}" for k in (20, 50)) for name in names])
    for title, centre in (("mean of medians", statistics.median), ("mean of means", statistics.fmean)):
        row([f"**{title}**"] + [
            " / ".join(f"{statistics.fmean([centre(regrets[n, p, k]) for p in problems]):.3f}" for k in (20, 50))
            for n in names])
        ranked = {k: [ranks([centre(regrets[n, p, k]) for n in names]) for p in problems] for k in (20, 50)}
        row([f"mean rank, by {title.split()[-1]}"] + [
            " / ".join(f"{statistics.fmean([r[i] for r in ranked[k]]):.2f}" for k in (20, 50))
            for i in range(len(names))])

    def over_problems(value, format_):
        return [format_.format(statistics.fmean([value(n, p) for p in problems])) for n in names]

    def mean_of(key):
        return lambda n, p: statistics.fmean([run[key] for run in searches[n][p]])

    def recommended(n, p):
        known = [run["recommended_regret"] for run in searches[n][p] if run["recommended_regret"] is not None]
        return statistics.fmean(known) if known else float("nan")

    row(["mean regret of the recommended"] + over_problems(recommended, "{:.3f}"))
    row(["effective repeats in 50"] + over_problems(mean_of("duplicates"), "{:.1f}"))
    row(["CPU per suggestion, ms"] + [
        f"{1000 * statistics.fmean([mean_of('cpu_seconds_per_suggestion')(n, p) for p in problems]):.2f}"
        for n in names])
    row(["seeds per table"] + [
        "-".join(str(c) for c in sorted({min(len(searches[n][p]) for p in problems),
                                         max(len(searches[n][p]) for p in problems)})) for n in names])

    first = names[0]
    print(f"\n{first} less the other (mean over tables of mean regret, standard error over seeds), and ratio:\n")
    row(["against", "at 20", "at 50", "ratio at 20", "ratio at 50", "tables worse by more than 2 standard errors"])
    row(["---"] * 6)
    for name in names[1:]:
        cells, ratios, worse = [], [], []
        for k in (20, 50):
            differences, error = [], 0.0
            for problem in problems:
                a, b = regrets[first, problem, k], regrets[name, problem, k]
                difference = statistics.fmean(a) - statistics.fmean(b)
                squared = squared_error(a) + squared_error(b)
                differences.append(difference)
                error += squared
                if difference > 2 * squared**0.5 + 1e-12:
                    worse.append(f"{problem} @{k} ({difference:+.3f} ± {squared**0.5:.3f})")
            cells.append(f"{statistics.fmean(differences):+.4f} ± {error**0.5 / len(problems):.4f}")
            sums = [sum(statistics.fmean(regrets[n, p, k]) for p in problems) for n in (first, name)]
            ratios.append(f"{sums[0] / sums[1]:.2f}")
        row([name] + cells + ratios + [", ".join(worse) or "none"])
    again = sum(run.get("requested_twice", 0) + run.get("failed_requested_again", 0)
                for runs in searches[first].values() for run in runs)
    print(f"\n{first}: {again} configurations requested twice, failed ones included.")


if __name__ == "__main__":
    main()
