"""scikit-learn's permutation_importance with the permutations it drew, on a linear model of known weights."""
import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.base import BaseEstimator
from sklearn.inspection import partial_dependence, permutation_importance

rng = np.random.default_rng(5)
n, d, repeats, seed = 80, 4, 5, 17
X = rng.normal(size=(n, d)).astype(np.float32).astype(float)
weights = np.array([2.0, -1.0, 0.25, 0.0])
y = X @ weights + rng.normal(0, 0.5, n)


class Linear(BaseEstimator):
    _estimator_type = "regressor"
    weights_ = weights

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.asarray(X) @ weights


wanted = permutation_importance(Linear(), X, y, scoring="neg_mean_absolute_error", n_repeats=repeats, random_state=seed)

# The orders it used: one state a column, every shuffle on top of the last one.
state_seed = np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1)
permutations = []
index = np.arange(n)
state = np.random.RandomState(state_seed)
composed = np.arange(n)
for _ in range(repeats):
    state.shuffle(index)
    composed = composed[index]
    permutations.append(composed.copy())

baseline = -np.abs(X @ weights - y).mean()
for c in range(d):
    for r in range(repeats):
        P = X.copy()
        P[:, c] = X[permutations[r], c]
        assert abs((baseline + np.abs(P @ weights - y).mean()) - wanted.importances[c, r]) < 1e-12

fitted = Linear()
fitted.fitted_ = True
pd = partial_dependence(fitted, X, [0], kind="both", grid_resolution=10, percentiles=(0.05, 0.95), method="brute")
out = {
    "versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
    "X": X.tolist(), "y": y.tolist(), "weights": weights.tolist(),
    "permutations": [p.tolist() for p in permutations],
    "importances": wanted.importances.tolist(), "mean": wanted.importances_mean.tolist(), "sd": wanted.importances_std.tolist(),
    "partialDependence": {"grid": pd["values"][0].tolist(), "mean": pd["average"][0].tolist(), "ice": pd["individual"][0][:10].tolist()},
}
Path(__file__).with_suffix(".json").write_text(json.dumps(out) + "\n")
