"""Peer of the cases that name an estimator of scikit-learn: one table of numbers, two classes or their score, and its default or the given settings."""
import json
import pathlib
import sys
import time

import numpy as np

mode, folder = sys.argv[1], pathlib.Path(sys.argv[2])
name, rows, features, kind = sys.argv[5], int(sys.argv[6]), 28, sys.argv[7]
held = max(5_000, rows // 5)


def model():
    from sklearn import ensemble, linear_model, naive_bayes, svm, tree

    return {
        "lasso": lambda: linear_model.Lasso(alpha=0.01),
        "linear-regression": lambda: linear_model.LinearRegression(),
        "gaussian-nb": lambda: naive_bayes.GaussianNB(),
        "svm": lambda: svm.SVC(gamma=1 / features, probability=True, random_state=0),
        "extra-trees": lambda: ensemble.ExtraTreesClassifier(100, n_jobs=1, random_state=0),
        "decision-tree": lambda: tree.DecisionTreeClassifier(max_depth=10, min_samples_leaf=5, random_state=0),
    }[name]()


if mode == "data":
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + held, features)).astype(np.float32)
    score = X[:, 0] * X[:, 1] + np.sin(2 * X[:, 2]) + X[:, 3] - 0.5 * X[:, 4] ** 2 + 0.5 * np.abs(X[:, 5]) * X[:, 6] + 0.3 * rng.normal(size=rows + held)
    np.ascontiguousarray(X.T).tofile(folder / "columns.f32")
    (score > 0).astype(np.uint8).tofile(folder / "target.u8")
    score.astype(np.float64).tofile(folder / "target.f64")
else:
    X = np.ascontiguousarray(np.fromfile(folder / "columns.f32", np.float32).reshape(features, rows + held).T)
    y = np.fromfile(folder / "target.u8", np.uint8) if kind == "classes" else np.fromfile(folder / "target.f64", np.float64)
    ms, fitted = [], None
    for _ in range(int(sys.argv[3]) + 1):
        start = time.perf_counter()
        fitted = model().fit(X[:rows], y[:rows])
        ms.append((time.perf_counter() - start) * 1000)
    predicted = fitted.predict(X[rows:])
    quality = np.mean(predicted == y[rows:]) if kind == "classes" else np.sqrt(np.mean((predicted - y[rows:]) ** 2))
    print(json.dumps({"ms": ms[1:], "quality": float(quality)}))
