#!/usr/bin/env python3
"""Writes what scipy says about rank tests and normal quantiles, for the tests of Statistics to compare with.

    python3 -m venv DIR && DIR/bin/pip install scipy
    DIR/bin/python scripts/make_rank_references.py     # writes Tests/StatisticsTests/Fixtures/rank_tests.json

Fixed seeds. With ties or zeros and few values, scipy's own "exact" ignores them, so all sign changes (or all splits) are
enumerated by its PermutationMethod.
"""

import json
import os

import numpy
import scipy
from scipy import stats

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
EVERY = stats.PermutationMethod(n_resamples=10**7)


def rounded(values, digits):
    """Short decimals, so that a fixture holds exactly what the reference saw."""
    return numpy.round(values, digits).tolist()


def signed_rank(generator):
    cases = []
    for count, shift, digits, method in [
        (3, 0.0, 4, "exact"), (6, 0.5, 4, "exact"), (8, 0.0, 4, "exact"), (12, 0.4, 4, "exact"), (24, 0.3, 4, "exact"),
        (40, 0.2, 4, "exact"), (8, 0.5, 0, "permutation"), (10, 0.0, 0, "permutation"), (12, 0.6, 1, "permutation"),
        (14, 0.3, 0, "permutation"), (60, 0.2, 4, "normal"), (80, 0.2, 1, "normal"), (120, 0.0, 0, "normal"),
    ]:
        values = rounded(generator.normal(loc=shift, size=count), digits)
        used = {"exact": "exact", "permutation": EVERY, "normal": "asymptotic"}[method]
        p = {
            side: stats.wilcoxon(values, zero_method="pratt", correction=True, alternative=side, method=used).pvalue
            for side in ("greater", "less")
        }
        cases.append({"values": values, "greater": float(p["greater"]), "less": float(p["less"]), "method": method})
    return cases


def rank_sum(generator):
    cases = []
    for n, m, shift, digits, method in [
        (3, 4, 0.5, 4, "exact"), (5, 5, 0.0, 4, "exact"), (8, 6, 1.0, 4, "exact"), (16, 20, 0.4, 4, "exact"),
        (5, 6, 0.5, 0, "permutation"), (8, 8, 0.0, 0, "permutation"), (9, 7, 0.7, 1, "permutation"),
        (30, 24, 0.3, 4, "normal"), (40, 40, 0.3, 0, "normal"),
    ]:
        before = rounded(generator.normal(size=n), digits)
        after = rounded(generator.normal(loc=shift, size=m), digits)
        used = {"exact": "exact", "permutation": EVERY, "normal": "asymptotic"}[method]
        p = {side: stats.mannwhitneyu(after, before, alternative=side, method=used) for side in ("greater", "less")}
        cases.append(
            {
                "before": before, "after": after, "statistic": float(p["greater"].statistic),
                "greater": float(p["greater"].pvalue), "less": float(p["less"].pvalue), "method": method,
            })
    return cases


def main():
    generator = numpy.random.default_rng(20)
    probabilities = [1e-12, 1e-6, 0.001, 0.0125, 0.025, 0.2, 0.5, 0.8, 0.975, 0.999999]
    result = {
        "versions": {"scipy": scipy.__version__, "numpy": numpy.__version__},
        "signed_rank": signed_rank(generator), "rank_sum": rank_sum(generator),
        "normal_quantiles": [[p, float(stats.norm.ppf(p))] for p in probabilities],
    }
    with open(os.path.join(ROOT, "Tests", "StatisticsTests", "Fixtures", "rank_tests.json"), "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
