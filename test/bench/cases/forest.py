"""Peer of the forest case: scikit-learn's RandomForestClassifier on one thread, 50,000 x 28, 100 trees."""
import json
import pathlib
import sys
import time

import numpy as np

rows, held, features = 50_000, 20_000, 28
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])

if mode == "data":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    score = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + X[:, 3] - 0.5 * X[:, 4] ** 2 + 0.5 * np.abs(X[:, 5]) * X[:, 6]
    y = (score + 0.3 * rng.normal(size=rows + held) > 0).astype(np.uint8)
    np.ascontiguousarray(X.T).tofile(folder / "columns.f32")
    y.tofile(folder / "target.u8")
else:
    from sklearn.ensemble import RandomForestClassifier

    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8)
    ms, forest = [], None
    # A run takes half a minute: two, without a warm-up, which it does not need.
    for _ in range(min(2, int(sys.argv[3]))):
        start = time.perf_counter()
        forest = RandomForestClassifier(100, n_jobs=1, random_state=0).fit(X[:rows], y[:rows])
        ms.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": ms, "quality": float((forest.predict(X[rows:]) == y[rows:]).mean())}))
