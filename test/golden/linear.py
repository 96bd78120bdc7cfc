"""Least squares, ridge against svd, lasso and elastic net at tol 1e-13, logistic against newton-cg at tol 1e-12, on scikit-learn's own data sets."""
import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

warnings.simplefilter("error")
warnings.filterwarnings("ignore", category=DeprecationWarning)
# At tol 1e-12 newton-cg ends where its line search can no longer see progress; that is the optimum to rounding.
warnings.filterwarnings("ignore", message="(?i).*line search.*")
warnings.filterwarnings("ignore", message="newton-cg failed to converge")


def features(X, rows, cols):
    # float32 numbers, so that both sides see exactly the same features.
    scaled = StandardScaler().fit_transform(X[:rows, :cols])
    return scaled.astype(np.float32).astype(np.float64)


cases = []
diabetes = datasets.load_diabetes()
wine = datasets.load_wine()
cancer = datasets.load_breast_cancer()
iris = datasets.load_iris()


tables, table_keys = [], {}


def table_of(X):
    """The number of a table, written once however many cases use it; nine digits give a float32 back."""
    key = X.tobytes()
    if key not in table_keys:
        table_keys[key] = len(tables)
        tables.append([[float(f"{v:.9g}") for v in column] for column in X.T])
    return table_keys[key]


def add(name, estimator, params, X, y, model, weights=None):
    model.fit(X, y, sample_weight=weights)
    out = model.predict_proba(X[:20]) if hasattr(model, "predict_proba") else model.predict(X[:20])
    cases.append(
        {
            "name": name,
            "estimator": estimator,
            "params": params,
            "X": table_of(X),
            "y": [float(v) for v in y],
            "weights": None if weights is None else [float(v) for v in weights],
            "coefficients": None if not hasattr(model, "coef_") else np.ravel(model.coef_).tolist(),
            "intercepts": None if not hasattr(model, "intercept_") else np.ravel(model.intercept_).tolist(),
            "predictions": np.ravel(out).tolist(),
            "standardErrors": errors(model, X, y) if name in ("least squares", "logistic binary C 100.0") else None,
        }
    )


def errors(model, X, y):
    design = np.column_stack([np.ones(len(y)), X])
    if isinstance(model, LogisticRegression):
        share = model.predict_proba(X)[:, 1]
        penalty = np.diag([0.0] + [1 / model.C] * X.shape[1])
        return np.sqrt(np.diag(np.linalg.inv(design.T @ (design * (share * (1 - share))[:, None]) + penalty)))[1:].tolist()
    squares = np.sum((y - model.predict(X)) ** 2) / (len(y) - design.shape[1])
    return np.sqrt(squares * np.diag(np.linalg.inv(design.T @ design)))[1:].tolist()


X = features(diabetes.data, 120, 6)
y = diabetes.target[:120]
w = np.linspace(0.1, 2, 120)
for alpha in (0.0, 0.5, 100.0):
    add(f"ridge alpha {alpha}", "ridge", {"alpha": alpha}, X, y, Ridge(alpha=alpha, solver="svd"))
add("ridge without intercept", "ridge", {"alpha": 1.0, "fitIntercept": False}, X, y, Ridge(alpha=1, solver="svd", fit_intercept=False))
add("ridge with weights", "ridge", {"alpha": 1.0}, X, y, Ridge(alpha=1, solver="svd"), w)
twin = np.column_stack([X[:, 0], X[:, 0], X[:, 1]])
add("ridge on a doubled column", "ridge", {"alpha": 0.1}, twin, y, Ridge(alpha=0.1, solver="svd"))
add("ridge on a doubled column without penalty", "ridge", {"alpha": 0.0}, twin, y, Ridge(alpha=0, solver="svd"))

