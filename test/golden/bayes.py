"""GaussianNB, MultinomialNB and BernoulliNB on scikit-learn's wine, digits and cancer."""
import json
import pathlib

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB

cases = []
wine, digits, cancer = datasets.load_wine(), datasets.load_digits(), datasets.load_breast_cancer()


def add(name, estimator, params, X, y, model, weights=None):
    # float32 numbers, so that both sides see exactly the same features; nine digits give one back.
    X = X.astype(np.float32).astype(np.float64)
    model.fit(X, y, sample_weight=weights)
    cases.append({
        "name": name, "estimator": estimator, "params": params,
        "X": [[float(f"{v:.9g}") for v in column] for column in X.T],
        "y": [int(v) for v in y],
        "weights": None if weights is None else [float(v) for v in weights],
        "probabilities": np.ravel(model.predict_proba(X[:25])).tolist(),
    })


ramp = np.linspace(0.2, 3, 100)
first = np.arange(0, 178, 2)[:89]
add("gaussian, three classes", "gaussian-nb", {}, wine.data[first], wine.target[first], GaussianNB())
add("gaussian, weights, smoothing", "gaussian-nb", {"varSmoothing": 1e-3}, cancer.data[:100, :8], cancer.target[:100], GaussianNB(var_smoothing=1e-3), ramp)
pixels, numbers = digits.data[:100, 8:40], digits.target[:100] % 4
add("multinomial, four classes", "multinomial-nb", {}, pixels, numbers, MultinomialNB())
add("multinomial, weights, alpha, flat prior", "multinomial-nb", {"alpha": 0.1, "fitPrior": False}, pixels[:, :12], numbers, MultinomialNB(alpha=0.1, fit_prior=False), ramp)
add("bernoulli, four classes", "bernoulli-nb", {"binarize": 7}, pixels[:, :20], numbers, BernoulliNB(binarize=7))
add("bernoulli, weights, alpha", "bernoulli-nb", {"alpha": 0.3}, pixels[:, :12], numbers % 2, BernoulliNB(alpha=0.3), ramp)

out = {"versions": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out))
