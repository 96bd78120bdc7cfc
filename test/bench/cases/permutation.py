"""Peer of the permutation case: scikit-learn's permutation_importance, 20,000 x 28, 5 repeats, a boosting of 100 trees of depth 6."""
import json
import pathlib
import sys
import time

import numpy as np

rows, held, features = 100_000, 20_000, 28
mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])

if mode == "data":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    score = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + X[:, 3] - 0.5 * X[:, 4] ** 2 + 0.5 * np.abs(X[:, 5]) * X[:, 6]
    y = (score + 0.3 * rng.normal(size=rows + held) > 0).astype(np.uint8)
    np.ascontiguousarray(X.T).tofile(folder / "columns.f32")
    y.tofile(folder / "target.u8")
else:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.inspection import permutation_importance

    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8)
    model = HistGradientBoostingClassifier(learning_rate=0.3, max_iter=100, max_depth=6, max_leaf_nodes=None, min_samples_leaf=4, l2_regularization=1, early_stopping=False).fit(X[:rows], y[:rows])
    ms, top = [], 0.0
    for _ in range(min(2, int(sys.argv[3]))):
        start = time.perf_counter()
        top = permutation_importance(model, X[rows:], y[rows:], scoring="accuracy", n_repeats=5, random_state=0).importances_mean.max()
        ms.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"ms": ms, "quality": float(top)}))
