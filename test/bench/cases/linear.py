"""Peer of the linear case: scikit-learn's LogisticRegression (lbfgs, its default tolerance) on 200,000 x 28."""
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
    score = X @ rng.normal(size=features) + 1.5 * rng.logistic(size=rows + held)
    np.ascontiguousarray(X.T).tofile(folder / "columns.f32")
    (score > 0).astype(np.uint8).tofile(folder / "target.u8")
else:
    from sklearn.linear_model import LogisticRegression

    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8)
    ms, model = [], None
    for _ in range(int(sys.argv[3]) + 1):
        start = time.perf_counter()
        model = LogisticRegression().fit(X[:rows], y[:rows])
        ms.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": ms[1:], "quality": float(model.score(X[rows:], y[rows:]))}))
