"""Peer of the knn cases: scikit-learn's KNeighborsClassifier, 50,000 fitted, 10,000 asked, k = 5; fit and predict are timed."""
import json
import pathlib
import sys
import time

import numpy as np

rows, held = 50_000, 10_000
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
features = int(pathlib.Path(sys.argv[0]).stem.split("-")[1]) if "-" in pathlib.Path(sys.argv[0]).stem else 10

if mode == "data":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    score = X[:, 0] + X[:, 1] * X[:, 2] + 0.3 * rng.normal(size=rows + held)
    np.ascontiguousarray(X.T).tofile(folder / "columns.f32")
    (score > 0).astype(np.uint8).tofile(folder / "target.u8")
else:
    from sklearn.neighbors import KNeighborsClassifier

    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8)
    ms, labels = [], None
    for _ in range(int(sys.argv[3]) + 1):
        start = time.perf_counter()
        labels = KNeighborsClassifier(5).fit(X[:rows], y[:rows]).predict(X[rows:])
        ms.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": ms[1:], "quality": float(np.mean(labels == y[rows:]))}))
