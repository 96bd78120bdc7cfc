"""Peer of the boosting-classes case: XGBoost hist, seven classes, 100,000 x 28, 50 rounds of 7 trees of depth 6."""
import json
import pathlib
import sys
import time

import numpy as np

rows, held, features, classes = 100_000, 25_000, 28, 7
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])

if mode == "data":
    rng = np.random.default_rng(7)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    parts = [X[:, k] * (1 + 0.7 * X[:, k + 7]) + np.sin(2 * X[:, k + 14]) + 0.5 * np.abs(X[:, k + 21]) - 0.2 * k for k in range(classes)]
    y = np.argmax(np.stack(parts, 1) + 0.5 * rng.gumbel(size=(rows + held, classes)), 1).astype(np.uint8)
    np.ascontiguousarray(X.T).tofile(folder / "columns.f32")
    y.tofile(folder / "target.u8")
else:
    import xgboost

    threads = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8)
    params = {"objective": "multi:softprob", "num_class": classes, "eta": 0.3, "max_depth": 6, "max_bin": 256, "tree_method": "hist", "nthread": threads, "lambda": 1, "verbosity": 0}
    ms, booster = [], None
    for _ in range(int(sys.argv[3]) + 1):
        start = time.perf_counter()
        booster = xgboost.train(params, xgboost.DMatrix(X[:rows], y[:rows], nthread=threads), num_boost_round=50)
        ms.append((time.perf_counter() - start) * 1000)
    p = booster.predict(xgboost.DMatrix(X[rows:]))[np.arange(held), y[rows:]]
    print(json.dumps({"ms": ms[1:], "quality": float(-np.log(np.maximum(p, 1e-15)).mean())}))
