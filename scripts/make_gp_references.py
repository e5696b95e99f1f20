#!/usr/bin/env python3
"""Writes what BoTorch, GPyTorch, scikit-learn and scipy say about the tuner's mathematics, for the tests to compare with.

    python3 -m venv DIR && DIR/bin/pip install torch botorch scikit-learn scipy
    DIR/bin/python scripts/make_gp_references.py        # writes Tests/*/Fixtures/*.json

All in double precision with fixed seeds. The Fixtures folders' README.md files say what each key holds.
"""

import argparse
import json
import math
import os

import mpmath
import numpy
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def versions(*modules):
    return {module.__name__: module.__version__ for module in modules}


def rounded(values, digits=4):
    """Inputs are short decimals, so that a fixture holds exactly what the reference saw."""
    return numpy.round(numpy.asarray(values, dtype=float), digits)


# MARK: Hypervolume


def exact_log_ehvi(front, reference, mean, deviation):
    """ln EHVI for two minimised objectives by the strip formula at 400 digits: no cancellation, no underflow.

    E[HVI] = sum_i (psi1(a_{i+1}) - psi1(a_i)) psi2(b_i), psi(c) = E[max(c - Y, 0)], over the front (a_i, b_i) sorted by
    a, with (-infinity, reference b) before and a = reference a after it.
    """
    with mpmath.workdps(400):

        def psi(bound, which):
            z = (mpmath.mpf(bound) - mpmath.mpf(mean[which])) / mpmath.mpf(deviation[which])
            cumulative = mpmath.erfc(-z / mpmath.sqrt(2)) / 2
            density = mpmath.exp(-z * z / 2) / mpmath.sqrt(2 * mpmath.pi)
            return mpmath.mpf(deviation[which]) * (z * cumulative + density)

        rows = sorted(map(tuple, front))
        edges = [psi(a, 0) for a, _ in rows] + [psi(reference[0], 0)]
        heights = [psi(reference[1], 1)] + [psi(b, 1) for _, b in rows]
        total, before = mpmath.mpf(0), mpmath.mpf(0)
        for edge, height in zip(edges, heights):
            total += (edge - before) * height
            before = edge
        return float(mpmath.log(total))


def hypervolume():
    import botorch
    from botorch.acquisition.multi_objective.analytic import ExpectedHypervolumeImprovement
    from botorch.utils.multi_objective.box_decompositions.dominated import DominatedPartitioning
    from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
    from botorch.utils.multi_objective.hypervolume import Hypervolume
    from botorch.utils.multi_objective.pareto import is_non_dominated
    from botorch.utils.testing import MockModel, MockPosterior

    generator = numpy.random.default_rng(7)
    point_sets = [
        ([], [1.0, 1.0]),
        ([[0.25, 0.5]], [1.0, 1.0]),
        ([[1.5, -2.0]], [1.0, 1.0]),  # Outside the reference box: no volume.
        ([[0.5, 0.5], [0.5, 0.5], [0.5, 0.75], [0.25, 0.5]], [1.0, 1.0]),  # Equal points and equal coordinates.
        (rounded(generator.normal(size=(12, 2))).tolist(), [1.5, 2.0]),
        (rounded(generator.normal(size=(40, 2))).tolist(), [1.1, 1.1]),
    ]
    angles = numpy.sort(generator.uniform(0, math.pi / 2, size=9))
    convex = rounded(numpy.stack([1 - numpy.cos(angles), 1 - numpy.sin(angles)], axis=1))
    concave = rounded(numpy.stack([numpy.sin(angles), numpy.cos(angles)], axis=1))
    point_sets += [(convex.tolist(), [1.2, 1.2]), (concave.tolist(), [1.2, 1.2])]
    volumes, improvements = [], []
    for points, reference in point_sets:
        negated = -torch.tensor(points).reshape(-1, 2)
        corner = -torch.tensor(reference)
        front = negated[is_non_dominated(negated, deduplicate=True)] if len(points) else negated
        volume = Hypervolume(ref_point=corner).compute(front) if len(points) else 0.0
        other = DominatedPartitioning(ref_point=corner, Y=negated).compute_hypervolume().item() if len(points) else 0.0
        assert abs(volume - other) < 1e-12, (volume, other)
        volumes.append({"points": points, "reference": reference, "front": sorted((-front).tolist()), "volume": volume})

        partitioning = FastNondominatedPartitioning(ref_point=corner, Y=negated)
        posteriors = [(rounded(generator.normal(size=2)), rounded(generator.uniform(0.05, 1.5, size=2))) for _ in range(6)]
        # Certain, dominated, far better and hopeless ones: the last ones only a logarithm can rank.
        for mean, deviation in [
            ([0.2, 0.2], [1e-3, 1e-3]), ([0.6, 0.7], [0.01, 0.5]), ([-5.0, -6.0], [0.5, 0.1]),
            ([3.0, 0.5], [0.3, 0.3]), ([4.0, 5.0], [0.2, 0.2]), ([2.0, 9.0], [0.1, 0.1]),
        ]:
            posteriors.append((numpy.array(mean), numpy.array(deviation)))
        for mean, deviation in posteriors:
            posterior = MockPosterior(
                mean=-torch.tensor(mean).reshape(1, 1, 2), variance=torch.tensor(deviation**2).reshape(1, 1, 2))
            acquisition = ExpectedHypervolumeImprovement(MockModel(posterior), corner.tolist(), partitioning)
            value = acquisition(torch.zeros(1, 1, 1)).item()
            # The formula takes the front inside the reference box only.
            inside = [p for p in (-front).tolist() if p[0] < reference[0] and p[1] < reference[1]]
            exact = exact_log_ehvi(inside, reference, mean, deviation)
            assert abs(value - math.exp(exact)) <= 1e-9 * abs(value) + 1e-14, (value, math.exp(exact))
            improvements.append(
                {
                    "set": len(volumes) - 1, "mean": mean.tolist(), "deviation": deviation.tolist(),
                    "ehvi": value, "log_ehvi": exact,
                })
    return {"versions": versions(botorch, torch, mpmath), "sets": volumes, "improvements": improvements}


# MARK: Writing

FIXTURES = {
    "hypervolume": ("Tests/BayesianTuningTests/Fixtures/hypervolume.json", hypervolume),
}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("names", nargs="*", help="all without: " + ", ".join(FIXTURES))
    for name in arguments.parse_args().names or FIXTURES:
        path, make = FIXTURES[name]
        with open(os.path.join(ROOT, path), "w", encoding="utf-8") as file:
            json.dump(make(), file, indent=None, separators=(",", ":"))
            file.write("\n")
        print(path, os.path.getsize(os.path.join(ROOT, path)), "bytes")


if __name__ == "__main__":
    main()
