"""Boosters of XGBoost as their own JSON, with their margins and predictions, for models that are trained elsewhere."""
import json
import pathlib

import numpy as np
import xgboost
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

here = pathlib.Path(__file__).parent
cases = []
for name, load, params, rounds in (
    ("two classes with holes", load_breast_cancer, {"objective": "binary:logistic", "base_score": 0.3, "max_leaves": 7, "grow_policy": "lossguide", "max_depth": 0}, 6),
    ("three classes", load_wine, {"objective": "multi:softprob", "num_class": 3, "max_depth": 3}, 4),
    ("numbers", load_diabetes, {"objective": "reg:squarederror", "base_score": 150.0, "max_depth": 4, "lambda": 0.5}, 6),
):
    X, y = load(return_X_y=True)
    X = X[::3, :6].astype(np.float32)
    y = y[::3]
    if "holes" in name:
        X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    # Values exactly on a condition must go the same way: some rows repeat the conditions.
    booster = xgboost.train({"tree_method": "hist", "seed": 1, **params}, xgboost.DMatrix(X, y), rounds)
    model = json.loads(bytes(booster.save_raw("json")))
    rows = X[:20].copy()
    for i, tree in enumerate(model["learner"]["gradient_booster"]["model"]["trees"][:10]):
        for node, child in enumerate(tree["left_children"][:3]):
            if child != -1:
                rows[(i + node) % 20, tree["split_indices"][node]] = np.float32(tree["split_conditions"][node])
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        # Not read by us, and half of the file.
        tree.pop("base_weights"), tree.pop("parents")
    cases.append({
        "name": name, "task": {"binary:logistic": "binary", "multi:softprob": "multiclass", "reg:squarederror": "regression"}[params["objective"]],
        "booster": model, "rows": [[None if np.isnan(v) else float(v) for v in row] for row in rows], "predictions": booster.predict(xgboost.DMatrix(rows)).astype(float).tolist(),
    })
    if "num_class" in params:
        # XGBoost 3.1 and later write a first score for each class; an earlier one takes them as margins of the rows.
        first = [-0.0395, 0.1966, -0.1571]
        model = json.loads(json.dumps(model))
        model["learner"]["learner_model_param"]["base_score"] = "[" + ",".join(f"{score:E}" for score in first) + "]"
        cases.append({**cases[-1], "name": f"{name}, each with a first score", "booster": model, "predictions": booster.predict(xgboost.DMatrix(rows, base_margin=np.tile(first, (len(rows), 1)))).astype(float).tolist()})
(here / "boosters.json").write_text(json.dumps({"versions": {"xgboost": xgboost.__version__}, "cases": cases}) + "\n")
