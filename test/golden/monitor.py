"""Drift tests and distances by scipy and numpy, and Evidently's default rules written out (it is not installed)."""
import json
from pathlib import Path

import numpy as np
import scipy
from scipy import stats
from scipy.spatial import distance

rng = np.random.default_rng(23)


def ks(a, b, method="exact"):
    r = stats.ks_2samp(a, b, method=method)
    return dict(a=np.sort(a).tolist(), b=np.sort(b).tolist(), statistic=float(r.statistic), p=float(r.pvalue))


exact = [
    ks(rng.normal(0, 1, 30), rng.normal(0.2, 1, 30)),
    ks(rng.normal(0, 1, 50), rng.normal(0.5, 1, 120)),
    ks(rng.normal(0, 1, 40), rng.normal(3, 1, 17)),
    ks(rng.integers(0, 7, 90).astype(float), rng.integers(0, 7, 64).astype(float)),
    ks(np.round(rng.normal(0, 1, 300), 3), np.round(rng.normal(0.1, 1, 201), 3)),
    ks(np.array([1.0]), np.array([2.0])),
    ks(np.array([1.0, 2.0]), np.array([2.0])),
    ks(np.arange(5.0), np.arange(5.0)),
]
tails = [dict(d=d, n=n, p=float(stats.kstwo.sf(d, n))) for n in (500, 2000, 50000) for d in (0.5 / np.sqrt(n), 1.0 / np.sqrt(n), 1.36 / np.sqrt(n), 2.5 / np.sqrt(n))]

gammas = [dict(x=float(x), df=df, p=float(stats.chi2.sf(x, df))) for df in (1, 2, 3, 7, 30, 200) for x in (0.0, 0.01, 0.5, 1.0, 3.84, 12.0, 60.0, 250.0, 900.0)]


def fit(reference, current):
    reference, current = np.array(reference, float), np.array(current, float)
    keep = (reference > 0) | (current > 0)
    want = np.maximum(reference[keep], 0.5)
    want *= current.sum() / want.sum()
    r = stats.chisquare(current[keep], want)
    return dict(reference=reference.tolist(), current=current.tolist(), statistic=float(r.statistic), p=float(r.pvalue))


fits = [fit([50, 30, 20], [45, 35, 20]), fit([500, 300, 200], [90, 5, 5]), fit([10, 20, 30, 40, 0], [12, 18, 31, 39, 2]), fit([7, 0, 3], [1, 0, 9]), fit([400, 600], [41, 59])]


def z(x, m, y, n):
    # statsmodels' proportions_ztest, written out.
    pooled = (x + y) / (m + n)
    value = (x / m - y / n) / np.sqrt(pooled * (1 - pooled) * (1 / m + 1 / n))
    return dict(x=x, m=m, y=y, n=n, statistic=float(value), p=float(2 * stats.norm.sf(abs(value))))


zs = [z(30, 100, 45, 100), z(3, 1000, 9, 900), z(500, 1000, 501, 1000), z(1, 50, 40, 50)]

pairs = []
for a, b in [
    (rng.normal(0, 1, 400), rng.normal(0.1, 1, 350)),
    (rng.exponential(2, 1024), rng.exponential(2.5, 1024)),
    (rng.normal(5, 1e-4, 100), rng.normal(5, 1e-4, 90)),
    (np.round(rng.normal(50, 20, 333)), np.round(rng.normal(70, 20, 180))),
]:
    both = np.concatenate([a, b])
    edges = np.histogram_bin_edges(both, bins="sturges")
    p = np.histogram(a, edges)[0] / len(a)
    q = np.histogram(b, edges)[0] / len(b)

    def fill(s):
        least = s[s != 0].min()
        return np.where(s == 0, least / 10**6 if least <= 0.0001 else 0.0001, s)

    pairs.append(
        dict(
            a=np.sort(a).tolist(),
            b=np.sort(b).tolist(),
            wasserstein=float(stats.wasserstein_distance(a, b)),
            normed=float(stats.wasserstein_distance(a, b) / max(np.std(a), 0.001)),
            edges=edges.tolist(),
            p=p.tolist(),
            q=q.tolist(),
            jensenShannon=float(distance.jensenshannon(p, q)),
            psi=float(np.sum((fill(p) - fill(q)) * np.log(fill(p) / fill(q)))),
            totalVariation=float(np.abs(p - q).sum() / 2),
        )
    )

out = dict(versions=dict(scipy=scipy.__version__, numpy=np.__version__), exact=exact, tails=tails, gammas=gammas, fits=fits, zs=zs, pairs=pairs)
Path(__file__).with_suffix(".json").write_text(json.dumps(out))
