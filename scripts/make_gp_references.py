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


# MARK: Gaussian process

KINDS = ["ordered", "ordered", "ordered", "categorical"]
MODELLED = len(KINDS)


def noisy_inputs(generator, count):
    ordered = rounded(generator.uniform(size=(count, MODELLED - 1)))
    return numpy.concatenate([ordered, generator.integers(0, 3, size=(count, 1)).astype(float)], axis=1)


def one_hot(inputs):
    """Two different categories at squared distance 1."""
    hot = numpy.zeros((len(inputs), 3))
    hot[numpy.arange(len(inputs)), inputs[:, -1].astype(int)] = 1 / math.sqrt(2)
    return numpy.concatenate([inputs[:, :-1], hot], axis=1)


def scales(hyperparameters):
    """exp(t), the category's scale for each of its three columns."""
    t = numpy.asarray(hyperparameters[:MODELLED])
    return numpy.exp(numpy.concatenate([t[:-1], [t[-1]] * 3]))


def posterior_terms(hyperparameters):
    """Minus the log prior without constants: N(sqrt 2 + ln(d) / 2, 3) of each ln length scale, N(-4, 1) of ln noise."""
    t, noise = hyperparameters[:MODELLED], hyperparameters[MODELLED]
    mean = math.sqrt(2) + 0.5 * math.log(MODELLED)
    return ((t - mean) ** 2).sum() / 6 + (noise + 4) ** 2 / 2


def covariance(inputs, hyperparameters, noises):
    """Matern-5/2 plus exp(t_n) + 1e-6 and known variances, differentiable; `gaussian_process` checks it."""
    t = hyperparameters[:MODELLED]
    x = torch.tensor(inputs) / torch.exp(torch.cat([t[:-1], t[-1:].repeat(3)]))
    squares = 5 * ((x[:, None, :] - x[None, :, :]) ** 2).sum(-1)
    # The root has no slope at 0; the kernel's is 0 there.
    r = torch.where(squares > 0, torch.where(squares > 0, squares, torch.ones(())).sqrt(), torch.zeros(()))
    noise = torch.exp(hyperparameters[MODELLED]) + 1e-6 + torch.tensor(noises)
    return (1 + r + r * r / 3) * torch.exp(-r) + torch.diag(noise)


def negative_log_posterior(inputs, targets, noises, vector):
    """y'K^-1 y / 2 + ln|K| / 2 + prior terms, and its gradient by automatic differentiation."""
    h = torch.tensor(vector, requires_grad=True)
    k = covariance(inputs, h, noises)
    y = torch.tensor(targets)
    factor = torch.linalg.cholesky(k)
    fit = torch.linalg.solve_triangular(factor, y.reshape(-1, 1), upper=False)
    value = 0.5 * (fit**2).sum() + torch.log(torch.diagonal(factor)).sum() + posterior_terms(h)
    value.backward()
    return value.item(), h.grad.numpy().copy()


def scikit(inputs, targets, noises, hyperparameters, points):
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Matern

    kernel = Matern(length_scale=scales(hyperparameters), nu=2.5)
    model = GaussianProcessRegressor(
        kernel, alpha=math.exp(hyperparameters[MODELLED]) + 1e-6 + numpy.asarray(noises), optimizer=None)
    model.fit(one_hot(inputs), targets)
    mean, deviation = model.predict(one_hot(points), return_std=True)
    return model, mean, deviation**2


def botorch_posterior(inputs, targets, noises, hyperparameters, points):
    """The same through BoTorch's SingleTaskGP with known noise."""
    import gpytorch
    from botorch.models import SingleTaskGP

    kernel = gpytorch.kernels.MaternKernel(nu=2.5, ard_num_dims=MODELLED + 2)
    variance = math.exp(hyperparameters[MODELLED]) + 1e-6 + torch.tensor(noises)
    model = SingleTaskGP(
        torch.tensor(one_hot(inputs)), torch.tensor(targets).reshape(-1, 1), variance.reshape(-1, 1),
        covar_module=kernel, mean_module=gpytorch.means.ZeroMean(), outcome_transform=None)
    kernel.lengthscale = torch.tensor(scales(hyperparameters))
    model.eval()
    with torch.no_grad(), gpytorch.settings.fast_computations(False, False, False):
        posterior = model.posterior(torch.tensor(one_hot(points)))
    return posterior.mean.flatten().numpy(), posterior.variance.flatten().numpy()


