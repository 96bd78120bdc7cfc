"""Ridge against svd, logistic against newton-cg at tol 1e-12, on scikit-learn's own data sets."""
import json
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
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


def add(name, estimator, params, X, y, model, weights=None):
    model.fit(X, y, sample_weight=weights)
    out = model.predict_proba(X[:20]) if hasattr(model, "predict_proba") else model.predict(X[:20])
    cases.append(
        {
            "name": name,
            "estimator": estimator,
            "params": params,
            "X": [[float(v) for v in column] for column in X.T],
            "y": [float(v) for v in y],
            "weights": None if weights is None else [float(v) for v in weights],
            "coefficients": None if not hasattr(model, "coef_") else np.ravel(model.coef_).tolist(),
            "intercepts": None if not hasattr(model, "intercept_") else np.ravel(model.intercept_).tolist(),
            "predictions": np.ravel(out).tolist(),
        }
    )


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


def logistic(C, **more):
    return LogisticRegression(C=C, solver="newton-cg", tol=1e-12, max_iter=10000, **more)


X = features(cancer.data, 150, 8)
y = cancer.target[:150]
for C in (0.01, 1.0, 100.0):
    add(f"logistic binary C {C}", "logistic", {"C": C}, X, y, logistic(C))
add("logistic balanced", "logistic", {"C": 1.0, "classWeight": "balanced"}, X, y, logistic(1.0, class_weight="balanced"))
add("logistic with weights", "logistic", {"C": 1.0}, X, y, logistic(1.0), np.linspace(0.1, 2, 150))
X = features(wine.data, 178, 6)
add("logistic three classes", "logistic", {"C": 1.0}, X, wine.target, logistic(1.0))
X = features(iris.data, 150, 4)
add("logistic iris", "logistic", {"C": 10.0}, X, iris.target, logistic(10.0))
add("baseline classes", "baseline", {}, X, iris.target[:150], DummyClassifier(strategy="prior"))
add("baseline numbers", "baseline", {}, X, iris.data[:, 0], DummyRegressor(strategy="mean"))

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
