"""Peer of the boosting case: XGBoost hist, 200,000 x 28, 100 trees of depth 6, 256 bins."""
import json
import pathlib
import sys
import time

import numpy as np

rows, held, features = 200_000, 50_000, 28
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

    threads = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8)
    params = {"objective": "binary:logistic", "eta": 0.3, "max_depth": 6, "max_bin": 256, "tree_method": "hist", "nthread": threads, "lambda": 1, "verbosity": 0}
    ms, booster = [], None
    for _ in range(int(sys.argv[3]) + 1):
        start = time.perf_counter()
        booster = xgboost.train(params, xgboost.DMatrix(X[:rows], y[:rows], nthread=threads), num_boost_round=100)
        ms.append((time.perf_counter() - start) * 1000)
    right = (booster.predict(xgboost.DMatrix(X[rows:])) >= 0.5) == y[rows:]
    print(json.dumps({"ms": ms[1:], "quality": float(right.mean())}))