def botorch_objective(inputs, targets, vector):
    """Minus BoTorch's marginal likelihood with the priors of its default SingleTaskGP, times n: the ordered inputs only.

    GPyTorch divides by n and has the constants of each density; a LogNormalPrior is a density of the scale, not of its
    logarithm, so it has one - ln(scale) more for each. All are taken away again, and it must agree.
    """
    import gpytorch
    from botorch.models import SingleTaskGP
    from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior

    d, n = inputs.shape[1], len(targets)
    kernel = get_covar_module_with_dim_scaled_prior(ard_num_dims=d, use_rbf_kernel=False)
    model = SingleTaskGP(
        torch.tensor(inputs), torch.tensor(targets).reshape(-1, 1), covar_module=kernel,
        mean_module=gpytorch.means.ZeroMean(), outcome_transform=None)
    t, noise = torch.tensor(vector[:d]), torch.tensor(vector[d])
    kernel.lengthscale = torch.exp(t)
    # Our floor of 1e-6 belongs to the variance but not to what the prior is of.
    used = torch.exp(noise) + 1e-6
    model.likelihood.noise = used
    mll = gpytorch.mlls.ExactMarginalLogLikelihood(model.likelihood, model)
    model.train()
    with torch.no_grad(), gpytorch.settings.fast_computations(False, False, False):
        value = -n * mll(model(torch.tensor(inputs)), torch.tensor(targets)).item()
    density = model.likelihood.noise_covar.noise_prior.log_prob
    value += (density(used) - density(torch.exp(noise))).item()
    constants = 0.5 * n * math.log(2 * math.pi)
    constants += d * (0.5 * math.log(2 * math.pi) + 0.5 * math.log(3)) + t.sum().item()
    constants += 0.5 * math.log(2 * math.pi) + noise.item()
    return value - constants


