"""The surrogate beside scikit-learn's Gaussian process, and expected improvement beside scipy."""
import json
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

rng = np.random.default_rng(2)
X = rng.uniform(size=(12, 2))
y = np.sin(5 * X[:, 0]) + X[:, 1] ** 2
y = (y - y.mean()) / y.std()
at = rng.uniform(size=(6, 2))
fits = []
for length in [0.1, 0.2, 0.35, 0.6, 1, 2]:
    for noise in [1e-4, 1e-2, 1e-1]:
        gp = GaussianProcessRegressor(Matern(length, nu=2.5), alpha=noise, optimizer=None).fit(X, y)
        fits.append((gp.log_marginal_likelihood_value_, length, noise, gp))
likelihood, length, noise, gp = max(fits, key=lambda fit: fit[0])
mean, sd = gp.predict(at, return_std=True)
gains = []
for m, s, best in [(0.5, 1, 0), (0, 1, 1), (-2, 0.5, 0), (1, 0.2, 3), (0, 2, 0)]:
    z = (m - best) / s
    gains.append(dict(mean=m, sd=s, best=best, gain=(m - best) * stats.norm.cdf(z) + s * stats.norm.pdf(z)))
tails = [dict(z=z, p=stats.norm.cdf(z)) for z in (-30, -8, -5, -3.01, -2.99, -1, 0, 0.5, 2, 6)]
out = dict(versions=dict(sklearn=sklearn.__version__, scipy=scipy.__version__), X=X.tolist(), y=y.tolist(), at=at.tolist(), length=length, noise=noise, likelihood=likelihood, mean=mean.tolist(), sd=sd.tolist(), gains=gains, tails=tails)
Path(__file__).with_suffix(".json").write_text(json.dumps(out))
