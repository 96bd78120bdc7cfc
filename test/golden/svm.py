"""SVC and SVR (LIBSVM) at a tight tolerance: decisions of two classes, of one class against the rest, and values."""
import json
import pathlib

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

cases = []
wine, cancer, diabetes = datasets.load_wine(), datasets.load_breast_cancer(), datasets.load_diabetes()


def add(name, estimator, task, params, X, y, models, weights=None):
    # float32 numbers, so that both sides see exactly the same features; nine digits give one back.
    X = StandardScaler().fit_transform(X).astype(np.float32).astype(np.float64)
    out = []
    for model, target in models(y):
        model.fit(X, target, sample_weight=weights)
        out.append(model.decision_function(X[:30]) if task == "classes" else model.predict(X[:30]))
    cases.append({
        "name": name, "estimator": estimator, "task": task, "params": params,
        "X": [[float(f"{v:.9g}") for v in column] for column in X.T],
        "y": [float(v) for v in y],
        "weights": None if weights is None else [float(v) for v in weights],
        "outputs": [column.tolist() for column in out],
    })


def rest(make):
    return lambda y: [(make(), y)] if len(set(y)) == 2 else [(make(), (y == c).astype(int)) for c in sorted(set(y))]


def numbers(make):
    return lambda y: [(make(), y)]


ramp = np.linspace(0.2, 2, 120)
mix = np.random.default_rng(1).permutation(178)[:120]
b, bt = cancer.data[:120, :6], cancer.target[:120]
d, dt = diabetes.data[:120, :5], diabetes.target[:120]
tight = {"tol": 1e-8}
add("rbf", "svm", "classes", tight, b, bt, rest(lambda: SVC(tol=1e-8)))
add("rbf, C, gamma, weights", "svm", "classes", {**tight, "C": 10, "gamma": 0.05}, b, bt, rest(lambda: SVC(C=10, gamma=0.05, tol=1e-8)), ramp)
add("linear, balanced", "svm", "classes", {**tight, "kernel": "linear", "classWeight": "balanced"}, b, bt, rest(lambda: SVC(kernel="linear", class_weight="balanced", tol=1e-8)))
add("three classes", "svm", "classes", tight, wine.data[mix][:, :5], wine.target[mix], rest(lambda: SVC(tol=1e-8)))
add("numbers, rbf", "svm", "numbers", {**tight, "C": 50, "epsilon": 5}, d, dt, numbers(lambda: SVR(C=50, epsilon=5, tol=1e-8)))
add("numbers, linear, weights", "svm", "numbers", {**tight, "kernel": "linear", "epsilon": 10}, d, dt, numbers(lambda: SVR(kernel="linear", epsilon=10, tol=1e-8)), ramp)
add("linear machine", "linear-svm", "classes", {}, b, bt, rest(lambda: LinearSVC(tol=1e-10, max_iter=10**6)))
add("linear machine, weights, C", "linear-svm", "classes", {"C": 0.1}, b, bt, rest(lambda: LinearSVC(C=0.1, tol=1e-10, max_iter=10**6)), ramp)
add("linear machine, L1", "linear-svm", "classes", {"C": 0.1, "penalty": "l1"}, b, bt, rest(lambda: LinearSVC(C=0.1, penalty="l1", dual=False, tol=1e-10, max_iter=10**6)))
add("linear machine, three classes", "linear-svm", "classes", {}, wine.data[mix][:, :5], wine.target[mix], rest(lambda: LinearSVC(tol=1e-10, max_iter=10**6)))
add("linear machine, numbers", "linear-svm", "numbers", {"epsilon": 5}, d, dt, numbers(lambda: LinearSVR(epsilon=5, loss="squared_epsilon_insensitive", tol=1e-10, max_iter=10**6)))

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