def gaussian_process():
    import botorch
    import gpytorch
    import scipy
    import sklearn
    from scipy.optimize import minimize

    generator = numpy.random.default_rng(11)
    cases = []
    for count, with_noises in [(6, False), (14, True), (30, False), (50, True)]:
        inputs = noisy_inputs(generator, count)
        if count == 14:
            inputs[5], inputs[9] = inputs[2], inputs[2]  # Repeats.
        signal = numpy.sin(4 * inputs[:, 0]) + (inputs[:, 1] - 0.3) ** 2 + 0.4 * (inputs[:, 3] == 1)
        raw = signal + 0.15 * generator.normal(size=count)
        targets = rounded((raw - raw.mean()) / raw.std(ddof=1))
        noises = rounded(generator.uniform(0, 0.4, size=count)) if with_noises else numpy.zeros(count)
        points = noisy_inputs(generator, 5)
        points[0] = inputs[0]
        evaluations = []
        for _ in range(3):
            h = rounded(numpy.append(generator.uniform(-1.5, 2.5, size=MODELLED), generator.uniform(-7, -1)))
            value, gradient = negative_log_posterior(one_hot(inputs), targets, noises, h)
            model, mean, variance = scikit(inputs, targets, noises, h, points)
            other = -model.log_marginal_likelihood_value_ - 0.5 * count * math.log(2 * math.pi)
            assert abs(other + posterior_terms(h) - value) < 1e-9, "the covariance is not scikit-learn's"
            other_mean, other_variance = botorch_posterior(inputs, targets, noises, h, points)
            assert numpy.abs(other_mean - mean).max() < 1e-8 and numpy.abs(other_variance - variance).max() < 1e-8
            left_out = []
            for i in range(count):
                rest = numpy.arange(count) != i
                _, m, v = scikit(inputs[rest], targets[rest], noises[rest], h, inputs[i : i + 1])
                left_out.append((m[0], v[0] + math.exp(h[MODELLED]) + 1e-6 + noises[i]))
            evaluations.append(
                {
                    "hyperparameters": h.tolist(), "value": value, "gradient": gradient.tolist(), "mean": mean.tolist(),
                    "variance": variance.tolist(), "left_out": [list(map(float, row)) for row in left_out[:6]],
                })
        bounds = [(-4, 6)] * MODELLED + [(-12, 1)]
        minima = []
        for start in range(12):
            x = numpy.append(generator.uniform(-2, 3, size=MODELLED), generator.uniform(-8, 0))
            found = minimize(
                lambda v: negative_log_posterior(one_hot(inputs), targets, noises, v), x, jac=True, bounds=bounds,
                method="L-BFGS-B", options={"ftol": 1e-13, "gtol": 1e-8})
            minima.append((found.fun, found.x.tolist()))
        lowest = min(minima)
        cases.append(
            {
                "inputs": inputs.flatten().tolist(), "targets": targets.tolist(), "noises": noises.tolist(),
                "points": points.flatten().tolist(), "evaluations": evaluations, "lowest": lowest[0],
                "lowest_at": lowest[1],
            })
    # The kernel alone, and BoTorch's own objective where its model is ours: ordered inputs without known variances.
    inputs = rounded(generator.uniform(size=(9, 3)))
    targets = rounded(generator.normal(size=9))
    own = []
    for _ in range(4):
        h = rounded(numpy.append(generator.uniform(-1, 2, size=3), generator.uniform(-6, -1)))
        kernel = gpytorch.kernels.MaternKernel(nu=2.5, ard_num_dims=3)
        kernel.lengthscale = torch.tensor(numpy.exp(h[:3]))
        with torch.no_grad():
            matrix = kernel(torch.tensor(inputs)).to_dense().numpy()
        own.append(
            {
                "hyperparameters": h.tolist(), "value": botorch_objective(inputs, targets, h),
                "kernel": [float(matrix[i, j]) for i in range(9) for j in range(i)],
            })
    return {
        "versions": versions(botorch, gpytorch, torch, scipy, sklearn, numpy), "kinds": KINDS, "cases": cases,
        "botorch": {"inputs": inputs.flatten().tolist(), "targets": targets.tolist(), "evaluations": own},
    }


# MARK: Expected improvement


def improvement():
    import botorch
    from botorch.acquisition.analytic import LogExpectedImprovement, _log_ei_helper
    from botorch.utils.testing import MockModel, MockPosterior

    zs = [-1e6, -1e4, -300.0, -100.0, -40.0, -25.5, -25.0, -24.5, -12.0, -5.0, -2.0, -1.0, -0.5, 0.0, 0.3, 1.0, 4.0, 12.0]
    helper = [{"z": z, "log": _log_ei_helper(torch.tensor(z)).item()} for z in zs]
    whole = []
    for mean, variance, best in [
        (0.0, 1.0, 0.0), (1.3, 0.04, -0.2), (-2.0, 0.3, -1.5), (5.0, 1e-4, -3.0), (0.2, 1e-8, 0.1), (40.0, 2.5, -1.0),
    ]:
        model = MockModel(MockPosterior(mean=torch.tensor([[mean]]), variance=torch.tensor([[variance]])))
        value = LogExpectedImprovement(model, best_f=best, maximize=False)(torch.zeros(1, 1, 1)).item()
        whole.append({"mean": mean, "variance": variance, "incumbent": best, "log": value})
    return {"versions": versions(botorch, torch), "standard": helper, "improvements": whole}


# MARK: Writing

FIXTURES = {
    "hypervolume": ("Tests/BayesianTuningTests/Fixtures/hypervolume.json", hypervolume),
    "improvement": ("Tests/BayesianTuningTests/Fixtures/improvement.json", improvement),
    "gaussian_process": ("Tests/GaussianProcessTests/Fixtures/gaussian_process.json", gaussian_process),
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
