"""Losses and constraints of scikit-learn's HistGradientBoosting, prediction by prediction; L1 of XGBoost's exact trees.

Features have fewer levels than there are bins, so that both see the same splits.
"""
import json
import pathlib

import numpy as np
import sklearn
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor

here = pathlib.Path(__file__).parent
rng = np.random.default_rng(3)
rows, held = 700, 150
X = np.round(rng.uniform(-2, 2, size=(rows + held, 4)) * 40) / 40
X = X.astype(np.float32)
signal = 1.5 * X[:, 0] + np.sin(2 * X[:, 1]) + X[:, 2] * X[:, 3]
numbers = np.round(signal + rng.normal(size=rows + held) * 0.5 + 10, 4)
skewed = np.round(signal + rng.exponential(size=rows + held) * 1.5, 4)
counts = rng.poisson(np.exp(0.4 * signal)).astype(float)
classes = (signal + rng.normal(size=rows + held) > 0).astype(int)
weights = np.round(rng.uniform(0.2, 3, rows), 3)


def scikit(name, make, y, params, weighted=False):
    model = make(early_stopping=False, max_iter=25, learning_rate=0.2, max_leaf_nodes=12, min_samples_leaf=8, **params)
    model.fit(X[:rows], y[:rows], sample_weight=weights if weighted else None)
    return {"name": name, "peer": "scikit-learn", "params": params, "target": y.tolist(), "weighted": weighted, "prediction": model.predict(X[rows:]).tolist()}


def xgb(name, y, params):
    """On the training rows: its exact trees put thresholds between the values of a node, ours between those of all rows."""
    data = xgboost.DMatrix(X[:rows], y[:rows])
    booster = xgboost.train({"tree_method": "exact", "eta": 0.2, "min_child_weight": 8, "base_score": float(np.mean(y[:rows])), **params}, data, 25)
    return {"name": name, "peer": "XGBoost", "params": params, "target": y.tolist(), "weighted": False, "prediction": booster.predict(data).tolist()}


regressor = HistGradientBoostingRegressor
result = {
    "versions": {"scikit-learn": sklearn.__version__, "xgboost": xgboost.__version__},
    "columns": [[float(str(v)) for v in column] for column in X.T],
    "weights": weights.tolist(),
    "train": rows,
    "cases": [
        scikit("squared error", regressor, numbers, {}),
        scikit("squared error, weighted", regressor, numbers, {}, True),
        scikit("absolute error", regressor, skewed, {"loss": "absolute_error"}),
        scikit("quantile 0.8", regressor, skewed, {"loss": "quantile", "quantile": 0.8}),
        scikit("Poisson", regressor, counts, {"loss": "poisson"}),
        scikit("Poisson, weighted", regressor, counts, {"loss": "poisson"}, True),
        scikit("groups that may interact", regressor, numbers, {"interaction_cst": [[0, 1], [2]]}),
        xgb("L1 and L2 penalty", numbers, {"alpha": 15.0, "lambda": 2.0, "max_depth": 4}),
        xgb("directions", numbers, {"lambda": 0.0, "max_depth": 5, "monotone_constraints": "(1,0,-1,0)"}),
        xgb("directions, two classes", classes, {"objective": "binary:logistic", "min_child_weight": 0, "lambda": 1.0, "max_depth": 3, "monotone_constraints": "(1,-1,0,0)"}),
        xgb("level by level, limited depth", numbers, {"lambda": 1.0, "max_depth": 5}),
    ],
}
(here / "boosting_options.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
