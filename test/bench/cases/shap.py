"""Peer of the shap case: exact contributions (pred_contribs) of 10,000 x 28 on one thread with 100 trees of depth 6."""
import json
import pathlib
import sys
import time

import numpy as np

rows, held, features = 100_000, 10_000, 28
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])

if mode == "data":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    score = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + X[:, 3] - 0.5 * X[:, 4] ** 2 + 0.5 * np.abs(X[:, 5]) * X[:, 6]
    y = (score + 0.3 * rng.normal(size=rows + held) > 0).astype(np.uint8)
    np.ascontiguousarray(X.T).tofile(folder / "columns.f32")
    y.tofile(folder / "target.u8")
else:
    import xgboost

    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8)
    params = {"objective": "binary:logistic", "eta": 0.3, "max_depth": 6, "max_bin": 256, "tree_method": "hist", "nthread": 1, "lambda": 1, "verbosity": 0}
    booster = xgboost.train(params, xgboost.DMatrix(X[:rows], y[:rows], nthread=1), num_boost_round=100)
    # A fresh matrix each time, as a caller has; making it is not timed.
    ms, prediction = [], None
    for _ in range(min(3, int(sys.argv[3]))):
        matrix = xgboost.DMatrix(X[rows:], nthread=1)
        start = time.perf_counter()
        prediction = booster.predict(matrix, pred_contribs=True)
        ms.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": ms, "quality": float(((prediction.sum(axis=1) >= 0) == y[rows:]).mean())}))
