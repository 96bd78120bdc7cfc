"""KNeighborsClassifier and KNeighborsRegressor on scikit-learn's iris, wine and diabetes."""
import json
import pathlib

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import StandardScaler

cases = []
wine, cancer, diabetes = datasets.load_wine(), datasets.load_breast_cancer(), datasets.load_diabetes()


def add(name, params, X, y, model):
    # float32 numbers, so that both sides see exactly the same features; nine digits give one back.
    X = StandardScaler().fit_transform(X).astype(np.float32).astype(np.float64)
    model.fit(X[:120], y[:120])
    out = model.predict_proba(X[100:150]) if hasattr(model, "predict_proba") else model.predict(X[100:150])
    cases.append({
        "name": name, "task": "classes" if hasattr(model, "predict_proba") else "numbers", "params": params,
        "X": [[float(f"{v:.9g}") for v in column] for column in X[:150].T],
        "y": [float(v) for v in y[:120]],
        "predictions": np.ravel(out).tolist(),
    })


mix = np.random.default_rng(1).permutation(178)[:150]
add("three classes", {}, wine.data[mix], wine.target[mix], KNeighborsClassifier())
add("three classes by distance", {"weights": "distance", "nNeighbors": 9}, wine.data[mix][:, :6], wine.target[mix], KNeighborsClassifier(9, weights="distance"))
add("two classes, one neighbour", {"nNeighbors": 1}, cancer.data[:150, :10], cancer.target[:150], KNeighborsClassifier(1))
add("numbers", {"nNeighbors": 7}, diabetes.data[:150], diabetes.target[:150], KNeighborsRegressor(7))
add("numbers by distance", {"weights": "distance"}, diabetes.data[:150, :5], diabetes.target[:150], KNeighborsRegressor(weights="distance"))

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
