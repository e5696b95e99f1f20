#!/usr/bin/env python3
"""Plays Optuna's samplers against recorded tables, in the same way as `lavoisier-tune replay --candidates grid`.

A suggestion outside the table counts as its nearest row; a failed row is told as the worst value seen so far. The sampler
sees ranges and told values only. Writes the same JSON lines, so that both can be compared line by line.

    python3 -m venv DIR && DIR/bin/pip install optuna            # 'torch' and 'scipy' as well for --sampler gp
    DIR/bin/python scripts/replay_optuna.py --sampler tpe --seeds 0-19 --output tpe.jsonl TABLES/*.json
"""

import argparse
import csv
import json
import math
import os
import random
import statistics
import sys
import time

ASSUMED_NOISE = 0.05
LARGEST_CREDIBLE_NOISE = 0.5


def number(text):
    value = float(text)
    return int(value) if value == int(value) else value


class Table:
    """The recorded rows; the sampler never sees this."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        self.problem = document["name"]
        self.parameters = document["params"]
        objective = document["objectives"][0]
        column = objective["column"]
        self.sign = 1 if objective["direction"] == "min" else -1
        # All parents must hold, and be active themselves.
        self.conditions = {}
        names = [p["name"] for p in self.parameters]
        for condition in document.get("conditions") or []:
            for parent, values in condition["active_if"].items():
                if parent not in names or condition["param"] not in names:
                    sys.exit(f"{path}: a condition names '{parent}' or '{condition['param']}', which is no parameter")
                self.conditions.setdefault(condition["param"], []).append((parent, values))
        self.values, self.objectives, self.deviations = [], [], []
        with open(os.path.splitext(path)[0] + ".csv", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                self.values.append([self.read(p, row[p["name"]]) for p in self.parameters])
                ran = row.get("ok", "1") != "0"
                self.objectives.append(float(row[column]) if ran and row[column] else None)
                deviation = row.get(column + "_sd") or ""
                self.deviations.append(float(deviation) if deviation else None)
        ran = [value for value in self.objectives if value is not None]
        self.optimum = document.get("optimum", min(ran) if self.sign == 1 else max(ran))
        self.median = document.get("median", statistics.median(ran))
        self.inputs = [self.encode(values) for values in self.values]
        self.exact = {}
        for row, values in enumerate(self.values):
            self.exact.setdefault(tuple(self.canonical(values)), row)

    @staticmethod
    def read(parameter, text):
        if parameter["type"] == "cat":
            return next((v for v in parameter["values"] if str(v) == text), text)
        return number(text)

    def canonical(self, values):
        named = dict(zip([p["name"] for p in self.parameters], values))
        return [v if self.is_active(p["name"], named) else self.first(p) for p, v in zip(self.parameters, values)]

    @staticmethod
    def first(parameter):
        return parameter["values"][0] if parameter.get("values") else parameter["low"]

    def is_active(self, name, named):
        parents = self.conditions.get(name, [])
        return all(named[parent] in wanted and self.is_active(parent, named) for parent, wanted in parents)

    def parents_first(self):
        """The parameters in an order in which whatever decides about one comes before it."""
        placed, left = [], list(self.parameters)
        while left:
            known = [p["name"] for p in placed]
            ready = [p for p in left if all(parent in known for parent, _ in self.conditions.get(p["name"], []))]
            if not ready:
                sys.exit(f"{self.problem}: '{left[0]['name']}' depends on itself through its condition")
            placed += ready
            left = [p for p in left if p not in ready]
        return placed

    def encode(self, values):
        encoded = []
        for parameter, value in zip(self.parameters, self.canonical(values)):
            listed = parameter.get("values")
            if parameter["type"] in ("cat", "bool"):
                encoded.append(listed.index(value) if listed else value)
            elif listed:
                encoded.append(sorted(listed).index(value) / max(1, len(listed) - 1))
            else:
                low, high = parameter["low"], parameter["high"]
                if parameter["type"].startswith("log") and low > 0:
                    encoded.append(math.log(value / low) / math.log(high / low))
                else:
                    encoded.append((value - low) / (high - low))
        return encoded

    def row(self, values):
        known = self.exact.get(tuple(self.canonical(values)))
        if known is not None:
            return known
        wanted = self.encode(values)
        category = [p["type"] in ("cat", "bool") for p in self.parameters]
        best, smallest = 0, math.inf
        for row, inputs in enumerate(self.inputs):
            distance = 0.0
            for x, y, is_category in zip(inputs, wanted, category):
                distance += (x != y) if is_category else (x - y) ** 2
            if distance < smallest:
                best, smallest = row, distance
        return self.exact[tuple(self.canonical(self.values[best]))]

    def regret(self, value):
        return (value - self.optimum) / (self.median - self.optimum)

    def told(self, row, noisy, generator):
        value = self.objectives[row]
        if value is None or not noisy:
            return value
        deviation = self.deviations[row]
        if deviation is None or deviation >= LARGEST_CREDIBLE_NOISE * abs(value):
            deviation = ASSUMED_NOISE * abs(value)
        noisy_value = value + deviation * generator.gauss(0, 1)
        return max(noisy_value, 0.01 * value) if value > 0 else noisy_value


def suggest(trial, parameter):
    name, kind, listed = parameter["name"], parameter["type"], parameter.get("values")
    if kind in ("cat", "bool"):
        return trial.suggest_categorical(name, listed or [0, 1])
    if listed:
        # Ordered value lists by index, as in the tuner: Optuna has no ordinal type.
        ordered = sorted(listed)
        return ordered[trial.suggest_int(name, 0, len(ordered) - 1)]
    low, high = parameter["low"], parameter["high"]
    if kind in ("int", "logint"):
        return trial.suggest_int(name, low, high, log=kind == "logint" and low > 0)
    return trial.suggest_float(name, low, high, log=kind == "logfloat" and low > 0)


def play(table, sampler_name, seed, budget, noisy):
    import optuna

    samplers = {
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed),
        "gp": lambda: optuna.samplers.GPSampler(seed=seed, deterministic_objective=not noisy),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
    }
    study = optuna.create_study(direction="minimize", sampler=samplers[sampler_name]())
    generator = random.Random(seed)
    regrets, rows, cpu = [], [], 0.0
    ordered = table.parents_first()
    observed = {}
    worst_row = max(table.regret(v) for v in table.objectives if v is not None)
    best, worst_told, unresolved = worst_row, None, []
    for _ in range(budget):
        start = time.thread_time()
        trial = study.ask()
        named = {}
        for parameter in ordered:
            # An inactive parameter is not suggested at all.
            if table.is_active(parameter["name"], {**{p["name"]: table.first(p) for p in table.parameters}, **named}):
                named[parameter["name"]] = suggest(trial, parameter)
            else:
                named[parameter["name"]] = table.first(parameter)
        cpu += time.thread_time() - start
        row = table.row([named[p["name"]] for p in table.parameters])
        value = table.told(row, noisy, generator)
        if value is not None:
            observed.setdefault(row, []).append(value)
            best = min(best, table.regret(table.objectives[row]))
            signed = table.sign * value
            worst_told = signed if worst_told is None else max(worst_told, signed)
        start = time.thread_time()
        if value is not None:
            study.tell(trial, table.sign * value)
            for earlier in unresolved:
                study.tell(earlier, worst_told)
            unresolved = []
        elif worst_told is not None:
            study.tell(trial, worst_told)
        else:
            unresolved.append(trial)
        cpu += time.thread_time() - start
        regrets.append(best)
        rows.append(row)
    recommended = min(observed, key=lambda r: table.sign * statistics.fmean(observed[r]), default=None)
    return {
        "problem": table.problem,
        "seed": seed,
        "strategy": sampler_name,
        "candidates": "grid",
        "noise": noisy,
        "regret": regrets,
        "rows": rows,
        "duplicates": len(rows) - len(set(rows)),
        "recommended_regret": None if recommended is None else table.regret(table.objectives[recommended]),
        "cpu_seconds_per_suggestion": cpu / budget,
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("tables", nargs="+")
    arguments.add_argument("--sampler", choices=["tpe", "gp", "random"], default="tpe")
    arguments.add_argument("--budget", type=int, default=50)
    arguments.add_argument("--seeds", default="0-19")
    arguments.add_argument("--noise", action="store_true")
    arguments.add_argument("--cpu-minutes", type=float, default=math.inf, help="start no search after that much CPU")
    arguments.add_argument("--output", required=True)
    options = arguments.parse_args()
    try:
        import optuna
    except ImportError:
        sys.exit("replay_optuna.py: needs the PyPI package 'optuna' (and 'torch', 'scipy' for --sampler gp)")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    import warnings

    warnings.filterwarnings("ignore")
    if options.sampler == "gp":
        import torch

        torch.set_num_threads(1)
    first, _, last = options.seeds.partition("-")
    tables = [Table(path) for path in options.tables]
    with open(options.output, "w", encoding="utf-8") as output:
        # Seeds outside, so that a bound on CPU leaves every table with the same seeds.
        for seed in range(int(first), int(last or first) + 1):
            for table in tables:
                if time.process_time() > 60 * options.cpu_minutes:
                    sys.exit(f"replay_optuna.py: stopped before seed {seed} of {table.problem}: CPU bound reached")
                result = play(table, options.sampler, seed, options.budget, options.noise)
                output.write(json.dumps(result) + "\n")
                output.flush()


if __name__ == "__main__":
    main()
