"""SVC and SVR (LIBSVM) at a tight tolerance: decisions of two classes, of pairs of classes, of one class against the rest, values, and how LIBSVM couples pairs."""
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
        answer = model.decision_function(X[:30]) if task == "classes" else model.predict(X[:30])
        out.extend(answer.T if answer.ndim == 2 else [answer])
    cases.append({
        "name": name, "estimator": estimator, "task": task, "params": params,
        "X": [[float(f"{v:.9g}") for v in column] for column in X.T],
        "y": [float(v) for v in y],
        "weights": None if weights is None else [float(v) for v in weights],
        "outputs": [column.tolist() for column in out],
    })


def rest(make):
    return lambda y: [(make(), y)] if len(set(y)) == 2 else [(make(), (y == c).astype(int)) for c in sorted(set(y))]


def pairs(make):
    return lambda y: [(make(), y)]


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
add("three classes", "svm", "classes", tight, wine.data[mix][:, :5], wine.target[mix], pairs(lambda: SVC(tol=1e-8, decision_function_shape="ovo")))
add("three classes, linear, balanced, weights", "svm", "classes", {**tight, "kernel": "linear", "classWeight": "balanced"}, wine.data[mix][:, :5], wine.target[mix], pairs(lambda: SVC(kernel="linear", tol=1e-8, class_weight="balanced", decision_function_shape="ovo")), ramp)
add("numbers, rbf", "svm", "numbers", {**tight, "C": 50, "epsilon": 5}, d, dt, numbers(lambda: SVR(C=50, epsilon=5, tol=1e-8)))
add("numbers, linear, weights", "svm", "numbers", {**tight, "kernel": "linear", "epsilon": 10}, d, dt, numbers(lambda: SVR(kernel="linear", epsilon=10, tol=1e-8)), ramp)
add("linear machine", "linear-svm", "classes", {}, b, bt, rest(lambda: LinearSVC(tol=1e-10, max_iter=10**6)))
add("linear machine, weights, C", "linear-svm", "classes", {"C": 0.1}, b, bt, rest(lambda: LinearSVC(C=0.1, tol=1e-10, max_iter=10**6)), ramp)
add("linear machine, L1", "linear-svm", "classes", {"C": 0.1, "penalty": "l1"}, b, bt, rest(lambda: LinearSVC(C=0.1, penalty="l1", dual=False, tol=1e-10, max_iter=10**6)))
add("linear machine, three classes", "linear-svm", "classes", {}, wine.data[mix][:, :5], wine.target[mix], rest(lambda: LinearSVC(tol=1e-10, max_iter=10**6)))
add("linear machine, numbers", "linear-svm", "numbers", {"epsilon": 5}, d, dt, numbers(lambda: LinearSVR(epsilon=5, loss="squared_epsilon_insensitive", tol=1e-10, max_iter=10**6)))

digits = datasets.load_digits()
machine = SVC(probability=True, random_state=0, decision_function_shape="ovo").fit(digits.data[:500], digits.target[:500])
asked = digits.data[500:540]


def solved(decisions):
    """The optimum that LIBSVM iterates towards, by its conditions: 2 Q p + b e = 0, e'p = 1."""
    k, at, r = 10, 0, np.zeros((10, 10))
    for i in range(k):
        for j in range(i + 1, k):
            r[i, j] = np.clip(1 / (1 + np.exp(machine.probA_[at] * decisions[at] + machine.probB_[at])), 1e-7, 1 - 1e-7)
            r[j, i] = 1 - r[i, j]
            at += 1
    q = np.diag((r**2).sum(axis=0)) - r * r.T
    return np.linalg.solve(np.block([[q, np.ones((k, 1))], [np.ones((1, k)), np.zeros((1, 1))]]), np.append(np.zeros(k), 1))[:k]


coupling = {
    "classes": 10,
    "decisions": machine.decision_function(asked).tolist(),
    "sigmoids": np.column_stack([machine.probA_, machine.probB_]).tolist(),
    "probabilities": machine.predict_proba(asked).tolist(),
    "solved": [solved(line).tolist() for line in machine.decision_function(asked)],
}

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "cases": cases, "coupling": coupling}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
