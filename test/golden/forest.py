"""Forests of scikit-learn on real data: hold-out and out-of-bag scores over seeds.

Chance differs between the libraries, so what is compared is the distribution of scores, not trees.
"""
import json
import pathlib

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.metrics import log_loss

here = pathlib.Path(__file__).parent
seeds = 12


def case(name, kind, loader, params, weighted=False):
    rng = np.random.default_rng(5)
    order = rng.permutation(len(loader.target))
    X = loader.data[order].astype(np.float32).round(5)
    y = loader.target[order]
    classes = kind in (RandomForestClassifier, ExtraTreesClassifier)
    if classes:
        # Labels that are wrong now and then leave room for a difference to show.
        wrong = rng.random(len(y)) < 0.1
        y = np.where(wrong, rng.integers(0, y.max() + 1, len(y)), y)
    cut = len(y) * 3 // 5
    weights = np.where(y == y[0], 3.0, 0.5) if weighted else None
    scores, oob = [], []
    for seed in range(seeds):
        forest = kind(random_state=seed, bootstrap=True, oob_score=True, **params).fit(X[:cut], y[:cut], sample_weight=None if weights is None else weights[:cut])
        if classes:
            scores.append(log_loss(y[cut:], np.clip(forest.predict_proba(X[cut:]), 1e-6, 1)))
        else:
            scores.append(float(np.sqrt(np.mean((forest.predict(X[cut:]) - y[cut:]) ** 2))))
        oob.append(forest.oob_score_)
    return {
        "name": name,
        "estimator": "extra-trees" if kind in (ExtraTreesClassifier, ExtraTreesRegressor) else "random-forest",
        "task": "regression" if not classes else "binary" if y.max() == 1 else "multiclass",
        "params": params,
        "train": cut,
        "columns": [[float(f"{x:.6g}") for x in column] for column in X.T],
        "target": y.tolist(),
        "weights": None if weights is None else weights.tolist(),
        "loss": {"mean": float(np.mean(scores)), "sd": float(np.std(scores))},
        "oob": {"mean": float(np.mean(oob)), "sd": float(np.std(oob))},
    }


cancer, wine, diabetes = load_breast_cancer(), load_wine(), load_diabetes()
cancer.data = cancer.data[:, :10]
cases = [
    case("random forest, cancer", RandomForestClassifier, cancer, {"n_estimators": 60, "min_samples_leaf": 3}),
    case("random forest, wine, entropy", RandomForestClassifier, wine, {"n_estimators": 60, "criterion": "entropy", "min_samples_leaf": 2}),
    case("random forest, wine, balanced in each tree", RandomForestClassifier, wine, {"n_estimators": 60, "class_weight": "balanced_subsample", "min_samples_leaf": 2}),
    case("random forest, wine, weighted rows", RandomForestClassifier, wine, {"n_estimators": 60, "min_samples_leaf": 2}, weighted=True),
    case("random forest, diabetes", RandomForestRegressor, diabetes, {"n_estimators": 60}),
    case("random forest, diabetes, a third of the features", RandomForestRegressor, diabetes, {"n_estimators": 60, "max_features": 1 / 3, "min_samples_leaf": 4}),
    case("extra trees, cancer", ExtraTreesClassifier, cancer, {"n_estimators": 60, "min_samples_leaf": 3}),
    case("extra trees, diabetes", ExtraTreesRegressor, diabetes, {"n_estimators": 60, "max_depth": 8}),
]
(here / "forest.json").write_text(json.dumps({"versions": {"sklearn": sklearn.__version__, "numpy": np.__version__}, "seeds": seeds, "cases": cases}))