add("least squares", "linear-regression", {}, X, y, LinearRegression())
add("least squares without intercept", "linear-regression", {"fitIntercept": False}, X, y, LinearRegression(fit_intercept=False))
add("least squares with weights", "linear-regression", {}, X, y, LinearRegression(), w)
add("least squares on a doubled column", "linear-regression", {}, twin, y, LinearRegression())
near = np.column_stack([X[:, 0], (X[:, 0] + 1e-4 * X[:, 1]).astype(np.float32), X[:, 2]])
add("least squares on columns that nearly agree", "linear-regression", {}, near, y, LinearRegression())
tight = {"maxIter": 1000000, "tol": 1e-13}
for alpha in (0.1, 2.0, 30.0):
    add(f"lasso alpha {alpha}", "lasso", {"alpha": alpha, **tight}, X, y, Lasso(alpha=alpha, tol=1e-13, max_iter=1000000))
add("lasso with weights", "lasso", {"alpha": 2.0, **tight}, X, y, Lasso(alpha=2.0, tol=1e-13, max_iter=1000000), w)
add("lasso without intercept", "lasso", {"alpha": 2.0, "fitIntercept": False, **tight}, X, y, Lasso(alpha=2.0, fit_intercept=False, tol=1e-13, max_iter=1000000))
for alpha, ratio in ((0.1, 0.5), (2.0, 0.2), (2.0, 0.9)):
    add(f"elastic net alpha {alpha} ratio {ratio}", "elastic-net", {"alpha": alpha, "l1Ratio": ratio, **tight}, X, y, ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-13, max_iter=1000000))
add("elastic net with weights", "elastic-net", {"alpha": 0.1, "l1Ratio": 0.3, **tight}, X, y, ElasticNet(alpha=0.1, l1_ratio=0.3, tol=1e-13, max_iter=1000000), w)


def logistic(C, **more):
    return LogisticRegression(C=C, solver="newton-cg", tol=1e-12, max_iter=10000, **more)


X = features(cancer.data, 150, 8)
y = cancer.target[:150]
for C in (0.01, 1.0, 100.0):
    add(f"logistic binary C {C}", "logistic-regression", {"C": C}, X, y, logistic(C))
add("logistic balanced", "logistic-regression", {"C": 1.0, "classWeight": "balanced"}, X, y, logistic(1.0, class_weight="balanced"))
add("logistic with weights", "logistic-regression", {"C": 1.0}, X, y, logistic(1.0), np.linspace(0.1, 2, 150))
X = features(wine.data, 178, 6)
add("logistic three classes", "logistic-regression", {"C": 1.0}, X, wine.target, logistic(1.0))


def sparse(C, penalty, ratio=None, **more):
    return LogisticRegression(C=C, penalty=penalty, l1_ratio=ratio, solver="saga", tol=1e-14, max_iter=200000, random_state=0, **more)


two = features(cancer.data, 150, 8)
second = cancer.target[:150]
for C in (0.02, 0.5):
    add(f"logistic L1 C {C}", "logistic-regression", {"C": C, "penalty": "l1"}, two, second, sparse(C, "l1"))
add("logistic elastic net", "logistic-regression", {"C": 0.2, "penalty": "elasticnet", "l1Ratio": 0.7}, two, second, sparse(0.2, "elasticnet", 0.7))
add("logistic L1 with weights", "logistic-regression", {"C": 0.2, "penalty": "l1", "classWeight": "balanced"}, two, second, sparse(0.2, "l1", class_weight="balanced"), np.linspace(0.1, 2, 150))
add("logistic L1 three classes", "logistic-regression", {"C": 0.1, "penalty": "l1"}, X, wine.target, sparse(0.1, "l1"))
add("logistic elastic net three classes", "logistic-regression", {"C": 0.1, "penalty": "elasticnet", "l1Ratio": 0.3}, X, wine.target, sparse(0.1, "elasticnet", 0.3))
X = features(iris.data, 150, 4)
add("logistic iris", "logistic-regression", {"C": 10.0}, X, iris.target, logistic(10.0))
add("baseline classes", "baseline", {}, X, iris.target[:150], DummyClassifier(strategy="prior"))
add("baseline numbers", "baseline", {}, X, iris.data[:, 0], DummyRegressor(strategy="mean"))

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "tables": tables, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
